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
    /// When it ends, as far as known.
    pub ends_at: Option<SystemTime>,
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
