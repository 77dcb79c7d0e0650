//! What a person does about the step that failed: the policy key or the command to look at.

use deskhand_egress::{EgressError, Exchange, NamedBy, ProxyFault};
use deskhand_protocol::provider::TestStep;

use super::Door;
use crate::connection::{Place, ProviderConfig};
use crate::fault::{Fault, FaultKind};

/// The keys that name the host.
fn host_keys(place: &Place) -> &'static str {
    match place {
        Place::Gateway { .. } => "`inferenceGatewayBaseUrl`",
        Place::Vertex { .. } => "`inferenceVertexRegion` or `inferenceVertexBaseUrl`",
        Place::Foundry { .. } => "`inferenceFoundryResource`",
        Place::Bedrock { .. } => "`inferenceBedrockRegion` or `inferenceBedrockBaseUrl`",
    }
}

/// The keys that say where the credential comes from.
fn credential_keys(place: &Place) -> &'static str {
    match place {
        Place::Gateway { .. } => {
            "`inferenceGatewayApiKey`, `inferenceGatewayAuthScheme` or `inferenceCredentialHelper`"
        }
        Place::Vertex { .. } => "`inferenceVertexCredentialsFile` or `inferenceCredentialHelper`",
        Place::Foundry { .. } => "`inferenceFoundryApiKey` or `inferenceCredentialHelper`",
        Place::Bedrock { .. } => {
            "`inferenceBedrockBearerToken`, `inferenceBedrockProfile` or `inferenceCredentialHelper`"
        }
    }
}

/// For a step of the network.
pub(super) fn of_network(step: TestStep, error: &EgressError, door: &Door, place: &Place) -> String {
    let host = door.origin.host();
    let exchange = match error {
        EgressError::Failed { exchange, .. } => Some(exchange),
        _ => None,
    };
    let is_proxy = matches!(error, EgressError::Proxy(_)) || matches!(exchange, Some(Exchange::Proxy { .. }));
    match (step, exchange) {
        (_, _) if is_proxy => at_the_proxy(exchange, door),
        (TestStep::Name, _) => format!(
            "Check {}, and that this computer is on a network whose DNS knows {host}. Where only a proxy resolves such names, set \
             `egressProxyUrl`.",
            host_keys(place)
        ),
        (_, Some(Exchange::Tls(_))) => format!(
            "Where a proxy of your network inspects TLS, its authority has to be in the trust store of this computer: ask your \
             administrator to install it. Otherwise check {} and the certificate of {host}.",
            host_keys(place)
        ),
        (_, None) => format!(
            "Check {}; `deskhand egress explain {host}` says what opens it.",
            host_keys(place)
        ),
        _ => format!(
            "Check {}, and that the firewall lets this computer reach {host} at port {} (`deskhand egress list --format firewall`). \
             Where connections have to go through a proxy, set `egressProxyUrl`.",
            host_keys(place),
            door.origin.port()
        ),
    }
}

/// Whoever names the proxy, or the proxy itself, has to change something.
fn at_the_proxy(exchange: Option<&Exchange>, door: &Door) -> String {
    let named = match door.named_by {
        NamedBy::PolicyAddress => "`egressProxyUrl`",
        NamedBy::PolicyScript => "`egressProxyPacUrl`",
        NamedBy::System => "the proxy settings of this computer",
        NamedBy::Environment | NamedBy::Nobody => "the variables HTTPS_PROXY and NO_PROXY",
    };
    match exchange {
        Some(Exchange::Proxy { fault, .. }) => match fault {
            ProxyFault::Refused(_) => format!(
                "Ask whoever runs the proxy to let {}:{} through; `deskhand egress list` names every host that Deskhand needs.",
                door.origin.host(),
                door.origin.port()
            ),
            ProxyFault::SignIn(_) | ProxyFault::SignInFailed { .. } => {
                "Do what the sentence says, or ask whoever runs the proxy to let this computer through without a sign-in; \
                 `deskhandProxySignIn` is about the sign-in of Windows."
                    .to_owned()
            }
            ProxyFault::Tls(_) => format!(
                "Install the authority of the proxy's certificate in the trust store of this computer, or correct {named}."
            ),
            _ => format!("Check the proxy in {named}, and that this computer is on the network that has it."),
        },
        _ => format!("Correct the proxy in {named}; `deskhand doctor` says what is wrong with it."),
    }
}

