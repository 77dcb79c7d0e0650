//! Compound files (MS-CFB): what Office wraps encrypted packages in, and what its formats from before 2007 are.
//!
//! Reads streams by path within bounds: every chain ends after as many sectors as the file can hold.

use std::collections::HashSet;

use crate::error::{LegacyKind, PackageError};

mod writer;

pub(crate) use writer::write;

const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// More directory entries than any encrypted document has.
const MAX_ENTRIES: usize = 16_384;
/// Bytes of the stream that holds the small ones: those of encrypted documents have a few thousand.
const MAX_SMALL: usize = 32 << 20;
/// How deep storages may nest.
const MAX_DEPTH: usize = 32;
/// Numbers above this mark ends and free sectors.
const MAX_SECTOR: u32 = 0xFFFF_FFFA;

/// A storage or a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Names from the root down.
    pub(crate) path: Vec<String>,
    /// True for a stream.
    pub(crate) is_stream: bool,
    /// The class of a storage.
    pub(crate) class: [u8; 16],
    start: u32,
    pub(crate) size: u64,
}

impl Node {
    /// A node of a file that is to be written.
    pub(crate) fn new(path: Vec<String>, is_stream: bool) -> Self {
        Self {
            path,
            is_stream,
            class: [0; 16],
            start: 0,
            size: 0,
        }
    }
}

/// A compound file whose tables are read.
#[derive(Debug)]
pub(crate) struct Compound<'a> {
    bytes: &'a [u8],
    sector: usize,
    table: Vec<u32>,
    small_table: Vec<u32>,
    small: Vec<u8>,
    cutoff: u64,
    nodes: Vec<Node>,
}

/// True when the bytes say that they are a compound file.
pub(crate) fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

impl<'a> Compound<'a> {
    /// Reads the tables; nothing where they cannot be read.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        if !is_compound(bytes) {
            return None;
        }
        let sector = match u16_at(bytes, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Self {
            bytes,
            sector,
            table: Vec::new(),
            small_table: Vec::new(),
            small: Vec::new(),
            cutoff: u64::from(u32_at(bytes, 56)?),
            nodes: Vec::new(),
        };
        file.read_table()?;
        let directory = file.chain(u32_at(bytes, 48)?, MAX_ENTRIES * 128)?;
        let root = directory.get(..128)?;
        file.small = file.chain(u32_at(root, 116)?, MAX_SMALL).unwrap_or_default();
        let small_table = file.chain(u32_at(bytes, 60)?, MAX_SMALL / 16).unwrap_or_default();
        file.small_table = numbers(&small_table);
        file.nodes = nodes(&directory)?;
        Some(file)
    }

    /// The allocation table: its sectors are listed in the header, and in a chain of sectors for large files.
    fn read_table(&mut self) -> Option<()> {
        let most = self.bytes.len() / self.sector + 1;
        let mut listed: Vec<u32> = (0..109)
            .map_while(|index| u32_at(self.bytes, 76 + index * 4))
            .collect();
        let mut next = u32_at(self.bytes, 68)?;
        let mut seen = 0;
        while next < MAX_SECTOR && seen < most {
            let sector = numbers(self.at(next)?);
            let (last, list) = sector.split_last()?;
            listed.extend_from_slice(list);
            next = *last;
            seen += 1;
        }
        for number in listed
            .into_iter()
            .filter(|number| *number < MAX_SECTOR)
            .take(most)
        {
            let sector = numbers(self.at(number)?);
            self.table.extend(sector);
        }
        Some(())
    }

    fn at(&self, number: u32) -> Option<&'a [u8]> {
        let from = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        let end = from.checked_add(self.sector)?.min(self.bytes.len());
        self.bytes.get(from..end).filter(|sector| !sector.is_empty())
    }

    /// The sectors of a chain together, at most this many bytes and never more than the file has.
    fn chain(&self, start: u32, most: usize) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut number = start;
        while number < MAX_SECTOR && content.len() < most {
            content.extend_from_slice(self.at(number)?);
            if content.len() > self.bytes.len() {
                return None;
            }
            number = *self.table.get(number as usize)?;
        }
        Some(content)
    }

    /// All storages and streams, parents before children.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The content of a stream; nothing where there is none or its chain is broken.
    pub(crate) fn stream(&self, path: &[&str]) -> Option<Vec<u8>> {
        self.content(self.node(path).filter(|node| node.is_stream)?)
    }

    /// The content of a stream that [`Compound::nodes`] told of.
    pub(crate) fn content(&self, node: &Node) -> Option<Vec<u8>> {
        let size = usize::try_from(node.size)
            .ok()
            .filter(|size| *size <= self.bytes.len())?;
        if node.size >= self.cutoff {
            let mut content = self.chain(node.start, size)?;
            content.truncate(size);
            return (content.len() == size).then_some(content);
        }
        let mut content = Vec::with_capacity(size);
        let mut number = node.start;
        while content.len() < size {
            let from = (number as usize).checked_mul(64)?;
            let end = from.checked_add(64)?.min(self.small.len());
            content.extend_from_slice(self.small.get(from..end).filter(|some| !some.is_empty())?);
            number = *self.small_table.get(number as usize)?;
        }
        content.truncate(size);
        Some(content)
    }

    fn node(&self, path: &[&str]) -> Option<&Node> {
        self.nodes.iter().find(|node| node.path == path)
    }

    fn has(&self, path: &[&str]) -> bool {
        self.node(path).is_some()
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let numbers = bytes.chunks_exact(4);
    numbers
        .map(|number| u32::from_le_bytes([number[0], number[1], number[2], number[3]]))
        .collect()
}

