//! What is kept of bootstrap settings from run to run: the tokens, the last answer, and what a person said of it. Sealed with
//! a key of the secret store (Invariant 11); the store itself has no room for tokens on Windows (2,560 bytes).

use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use deskhand_identity::Tokens;
use deskhand_platform::permissions::{PermissionError, read_private_file, write_private_file};
use deskhand_platform::{Paths, SecretStore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::plan::Plan;
use crate::serve::key_of;

/// The key in the secret store.
const KEY: &str = "bootstrap-key";
/// The file below the data folder.
const FILE: &str = "bootstrap.sealed";
/// Bytes that the file may have: an answer of the largest size, as text in JSON, and tokens.
const LARGEST: u64 = 8 << 20;
/// How far the clock may go back, in milliseconds, before an answer of later than now no longer counts.
const BACK: u64 = 10 * 60 * 1_000;

/// What is kept. Its memory is overwritten when it is dropped.
#[derive(Clone, Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Kept {
    /// The tokens, as they are kept.
    pub(super) tokens: Option<Vec<u8>>,
    pub(super) answer: Option<Answer>,
    pub(super) consent: Option<Said>,
}

/// The last answer that was applied.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Answer {
    /// Its body.
    pub(super) body: String,
    /// Its entity tag (RFC 9110, section 8.8.3).
    pub(super) etag: Option<String>,
    /// When it came or was said to be current, Unix milliseconds.
    pub(super) at: u64,
    /// When it ends, Unix milliseconds.
    pub(super) ends_at: u64,
    /// Whether it said so itself.
    pub(super) says_end: bool,
}

/// What a person said of the values in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Zeroize)]
pub(super) struct Said {
    /// The digest of the values.
    pub(super) digest: String,
    pub(super) allowed: bool,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Answer");
        shown.field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

impl Answer {
    /// Whether it counts at `now`. One that came later than now was kept under another clock.
    pub(super) fn counts(&self, now: u64) -> bool {
        now < self.ends_at && self.at <= now.saturating_add(BACK)
    }
}

impl Kept {
    /// The tokens.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        Tokens::from_bytes(self.tokens.as_deref()?)
    }
}

/// The file.
pub(super) struct Vault {
    file: PathBuf,
    key: RandomizedNonceKey,
    bound_to: Vec<u8>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Vault")
    }
}

impl Vault {
    pub(super) fn open(paths: &Paths, secrets: &SecretStore, plan: &Plan) -> anyhow::Result<Self> {
        let key = Zeroizing::new(key_of(secrets, KEY)?);
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice());
        Ok(Self {
            file: paths.data().join(FILE),
            key: key.map_err(|_| anyhow::anyhow!("the key of the bootstrap settings"))?,
            bound_to: plan.bound_to(),
        })
    }

    /// What is kept; nothing where there is no file, or one that was sealed for another address or account.
    pub(super) fn read(&self) -> Kept {
        let sealed = read_private_file(&self.file, LARGEST);
        let sealed = sealed.unwrap_or_else(|error| {
            tracing::error!(%error, "the bootstrap settings that were kept cannot be read");
            None
        });
        sealed.and_then(|sealed| self.unseal(&sealed)).unwrap_or_default()
    }

    pub(super) fn write(&self, kept: &Kept) -> Result<(), PermissionError> {
        let text = Zeroizing::new(serde_json::to_vec(kept).unwrap_or_default());
        let mut sealed = vec![0; NONCE_LEN];
        sealed.extend_from_slice(&text);
        let aad = Aad::from(self.bound_to.as_slice());
        let done = self.key.seal_in_place_separate_tag(aad, &mut sealed[NONCE_LEN..]);
        // Sealing fails for what is longer than 64 GiB alone; nothing is kept in the clear.
        let Ok((nonce, tag)) = done else {
            return self.remove();
        };
        sealed[..NONCE_LEN].copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        write_private_file(&self.file, &sealed)
    }

    /// Forgets everything.
    pub(super) fn remove(&self) -> Result<(), PermissionError> {
        match std::fs::remove_file(&self.file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(PermissionError::Io {
                path: self.file.clone(),
                source,
            }),
            _ => Ok(()),
        }
    }

    fn unseal(&self, sealed: &[u8]) -> Option<Kept> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let aad = Aad::from(self.bound_to.as_slice());
        let text = self.key.open_in_place(Nonce::from(nonce), aad, &mut body).ok()?;
        serde_json::from_slice(text).ok()
    }
}
