//! Writes an archive, entry by entry: raw ones as they stand, changed ones under headers that say so.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::directory::Tail;
use super::entry::Numbers;
use super::{CENTRAL, EXTRA64, LOCAL, u16_at};
use crate::blob::Blob;
use crate::deflate::LEVEL;
use crate::source::{Chain, Region};

/// 1980-01-01, for parts that are new: the same input gives the same file.
const NEW_DATE: u16 = (1 << 5) | 1;

/// One entry to write.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// Local header, data and what follows it.
    pub(crate) extent: Region,
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
    /// Deflates content under the name, date and attributes of a central record.
    pub(crate) fn deflate(central: &[u8], content: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
        encoder.write_all(content)?;
        let data = Region::from(encoder.finish()?);
        Self::new(
            central,
            true,
            data,
            content.len() as u64,
            crc32fast::hash(content),
        )
    }

    /// An entry of these compressed bytes, with the size and checksum of its content.
    pub(crate) fn new(
        central: &[u8],
        deflated: bool,
        data: Region,
        size: u64,
        checksum: u32,
    ) -> io::Result<Self> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "entry header");
        let name_end = 46 + usize::from(u16_at(central, 28).ok_or_else(bad)?);
        let extra_end = name_end + usize::from(u16_at(central, 30).ok_or_else(bad)?);
        let name = central.get(46..name_end).ok_or_else(bad)?;
        let extra = extra_without_sizes(central.get(name_end..extra_end).ok_or_else(bad)?);
        let flags = u16_at(central, 8).ok_or_else(bad)? & (1 << 11);
        // A part of 4 GiB is above every cap of reading; all ones would mean a 64-bit field, which is not written.
        let narrow = |size: u64| u32::try_from(size).ok().filter(|size| *size < u32::MAX);
        let packed = narrow(data.len()).ok_or_else(too_large)?;
        let size = narrow(size).ok_or_else(too_large)?;

        let mut record = central[..6].to_vec();
        for field in [20u16, flags, if deflated { 8 } else { 0 }] {
            record.extend(field.to_le_bytes());
        }
        record.extend(&central[12..16]);
        for number in [checksum, packed, size] {
            record.extend(number.to_le_bytes());
        }
        record.extend((name.len() as u16).to_le_bytes());
        record.extend((extra.len() as u16).to_le_bytes());
        record.extend(&central[32..name_end]);
        record.extend(&extra);
        record.extend(&central[extra_end..]);

        let mut header = LOCAL.to_le_bytes().to_vec();
        header.extend(&record[6..30]);
        // A local header's extra fields need not be those of the directory: none is needed.
        header.extend([0; 2]);
        header.extend(name);
        let mut extent = Chain::default();
        extent.push(header.into());
        extent.push(data);
        Ok(Self {
            extent: extent.into(),
            central: record.into(),
        })
    }
}

/// An archive being written.
pub(crate) struct Writer<'a> {
    out: &'a mut dyn Write,
    offset: u64,
    /// Central records with the offsets of their entries, in the order of the file.
    written: Vec<(Blob, u64)>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            offset: 0,
            written: Vec::new(),
        }
    }

    /// Writes an entry.
    pub(crate) fn entry(&mut self, entry: Output) -> io::Result<()> {
        entry.extent.copy_to(self.out)?;
        self.written.push((entry.central, self.offset));
        self.offset += entry.extent.len();
        Ok(())
    }

    /// Writes the directory in its own order, given as numbers of entries, then the tail with its numbers set.
    pub(crate) fn finish(self, directory: &[usize], tail: &Tail) -> io::Result<()> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "entry header");
        let start = self.offset;
        let mut size = 0;
        for index in directory {
            let (central, offset) = &self.written[*index];
            let mut record = central.to_vec();
            let (at, wide) = Numbers::of(&record).ok_or_else(bad)?.offset_at;
            set(&mut record, at, *offset, if wide { 8 } else { 4 })?;
            self.out.write_all(&record)?;
            size += record.len() as u64;
        }
        self.out
            .write_all(&numbered(tail, directory.len() as u64, size, start)?)
    }
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

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "the package is too large")
}
