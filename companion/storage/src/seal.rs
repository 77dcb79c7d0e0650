//! Sealing at rest (Invariant 11): AES-256-GCM with a key per session, each key wrapped by the master key.
//!
//! Every sealed record is `nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes)`. The nonce is 96 random bits for each
//! sealing (NIST SP 800-38D, 8.2.2), so that sealing a folded event under an old number never repeats one. What is
//! authenticated beside the content is the [`Place`]: a record that was moved, renumbered or re-dated does not open.
//!
//! Knows nothing of tables or files.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, hkdf, hmac, rand};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Result, StorageError};

/// Length of a nonce in bytes.
const NONCE: usize = 12;
/// Length of an authentication tag in bytes.
const TAG: usize = 16;

/// The key that wraps all others: 32 bytes from the secret store of the system. Wiped when dropped.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Takes the key over; the caller's copy is wiped.
    pub fn new(mut bytes: [u8; 32]) -> Self {
        let key = Self(Zeroizing::new(bytes));
        bytes.zeroize();
        key
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey")
    }
}

/// A SHA-256 digest of a blob's content: the name under which a session knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobHash(pub [u8; 32]);

impl BlobHash {
    /// The hash of `content`.
    pub fn of(content: &[u8]) -> Self {
        Self(sha256(content))
    }

    /// The hash as it is shown: 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let mut hash = [0; 32];
        let pairs = digits.chunks_exact(2);
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for BlobHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

pub(crate) fn sha256(content: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, content).as_ref());
    hash
}

/// Where a sealed record belongs: authenticated with it, and what an error names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    Key(Option<Uuid>),
    Meta(Uuid),
    Event {
        session: Uuid,
        first_seq: u64,
        seq: u64,
        at: i64,
        schema: u32,
    },
    Blob {
        session: Uuid,
        hash: BlobHash,
        position: u64,
        size: u64,
    },
    ApprovalRequest {
        session: Uuid,
        id: Uuid,
    },
    ApprovalAnswer {
        session: Uuid,
        id: Uuid,
    },
    Audit {
        number: u64,
        at: i64,
    },
    AuditMark(u64),
    AuditContent(u64),
    Setting(&'a str),
    Token {
        id: &'a str,
        hash: &'a [u8; 32],
    },
    Journal {
        session: Uuid,
        key: &'a str,
    },
}

impl Place<'_> {
    /// The authenticated form: a tag, then fields of fixed length (a name of free length comes last and alone).
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80);
        out.extend_from_slice(b"deskhand/1/");
        let mut put = |tag: u8, ids: &[Uuid], rest: &[u8], numbers: &[u64]| {
            out.push(tag);
            for id in ids {
                out.extend_from_slice(id.as_bytes());
            }
            for number in numbers {
                out.extend_from_slice(&number.to_be_bytes());
            }
            out.extend_from_slice(rest);
        };
        match *self {
            Self::Key(None) => put(0, &[], &[], &[]),
            Self::Key(Some(session)) => put(1, &[session], &[], &[]),
            Self::Meta(session) => put(2, &[session], &[], &[]),
            Self::Event {
                session,
                first_seq,
                seq,
                at,
                schema,
            } => {
                put(
                    3,
                    &[session],
                    &[],
                    &[first_seq, seq, at.cast_unsigned(), u64::from(schema)],
                );
            }
            Self::Blob {
                session,
                hash,
                position,
                size,
            } => put(4, &[session], &hash.0, &[position, size]),
            // 5 and 6 were those of places that are no more.
            Self::ApprovalRequest { session, id } => put(7, &[session, id], &[], &[]),
            Self::ApprovalAnswer { session, id } => put(8, &[session, id], &[], &[]),
            Self::Audit { number, at } => put(9, &[], &[], &[number, at.cast_unsigned()]),
            Self::Setting(name) => put(10, &[], name.as_bytes(), &[]),
            Self::Token { id, hash } => put(11, &[], &[hash, id.as_bytes()].concat(), &[]),
            Self::Journal { session, key } => put(12, &[session], key.as_bytes(), &[]),
            Self::AuditMark(number) => put(13, &[], &[], &[number]),
            Self::AuditContent(number) => put(14, &[], &[], &[number]),
        }
        out
    }
}

/// A key that seals, opens and locates the records of one session, or of the store itself.
pub(crate) struct SealingKey {
    aead: RandomizedNonceKey,
    digest: hmac::Key,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealingKey")
    }
}

impl SealingKey {
    /// A fresh key, and its secret wrapped by `master`.
    pub(crate) fn generate(master: &MasterKey, session: Option<Uuid>) -> Result<Vec<u8>> {
        let mut secret = Zeroizing::new([0_u8; 32]);
        rand::fill(secret.as_mut()).map_err(|_| StorageError::Closed)?;
        Self::from_secret(&master.0).seal(&Place::Key(session), secret.as_ref())
    }

    /// Opens a wrapped secret.
    pub(crate) fn unwrap(master: &MasterKey, session: Option<Uuid>, wrapped: &[u8]) -> Result<Self> {
        let opened = Self::from_secret(&master.0).open(&Place::Key(session), wrapped);
        let secret = Zeroizing::new(opened.map_err(|_| StorageError::WrongKey)?);
        let secret = secret.as_slice().try_into().map_err(|_| StorageError::WrongKey)?;
        Ok(Self::from_secret(secret))
    }

    /// Two independent keys out of one secret (HKDF-Expand, RFC 5869).
    fn from_secret(secret: &[u8; 32]) -> Self {
        let root = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, secret);
        let seal = expand(&root, b"deskhand seal");
        let digest = expand(&root, b"deskhand digest");
        Self {
            aead: aead(&seal),
            digest: hmac::Key::new(hmac::HMAC_SHA256, digest.as_ref()),
        }
    }

    pub(crate) fn seal(&self, place: &Place<'_>, content: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(NONCE + content.len() + TAG);
        out.extend_from_slice(&[0; NONCE]);
        out.extend_from_slice(content);
        let (nonce, tag) = self
            .aead
            .seal_in_place_separate_tag(Aad::from(place.bytes()), &mut out[NONCE..])
            .map_err(|_| StorageError::Altered {
                place: format!("{place:?}"),
            })?;
        out[..NONCE].copy_from_slice(nonce.as_ref());
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        let altered = || StorageError::Altered {
            place: format!("{place:?}"),
        };
        let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or_else(altered)?;
        let mut out = body.to_vec();
        let length = self
            .aead
            .open_in_place(Nonce::from(nonce), Aad::from(place.bytes()), &mut out)
            .map_err(|_| altered())?
            .len();
        out.truncate(length);
        Ok(out)
    }

    /// A keyed digest under which a content hash is found without being told.
    pub(crate) fn locate(&self, hash: &BlobHash) -> [u8; 32] {
        self.mac(&[&hash.0])
    }

    /// HMAC-SHA256 (RFC 2104) under this key, of the parts one after the other.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.digest);
        for part in parts {
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

#[expect(
    clippy::expect_used,
    reason = "expanding 32 bytes and keying with 32 bytes cannot fail"
)]
fn expand(root: &hkdf::Prk, info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let info = [info];
    let okm = root
        .expand(&info, hkdf::HKDF_SHA256)
        .expect("32 bytes are within the limit of HKDF");
    okm.fill(out.as_mut())
        .expect("the length asked for is the length filled");
    out
}

#[expect(clippy::expect_used, reason = "a key of 32 bytes is what AES-256 takes")]
fn aead(key: &[u8; 32]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, key).expect("32 bytes make an AES-256 key")
}
