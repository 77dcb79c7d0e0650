//! The Secret Service of the desktop session, over D-Bus.

use std::sync::Arc;

use keyring_core::CredentialStore;

/// Bytes of one secret: the service sets no limit.
pub(super) const LARGEST: Option<usize> = None;

pub(super) fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}