/// The nodes below the root, by walking the trees of siblings.
fn nodes(directory: &[u8]) -> Option<Vec<Node>> {
    let entry = |number: u32| directory.get(number as usize * 128..(number as usize + 1) * 128);
    let mut nodes = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![(u32_at(entry(0)?, 76)?, Vec::new())];
    while let Some((number, above)) = waiting.pop() {
        let Some(found) = entry(number) else { continue };
        if !seen.insert(number) || above.len() > MAX_DEPTH {
            continue;
        }
        for sibling in [68, 72] {
            waiting.push((u32_at(found, sibling)?, above.clone()));
        }
        let mut path: Vec<String> = above;
        path.push(name(found)?);
        let kind = found[66];
        if kind == 1 {
            waiting.push((u32_at(found, 76)?, path.clone()));
        }
        if kind == 1 || kind == 2 {
            nodes.push(Node {
                path,
                is_stream: kind == 2,
                class: found.get(80..96)?.try_into().ok()?,
                start: u32_at(found, 116)?,
                // The upper half is not used, and may hold anything, in files of version 3.
                size: u64::from(u32_at(found, 120)?),
            });
        }
    }
    nodes.sort_by_key(|node| node.path.len());
    Some(nodes)
}

fn name(entry: &[u8]) -> Option<String> {
    let length = usize::from(u16_at(entry, 64)?).saturating_sub(2).min(62);
    let units: Vec<u16> = entry
        .get(..length)?
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}

/// The cause for a compound file; `None` when the bytes are not one.
pub(crate) fn cause(bytes: &[u8]) -> Option<PackageError> {
    if !is_compound(bytes) {
        return None;
    }
    let Some(file) = Compound::read(bytes) else {
        return Some(PackageError::Damaged("its directory cannot be read".to_owned()));
    };
    let spaces = ["\u{6}DataSpaces", "DataSpaceInfo", "DRMEncryptedDataSpace"];
    if file.has(&spaces) || file.has(&["\u{9}DRMContent"]) {
        return Some(PackageError::RightsManaged);
    }
    if file.has(&["EncryptedPackage"]) {
        return Some(PackageError::Encrypted);
    }
    let (kind, is_encrypted) = if let Some(stream) = either(&file, "Workbook", "Book") {
        (LegacyKind::Workbook, workbook_is_encrypted(&stream))
    } else if file.has(&["PowerPoint Document"]) {
        let user = file.stream(&["Current User"]);
        (
            LegacyKind::Deck,
            user.is_some_and(|user| deck_is_encrypted(&user)),
        )
    } else if let Some(stream) = file.stream(&["WordDocument"]) {
        // MS-DOC 2.5.2: `fEncrypted`.
        let flags = u16_at(&stream, 10).unwrap_or(0);
        (LegacyKind::Document, flags & 0x0100 != 0)
    } else {
        (LegacyKind::Other, file.has(&["EncryptionInfo"]))
    };
    Some(if is_encrypted {
        PackageError::LegacyEncrypted(kind)
    } else {
        PackageError::Legacy(kind)
    })
}

fn either(file: &Compound<'_>, one: &str, other: &str) -> Option<Vec<u8>> {
    let named = [one, other].into_iter().find(|name| file.has(&[name]))?;
    Some(file.stream(&[named]).unwrap_or_default())
}

/// MS-XLS 2.4.117: the record `FilePass` follows the first one.
fn workbook_is_encrypted(stream: &[u8]) -> bool {
    let mut at = 0;
    for _ in 0..8 {
        let (Some(kind), Some(length)) = (u16_at(stream, at), u16_at(stream, at + 2)) else {
            return false;
        };
        if kind == 0x002F {
            return true;
        }
        at += 4 + usize::from(length);
    }
    false
}

/// MS-PPT 2.3.2: `headerToken`.
fn deck_is_encrypted(user: &[u8]) -> bool {
    u32_at(user, 12) == Some(0xF3D1_C4DF)
}

#[cfg(test)]
mod tests;
