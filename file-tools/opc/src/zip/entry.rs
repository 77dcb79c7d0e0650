//! One entry: its raw bytes, and inflating them within bounds.

use std::io::Read as _;
use std::ops::Range;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::{CENTRAL, EXTRA64, LOCAL, u16_at, u32_at, u64_at};
use crate::blob::Blob;
use crate::error::PackageError;
use crate::limits::Limits;

/// An entry as it stands in a file.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// From its local header up to the next entry, data descriptor and gaps included.
    pub(crate) extent: Blob,
    /// Its record in the central directory.
    pub(crate) central: Blob,
    /// CRC-32 of the inflated bytes.
    pub(crate) crc: u32,
    /// Size of the inflated bytes.
    pub(crate) size: u64,
    /// True for deflate, false for stored.
    deflated: bool,
    /// The compressed bytes, in `extent`.
    data: Range<usize>,
}

/// The numbers of a central record, with the 64-bit extra field taken into account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub(crate) packed: u64,
    pub(crate) size: u64,
    pub(crate) offset: u64,
    /// Where the offset is written in the record, and whether in eight bytes.
    pub(crate) offset_at: (usize, bool),
}

fn damaged(what: &str) -> PackageError {
    PackageError::Damaged(what.to_owned())
}

/// The length of the central record that starts these bytes.
pub(crate) fn central_length(bytes: &[u8]) -> Option<usize> {
    if u32_at(bytes, 0)? != CENTRAL {
        return None;
    }
    let variable = [28, 30, 32]
        .iter()
        .map(|at| u16_at(bytes, *at).map(usize::from))
        .sum::<Option<usize>>()?;
    Some(46 + variable).filter(|length| *length <= bytes.len())
}

/// The raw name in a central record.
pub(crate) fn central_name(central: &[u8]) -> Option<&[u8]> {
    central.get(46..46 + usize::from(u16_at(central, 28)?))
}

impl Numbers {
    pub(crate) fn of(central: &[u8]) -> Option<Self> {
        let mut numbers = Self {
            packed: u64::from(u32_at(central, 20)?),
            size: u64::from(u32_at(central, 24)?),
            offset: u64::from(u32_at(central, 42)?),
            offset_at: (42, false),
        };
        let extra = 46 + usize::from(u16_at(central, 28)?);
        let end = extra + usize::from(u16_at(central, 30)?);
        let mut at = extra;
        while at + 4 <= end {
            let (id, length) = (u16_at(central, at)?, usize::from(u16_at(central, at + 2)?));
            if id == EXTRA64 {
                let mut field = at + 4;
                for value in [&mut numbers.size, &mut numbers.packed] {
                    if *value == u64::from(u32::MAX) {
                        *value = u64_at(central, field)?;
                        field += 8;
                    }
                }
                if numbers.offset == u64::from(u32::MAX) {
                    numbers.offset = u64_at(central, field)?;
                    numbers.offset_at = (field, true);
                    field += 8;
                }
                if field > at + 4 + length {
                    return None;
                }
            }
            at += 4 + length;
        }
        Some(numbers)
    }
}

impl Packed {
    /// Takes the raw bytes of an entry apart. Both headers must agree on the name.
    pub(crate) fn parse(extent: Blob, central: Blob) -> Result<Self, PackageError> {
        let bad = || damaged("an entry's header cannot be read");
        if central_length(&central) != Some(central.len()) || u32_at(&extent, 0) != Some(LOCAL) {
            return Err(bad());
        }
        let numbers = Numbers::of(&central).ok_or_else(bad)?;
        let flags = u16_at(&central, 8).ok_or_else(bad)?;
        if flags & 0b1 != 0 {
            return Err(PackageError::Encrypted);
        }
        let name = central_name(&central).ok_or_else(bad)?;
        let name_length = usize::from(u16_at(&extent, 26).ok_or_else(bad)?);
        let start = 30 + name_length + usize::from(u16_at(&extent, 28).ok_or_else(bad)?);
        if extent.get(30..30 + name_length) != Some(name) {
            return Err(damaged("an entry has two names"));
        }
        let end = usize::try_from(numbers.packed)
            .ok()
            .and_then(|packed| start.checked_add(packed));
        let end = end
            .filter(|end| *end <= extent.len())
            .ok_or_else(|| damaged("entries overlap"))?;
        let deflated = match u16_at(&central, 10) {
            Some(0) => false,
            Some(8) => true,
            _ => {
                return Err(PackageError::Compression(
                    String::from_utf8_lossy(name).into_owned(),
                ));
            }
        };
        let crc = u32_at(&central, 16).ok_or_else(bad)?;
        Ok(Self {
            extent,
            central,
            crc,
            size: numbers.size,
            deflated,
            data: start..end,
        })
    }

    /// Refuses a declared size above the caps. [`Packed::inflate`] holds the entry to what it declares.
    pub(crate) fn check(&self, name: &str, limits: &Limits) -> Result<(), PackageError> {
        if self.size > limits.part_bytes {
            return Err(PackageError::TooLarge(format!(
                "the part `{name}` has {} bytes",
                self.size
            )));
        }
        let packed = self.data.len().max(1) as u64;
        if self.size > limits.ratio_from && self.size / packed > limits.ratio {
            return Err(PackageError::TooLarge(format!(
                "the part `{name}` inflates to {} times its size",
                self.size / packed
            )));
        }
        Ok(())
    }

    /// The content. Never more bytes than declared are inflated; size and checksum must be as declared.
    pub(crate) fn inflate(&self, name: &str) -> Result<Vec<u8>, PackageError> {
        let wrong = |what: &str| PackageError::Damaged(format!("the part `{name}` {what}"));
        let data = &self.extent[self.data.clone()];
        let size = usize::try_from(self.size).map_err(|_| wrong("is too large"))?;
        let plain = if self.deflated {
            // Reserve no more than a first guess: the declared size may lie.
            let mut plain = Vec::with_capacity(size.min(data.len().saturating_mul(8)).min(size));
            let mut reader = DeflateDecoder::new(data).take(self.size.saturating_add(1));
            reader
                .read_to_end(&mut plain)
                .map_err(|_| wrong("cannot be inflated"))?;
            plain
        } else {
            data.to_vec()
        };
        if plain.len() != size {
            return Err(wrong("has another size than declared"));
        }
        if crc(&plain) != self.crc {
            return Err(wrong("has another checksum than declared"));
        }
        Ok(plain)
    }
}

/// CRC-32 as ZIP has it.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
