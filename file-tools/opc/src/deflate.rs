//! Deflate (RFC 1951): content out of a stream together with the places at which its blocks begin, and streams in which
//! only the blocks that a change touches are made anew.
//!
//! Knows bits and content; nothing of archives and parts.

mod huffman;
mod index;
mod inflate;
mod input;
mod pad;
mod splice;

use std::io;

pub(crate) use index::{Index, Mark, Recorder};
pub(crate) use inflate::Inflater;
pub(crate) use splice::{LEVEL, Runs, Stream, bits, splice};

/// Why a stream gave no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It cannot be read.
    Io(io::ErrorKind),
    /// It ends too early.
    Cut,
    /// It is no deflate stream.
    Bad,
    /// Its content has another size than declared.
    Size,
    /// Its content has another checksum than declared.
    Checksum,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}
