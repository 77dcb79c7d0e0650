//! Agile encryption (MS-OFFCRYPTO 2.3.4.10 to 2.3.4.15): the one that Office writes since 2010.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::cipher::{BLOCK, Hash, Reading, Writing, fitted, in_blocks, random, shown};
use crate::error::PackageError;
use crate::limits::Limits;
use crate::xml::{Node, Tree};

/// Bytes that are encrypted at once.
const SEGMENT: usize = 4096;
const VERIFIER_INPUT: [u8; 8] = [0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79];
const VERIFIER_HASH: [u8; 8] = [0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e];
const KEY: [u8; 8] = [0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6];
const SIGNATURE_KEY: [u8; 8] = [0x5f, 0xb2, 0xad, 0x01, 0x0c, 0xb9, 0xe1, 0xf6];
const SIGNATURE: [u8; 8] = [0xa0, 0x67, 0x7f, 0x02, 0xb2, 0x2c, 0x84, 0x33];

/// The algorithms and the salt of a key.
#[derive(Clone, Debug)]
struct Parameters {
    salt: Vec<u8>,
    key_length: usize,
    hash: Hash,
}

/// What `EncryptionInfo` says.
#[derive(Clone, Debug)]
pub(super) struct Agile {
    data: Parameters,
    password: Parameters,
    spin_count: u32,
    /// Encrypted: the input of the verifier, its hash, the key of the content.
    verifier: [Vec<u8>; 3],
    /// Encrypted: the key of the signature, and the signature.
    signature: Option<(Vec<u8>, Vec<u8>)>,
    /// True where the file can also be opened with a certificate, whose key we do not have.
    has_others: bool,
}

fn damaged() -> PackageError {
    PackageError::Damaged("its description of the encryption cannot be read".to_owned())
}

impl Parameters {
    fn read(node: &Node<'_, '_>) -> Result<Self, PackageError> {
        let text = |name: &str| {
            node.attribute(name)
                .map(std::borrow::Cow::into_owned)
                .ok_or_else(damaged)
        };
        let (cipher, chaining) = (text("cipherAlgorithm")?, text("cipherChaining")?);
        if cipher != "AES" || chaining != "ChainingModeCBC" {
            let named = format!("{} with {}", shown(&cipher), shown(&chaining));
            return Err(PackageError::Encryption(named));
        }
        let bits = number(node, "keyBits")?;
        if number(node, "blockSize")? != BLOCK as u32 || ![128, 192, 256].contains(&bits) {
            return Err(PackageError::Encryption(format!("a key of {bits} bits")));
        }
        let salt = bytes(node, "saltValue")?;
        if salt.is_empty() || salt.len() > 1024 {
            return Err(damaged());
        }
        Ok(Self {
            salt,
            key_length: bits as usize / 8,
            hash: Hash::named(&text("hashAlgorithm")?)?,
        })
    }

    fn fresh(&self) -> Result<Self, PackageError> {
        Ok(Self {
            salt: random(self.salt.len())?.to_vec(),
            ..*self
        })
    }

    /// The vector of a segment or of the signature.
    fn vector(&self, of: &[u8]) -> Zeroizing<Vec<u8>> {
        self.hash.of(&[&self.salt, of])
    }

    fn xml(&self) -> String {
        format!(
            r#"saltSize="{}" blockSize="{BLOCK}" keyBits="{}" hashSize="{}" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="{}" saltValue="{}""#,
            self.salt.len(),
            self.key_length * 8,
            self.hash.length(),
            self.hash.name(),
            STANDARD.encode(&self.salt)
        )
    }
}

fn number(node: &Node<'_, '_>, name: &str) -> Result<u32, PackageError> {
    let text = node.attribute(name).ok_or_else(damaged)?;
    text.trim().parse().map_err(|_| damaged())
}

fn bytes(node: &Node<'_, '_>, name: &str) -> Result<Vec<u8>, PackageError> {
    let text = node.attribute(name).ok_or_else(damaged)?;
    STANDARD.decode(text.trim()).map_err(|_| damaged())
}

impl Agile {
    /// Reads the XML of `EncryptionInfo`.
    pub(super) fn read(xml: &[u8], limits: &Limits) -> Result<Self, PackageError> {
        let tree = Tree::parse("EncryptionInfo", xml, limits)?;
        let root = tree.root();
        let data = root.child("keyData").ok_or_else(damaged)?;
        let encryptors = root.child("keyEncryptors").ok_or_else(damaged)?;
        let encryptors: Vec<_> = encryptors.children().collect();
        let key = encryptors.iter().find_map(|encryptor| {
            let key = encryptor.child("encryptedKey")?;
            key.attribute("spinCount").is_some().then_some(key)
        });
        let key =
            key.ok_or_else(|| PackageError::Encryption("it is opened with a certificate".to_owned()))?;
        let spin_count = number(&key, "spinCount")?;
        if spin_count > limits.spin_count {
            return Err(PackageError::TooLarge(format!(
                "its password takes {spin_count} rounds of hashing"
            )));
        }
        let signature = root.child("dataIntegrity");
        let signature = signature.map(|node| {
            Ok::<_, PackageError>((
                bytes(&node, "encryptedHmacKey")?,
                bytes(&node, "encryptedHmacValue")?,
            ))
        });
        Ok(Self {
            data: Parameters::read(&data)?,
            password: Parameters::read(&key)?,
            spin_count,
            verifier: [
                bytes(&key, "encryptedVerifierHashInput")?,
                bytes(&key, "encryptedVerifierHashValue")?,
                bytes(&key, "encryptedKeyValue")?,
            ],
            signature: signature.transpose()?,
            has_others: encryptors.len() > 1,
        })
    }

