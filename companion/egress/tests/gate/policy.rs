//! The table over the policy crate's own values: defaults, forms and secrets as the service hands them to the gate.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_egress::{Destination, Gate, Network};
use deskhand_policy::{CredentialPlace, Encoding, Origin, Policy, Reading, SignInPlace, Values};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// Managed settings, as JSON in the file of Linux.
fn policy(settings: &Value) -> Policy {
    let entries = settings.as_object().expect("an object");
    let values = Values {
        origin: Origin::Managed("test".into()),
        encoding: Encoding::Json,
        entries: entries
            .iter()
            .map(|(key, value)| (key.clone(), Ok(value.clone())))
            .collect(),
    };
    Policy::resolve(&Reading::Present(values), &[])
}

/// A gate under managed settings.
fn gate(settings: &Value) -> Gate {
    let values: BTreeMap<_, _> = policy(settings)
        .entries()
        .into_iter()
        .map(|entry| (entry.name, entry.value))
        .collect();
    Gate::new(
        move |key| values.get(key).cloned().unwrap_or_default(),
        Network::default(),
    )
}

fn hosts(settings: &Value) -> Vec<String> {
    let list = gate(settings).egress_list();
    let shown = list.iter().filter(|entry| entry.destination != "office-script");
    shown
        .map(|entry| format!("{} {}", entry.destination, entry.target))
        .collect()
}

#[test]
fn the_defaults_open_nothing() {
    assert_eq!(hosts(&json!({})), Vec::<String>::new());
}

#[test]
fn switched_off_only_the_place_that_may_switch_on_again_stays_open() {
    let settings = json!({
        "deskhandEnabled": false,
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gateway.example.com",
        "coworkEgressAllowedHosts": ["*.example.com"],
        "otlpEndpoint": "https://collector.example.com",
        "bootstrapUrl": "https://settings.example.com",
    });
    assert_eq!(
        hosts(&settings),
        [
            "bootstrap https://settings.example.com",
            "bootstrap-sign-in-page https://settings.example.com"
        ]
    );
    let Err(refused) = gate(&settings).client(Destination::InferenceGateway) else {
        panic!("the gateway is open")
    };
    assert!(refused.to_string().contains("deskhandEnabled"), "{refused}");
}

#[test]
fn before_the_settings_are_here_only_the_way_to_them_is_open() {
    let settings = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gateway.example.com",
        "coworkEgressAllowedHosts": ["*.example.com"],
        "otlpEndpoint": "https://collector.example.com",
        "bootstrapUrl": "https://settings.example.com",
    });
    let gate = gate(&settings).before_settings();
    assert!(gate.client(Destination::Bootstrap).is_ok());
    for destination in [
        Destination::InferenceGateway,
        Destination::Collector,
        Destination::WebFetch,
    ] {
        let Err(refused) = gate.client(destination) else {
            panic!("{destination} is open")
        };
        assert!(refused.to_string().contains("bootstrapUrl"), "{refused}");
    }
}

#[test]
fn a_browser_is_sent_to_pages_of_its_destination_alone() {
    let settings = json!({
        "bootstrapUrl": "https://settings.example.com",
        "bootstrapOidc": {"clientId": "x", "issuer": "https://id.example.com", "scopes": "openid"},
    });
    let (gate, page) = (gate(&settings), Destination::BootstrapSignInPage);
    assert!(gate.page(page, "https://id.example.com/authorize?x=1").is_ok());
    for elsewhere in [
        "https://evil.example.org/authorize",
        "https://id.example.com:8443/authorize",
        "http://id.example.com/authorize",
        "javascript:alert(1)",
    ] {
        assert!(gate.page(page, elsewhere).is_err(), "{elsewhere}");
    }
}

#[test]
fn a_bearer_token_that_is_masked_still_needs_the_runtime_host_alone() {
    let settings = json!({
        "inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1",
        "inferenceBedrockBearerToken": "company-token", "coworkEgressAllowedHosts": [],
    });
    assert_eq!(
        hosts(&settings),
        ["inference-bedrock https://bedrock-runtime.us-east-1.amazonaws.com"]
    );
}

/// The destinations of credentials that a policy's own word for where they come from leads to.
fn leads_to(policy: &Policy) -> Vec<Destination> {
    use Destination::{
        AwsCredentials, EntraSignIn, GoogleCredentials, GoogleMachine, IdentityProvider, SignInPage,
    };
    match policy.credential() {
        Some(Ok(CredentialPlace::AwsProfile)) => vec![AwsCredentials],
        Some(Ok(CredentialPlace::GoogleDefault)) if policy.vertex.deskhand_vertex_machine_account.value => {
            vec![GoogleCredentials, GoogleMachine]
        }
        Some(Ok(CredentialPlace::GoogleFile(_) | CredentialPlace::GoogleDefault)) => vec![GoogleCredentials],
        Some(Ok(CredentialPlace::SignIn(place))) => match place {
            SignInPlace::Oidc(_) | SignInPlace::Gateway => vec![IdentityProvider, SignInPage],
            SignInPlace::Google(_) => vec![GoogleCredentials, SignInPage],
            SignInPlace::Workforce(..) => vec![GoogleCredentials, IdentityProvider, SignInPage],
            SignInPlace::Entra { .. } => vec![EntraSignIn, SignInPage],
            SignInPlace::IdentityCenter { .. } => vec![AwsCredentials, SignInPage],
        },
        Some(
            Ok(CredentialPlace::Key(_) | CredentialPlace::Helper(_) | CredentialPlace::Nothing) | Err(_),
        )
        | None => Vec::new(),
    }
}

