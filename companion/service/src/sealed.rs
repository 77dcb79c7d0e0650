//! A file that is sealed with a key of the secret store (Invariant 11): for what the store itself has no room for, tokens above
//! all (2,560 bytes on Windows).

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use deskhand_platform::SecretStore;
use deskhand_platform::permissions::{PermissionError, read_private_file, write_private_file};
use zeroize::{Zeroize as _, Zeroizing};

use crate::serve::key_of;

/// The file.
pub(crate) struct Sealed {
    file: PathBuf,
    key: RandomizedNonceKey,
    bound_to: Vec<u8>,
    largest: u64,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Sealed").field(&self.file).finish()
    }
}

impl Sealed {
    /// A file of at most `largest` bytes, sealed with the key of this name. It can be read with the same `bound_to` alone.
    pub(crate) fn new(
        file: PathBuf,
        (secrets, key): (&SecretStore, &str),
        bound_to: Vec<u8>,
        largest: u64,
    ) -> anyhow::Result<Self> {
        let bytes = Zeroizing::new(key_of(secrets, key)?);
        let made = RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice());
        Ok(Self {
            file,
            key: made.map_err(|_| anyhow::anyhow!("the key {key}"))?,
            bound_to,
            largest,
        })
    }

    /// Where it lies.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// What is kept; nothing where there is no file, or one that was sealed for something else.
    pub(crate) fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, PermissionError> {
        let sealed = read_private_file(&self.file, self.largest)?;
        Ok(sealed.and_then(|sealed| self.unseal(&sealed)))
    }

    /// Whether there is a file that was sealed for something else.
    pub(crate) fn is_foreign(&self) -> bool {
        let sealed = read_private_file(&self.file, self.largest).ok().flatten();
        sealed.is_some_and(|sealed| self.unseal(&sealed).is_none())
    }

    /// Keeps this in the place of what was there.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), PermissionError> {
        let mut sealed = vec![0; NONCE_LEN];
        sealed.extend_from_slice(bytes);
        let aad = Aad::from(self.bound_to.as_slice());
        let done = self.key.seal_in_place_separate_tag(aad, &mut sealed[NONCE_LEN..]);
        // Sealing fails for what is longer than 64 GiB alone; nothing is kept in the clear.
        let Ok((nonce, tag)) = done else {
            sealed.zeroize();
            return self.forget().map(drop);
        };
        sealed[..NONCE_LEN].copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        write_private_file(&self.file, &sealed)
    }

    /// Takes the file away. Gives whether there was one.
    pub(crate) fn forget(&self) -> Result<bool, PermissionError> {
        removed(&self.file)
    }

    fn unseal(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let aad = Aad::from(self.bound_to.as_slice());
        let text = self.key.open_in_place(Nonce::from(nonce), aad, &mut body).ok()?;
        let length = text.len();
        body.truncate(length);
        Some(body)
    }
}

/// Takes a file away. Gives whether there was one.
pub(crate) fn removed(file: &Path) -> Result<bool, PermissionError> {
    match std::fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(PermissionError::Io {
            path: file.to_owned(),
            source,
        }),
    }
}
