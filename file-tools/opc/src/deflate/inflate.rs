//! Decodes a deflate stream piece by piece, in constant memory, whatever the stream says.

use std::io::Read;

use crc32fast::Hasher;

use super::huffman::{Alphabet, Distances, END, INVALID, LITERAL, Literals, OTHER, Table, masked};
use super::index::Recorder;
use super::input::Bits;
use super::splice::WINDOW;
use super::{Fault, Mark};

/// Content decoded between two moves of the window.
const CHUNK: usize = 96 << 10;
/// Decoding stops here until the window has moved.
const LIMIT: usize = WINDOW + CHUNK;
/// Room behind the limit for what one step may write: three literals, a match of 258 bytes, and the rest of its last 16.
const SLACK: usize = 320;
/// The largest head of a block with codes of its own: 3 + 14 + 19 * 3 + 316 * 14 bits, rounded up.
const HEAD: usize = 640;
/// The order in which the lengths of the codes for lengths stand.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The codes of a block.
#[derive(Debug)]
struct Codes {
    literals: Literals,
    distances: Distances,
}

impl Codes {
    fn new() -> Self {
        Self {
            literals: Literals::new(),
            distances: Distances::new(),
        }
    }
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Stored(usize),
    /// Symbols of a block, with the fixed codes or with its own.
    Symbols {
        fixed: bool,
    },
    Done,
}

/// Why the decoding of symbols stopped.
enum Stop {
    /// The window is full, or input has to be read.
    Room,
    Block,
    Fault,
}

/// A stream being decoded.
#[derive(Debug)]
pub(crate) struct Inflater<R> {
    bits: Bits<R>,
    window: Box<[u8]>,
    /// Decoded content that was not taken yet: `start..end` of the window.
    start: usize,
    end: usize,
    /// Content before the window, in bytes.
    before: u64,
    state: State,
    last: bool,
    /// Where the head of the present block stands, in bits.
    head: u64,
    own: Codes,
    fixed: Option<Codes>,
    lengths: Table<128>,
    checksum: Hasher,
    /// The window up to here is in the checksum.
    summed: usize,
    recorder: Option<Recorder>,
}

impl<R: Read> Inflater<R> {
    /// From the start of a stream.
    pub(crate) fn new(reader: R) -> Self {
        Self::after(reader, &[])
    }

    /// From the start of a stream that goes on after some content.
    pub(crate) fn after(reader: R, dictionary: &[u8]) -> Self {
        let dictionary = &dictionary[dictionary.len().saturating_sub(WINDOW)..];
        let mut window = vec![0; LIMIT + SLACK].into_boxed_slice();
        window[..dictionary.len()].copy_from_slice(dictionary);
        let end = dictionary.len();
        Self {
            bits: Bits::new(reader, 0),
            window,
            start: end,
            end,
            before: 0,
            state: State::Head,
            last: false,
            head: 0,
            own: Codes::new(),
            fixed: None,
            lengths: Table::new(),
            checksum: Hasher::new(),
            summed: end,
            recorder: None,
        }
    }

    /// From a mark with a window; the reader starts at the byte in which the mark's bit stands.
    pub(crate) fn at(reader: R, mark: &Mark) -> Result<Self, Fault> {
        let window = mark.window.as_deref().unwrap_or_default();
        let mut inflater = Self::after(reader, window);
        inflater.bits = Bits::new(inflater.bits.into_reader(), mark.last / 8);
        inflater.bits.ensure(16)?;
        inflater.bits.take((mark.last % 8) as u32)?;
        inflater.before = mark.content - window.len() as u64;
        Ok(inflater)
    }

    /// Has the beginnings of blocks written down.
    pub(crate) fn record(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Where the content to come stands in the whole, in bytes.
    pub(crate) fn position(&self) -> u64 {
        self.before + self.start as u64
    }

    /// The CRC-32 of the content, where it was decoded from the start.
    pub(crate) fn checksum(&self) -> u32 {
        self.checksum.clone().finalize()
    }

    /// The recorder, once the stream has ended.
    pub(crate) fn take_recorder(&mut self) -> Option<Recorder> {
        self.recorder.take()
    }

    /// Once the stream has ended: where the head of its last block stands, and where that block ends, in bits.
    pub(crate) fn last_block(&self) -> (u64, u64) {
        (self.head, self.bits.position())
    }

    /// Content that was not taken yet; empty at the end.
    pub(crate) fn chunk(&mut self) -> Result<&[u8], Fault> {
        if self.start == self.end {
            self.advance()?;
        }
        Ok(&self.window[self.start..self.end])
    }

    /// Takes content.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    fn advance(&mut self) -> Result<(), Fault> {
        if self.end >= LIMIT {
            let gone = self.end - WINDOW;
            self.window.copy_within(gone..self.end, 0);
            self.before += gone as u64;
            self.end = WINDOW;
            self.start = WINDOW;
            self.summed = WINDOW;
        }
        while self.end < LIMIT {
            match self.state {
                State::Head => self.head()?,
                State::Stored(left) => self.stored(left)?,
                State::Symbols { fixed } => self.symbols(fixed)?,
                State::Done => break,
            }
        }
        self.sum();
        Ok(())
    }

