//! Which credential the settings mean, where several could be: said in one place, for sessions and for the report.

use crate::keys::Policy;
use crate::types::{AuthFlow, CredentialKind, EntraFlow, FilePath, Oidc, Provider, Secret};

/// Where the credential of the provider in force comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CredentialPlace<'a> {
    /// A key in the settings.
    Key(&'a Secret),
    /// A program that prints it.
    Helper(&'a FilePath),
    /// A file with Google credentials.
    GoogleFile(&'a FilePath),
    /// Where Google's tools keep credentials on this machine, or the machine's own identity in the cloud.
    GoogleDefault,
    /// The AWS configuration on this machine.
    AwsProfile,
    /// A person who signs in.
    SignIn(SignInPlace<'a>),
    /// The provider asks for none.
    Nothing,
}

/// Where people sign in, with the keys that say so: all that are needed are there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SignInPlace<'a> {
    /// The organisation's identity provider, for a gateway.
    Oidc(&'a Oidc),
    /// The gateway itself (RFC 8414).
    Gateway,
    /// Google, by the name of an OAuth client.
    Google(&'a str),
    /// The organisation's identity provider, whose ID token Google's security token service exchanges for this audience.
    Workforce(&'a Oidc, &'a str),
    /// Microsoft Entra.
    Entra {
        /// The tenant.
        tenant: &'a str,
        /// The application.
        client: &'a str,
        /// Whether a code is entered on a page instead of signing in where the browser shows it.
        device: bool,
    },
    /// IAM Identity Center.
    IdentityCenter {
        /// The start page of the organisation.
        start_url: &'a str,
        /// The account, 12 digits.
        account: &'a str,
        /// The permission set.
        role: &'a str,
    },
}

/// Why there is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCredential {
    /// The key that a person has to look at.
    pub key: &'static str,
    /// What is the matter with it.
    pub reason: &'static str,
}

const KIND: &str = "inferenceCredentialKind";

impl Policy {
    /// The keys that are needed to reach the provider in force, and are not set. Where it has no list of models that Deskhand
    /// asks, the settings have to name some.
    pub fn missing(&self) -> Vec<&'static str> {
        let keys: &[&'static str] = match self.connection.inference_provider.value {
            None => &["inferenceProvider"],
            Some(Provider::Gateway) => &["inferenceGatewayBaseUrl"],
            Some(Provider::Bedrock) => &["inferenceBedrockRegion"],
            Some(Provider::Vertex) => &["inferenceVertexProjectId", "inferenceVertexRegion"],
            Some(Provider::Foundry) => &["inferenceFoundryResource"],
        };
        let models: &[&'static str] = if self.lists_models() {
            &[]
        } else {
            &["inferenceModels"]
        };
        let unset = |key: &&&str| self.value(key).is_null();
        keys.iter().chain(models).filter(unset).copied().collect()
    }

    /// Whether the provider in force has a list of models that is asked: Bedrock's needs keys that sign.
    fn lists_models(&self) -> bool {
        match self.connection.inference_provider.value {
            None | Some(Provider::Gateway) => true,
            Some(Provider::Vertex | Provider::Foundry) => false,
            Some(Provider::Bedrock) => {
                let signs = self.credential();
                matches!(
                    signs,
                    Some(Ok(CredentialPlace::AwsProfile | CredentialPlace::SignIn(_)) | Err(_))
                )
            }
        }
    }

    /// The credential that is meant; `None` without a provider. Of several, a program goes before a key, and a key before what
    /// the machine has; a kind that is named allows itself alone.
    pub fn credential(&self) -> Option<Result<CredentialPlace<'_>, NoCredential>> {
        let provider = self.connection.inference_provider.value?;
        let kind = self.credentials.inference_credential_kind.value;
        Some(match kind {
            Some(kind) => self.of_kind(provider, kind),
            None => self.at_hand(provider),
        })
    }

    fn at_hand(&self, provider: Provider) -> Result<CredentialPlace<'_>, NoCredential> {
        if let Some(found) = self.helper().or_else(|| self.key(provider)) {
            return Ok(found);
        }
        if let Some(sign_in) = self.sign_in(provider) {
            return sign_in.map(CredentialPlace::SignIn);
        }
        match self.profile(provider) {
            Some(found) => Ok(found),
            None if provider == Provider::Gateway => Ok(CredentialPlace::Nothing),
            None => Err(NoCredential {
                key: "inferenceFoundryApiKey",
                reason: "there is no key, no program that prints one, and no tenant of Microsoft Entra to sign in to",
            }),
        }
    }

    fn of_kind(&self, provider: Provider, kind: CredentialKind) -> Result<CredentialPlace<'_>, NoCredential> {
        let (found, reason) = match kind {
            // A gateway may ask for no key.
            CredentialKind::Static if provider == Provider::Gateway => {
                (Some(self.key(provider).unwrap_or(CredentialPlace::Nothing)), "")
            }
            CredentialKind::Static => (
                self.key(provider),
                "it asks for a key in the settings, and none is there for this provider",
            ),
            CredentialKind::HelperScript => (
                self.helper(),
                "it asks for a program, and `inferenceCredentialHelper` names none",
            ),
            CredentialKind::VendorProfile => (
                self.profile(provider),
                "it asks for a profile on the machine, and this provider has none",
            ),
            CredentialKind::Interactive | CredentialKind::Workforce => {
                let sign_in = self.sign_in_of(provider, kind).transpose()?;
                (
                    sign_in.map(CredentialPlace::SignIn),
                    "it asks for a sign-in, and no key says where users of this provider sign in",
                )
            }
        };
        found.ok_or(NoCredential { key: KIND, reason })
    }

    /// The sign-in that the keys of a provider ask for.
    fn sign_in(&self, provider: Provider) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        match provider {
            Provider::Gateway => self.oidc(),
            Provider::Bedrock => self.identity_center(),
            Provider::Vertex => self.workforce().or_else(|| self.google()),
            Provider::Foundry => self.entra(),
        }
    }

    /// The sign-in of a kind that is named.
    fn sign_in_of(
        &self,
        provider: Provider,
        kind: CredentialKind,
    ) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        match (provider, kind == CredentialKind::Workforce) {
            (Provider::Vertex, true) => self.workforce(),
            (_, true) => None,
            (Provider::Vertex, false) => self.google(),
            // Without an identity provider of its own the gateway may be one.
            (Provider::Gateway, false) => self.oidc().or(Some(Ok(SignInPlace::Gateway))),
            (Provider::Bedrock | Provider::Foundry, false) => self.sign_in(provider),
        }
    }

    fn oidc(&self) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        let oidc = self.connection.inference_gateway_oidc.value.as_ref()?;
        let flow = self.connection.inference_gateway_oidc_auth_flow.value;
        Some(in_browser(flow, "inferenceGatewayOidcAuthFlow").map(|()| SignInPlace::Oidc(&oidc.0)))
    }

    fn workforce(&self) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        let keys = &self.vertex;
        let (oidc, audience) = (
            keys.inference_vertex_workforce_oidc.value.as_ref(),
            keys.inference_vertex_workforce_audience.value.as_ref(),
        );
        let place = match (oidc, audience) {
            (None, None) => return None,
            (Some(oidc), Some(audience)) => SignInPlace::Workforce(&oidc.0, &audience.0),
            (None, Some(_)) => return Some(Err(incomplete("inferenceVertexWorkforceOidc"))),
            (Some(_), None) => return Some(Err(incomplete("inferenceVertexWorkforceAudience"))),
        };
        let flow = keys.inference_vertex_workforce_auth_flow.value;
        Some(in_browser(flow, "inferenceVertexWorkforceAuthFlow").map(|()| place))
    }

    fn google(&self) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        let client = self.vertex.inference_vertex_oauth_client_id.value.as_ref()?;
        Some(Ok(SignInPlace::Google(&client.0)))
    }

    fn entra(&self) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        let keys = &self.foundry;
        let (tenant, client) = (
            keys.inference_foundry_tenant_id.value.as_ref(),
            keys.inference_foundry_client_id.value.as_ref(),
        );
        let device = match keys.inference_foundry_auth_flow.value {
            EntraFlow::DeviceCode => true,
            EntraFlow::Browser => false,
            EntraFlow::Broker if tenant.is_some() || client.is_some() => {
                return Some(Err(no_broker("inferenceFoundryAuthFlow")));
            }
            EntraFlow::Broker => return None,
        };
        match (tenant, client) {
            (None, None) => None,
            (Some(tenant), Some(client)) => Some(Ok(SignInPlace::Entra {
                tenant: &tenant.0,
                client: &client.0,
                device,
            })),
            (None, Some(_)) => Some(Err(incomplete("inferenceFoundryTenantId"))),
            (Some(_), None) => Some(Err(incomplete("inferenceFoundryClientId"))),
        }
    }

    fn identity_center(&self) -> Option<Result<SignInPlace<'_>, NoCredential>> {
        let keys = &self.bedrock;
        let start_url = keys.inference_bedrock_sso_start_url.value.as_ref()?;
        let Some(account) = keys.inference_bedrock_sso_account_id.value.as_ref() else {
            return Some(Err(incomplete("inferenceBedrockSsoAccountId")));
        };
        let Some(role) = keys.inference_bedrock_sso_role_name.value.as_ref() else {
            return Some(Err(incomplete("inferenceBedrockSsoRoleName")));
        };
        Some(Ok(SignInPlace::IdentityCenter {
            start_url: start_url.url().as_str(),
            account: &account.0,
            role: &role.0,
        }))
    }

    fn helper(&self) -> Option<CredentialPlace<'_>> {
        let helper = &self.credentials.inference_credential_helper.value;
        helper.as_ref().map(CredentialPlace::Helper)
    }

    fn key(&self, provider: Provider) -> Option<CredentialPlace<'_>> {
        let key = match provider {
            Provider::Gateway => &self.connection.inference_gateway_api_key,
            Provider::Bedrock => &self.bedrock.inference_bedrock_bearer_token,
            Provider::Foundry => &self.foundry.inference_foundry_api_key,
            Provider::Vertex => return None,
        };
        key.value.as_ref().map(CredentialPlace::Key)
    }

    fn profile(&self, provider: Provider) -> Option<CredentialPlace<'_>> {
        match provider {
            Provider::Gateway | Provider::Foundry => None,
            Provider::Bedrock => Some(CredentialPlace::AwsProfile),
            Provider::Vertex => {
                let file = self.vertex.inference_vertex_credentials_file.value.as_ref();
                Some(file.map_or(CredentialPlace::GoogleDefault, CredentialPlace::GoogleFile))
            }
        }
    }
}

/// The browser is where people sign in; a broker that was asked for has no other way take its place.
fn in_browser(flow: AuthFlow, key: &'static str) -> Result<(), NoCredential> {
    match flow {
        AuthFlow::Browser => Ok(()),
        AuthFlow::Broker => Err(no_broker(key)),
    }
}

fn no_broker(key: &'static str) -> NoCredential {
    NoCredential {
        key,
        reason: "this build does not sign in by the broker of the system, and goes no other way in its place",
    }
}

fn incomplete(key: &'static str) -> NoCredential {
    NoCredential {
        key,
        reason: "the sign-in that the other keys ask for needs it, and it is not set",
    }
}
