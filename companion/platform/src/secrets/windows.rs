//! Credential Manager.

use std::sync::Arc;

use keyring_core::CredentialStore;

/// Bytes of one secret (`CRED_MAX_CREDENTIAL_BLOB_SIZE` of wincred.h).
pub(super) const LARGEST: Option<usize> = Some(5 * 512);

pub(super) fn open() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}