/// What decides where the credential of a provider comes from, one setting a line, beside what reaches it.
fn deciding(provider: &str) -> (Value, Vec<(&'static str, Value)>) {
    let oidc = || json!({"clientId": "x", "issuer": "https://id.example.com", "scopes": "openid"});
    match provider {
        "gateway" => (
            json!({"inferenceGatewayBaseUrl": "https://gateway.example.com"}),
            vec![
                ("inferenceGatewayApiKey", json!("a-key-of-the-company")),
                ("inferenceGatewayOidc", oidc()),
                ("inferenceGatewayOidcAuthFlow", json!("broker")),
            ],
        ),
        "bedrock" => (
            json!({"inferenceBedrockRegion": "us-east-1"}),
            vec![
                ("inferenceBedrockBearerToken", json!("a-token-of-the-company")),
                (
                    "inferenceBedrockSsoStartUrl",
                    json!("https://corp.awsapps.example/start"),
                ),
                ("inferenceBedrockSsoAccountId", json!("123456789012")),
                ("inferenceBedrockSsoRoleName", json!("Analyst")),
            ],
        ),
        "vertex" => (
            json!({"inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "example-project"}),
            vec![
                ("inferenceVertexOAuthClientId", json!("id.apps.example.com")),
                ("inferenceVertexWorkforceOidc", oidc()),
                (
                    "inferenceVertexWorkforceAudience",
                    json!("//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider"),
                ),
                ("inferenceVertexWorkforceAuthFlow", json!("broker")),
                ("inferenceVertexCredentialsFile", json!("/opt/example/key.json")),
                ("deskhandVertexMachineAccount", json!(true)),
            ],
        ),
        _ => (
            json!({"inferenceFoundryResource": "example-ai"}),
            vec![
                ("inferenceFoundryApiKey", json!("a-key-of-the-company")),
                (
                    "inferenceFoundryTenantId",
                    json!("00000000-0000-4000-8000-000000000001"),
                ),
                (
                    "inferenceFoundryClientId",
                    json!("00000000-0000-4000-8000-000000000002"),
                ),
                ("inferenceFoundryAuthFlow", json!("broker")),
            ],
        ),
    }
}

#[test]
fn credentials_open_what_their_place_leads_to_and_nothing_else() {
    let kinds = [
        "",
        "static",
        "helper-script",
        "vendor-profile",
        "interactive",
        "workforce",
    ];
    let helper = ("inferenceCredentialHelper", json!("/opt/example/helper"));
    let mut led = BTreeSet::new();
    for provider in ["gateway", "bedrock", "vertex", "foundry"] {
        let (reached, mut deciding) = deciding(provider);
        deciding.push(helper.clone());
        for (kind, set) in kinds
            .iter()
            .flat_map(|kind| (0..1_u32 << deciding.len()).map(move |set| (kind, set)))
        {
            let mut settings = reached.clone();
            settings["inferenceProvider"] = json!(provider);
            if !kind.is_empty() {
                settings["inferenceCredentialKind"] = json!(kind);
            }
            for (place, (key, value)) in deciding.iter().enumerate() {
                if set & (1 << place) != 0 {
                    settings[*key] = value.clone();
                }
            }
            let wanted = leads_to(&policy(&settings));
            let gate = gate(&settings);
            for destination in [
                Destination::AwsCredentials,
                Destination::GoogleCredentials,
                Destination::GoogleMachine,
                Destination::EntraSignIn,
                Destination::IdentityProvider,
                Destination::SignInPage,
            ] {
                let is_open = gate.origins(destination).is_ok();
                assert_eq!(is_open, wanted.contains(&destination), "{destination} {settings}");
                if is_open {
                    led.insert(destination.row().id);
                }
            }
        }
    }
    // Each of them was open under some.
    assert_eq!(led.len(), 6, "{led:?}");
}

#[test]
fn unset_headers_do_not_take_the_place_of_a_sign_in() {
    let mut settings = json!({
        "bootstrapUrl": "https://boot.corp.example/me", "coworkEgressAllowedHosts": [],
        "bootstrapOidc": {"clientId": "x", "issuer": "https://id.corp.example", "scopes": "openid"},
    });
    assert_eq!(
        hosts(&settings),
        [
            "bootstrap https://boot.corp.example",
            "bootstrap https://id.corp.example",
            "bootstrap-sign-in-page https://id.corp.example",
        ]
    );
    settings["bootstrapHeaders"] = json!({"Authorization": "Bearer company-key"});
    assert_eq!(hosts(&settings), ["bootstrap https://boot.corp.example"]);
}

#[test]
fn lists_and_servers_are_read_in_the_form_that_policy_gives_them() {
    let settings = json!({
        "coworkEgressAllowedHosts": ["*.corp.example", "git.corp.example:22"],
        "managedMcpServers": [
            {"name": "wiki", "transport": "http", "url": "https://mcp.corp.example/x"},
            {"name": "search", "server": "websearch", "provider": "custom", "customUrl": "https://search.corp.example/q"},
        ],
    });
    assert_eq!(
        hosts(&settings),
        [
            "mcp https://mcp.corp.example",
            "web-search https://search.corp.example",
            "web-fetch *.corp.example",
            "web-fetch git.corp.example:22",
            "sandbox *.corp.example",
            "sandbox git.corp.example:22",
        ]
    );
}
