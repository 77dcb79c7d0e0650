//! AES and hashes as MS-OFFCRYPTO uses them, on aws-lc: no padding, keys and vectors cut or filled to their length.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::digest::{self, Context};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::error::PackageError;

/// Bytes of an AES block.
pub(super) const BLOCK: usize = 16;

/// A hash that password protection uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By its name in `EncryptionInfo`.
    pub(super) fn named(name: &str) -> Result<Self, PackageError> {
        match name.to_ascii_uppercase().replace('-', "").as_str() {
            "SHA1" => Ok(Self::Sha1),
            "SHA256" => Ok(Self::Sha256),
            "SHA384" => Ok(Self::Sha384),
            "SHA512" => Ok(Self::Sha512),
            _ => Err(PackageError::Encryption(format!("the hash `{}`", shown(name)))),
        }
    }

    /// As `EncryptionInfo` names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn keyed(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    /// Bytes of a hash.
    pub(super) fn length(self) -> usize {
        self.algorithm().output_len()
    }

    /// The hash of these runs of bytes one after another.
    pub(super) fn of(self, runs: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let mut context = Context::new(self.algorithm());
        for run in runs {
            context.update(run);
        }
        Zeroizing::new(context.finish().as_ref().to_vec())
    }

    /// The hash of salt and password, hashed this often with a counter before it.
    pub(super) fn spun(self, salt: &[u8], password: &str, count: u32) -> Zeroizing<Vec<u8>> {
        let units: Zeroizing<Vec<u8>> =
            Zeroizing::new(password.encode_utf16().flat_map(u16::to_le_bytes).collect());
        let first = self.of(&[salt, &units]);
        let length = 4 + first.len();
        // The counter and the hash of the round before: millions of rounds make nothing anew.
        let mut round = Zeroizing::new([0u8; 4 + digest::MAX_OUTPUT_LEN]);
        round[4..length].copy_from_slice(&first);
        for number in 0..count {
            round[..4].copy_from_slice(&number.to_le_bytes());
            let hash = digest::digest(self.algorithm(), &round[..length]);
            round[4..length].copy_from_slice(hash.as_ref());
        }
        Zeroizing::new(round[4..length].to_vec())
    }

    /// The keyed hash of some bytes.
    pub(super) fn signed(self, key: &[u8], content: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(self.keyed(), key), content)
            .as_ref()
            .to_vec()
    }

    /// True when the keyed hash of the bytes is this one; told in constant time.
    pub(super) fn verifies(self, key: &[u8], content: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&hmac::Key::new(self.keyed(), key), content, signature).is_ok()
    }
}

/// Cut, or filled with 0x36 (MS-OFFCRYPTO 2.3.4.11 and 2.3.4.12).
pub(super) fn fitted(bytes: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut fitted = Zeroizing::new(bytes.to_vec());
    fitted.resize(length, 0x36);
    fitted
}

/// Filled with zeros to whole blocks.
pub(super) fn in_blocks(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(BLOCK), 0);
    padded
}

fn failed() -> PackageError {
    PackageError::Damaged("its encrypted content cannot be read".to_owned())
}

fn unbound(key: &[u8]) -> Result<UnboundCipherKey, PackageError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(failed()),
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| failed())
}

/// A key for reading in cipher block chaining.
#[derive(Debug)]
pub(super) struct Reading(DecryptingKey);

/// A key for writing in cipher block chaining.
#[derive(Debug)]
pub(super) struct Writing(EncryptingKey);

fn vector(bytes: &[u8]) -> Result<[u8; BLOCK], PackageError> {
    fitted(bytes, BLOCK).as_slice().try_into().map_err(|_| failed())
}

impl Reading {
    pub(super) fn new(key: &[u8]) -> Result<Self, PackageError> {
        Ok(Self(DecryptingKey::cbc(unbound(key)?).map_err(|_| failed())?))
    }

    /// Decrypts whole blocks in place.
    pub(super) fn decrypt(&self, start: &[u8], blocks: &mut [u8]) -> Result<(), PackageError> {
        let start = DecryptionContext::Iv128((&vector(start)?).into());
        self.0.decrypt(blocks, start).map_err(|_| failed())?;
        Ok(())
    }
}

impl Writing {
    pub(super) fn new(key: &[u8]) -> Result<Self, PackageError> {
        Ok(Self(EncryptingKey::cbc(unbound(key)?).map_err(|_| failed())?))
    }

    /// Encrypts whole blocks in place.
    pub(super) fn encrypt(&self, start: &[u8], blocks: &mut [u8]) -> Result<(), PackageError> {
        let start = EncryptionContext::Iv128((&vector(start)?).into());
        self.0.less_safe_encrypt(blocks, start).map_err(|_| failed())?;
        Ok(())
    }
}

/// Decrypts whole blocks one by one, as standard encryption does.
pub(super) fn decrypt_blocks(key: &[u8], blocks: &mut [u8]) -> Result<(), PackageError> {
    let key = DecryptingKey::ecb(unbound(key)?).map_err(|_| failed())?;
    key.decrypt(blocks, DecryptionContext::None)
        .map_err(|_| failed())?;
    Ok(())
}

/// Encrypts whole blocks one by one.
pub(super) fn encrypt_blocks(key: &[u8], blocks: &mut [u8]) -> Result<(), PackageError> {
    let key = EncryptingKey::ecb(unbound(key)?).map_err(|_| failed())?;
    key.less_safe_encrypt(blocks, EncryptionContext::None)
        .map_err(|_| failed())?;
    Ok(())
}

/// Fresh random bytes.
pub(super) fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, PackageError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| PackageError::Encryption("no random bytes were to be had".to_owned()))?;
    Ok(bytes)
}

/// A text of the file, cut, for a sentence.
pub(super) fn shown(text: &str) -> String {
    text.escape_debug().take(40).collect()
}