    fn sum(&mut self) {
        self.checksum.update(&self.window[self.summed..self.end]);
        self.summed = self.end;
    }

    fn end_of_block(&mut self) -> Result<(), Fault> {
        if self.bits.is_cut() {
            return Err(Fault::Cut);
        }
        self.state = if self.last { State::Done } else { State::Head };
        Ok(())
    }

    fn head(&mut self) -> Result<(), Fault> {
        self.head = self.bits.position();
        if let Some(mut recorder) = self.recorder.take() {
            let content = self.before + self.end as u64;
            if recorder.wants(self.head, content) {
                self.sum();
                let from = self.end.saturating_sub(WINDOW);
                recorder.add(self.head, content, self.checksum(), &self.window[from..self.end]);
            }
            self.recorder = Some(recorder);
        }
        self.bits.ensure(HEAD)?;
        self.last = self.bits.take(1)? == 1;
        self.state = match self.bits.take(2)? {
            0 => {
                self.bits.align();
                let (length, check) = (self.bits.take(16)?, self.bits.take(16)?);
                if length ^ check != 0xFFFF {
                    return Err(if self.bits.is_cut() {
                        Fault::Cut
                    } else {
                        Fault::Bad
                    });
                }
                self.bits.align();
                State::Stored(length as usize)
            }
            1 => {
                self.prepare_fixed()?;
                State::Symbols { fixed: true }
            }
            2 => {
                self.own_codes()?;
                State::Symbols { fixed: false }
            }
            _ => return Err(Fault::Bad),
        };
        Ok(())
    }

    fn stored(&mut self, left: usize) -> Result<(), Fault> {
        if left == 0 {
            return self.end_of_block();
        }
        let bytes = self.bits.bytes(left.min(LIMIT - self.end))?;
        let end = self.end + bytes.len();
        self.window[self.end..end].copy_from_slice(bytes);
        self.state = State::Stored(left - bytes.len());
        self.end = end;
        Ok(())
    }

    fn prepare_fixed(&mut self) -> Result<(), Fault> {
        if self.fixed.is_none() {
            let mut codes = Codes::new();
            let mut lengths = [8; 288];
            lengths[144..256].fill(9);
            lengths[256..280].fill(7);
            codes.literals.build(&lengths, Alphabet::Literals)?;
            codes.distances.build(&[5; 32], Alphabet::Distances)?;
            self.fixed = Some(codes);
        }
        Ok(())
    }

    /// Reads the codes of a block (3.2.7).
    fn own_codes(&mut self) -> Result<(), Fault> {
        let literals = self.bits.take(5)? as usize + 257;
        let distances = self.bits.take(5)? as usize + 1;
        let count = self.bits.take(4)? as usize + 4;
        if literals > 286 || distances > 30 {
            return Err(Fault::Bad);
        }
        let mut lengths = [0; 19];
        for place in &ORDER[..count] {
            lengths[*place] = self.bits.take(3)? as u8;
        }
        self.lengths.build(&lengths, Alphabet::CodeLengths)?;
        let mut lengths = [0; 286 + 30];
        let total = literals + distances;
        let mut at = 0;
        while at < total {
            let entry = self.lengths.first[(self.bits.peek()? & 127) as usize];
            if entry & INVALID != 0 {
                return Err(Fault::Bad);
            }
            self.bits.drop(entry & 15);
            let (value, times) = match entry >> 16 {
                16 if at == 0 => return Err(Fault::Bad),
                16 => (lengths[at - 1], 3 + self.bits.take(2)?),
                17 => (0, 3 + self.bits.take(3)?),
                18 => (0, 11 + self.bits.take(7)?),
                length => (length as u8, 1),
            };
            let end = at + times as usize;
            if end > total {
                return Err(Fault::Bad);
            }
            lengths[at..end].fill(value);
            at = end;
        }
        if self.bits.is_cut() {
            return Err(Fault::Cut);
        }
        // A block without a code for its end cannot end.
        if lengths[256] == 0 {
            return Err(Fault::Bad);
        }
        self.own
            .literals
            .build(&lengths[..literals], Alphabet::Literals)?;
        self.own
            .distances
            .build(&lengths[literals..total], Alphabet::Distances)
    }

