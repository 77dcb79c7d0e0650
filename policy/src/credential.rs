//! Which credential the settings mean, where several could be: said in one place, for sessions and for the report.

use crate::keys::Policy;
use crate::types::{CredentialKind, FilePath, Provider, Secret};

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
    /// The provider asks for none.
    Nothing,
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
                matches!(self.credential(), Some(Ok(CredentialPlace::AwsProfile) | Err(_)))
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
        let found = self.helper().or_else(|| self.key(provider));
        if let (None, Some(key)) = (found, self.sign_in(provider)) {
            return Err(NoCredential {
                key,
                reason: "this build has no such sign-in for inference, and takes no other credential in its place",
            });
        }
        match (found, self.profile(provider)) {
            (Some(found), _) | (None, Some(found)) => Ok(found),
            (None, None) if provider == Provider::Gateway => Ok(CredentialPlace::Nothing),
            (None, None) => Err(NoCredential {
                key: "inferenceFoundryApiKey",
                reason: "there is no key and no program that prints one, and this build has no sign-in with Microsoft Entra",
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
            CredentialKind::Interactive | CredentialKind::Workforce => (
                None,
                "this build has no sign-in for inference, and takes no other kind in its place",
            ),
        };
        found.ok_or(NoCredential { key: KIND, reason })
    }

    /// The key that asks for a sign-in of the user.
    fn sign_in(&self, provider: Provider) -> Option<&'static str> {
        let keys: &[&'static str] = match provider {
            Provider::Gateway => &["inferenceGatewayOidc"],
            Provider::Bedrock => &["inferenceBedrockSsoStartUrl"],
            Provider::Vertex => &[
                "inferenceVertexWorkforceOidc",
                "inferenceVertexWorkforceAudience",
                "inferenceVertexOAuthClientId",
            ],
            Provider::Foundry => &["inferenceFoundryTenantId", "inferenceFoundryClientId"],
        };
        keys.iter().find(|key| !self.value(key).is_null()).copied()
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