/// For a step that asks the provider, or whoever gives out the credential.
pub(super) fn of(step: TestStep, fault: &Fault, config: &ProviderConfig) -> String {
    let place = &config.place;
    let action = fault.to_user_error().action;
    match (step, fault.kind) {
        // It names the command to run.
        (TestStep::SignIn, _) if action.contains('`') => for_a_test(&action),
        (TestStep::SignIn, _) => format!(
            "{} It comes from {}; `deskhand policy show` says what is in force.",
            for_a_test(&action),
            credential_keys(place)
        ),
        (TestStep::Models, FaultKind::Auth) => format!(
            "Let the credential from {} list models, or name them in `inferenceModels`: then no list is needed.",
            credential_keys(place)
        ),
        (TestStep::Models, _) => {
            format!("{} With models named in `inferenceModels` no list is needed.", for_a_test(&action))
        }
        (_, FaultKind::ModelUnknown) if config.models.is_empty() => {
            "The provider lists a model that it does not serve: name one that it does in `inferenceModels`.".to_owned()
        }
        (_, FaultKind::ModelUnknown) => {
            "Correct the first model of `inferenceModels`: it is the one that is asked where nobody chooses another.".to_owned()
        }
        (_, FaultKind::NotConfigured) => {
            "Name at least one model in `inferenceModels`, or let the provider be asked with `modelDiscoveryEnabled`.".to_owned()
        }
        (_, FaultKind::Auth) if fault.action.is_none() => format!(
            "Give the credential from {} the right to ask the model, or take another credential.",
            credential_keys(place)
        ),
        (_, FaultKind::BadRequest | FaultKind::BadAnswer) => format!(
            "Check {}: the details say what came instead of an answer.",
            host_keys(place)
        ),
        _ => for_a_test(&action),
    }
}

/// What is said to somebody who waits for an answer, for somebody who tests.
fn for_a_test(action: &str) -> String {
    action
        .replace("Send the prompt again", "Test again")
        .replace("send the prompt again", "test again")
        .replace("test again, where it did not go on by itself", "test again")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::connection::Format;
    use crate::credential::CredentialError;
    use crate::headers::AuthScheme;

    use super::*;

    #[test]
    fn every_key_that_a_remedy_names_is_in_the_table() {
        let known: BTreeSet<&str> = deskhand_policy::definitions().map(|row| row.name).collect();
        let places = [
            Place::Gateway {
                base_url: String::new(),
                scheme: AuthScheme::Bearer,
                format: Format::Messages,
            },
            Place::Vertex {
                project: String::new(),
                region: String::new(),
            },
            Place::Foundry {
                scheme: AuthScheme::ApiKey,
            },
            Place::Bedrock {
                region: String::new(),
                service_tier: None,
            },
        ];
        let mut named: BTreeSet<String> = BTreeSet::new();
        for place in places {
            let config = ProviderConfig::new(place);
            for step in [TestStep::SignIn, TestStep::Models, TestStep::Word] {
                for kind in [
                    FaultKind::Auth,
                    FaultKind::ModelUnknown,
                    FaultKind::NotConfigured,
                    FaultKind::BadRequest,
                ] {
                    let remedy = of(step, &Fault::new(kind, ""), &config);
                    named.extend(
                        remedy
                            .split('`')
                            .filter(|word| word.starts_with("inference") || word.starts_with("model"))
                            .map(str::to_owned),
                    );
                }
            }
        }
        assert!(named.len() > 10, "{named:?}");
        assert!(named.iter().all(|key| known.contains(key.as_str())), "{named:?}");
    }

    #[test]
    fn what_helps_a_prompt_is_said_of_the_test() {
        let action = "Run `aws sso login`, then send the prompt again.";
        assert_eq!(for_a_test(action), "Run `aws sso login`, then test again.");
        assert_eq!(for_a_test("Send the prompt again."), "Test again.");
        let signed_out = CredentialError::SignInNeeded.to_fault();
        let place = Place::Foundry {
            scheme: AuthScheme::Bearer,
        };
        let remedy = of(TestStep::SignIn, &signed_out, &ProviderConfig::new(place));
        assert_eq!(
            remedy,
            "Sign in with `deskhand sign-in` or in Deskhand; then test again."
        );
    }
}
