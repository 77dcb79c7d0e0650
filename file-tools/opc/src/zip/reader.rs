//! Reads the content of one entry piece by piece, and holds it to what its headers declare.

use crc32fast::Hasher;

use super::entry::Packed;
use crate::deflate::{Fault, Index, Inflater, Recorder};
use crate::source::{BUFFER, RegionReader};

/// The content of an entry, from front to back, or from any place once it was read to the end.
#[derive(Debug)]
pub(crate) struct PackedReader {
    packed: Packed,
    inner: Inner,
    /// True until it jumps: then checksum and size are compared at the end.
    whole: bool,
}

#[derive(Debug)]
enum Inner {
    Deflated(Box<Inflater<RegionReader>>),
    Stored(Stored),
}

/// Content that is stored as it is.
#[derive(Debug)]
struct Stored {
    buffer: Vec<u8>,
    start: usize,
    /// Where the next buffer is read from.
    at: u64,
    checksum: Hasher,
}

impl PackedReader {
    pub(crate) fn new(packed: &Packed) -> Self {
        let inner = if packed.deflated {
            let inflater = Inflater::new(packed.data().reader(0));
            // What is known already need not be found again.
            Inner::Deflated(Box::new(match packed.known_index() {
                Some(_) => inflater,
                None => inflater.record(Recorder::index(packed.size)),
            }))
        } else {
            Inner::Stored(Stored {
                buffer: Vec::new(),
                start: 0,
                at: 0,
                checksum: Hasher::new(),
            })
        };
        Self {
            packed: packed.clone(),
            inner,
            whole: true,
        }
    }

    /// Content that was not taken yet; empty at the end, where the entry was as it declares.
    pub(crate) fn chunk(&mut self) -> Result<&[u8], Fault> {
        let at = self.position();
        match &mut self.inner {
            Inner::Deflated(inflater) => {
                let length = inflater.chunk()?.len() as u64;
                if at + length > self.packed.size {
                    return Err(Fault::Size);
                }
                if length == 0 && self.whole {
                    if at != self.packed.size {
                        return Err(Fault::Size);
                    }
                    if inflater.checksum() != self.packed.crc {
                        return Err(Fault::Checksum);
                    }
                    if let Some(Recorder::Index { index, .. }) = inflater.take_recorder() {
                        self.packed.keep_index(index);
                    }
                }
                inflater.chunk()
            }
            Inner::Stored(stored) => {
                if stored.start == stored.buffer.len() {
                    stored.read(&self.packed)?;
                    if stored.buffer.is_empty() && self.whole {
                        if at != self.packed.size {
                            return Err(Fault::Size);
                        }
                        if stored.checksum.clone().finalize() != self.packed.crc {
                            return Err(Fault::Checksum);
                        }
                        self.packed.keep_index(Index::default());
                    }
                }
                Ok(&stored.buffer[stored.start..])
            }
        }
    }

    /// Refuses an entry that was read from its start and is not as it declares.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        if self.whole && !self.chunk()?.is_empty() {
            return Err(Fault::Size);
        }
        Ok(())
    }

    /// Takes content.
    pub(crate) fn consume(&mut self, count: usize) {
        match &mut self.inner {
            Inner::Deflated(inflater) => inflater.consume(count),
            Inner::Stored(stored) => stored.start = (stored.start + count).min(stored.buffer.len()),
        }
    }

    /// Where the content to come stands, in bytes.
    pub(crate) fn position(&self) -> u64 {
        match &self.inner {
            Inner::Deflated(inflater) => inflater.position(),
            Inner::Stored(stored) => stored.at - (stored.buffer.len() - stored.start) as u64,
        }
    }

    /// Goes to a place in the content, from the nearest mark before it. Only in an entry whose index is known; others are
    /// read to the end first.
    pub(crate) fn seek(&mut self, to: u64) -> Result<(), Fault> {
        if to == self.position() {
            return Ok(());
        }
        let index = self.packed.index()?;
        match &mut self.inner {
            Inner::Stored(stored) => {
                stored.buffer.clear();
                (stored.start, stored.at) = (0, to.min(self.packed.size));
            }
            Inner::Deflated(inflater) => {
                let at = inflater.position();
                let mark = index.before(to).ok_or(Fault::Bad)?;
                if to < at || mark.content > at {
                    let reader = self.packed.data().reader(mark.last / 8);
                    **inflater = Inflater::at(reader, mark)?;
                }
            }
        }
        self.whole = false;
        while self.position() < to {
            let left = to - self.position();
            let count = (self.chunk()?.len() as u64).min(left);
            if count == 0 {
                return Err(Fault::Size);
            }
            self.consume(count as usize);
        }
        Ok(())
    }
}

impl Stored {
    fn read(&mut self, packed: &Packed) -> Result<(), Fault> {
        let data = packed.data();
        self.start = 0;
        self.buffer.resize(BUFFER, 0);
        let count = data.read_at(&mut self.buffer, self.at)?;
        self.buffer.truncate(count);
        self.checksum.update(&self.buffer);
        self.at += count as u64;
        Ok(())
    }
}