    /// Decodes symbols until the block ends, the window is full, or the bits of the buffer are used up.
    fn symbols(&mut self, fixed: bool) -> Result<(), Fault> {
        self.bits.ensure(32)?;
        let codes = match &self.fixed {
            Some(codes) if fixed => codes,
            _ => &self.own,
        };
        let mut run = Run {
            hold: self.bits.hold,
            held: self.bits.held,
            next: self.bits.next,
            end: self.end,
        };
        let stop = run.decode(codes, &self.bits.buffer, self.bits.limit(), &mut self.window);
        (self.bits.hold, self.bits.held, self.bits.next) = (run.hold, run.held, run.next);
        self.end = run.end;
        if self.bits.is_cut() {
            return Err(Fault::Cut);
        }
        match stop {
            Stop::Room => Ok(()),
            Stop::Block => self.end_of_block(),
            Stop::Fault => Err(Fault::Bad),
        }
    }
}

/// The numbers of the inner loop.
struct Run {
    hold: u64,
    held: u32,
    next: usize,
    end: usize,
}

impl Run {
    /// Takes whole bytes until at least 56 bits are held.
    #[inline]
    fn refill(&mut self, buffer: &[u8]) {
        if let Some(bytes) = buffer.get(self.next..).and_then(<[u8]>::first_chunk) {
            self.hold |= u64::from_le_bytes(*bytes) << self.held;
            self.next += ((63 - self.held) >> 3) as usize;
            // At least 56: the three highest bits that count whole bytes.
            self.held |= 0b11_1000;
        }
    }

    #[inline]
    fn take(&mut self, count: u32) -> u32 {
        let bits = masked(self.hold, count);
        self.hold >>= count;
        self.held -= count;
        bits
    }

    #[inline]
    fn literal(&mut self, entry: u32, window: &mut [u8]) {
        self.take(entry & 15);
        window[self.end] = (entry >> 16) as u8;
        self.end += 1;
    }

    fn decode(&mut self, codes: &Codes, buffer: &[u8], limit: usize, window: &mut [u8]) -> Stop {
        let (literals, distances) = (&codes.literals, &codes.distances);
        let look = |run: &Self| literals.first[run.hold as usize & (literals.first.len() - 1)];
        while self.next <= limit && self.end < LIMIT {
            self.refill(buffer);
            let mut entry = look(self);
            if entry & LITERAL != 0 {
                self.literal(entry, window);
                entry = look(self);
                if entry & LITERAL != 0 {
                    self.literal(entry, window);
                    entry = look(self);
                    if entry & LITERAL != 0 {
                        self.literal(entry, window);
                        continue;
                    }
                }
                // A match takes up to 48 bits.
                self.refill(buffer);
            }
            if entry & OTHER != 0 {
                if entry & (END | INVALID) == 0 {
                    self.take(entry & 15);
                    entry = literals.second(entry, self.hold);
                    if entry & LITERAL != 0 {
                        self.literal(entry, window);
                        continue;
                    }
                }
                if entry & OTHER != 0 {
                    self.take(entry & 15);
                    return if entry & END != 0 {
                        Stop::Block
                    } else {
                        Stop::Fault
                    };
                }
            }
            self.take(entry & 15);
            let length = ((entry >> 16) + self.take((entry >> 8) & 15)) as usize;
            let mut entry = distances.first[self.hold as usize & (distances.first.len() - 1)];
            if entry & OTHER != 0 {
                if entry & INVALID != 0 {
                    return Stop::Fault;
                }
                self.take(entry & 15);
                entry = distances.second(entry, self.hold);
                if entry & INVALID != 0 {
                    return Stop::Fault;
                }
            }
            self.take(entry & 15);
            let distance = ((entry >> 16) + self.take((entry >> 8) & 15)) as usize;
            if distance > self.end {
                return Stop::Fault;
            }
            repeat(window, self.end, distance, length);
            self.end += length;
        }
        Stop::Room
    }
}

/// Copies `length` bytes to `end` from `distance` before it. May write up to 15 bytes more.
#[inline]
fn repeat(window: &mut [u8], end: usize, distance: usize, length: usize) {
    let from = end - distance;
    if distance >= 16 {
        let mut at = 0;
        while at < length {
            window.copy_within(from + at..from + at + 16, end + at);
            at += 16;
        }
    } else if distance == 1 {
        let byte = window[from];
        window[end..end + length].fill(byte);
    } else {
        for at in 0..length {
            window[end + at] = window[from + at];
        }
    }
}
