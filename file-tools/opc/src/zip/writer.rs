//! Writes an archive: raw entries as they stand, changed ones deflated at level 6.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::directory::Tail;
use super::entry::{Numbers, crc};
use super::{CENTRAL, EXTRA64, LOCAL, u16_at};
use crate::blob::Blob;

/// Deflate level for changed parts: users' files must not grow.
const LEVEL: u32 = 6;
/// 1980-01-01, for parts that are new: the same input gives the same file.
const NEW_DATE: u16 = (1 << 5) | 1;

/// One entry to write.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Local header, data and what follows it.
    pub(crate) extent: Blob,
    /// The central record; its offset is set when written.
    pub(crate) central: Blob,
}

/// Headers for a part of this name: local and central, for content that is yet to come.
pub(crate) fn fresh_header(name: &str) -> Vec<u8> {
    let mut central = Vec::with_capacity(46 + name.len());
    central.extend(CENTRAL.to_le_bytes());
    // Made by and needed: version 2.0. Bit 11 says that the name is UTF-8.
    let flags = if name.is_ascii() { 0u16 } else { 1 << 11 };
    for field in [20u16, 20, flags, 8, 0, NEW_DATE] {
        central.extend(field.to_le_bytes());
    }
    central.extend([0; 12]);
    central.extend((name.len() as u16).to_le_bytes());
    central.extend([0; 16]);
    central.extend(name.as_bytes());
    central
}

/// An entry's extra fields without the 64-bit sizes, which no longer hold.
fn extra_without_sizes(extra: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let (Some(id), Some(length)) = (u16_at(extra, at), u16_at(extra, at + 2)) {
        let end = (at + 4 + usize::from(length)).min(extra.len());
        if id != EXTRA64 {
            kept.extend(&extra[at..end]);
        }
        at = end;
    }
    kept
}

impl Output {
    /// Deflates `content` under the name, date and attributes of a central record.
    pub(crate) fn deflate(central: &[u8], content: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
        encoder.write_all(content)?;
        let data = encoder.finish()?;
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "entry header");
        let name_end = 46 + usize::from(u16_at(central, 28).ok_or_else(bad)?);
        let extra_end = name_end + usize::from(u16_at(central, 30).ok_or_else(bad)?);
        let name = central.get(46..name_end).ok_or_else(bad)?;
        let extra = extra_without_sizes(central.get(name_end..extra_end).ok_or_else(bad)?);
        let flags = u16_at(central, 8).ok_or_else(bad)? & (1 << 11);
        let sizes = [crc(content), data.len() as u32, content.len() as u32];

        let mut record = central[..6].to_vec();
        for field in [20u16, flags, 8] {
            record.extend(field.to_le_bytes());
        }
        record.extend(&central[12..16]);
        for size in sizes {
            record.extend(size.to_le_bytes());
        }
        record.extend((name.len() as u16).to_le_bytes());
        record.extend((extra.len() as u16).to_le_bytes());
        record.extend(&central[32..name_end]);
        record.extend(&extra);
        record.extend(&central[extra_end..]);

        let mut extent = LOCAL.to_le_bytes().to_vec();
        extent.extend(&record[6..30]);
        // A local header's extra fields need not be those of the directory: none is needed.
        extent.extend([0; 2]);
        extent.extend(name);
        extent.extend(data);
        Ok(Self {
            extent: extent.into(),
            central: record.into(),
        })
    }
}

/// Writes entries in file order, then the directory in its own order, then the tail with its numbers set.
pub(crate) fn write(
    out: &mut dyn Write,
    layout: &[Output],
    directory: &[usize],
    tail: &Tail,
) -> io::Result<()> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "entry header");
    let mut offset = 0u64;
    let mut offsets = Vec::with_capacity(layout.len());
    for entry in layout {
        out.write_all(&entry.extent)?;
        offsets.push(offset);
        offset += entry.extent.len() as u64;
    }
    let start = offset;
    for index in directory {
        let entry = &layout[*index];
        let mut record = entry.central.to_vec();
        let (at, wide) = Numbers::of(&record).ok_or_else(bad)?.offset_at;
        set(&mut record, at, offsets[*index], if wide { 8 } else { 4 })?;
        out.write_all(&record)?;
        offset += record.len() as u64;
    }
    out.write_all(&numbered(tail, directory.len() as u64, offset - start, start)?)
}

/// The tail with count, size and offset of the directory set.
fn numbered(tail: &Tail, count: u64, size: u64, start: u64) -> io::Result<Vec<u8>> {
    let mut bytes = tail.bytes.to_vec();
    if let Some((record, locator)) = tail.end64 {
        for (at, value) in [(24, count), (32, count), (40, size), (48, start)] {
            set(&mut bytes, record + at, value, 8)?;
        }
        set(&mut bytes, locator + 8, start + size + record as u64, 8)?;
    }
    for (at, value, width) in [(8, count, 2), (10, count, 2), (12, size, 4), (16, start, 4)] {
        let field = tail.end + at;
        // All ones in a field of the plain record means: look in the 64-bit one.
        if tail.end64.is_some() && bytes[field..field + width].iter().all(|byte| *byte == 0xFF) {
            continue;
        }
        set(&mut bytes, field, value, width)?;
    }
    Ok(bytes)
}

/// Writes a little-endian number of `width` bytes.
fn set(bytes: &mut [u8], at: usize, value: u64, width: usize) -> io::Result<()> {
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "the package is too large");
    let encoded = value.to_le_bytes();
    if encoded[width..].iter().any(|byte| *byte != 0) {
        return Err(too_large());
    }
    bytes
        .get_mut(at..at + width)
        .ok_or_else(too_large)?
        .copy_from_slice(&encoded[..width]);
    Ok(())
}
