//! Digital signatures (ECMA-376 part 2, 10): what each covers, and what it says of who signed when. Nothing is verified: a
//! signature tells here what an edit would break, never whom to trust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::PackageError;
use crate::name;
use crate::package::Package;
use crate::xml::{Node, Tree};

/// A signature, by its own account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The part that holds it.
    pub part: String,
    /// The common name in the signer's certificate.
    pub signer: Option<String>,
    /// When, as it is written (ISO 8601).
    pub signed_at: Option<String>,
    /// What the signer wrote beside it.
    pub comment: Option<String>,
    /// The parts it covers, those of relationships among them.
    pub parts: Vec<String>,
}

impl Signature {
    /// True when an edit of the part breaks the signature.
    pub fn covers(&self, part: &str) -> bool {
        let key = name::key(part);
        self.parts.iter().any(|covered| name::key(covered) == key)
    }
}

/// The signatures of a package.
pub(crate) fn read(package: &Package) -> Result<Vec<Signature>, PackageError> {
    let mut signatures = Vec::new();
    for origin in package.related("", "origin")? {
        for part in package.related(&origin, "signature")? {
            signatures.push(one(package, part)?);
        }
    }
    Ok(signatures)
}

fn one(package: &Package, part: String) -> Result<Signature, PackageError> {
    let content = package.part(&part)?;
    let tree = Tree::parse(&part, &content, package.limits())?;
    let nodes = || tree.root().descendants();
    let text = |local: &str| {
        let node = nodes().find(|node| node.local() == local)?;
        Some(node.text().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let covered = nodes()
        .filter(|node| node.local() == "Manifest")
        .flat_map(|node| {
            let references: Vec<_> = node.children().collect();
            references.into_iter().filter_map(|reference| covered(&reference))
        });
    let time = nodes().find(|node| node.local() == "SignatureTime");
    let signed_at = time.and_then(|time| Some(time.child("Value")?.text().trim().to_owned()));
    let signer = text("X509Certificate").and_then(|encoded| {
        let packed: String = encoded.split_ascii_whitespace().collect();
        common_name(&STANDARD.decode(packed).ok()?)
    });
    let mut parts: Vec<String> = covered.collect();
    parts.sort();
    parts.dedup();
    let signature = Signature {
        signer,
        signed_at: signed_at.or_else(|| text("SigningTime")),
        comment: text("SignatureComments"),
        parts,
        part: String::new(),
    };
    drop(tree);
    Ok(Signature { part, ..signature })
}

/// The part that a reference names: `/xl/workbook.xml?ContentType=…`.
fn covered(reference: &Node<'_, '_>) -> Option<String> {
    let uri = reference.attribute("URI")?;
    let path = uri.split(['?', '#']).next()?;
    Some(path.strip_prefix('/')?.to_owned()).filter(|path| !path.is_empty())
}

/// One value of DER: its tag, its content, and what follows.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest
            .split_at_checked(usize::from(first & 0x7F))
            .filter(|(bytes, _)| bytes.len() <= 4)?;
        (
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte)),
            rest,
        )
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The subject's common name in a certificate (RFC 5280, 4.1).
fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate, _) = value(der)?;
    let (_, mut rest, _) = value(certificate)?;
    if rest.first() == Some(&0xA0) {
        rest = value(rest)?.2;
    }
    // Serial number, algorithm, issuer, validity.
    for _ in 0..4 {
        rest = value(rest)?.2;
    }
    let (_, mut names, _) = value(rest)?;
    while let Some((_, set, next)) = value(names) {
        let (_, attribute, _) = value(set)?;
        let (_, kind, text) = value(attribute)?;
        if kind == [0x55, 0x04, 0x03] {
            let (tag, text, _) = value(text)?;
            return Some(match tag {
                0x1E => {
                    let units: Vec<u16> = text
                        .chunks_exact(2)
                        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                        .collect();
                    String::from_utf16_lossy(&units)
                }
                _ => String::from_utf8_lossy(text).into_owned(),
            });
        }
        names = next;
    }
    None
}
