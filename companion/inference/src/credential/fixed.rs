//! Keys that stand in the settings, and providers that need none.

use std::time::SystemTime;

use futures_util::future::{BoxFuture, ready};

use super::{Credential, CredentialError, CredentialSource, Occasion};
use crate::Secret;

/// A key of the settings. There is no other one.
#[derive(Clone, Debug)]
pub struct Fixed(Credential);

impl Fixed {
    /// This key.
    pub fn new(key: Secret) -> Self {
        Self(Credential::new(key))
    }
}

impl CredentialSource for Fixed {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(ready(unless_refused(self.0.clone(), refused)))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.secrets().cloned().collect()
    }
}

/// No credential: the provider asks for none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl CredentialSource for Nothing {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        let nothing = Credential::new(Secret::new(String::new()));
        Box::pin(ready(unless_refused(nothing, refused)))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }

    fn is_any(&self) -> bool {
        false
    }
}

/// A credential, unless it is the one that was refused.
pub(crate) fn unless_refused(
    found: Credential,
    refused: Option<&Credential>,
) -> Result<Credential, CredentialError> {
    match refused {
        Some(refused) if refused.is_same(&found) => Err(CredentialError::Unchanged),
        _ => Ok(found),
    }
}
