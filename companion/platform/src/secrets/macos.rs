//! The user's login keychain.

use std::sync::Arc;

use keyring_core::CredentialStore;

/// Bytes of one secret: the keychain sets no limit.
pub(super) const LARGEST: Option<usize> = None;

pub(super) fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}
