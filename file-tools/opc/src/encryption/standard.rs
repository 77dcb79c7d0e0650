//! Standard encryption (MS-OFFCRYPTO 2.3.4.5 to 2.3.4.9): the one of Office 2007. It has no signature: what is decrypted is
//! checked by its ZIP checksums alone.

use zeroize::Zeroizing;

use super::cipher::{Hash, decrypt_blocks, encrypt_blocks, in_blocks, random};
use crate::error::PackageError;

/// Rounds of hashing; the format knows no others.
const SPIN_COUNT: u32 = 50_000;
const SALT: usize = 16;

/// What `EncryptionInfo` says.
#[derive(Clone, Debug)]
pub(super) struct Standard {
    /// Version, flags and header, as they stand.
    head: Vec<u8>,
    key_length: usize,
    salt: Vec<u8>,
    verifier: Vec<u8>,
    verifier_hash: Vec<u8>,
}

fn damaged() -> PackageError {
    PackageError::Damaged("its description of the encryption cannot be read".to_owned())
}

impl Standard {
    /// Reads the stream `EncryptionInfo`.
    pub(super) fn read(info: &[u8]) -> Result<Self, PackageError> {
        let number = |at: usize| {
            let bytes = info.get(at..at.checked_add(4)?)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let header = number(8).ok_or_else(damaged)? as usize;
        let (algorithm, hash) = number(20).zip(number(24)).ok_or_else(damaged)?;
        let key_length = match algorithm {
            0x660E => 16,
            0x660F => 24,
            0x6610 => 32,
            _ => {
                return Err(PackageError::Encryption(format!(
                    "the algorithm {algorithm:#06x}"
                )));
            }
        };
        if hash != 0 && hash != 0x8004 {
            return Err(PackageError::Encryption(format!("the hash {hash:#06x}")));
        }
        let start = header.checked_add(12).ok_or_else(damaged)?;
        let run = |from: usize, length: usize| {
            let from = start.checked_add(from)?;
            info.get(from..from.checked_add(length)?).map(<[u8]>::to_vec)
        };
        if number(start) != Some(SALT as u32) {
            return Err(damaged());
        }
        let found = || {
            Some(Self {
                head: info.get(..start)?.to_vec(),
                key_length,
                salt: run(4, SALT)?,
                verifier: run(20, 16)?,
                verifier_hash: run(40, 32)?,
            })
        };
        found().ok_or_else(damaged)
    }

    fn key(&self, password: &str) -> Zeroizing<Vec<u8>> {
        let spun = Hash::Sha1.spun(&self.salt, password, SPIN_COUNT);
        let last = Hash::Sha1.of(&[&spun, &[0; 4]]);
        let mut key = Zeroizing::new(Vec::with_capacity(40));
        for filling in [0x36u8, 0x5C] {
            let mut block = Zeroizing::new([filling; 64]);
            block
                .iter_mut()
                .zip(last.iter())
                .for_each(|(byte, hash)| *byte ^= hash);
            key.extend_from_slice(&Hash::Sha1.of(&[&*block]));
        }
        key.truncate(self.key_length);
        key
    }

    /// Decrypts the stream `EncryptedPackage`.
    pub(super) fn open(&self, password: &str, stream: Vec<u8>) -> Result<Vec<u8>, PackageError> {
        let key = self.key(password);
        let (mut verifier, mut hash) = (self.verifier.clone(), self.verifier_hash.clone());
        decrypt_blocks(&key, &mut verifier)?;
        decrypt_blocks(&key, &mut hash)?;
        if hash.get(..Hash::Sha1.length()) != Some(&Hash::Sha1.of(&[&verifier])) {
            return Err(PackageError::WrongPassword);
        }
        super::decrypted(stream, |blocks| decrypt_blocks(&key, blocks))
    }

    /// Encrypts a package under a fresh salt: `EncryptionInfo` and `EncryptedPackage`.
    pub(super) fn seal(&self, password: &str, package: &[u8]) -> Result<(Vec<u8>, Vec<u8>), PackageError> {
        let next = Self {
            salt: random(SALT)?.to_vec(),
            ..self.clone()
        };
        let key = next.key(password);
        let mut verifier = random(16)?.to_vec();
        let mut hash = in_blocks(&Hash::Sha1.of(&[&verifier]));
        encrypt_blocks(&key, &mut verifier)?;
        encrypt_blocks(&key, &mut hash)?;
        let mut info = next.head;
        info.extend_from_slice(&(SALT as u32).to_le_bytes());
        info.extend_from_slice(&next.salt);
        info.extend_from_slice(&verifier);
        info.extend_from_slice(&(Hash::Sha1.length() as u32).to_le_bytes());
        info.extend_from_slice(&hash);
        let mut blocks = in_blocks(package);
        encrypt_blocks(&key, &mut blocks)?;
        let mut stream = (package.len() as u64).to_le_bytes().to_vec();
        stream.extend_from_slice(&blocks);
        Ok((info, stream))
    }
}