    /// The keys of verifier input, verifier hash and content key.
    fn password_keys(&self, password: &str) -> [Zeroizing<Vec<u8>>; 3] {
        let own = &self.password;
        let spun = own.hash.spun(&own.salt, password, self.spin_count);
        [VERIFIER_INPUT, VERIFIER_HASH, KEY]
            .map(|block| fitted(&own.hash.of(&[&spun, &block]), own.key_length))
    }

    /// The content's key; refused for another password.
    fn key(&self, password: &str) -> Result<Zeroizing<Vec<u8>>, PackageError> {
        let mut plain = Vec::new();
        for (key, encrypted) in self.password_keys(password).iter().zip(&self.verifier) {
            let mut blocks = Zeroizing::new(encrypted.clone());
            Reading::new(key)?.decrypt(&self.password.salt, &mut blocks)?;
            plain.push(blocks);
        }
        let [input, hash, key] = plain.as_slice() else {
            return Err(damaged());
        };
        // The input is as long as the salt; what follows fills its last block.
        let input = input.get(..self.password.salt.len()).ok_or_else(damaged)?;
        let expected = self.password.hash.of(&[input]);
        if hash.get(..expected.len()) != Some(&expected) {
            return Err(PackageError::WrongPassword);
        }
        let key = key.get(..self.data.key_length).ok_or_else(damaged)?;
        Ok(Zeroizing::new(key.to_vec()))
    }

    /// Decrypts the stream `EncryptedPackage`. The signature is looked at first.
    pub(super) fn open(&self, password: &str, stream: Vec<u8>) -> Result<Vec<u8>, PackageError> {
        let key = self.key(password)?;
        let cipher = Reading::new(&key)?;
        if let Some((signature_key, signature)) = &self.signature {
            let (mut signature_key, mut signature) =
                (Zeroizing::new(signature_key.clone()), signature.clone());
            cipher.decrypt(&self.data.vector(&SIGNATURE_KEY), &mut signature_key)?;
            cipher.decrypt(&self.data.vector(&SIGNATURE), &mut signature)?;
            let length = self.data.hash.length();
            let parts = signature_key.get(..length).zip(signature.get(..length));
            let (signature_key, signature) = parts.ok_or_else(damaged)?;
            if !self.data.hash.verifies(signature_key, &stream, signature) {
                return Err(PackageError::Tampered);
            }
        }
        super::decrypted(stream, |blocks| {
            for (number, segment) in (0u32..).zip(blocks.chunks_mut(SEGMENT)) {
                cipher.decrypt(&self.data.vector(&number.to_le_bytes()), segment)?;
            }
            Ok(())
        })
    }

    /// Encrypts a package under fresh keys and salts with the same algorithms: `EncryptionInfo` and `EncryptedPackage`.
    pub(super) fn seal(&self, password: &str, package: &[u8]) -> Result<(Vec<u8>, Vec<u8>), PackageError> {
        if self.has_others {
            let others = "it can also be opened with a certificate, which would be lost";
            return Err(PackageError::Encryption(others.to_owned()));
        }
        let mut next = Self {
            data: self.data.fresh()?,
            password: self.password.fresh()?,
            ..self.clone()
        };
        let key = random(next.data.key_length)?;
        let input = random(next.password.salt.len())?;
        let hash = next.password.hash.of(&[&input]);
        let keys = next.password_keys(password);
        for ((key, plain), slot) in keys.iter().zip([&input, &hash, &key]).zip(&mut next.verifier) {
            *slot = in_blocks(plain);
            Writing::new(key)?.encrypt(&next.password.salt, slot)?;
        }
        let cipher = Writing::new(&key)?;
        let mut stream = (package.len() as u64).to_le_bytes().to_vec();
        stream.extend_from_slice(&in_blocks(package));
        for (number, segment) in (0u32..).zip(stream[8..].chunks_mut(SEGMENT)) {
            cipher.encrypt(&next.data.vector(&number.to_le_bytes()), segment)?;
        }
        let signature_key = random(next.data.hash.length())?;
        let signature = next.data.hash.signed(&signature_key, &stream);
        let (mut signature_key, mut signature) = (in_blocks(&signature_key), in_blocks(&signature));
        cipher.encrypt(&next.data.vector(&SIGNATURE_KEY), &mut signature_key)?;
        cipher.encrypt(&next.data.vector(&SIGNATURE), &mut signature)?;
        next.signature = Some((signature_key, signature));
        Ok((next.info(), stream))
    }

    /// The stream `EncryptionInfo`.
    fn info(&self) -> Vec<u8> {
        let (signature_key, signature) = self.signature.clone().unwrap_or_default();
        let [input, hash, key] = &self.verifier;
        let encoded = |bytes: &[u8]| STANDARD.encode(bytes);
        let xml = format!(
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
                "\r\n",
                r#"<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption""#,
                r#" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password""#,
                r#" xmlns:c="http://schemas.microsoft.com/office/2006/keyEncryptor/certificate">"#,
                r#"<keyData {}/><dataIntegrity encryptedHmacKey="{}" encryptedHmacValue="{}"/>"#,
                r#"<keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password">"#,
                r#"<p:encryptedKey spinCount="{}" {} encryptedVerifierHashInput="{}""#,
                r#" encryptedVerifierHashValue="{}" encryptedKeyValue="{}"/>"#,
                r#"</keyEncryptor></keyEncryptors></encryption>"#
            ),
            self.data.xml(),
            encoded(&signature_key),
            encoded(&signature),
            self.spin_count,
            self.password.xml(),
            encoded(input),
            encoded(hash),
            encoded(key)
        );
        let mut info = vec![4, 0, 4, 0, 0x40, 0, 0, 0];
        info.extend_from_slice(xml.as_bytes());
        info
    }
}
