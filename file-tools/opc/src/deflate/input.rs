//! The bits of a deflate stream, lowest first, from any reader.

use std::io::{self, Read};

use super::Fault;
use super::huffman::masked;

/// Bytes read at once.
const INPUT: usize = 32 << 10;
/// Zero bytes behind the last one, so that the decoder may look ahead without asking.
const PAD: usize = 64;
/// How far the decoder may look behind the last byte before it is stopped.
const AHEAD: usize = 16;

/// The bits to come. At least eight bytes can be looked at while `next` is at most [`Bits::limit`].
#[derive(Debug)]
pub(super) struct Bits<R> {
    reader: R,
    pub(super) buffer: Box<[u8]>,
    filled: usize,
    /// The next byte to take.
    pub(super) next: usize,
    /// Bits taken and not used, lowest first; above `held` stand copies of those still in `buffer`.
    pub(super) hold: u64,
    pub(super) held: u32,
    /// Place of the buffer in the stream, in bits.
    before: u64,
    ended: bool,
}

impl<R: Read> Bits<R> {
    /// From a reader whose first byte lies at `at` bytes of the stream.
    pub(super) fn new(reader: R, at: u64) -> Self {
        Self {
            reader,
            buffer: vec![0; INPUT + PAD].into(),
            filled: 0,
            next: 0,
            hold: 0,
            held: 0,
            before: at * 8,
            ended: false,
        }
    }

    pub(super) fn into_reader(self) -> R {
        self.reader
    }

    /// Where the next bit stands in the stream.
    pub(super) fn position(&self) -> u64 {
        self.before + self.next as u64 * 8 - u64::from(self.held)
    }

    /// True when more bits were used than there are.
    pub(super) fn is_cut(&self) -> bool {
        self.ended && self.next * 8 > self.filled * 8 + self.held as usize
    }

    /// The last place from which eight bytes can be looked at.
    pub(super) fn limit(&self) -> usize {
        if self.ended {
            self.filled + AHEAD
        } else {
            self.filled.saturating_sub(8)
        }
    }

    /// Reads on, so that this many bytes are there or the stream has ended.
    pub(super) fn ensure(&mut self, bytes: usize) -> Result<(), Fault> {
        if self.ended || self.filled.saturating_sub(self.next) >= bytes {
            return Ok(());
        }
        // The bytes in `hold` stay in the buffer: [`Bits::align`] may give them back.
        let from = self.next.saturating_sub(8);
        self.buffer.copy_within(from..self.filled, 0);
        self.before += from as u64 * 8;
        self.filled -= from;
        self.next -= from;
        while self.filled < INPUT {
            match self.reader.read(&mut self.buffer[self.filled..INPUT]) {
                Ok(0) => {
                    self.ended = true;
                    self.buffer[self.filled..self.filled + PAD].fill(0);
                    break;
                }
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Takes bits, at most 32. [`Bits::ensure`] has to have been asked for them.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Fault> {
        while self.held < count {
            if self.next > self.limit() {
                return Err(Fault::Cut);
            }
            self.hold |= u64::from(self.buffer[self.next]) << self.held;
            self.next += 1;
            self.held += 8;
        }
        let bits = masked(self.hold, count);
        self.drop(count);
        Ok(bits)
    }

    /// Looks at the bits to come; those behind the end are zero.
    pub(super) fn peek(&mut self) -> Result<u64, Fault> {
        if self.held < 16 {
            if self.next > self.limit() {
                return Err(Fault::Cut);
            }
            while self.held < 48 {
                self.hold |= u64::from(self.buffer[self.next]) << self.held;
                self.next += 1;
                self.held += 8;
            }
        }
        Ok(self.hold)
    }

    /// Leaves out bits that were looked at.
    pub(super) fn drop(&mut self, count: u32) {
        self.hold >>= count;
        self.held -= count;
    }

    /// Goes on at the next whole byte.
    pub(super) fn align(&mut self) {
        self.next -= (self.held / 8) as usize;
        (self.hold, self.held) = (0, 0);
    }

    /// Takes whole bytes, as many as are there and asked for. Only after [`Bits::align`].
    pub(super) fn bytes(&mut self, most: usize) -> Result<&[u8], Fault> {
        self.ensure(1)?;
        let from = self.next;
        let to = self.filled.min(from.saturating_add(most));
        if from >= to {
            return Err(Fault::Cut);
        }
        self.next = to;
        Ok(&self.buffer[from..to])
    }
}
