//! The FUSE protocol as bytes, little-endian. Source: `include/uapi/linux/fuse.h` of Linux 6.1 (protocol 7.37); the
//! structure that each function reads or writes is named.

mod reply;
mod request;

pub(crate) use reply::{
    Attributes, Entry, attributes, dirent, entry, error, forgets, init, invalidate_entry, invalidate_node,
    ok, opened, retrieve_nothing, space,
};
pub(crate) use request::{Body, Header, Init, Request, SetAttributes, parse};

/// Bytes of `fuse_in_header`.
pub(crate) const HEADER: usize = 40;
/// The most data of one request or answer.
pub(crate) const DATA: usize = 1 << 20;
/// The longest request: a write of the most data, with its header and `fuse_write_in`; names and the like are shorter.
pub(crate) const LONGEST: usize = HEADER + 40 + DATA;

/// `FUSE_ROOT_ID`.
pub(crate) const ROOT: u64 = 1;

/// Reads numbers from the front of bytes; none where they end too early.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// Leaves bytes out.
    pub(crate) fn skip(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }

    /// Bytes to the next NUL, which is left out.
    pub(crate) fn name(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let (name, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(name)
    }
}
