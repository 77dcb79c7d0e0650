//! Where a provider's credential comes from.

use std::time::SystemTime;

use deskhand_core::ports::BoxFuture;

use crate::Secret;
use crate::fault::Fault;

/// What is sent to prove who asks.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Token or key.
    pub secret: Secret,
    /// Extra headers of a helper: they beat the static ones.
    pub headers: Vec<(String, Secret)>,
    /// Temporary keys that sign requests to Amazon.
    pub aws: Option<AwsKeys>,
    /// When it ends, as far as known.
    pub ends_at: Option<SystemTime>,
}

/// Keys that sign requests (Signature Version 4).
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// The name of the key.
    pub access_key_id: Secret,
    /// The key.
    pub secret_access_key: Secret,
    /// What makes temporary keys count.
    pub session_token: Option<Secret>,
}

impl Credential {
    /// Everything in it that must never show.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let aws = self.aws.iter().flat_map(|keys| {
            let pair = [&keys.access_key_id, &keys.secret_access_key];
            pair.into_iter().chain(&keys.session_token)
        });
        let headers = self.headers.iter().map(|(_, value)| value);
        std::iter::once(&self.secret).chain(aws).chain(headers)
    }
}

/// Why a credential is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A person waits for a turn.
    Interactive,
    /// A turn goes on.
    MidSession,
    /// Nobody waits.
    Background,
    /// Settings are tried out.
    SetupTest,
}

/// Why there is none.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the credential was refused")]
pub struct CredentialError;

impl CredentialError {
    pub(crate) fn to_fault(&self) -> Fault {
        Fault::new(crate::fault::FaultKind::Auth, self.to_string())
    }
}

/// A source of credentials.
pub trait CredentialSource: Send + Sync + std::fmt::Debug {
    /// The credential in force; `refused` is the one that the provider has just refused, so that it is not given again.
    fn credential<'a>(
        &'a self,
        occasion: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>>;

    /// When it ends, as far as known without asking anybody.
    fn ends_at(&self) -> Option<SystemTime>;

    /// Everything that must never show.
    fn secrets(&self) -> Vec<Secret>;

    /// Whether it gives anything at all.
    fn is_any(&self) -> bool {
        true
    }
}

/// A key of the settings, or none.
#[derive(Clone, Debug)]
pub struct Fixed(pub Option<Secret>);

impl CredentialSource for Fixed {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(async move {
            if refused.is_some() {
                return Err(CredentialError);
            }
            Ok(Credential {
                secret: self.0.clone().unwrap_or_else(|| Secret::new(String::new())),
                headers: Vec::new(),
                aws: None,
                ends_at: None,
            })
        })
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.iter().cloned().collect()
    }

    fn is_any(&self) -> bool {
        self.0.is_some()
    }
}
