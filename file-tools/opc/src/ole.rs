//! Tells compound files apart (MS-CFB): encrypted, rights-managed, or a binary format from before 2007.
//!
//! Reads names of the directory only, and of a bounded number of sectors.

use crate::error::{LegacyKind, PackageError};

const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// More sectors of directory than any encrypted document has.
const MAX_SECTORS: usize = 1024;

/// The cause for a compound file; `None` when the bytes are not one.
pub(crate) fn cause(bytes: &[u8]) -> Option<PackageError> {
    if !bytes.starts_with(&SIGNATURE) {
        return None;
    }
    let names = directory(bytes).unwrap_or_default();
    let has = |name: &str| names.iter().any(|found| found == name);
    Some(
        if has("DRMEncryptedDataSpace") || has("DRMEncryptedTransform") || has("\u{9}DRMContent") {
            PackageError::RightsManaged
        } else if has("EncryptedPackage") || has("EncryptionInfo") {
            PackageError::Encrypted
        } else if has("Workbook") || has("Book") {
            PackageError::Legacy(LegacyKind::Workbook)
        } else if has("PowerPoint Document") {
            PackageError::Legacy(LegacyKind::Deck)
        } else if has("WordDocument") {
            PackageError::Legacy(LegacyKind::Document)
        } else {
            PackageError::Legacy(LegacyKind::Other)
        },
    )
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The names of storages and streams.
fn directory(bytes: &[u8]) -> Option<Vec<String>> {
    let shift = u16::from_le_bytes(bytes.get(30..32)?.try_into().ok()?);
    let size = 1usize << if shift == 12 { 12 } else { 9 };
    let sector = |number: u32| {
        let from = (number as usize + 1).checked_mul(size)?;
        bytes.get(from..from.checked_add(size)?)
    };
    let next = |number: u32| {
        let per_sector = size / 4;
        let table = number as usize / per_sector;
        // The first 109 sectors of the allocation table are listed in the header; a directory beyond them is not read.
        let table = (table < 109).then(|| u32_at(bytes, 76 + table * 4)).flatten()?;
        u32_at(sector(table)?, number as usize % per_sector * 4)
    };
    let mut names = Vec::new();
    let mut number = u32_at(bytes, 48)?;
    for _ in 0..MAX_SECTORS {
        let Some(data) = sector(number) else { break };
        names.extend(data.chunks_exact(128).filter_map(entry_name));
        match next(number) {
            Some(following) => number = following,
            None => break,
        }
    }
    Some(names)
}

fn entry_name(entry: &[u8]) -> Option<String> {
    let length = usize::from(u16::from_le_bytes([entry[64], entry[65]]));
    let units = entry.get(..length.checked_sub(2)?.min(62))?;
    let units: Vec<u16> = units
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}
