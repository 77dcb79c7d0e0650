//! The ZIP container (APPNOTE 6.3): reading its directory with caps, and writing it back with untouched entries as they
//! stand.
//!
//! Knows entries and bytes only; part names and their meaning are the package's.

mod directory;
mod entry;
mod reader;
mod writer;

pub(crate) use directory::{Tail, read};
pub(crate) use entry::Packed;
pub(crate) use reader::PackedReader;
pub(crate) use writer::{Output, Writer, fresh_header};

/// Little-endian numbers at a place; `None` outside.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

/// Signatures of the records.
pub(crate) const LOCAL: u32 = 0x0403_4b50;
pub(crate) const CENTRAL: u32 = 0x0201_4b50;
pub(crate) const END: u32 = 0x0605_4b50;
pub(crate) const END64: u32 = 0x0606_4b50;
pub(crate) const LOCATOR64: u32 = 0x0706_4b50;
/// Id of the extra field with 64-bit sizes.
pub(crate) const EXTRA64: u16 = 0x0001;
