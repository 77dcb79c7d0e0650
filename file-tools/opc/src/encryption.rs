//! Packages that are protected by a password (MS-OFFCRYPTO 2.3.4): opened with it, and sealed again with the same password,
//! algorithms and costs.

use zeroize::Zeroizing;

use crate::error::PackageError;
use crate::limits::Limits;
use crate::ole::{self, Compound, Node};
use crate::package::Package;

mod agile;
mod cipher;
mod standard;

use agile::Agile;
use standard::Standard;

/// Longest description of an encryption, in bytes: Office writes about 2,000.
const MAX_INFO: usize = 64 << 10;
/// Bytes of everything beside the content, taken together: Office writes about 3,000.
const MAX_REST: u64 = 16 << 20;

/// How a file was protected, with the password that opened it. Not written out anywhere.
#[derive(Clone)]
pub struct Encryption {
    kind: Kind,
    password: Zeroizing<String>,
    /// Everything else in the compound file, to be kept: the data spaces and, with some programs, properties.
    rest: Vec<(Node, Vec<u8>)>,
}

#[derive(Clone)]
enum Kind {
    Agile(Box<Agile>),
    Standard(Standard),
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryption").finish_non_exhaustive()
    }
}

impl Package {
    /// Opens a file for which a person gave a password: the package, and what seals it again. Refused where the file is not
    /// protected: who gives a password expects that what is saved has one.
    pub fn open_protected(
        bytes: &[u8],
        password: &str,
        limits: &Limits,
    ) -> Result<(Self, Encryption), PackageError> {
        if bytes.starts_with(b"PK") {
            return Err(PackageError::NotProtected);
        }
        let (package, encryption) = Encryption::open(bytes, password, limits)?;
        Ok((Self::open(package, limits)?, encryption))
    }
}

impl Encryption {
    /// Decrypts a file: the package's bytes, and what seals it again.
    ///
    /// Of agile encryption the signature is checked before anything is decrypted. Blocks for as long as the file's own
    /// count of hashing rounds takes, within [`Limits::spin_count`].
    pub fn open(bytes: &[u8], password: &str, limits: &Limits) -> Result<(Vec<u8>, Self), PackageError> {
        match ole::cause(bytes) {
            Some(PackageError::Encrypted) => {}
            Some(other) => return Err(other),
            None => return Err(PackageError::NotAPackage),
        }
        if bytes.len() as u64 > limits.file_bytes {
            return Err(PackageError::TooLarge(format!("it has {} bytes", bytes.len())));
        }
        let damaged = || PackageError::Damaged("its encrypted content cannot be found".to_owned());
        let file = Compound::read(bytes).ok_or_else(damaged)?;
        let info = file.stream(&["EncryptionInfo"]).ok_or_else(damaged)?;
        let stream = file.stream(&["EncryptedPackage"]).ok_or_else(damaged)?;
        if info.len() > MAX_INFO {
            return Err(PackageError::TooLarge(
                "the description of its encryption".to_owned(),
            ));
        }
        let (kind, package) = match info.get(..4) {
            Some([4, 0, 4, 0]) => {
                let agile = Agile::read(info.get(8..).unwrap_or_default(), limits)?;
                let package = agile.open(password, stream)?;
                (Kind::Agile(Box::new(agile)), package)
            }
            Some([2..=4, 0, 2, 0]) => {
                let standard = Standard::read(&info)?;
                let package = standard.open(password, stream)?;
                (Kind::Standard(standard), package)
            }
            Some([major, _, minor, _]) => {
                return Err(PackageError::Encryption(format!("version {major}.{minor}")));
            }
            _ => return Err(damaged()),
        };
        let encryption = Self {
            kind,
            password: Zeroizing::new(password.to_owned()),
            rest: rest(&file)?,
        };
        Ok((package, encryption))
    }

    /// Encrypts a package as the file was, under fresh keys and salts. Refused where somebody would lose access: a file that
    /// can also be opened with a certificate.
    pub fn seal(&self, package: &[u8]) -> Result<Vec<u8>, PackageError> {
        let (info, stream) = match &self.kind {
            Kind::Agile(agile) => agile.seal(&self.password, package)?,
            Kind::Standard(standard) => standard.seal(&self.password, package)?,
        };
        let mut nodes = self.rest.clone();
        for (name, content) in [("EncryptionInfo", info), ("EncryptedPackage", stream)] {
            nodes.push((Node::new(vec![name.to_owned()], true), content));
        }
        Ok(ole::write(&nodes))
    }
}

/// Everything but what is written anew.
fn rest(file: &Compound<'_>) -> Result<Vec<(Node, Vec<u8>)>, PackageError> {
    let own = ["EncryptionInfo", "EncryptedPackage"];
    let nodes = file.nodes().iter();
    let kept: Vec<&Node> = nodes
        .filter(|node| !own.iter().any(|own| node.path == [*own]))
        .collect();
    // Added up before anything is read: streams may share their sectors.
    let sizes = kept.iter().filter(|node| node.is_stream).map(|node| node.size);
    if sizes.fold(0u64, u64::saturating_add) > MAX_REST {
        return Err(PackageError::TooLarge(
            "what stands beside its content".to_owned(),
        ));
    }
    let rest = kept.into_iter().map(|node| {
        let content = if node.is_stream {
            file.content(node)
        } else {
            Some(Vec::new())
        };
        content.map(|content| (node.clone(), content))
    });
    let damaged = || PackageError::Damaged("what stands beside its content cannot be read".to_owned());
    rest.collect::<Option<_>>().ok_or_else(damaged)
}

/// Decrypts the stream `EncryptedPackage` in place: first how long the content is, then whole blocks.
fn decrypted(
    mut stream: Vec<u8>,
    decrypt: impl FnOnce(&mut [u8]) -> Result<(), PackageError>,
) -> Result<Vec<u8>, PackageError> {
    let damaged = || PackageError::Damaged("its encrypted content is cut off".to_owned());
    let (size, blocks) = stream.split_first_chunk_mut::<8>().ok_or_else(damaged)?;
    let size = usize::try_from(u64::from_le_bytes(*size)).map_err(|_| damaged())?;
    // Some writers add more than the last block needs.
    let whole = blocks.len() / cipher::BLOCK * cipher::BLOCK;
    if size > whole {
        return Err(damaged());
    }
    decrypt(&mut blocks[..size.next_multiple_of(cipher::BLOCK)])?;
    stream.drain(..8);
    stream.truncate(size);
    Ok(stream)
}

#[cfg(test)]
mod tests;
