//! One entry as it stands in a file: its headers, and where its bytes lie.

use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::reader::PackedReader;
use super::{CENTRAL, EXTRA64, LOCAL, u16_at, u32_at, u64_at};
use crate::blob::Blob;
use crate::deflate::{Fault, Index};
use crate::error::PackageError;
use crate::limits::Limits;
use crate::source::Region;

/// An entry as it stands in a file.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// From its local header up to the next entry, data descriptor and gaps included.
    pub(crate) extent: Region,
    /// Its record in the central directory.
    pub(crate) central: Blob,
    /// CRC-32 of the inflated bytes.
    pub(crate) crc: u32,
    /// Size of the inflated bytes.
    pub(crate) size: u64,
    /// True for deflate, false for stored.
    pub(crate) deflated: bool,
    /// The compressed bytes, in `extent`.
    data: Range<u64>,
    /// Set once the entry was read to its end and found sound.
    index: Arc<OnceLock<Arc<Index>>>,
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
    pub(crate) fn parse(extent: Region, central: Blob) -> Result<Self, PackageError> {
        let bad = || damaged("an entry's header cannot be read");
        if central_length(&central) != Some(central.len()) {
            return Err(bad());
        }
        let name = central_name(&central).ok_or_else(bad)?;
        let head = extent.slice(0..30 + name.len() as u64).bytes()?;
        if u32_at(&head, 0) != Some(LOCAL) {
            return Err(bad());
        }
        let numbers = Numbers::of(&central).ok_or_else(bad)?;
        let flags = u16_at(&central, 8).ok_or_else(bad)?;
        if flags & 0b1 != 0 {
            return Err(PackageError::Encrypted);
        }
        let name_length = u16_at(&head, 26).ok_or_else(bad)?;
        let start = 30 + u64::from(name_length) + u64::from(u16_at(&head, 28).ok_or_else(bad)?);
        if usize::from(name_length) != name.len() || head.get(30..) != Some(name) {
            return Err(damaged("an entry has two names"));
        }
        // What another reader would take for the content must not be another than what is read here.
        let local = |at: usize| u32_at(&head, at).filter(|value| ![0, u32::MAX].contains(value));
        let differs = |at: usize, size: u64| local(at).is_some_and(|local| u64::from(local) != size);
        if u16_at(&head, 8) != u16_at(&central, 10)
            || differs(18, numbers.packed)
            || differs(22, numbers.size)
        {
            return Err(damaged("an entry has two sizes"));
        }
        let end = start
            .checked_add(numbers.packed)
            .filter(|end| *end <= extent.len())
            .ok_or_else(|| damaged("entries overlap"))?;
        let deflated = match u16_at(&central, 10) {
            Some(0) => false,
            // Some programs write nothing at all for a part without content, where even that takes two bytes.
            Some(8) => (numbers.packed, numbers.size) != (0, 0),
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
            index: Arc::default(),
        })
    }

    /// The compressed bytes.
    pub(crate) fn data(&self) -> Region {
        self.extent.slice(self.data.clone())
    }

    /// What stands before the compressed bytes: the local header.
    pub(crate) fn header(&self) -> io::Result<Vec<u8>> {
        self.extent.slice(0..self.data.start).bytes()
    }

    /// What stands behind them: a data descriptor, a gap.
    pub(crate) fn trailer(&self) -> io::Result<Vec<u8>> {
        self.extent.slice(self.data.end..self.extent.len()).bytes()
    }

    /// Refuses a declared size above the caps. Reading holds the entry to what it declares.
    pub(crate) fn check(&self, name: &str, limits: &Limits) -> Result<(), PackageError> {
        if self.size > limits.part_bytes {
            return Err(PackageError::TooLarge(format!(
                "the part `{name}` has {} bytes",
                self.size
            )));
        }
        let packed = (self.data.end - self.data.start).max(1);
        if self.size > limits.ratio_from && self.size / packed > limits.ratio {
            return Err(PackageError::TooLarge(format!(
                "the part `{name}` inflates to {} times its size",
                self.size / packed
            )));
        }
        Ok(())
    }

    /// Where its blocks begin. The first time, the whole entry is read, and refused where it is not as it declares.
    pub(crate) fn index(&self) -> Result<Arc<Index>, Fault> {
        if let Some(index) = self.index.get() {
            return Ok(Arc::clone(index));
        }
        let mut reader = PackedReader::new(self);
        while let count @ 1.. = reader.chunk()?.len() {
            reader.consume(count);
        }
        Ok(self.index.get().cloned().unwrap_or_default())
    }

    /// The index, where the entry was read before.
    pub(super) fn known_index(&self) -> Option<&Index> {
        self.index.get().map(|index| &**index)
    }

    pub(super) fn keep_index(&self, index: Index) {
        self.index.get_or_init(|| Arc::new(index));
    }

    /// The content. Never more bytes than declared are inflated; size and checksum must be as declared.
    pub(crate) fn inflate(&self) -> Result<Vec<u8>, Fault> {
        let size = usize::try_from(self.size).map_err(|_| Fault::Size)?;
        // Reserve no more than a first guess: the declared size may lie.
        let guess = self.data().len().saturating_mul(8).min(self.size);
        let mut plain = Vec::with_capacity(usize::try_from(guess).map_or(0, |guess| guess.min(size)));
        let mut reader = PackedReader::new(self);
        loop {
            let chunk = reader.chunk()?;
            if chunk.is_empty() {
                return Ok(plain);
            }
            plain.extend_from_slice(chunk);
            let count = chunk.len();
            reader.consume(count);
        }
    }
}
