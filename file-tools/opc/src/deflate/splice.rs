//! Streams in which only the blocks around a change are made anew; all others stand as they did, byte for byte.
//!
//! A block may refer to the 32,768 bytes of content before it. So a run of blocks that is made anew goes from the block in
//! which a change begins to the first block that has at least as much unchanged content before it. Empty blocks bring the
//! new stream to the same place within a byte, so that the blocks that stay need not be shifted.

use std::ops::Range;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};

use super::pad::BitWriter;
use super::{Fault, Index, Inflater};
use crate::source::{Chain, Region};

/// How far back a block may refer, in bytes of content.
pub(crate) const WINDOW: usize = 32 << 10;
/// Deflate level: users' files must not grow.
pub(crate) const LEVEL: u32 = 6;
/// Runs with fewer bytes of stream between them are one: what a second run costs is more than what is kept.
const NEAR: u64 = 256;

/// What the compressor writes at once, in bytes.
const PIECE: usize = 16 << 10;

/// The blocks that are made anew: ranges of an index's marks, in order and apart. The number of marks stands for the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Runs(Vec<Range<usize>>);

impl Runs {
    /// Takes in the blocks that these changes touch: ranges of content in bytes.
    pub(crate) fn cover(&mut self, index: &Index, changes: impl Iterator<Item = Range<u64>>) {
        for change in changes {
            let from = index.marks.partition_point(|mark| mark.content <= change.start);
            let to = index
                .marks
                .partition_point(|mark| mark.content < change.end.saturating_add(WINDOW as u64));
            self.0.push(from.saturating_sub(1)..to);
        }
        self.0.sort_by_key(|run| run.start);
        let mut joined: Vec<Range<usize>> = Vec::with_capacity(self.0.len());
        for run in self.0.drain(..) {
            match joined.last_mut() {
                Some(last) if is_near(index, last.end, run.start) => last.end = last.end.max(run.end),
                _ => joined.push(run),
            }
        }
        self.0 = joined;
    }

    /// The blocks that are in these runs, and not in others.
    pub(crate) fn without(&self, others: &Self) -> Vec<Range<usize>> {
        let mut rest = Vec::new();
        let mut others = others.0.iter().peekable();
        for run in &self.0 {
            let mut from = run.start;
            while let Some(other) = others.next_if(|other| other.start < run.end) {
                if from < other.start {
                    rest.push(from..other.start);
                }
                from = from.max(other.end);
            }
            if from < run.end {
                rest.push(from..run.end);
            }
        }
        rest
    }
}

/// True when little or nothing stands between the end of one run and the start of the next.
fn is_near(index: &Index, end: usize, start: usize) -> bool {
    let bit = |mark: usize| index.marks.get(mark);
    start <= end
        || match (bit(end), bit(start)) {
            (Some(end), Some(start)) => start.first.saturating_sub(end.last) / 8 < NEAR,
            _ => true,
        }
}

/// A range of marks in bits of the stream, of which there are `data` bytes.
pub(crate) fn bits(index: &Index, run: &Range<usize>, data: u64) -> Range<u64> {
    let start = index.marks.get(run.start).map_or(0, |mark| mark.first);
    let end = index.marks.get(run.end).map_or(data * 8, |mark| mark.last);
    start..end
}

/// A stream and its content: what the index is of.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    pub(crate) data: &'a Region,
    pub(crate) index: &'a Index,
    /// Size of the content in bytes, and its CRC-32.
    pub(crate) size: u64,
    pub(crate) checksum: u32,
}

/// A stream made of old and new blocks.
#[derive(Debug)]
pub(crate) struct Spliced {
    pub(crate) data: Chain,
    /// CRC-32 of the content.
    pub(crate) checksum: u32,
}

/// Takes content piece by piece.
pub(crate) type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Fault> + 'a;

/// Gives the content that shall stand in the place of a range of the old content; what was inserted at its end too when
/// it is told so.
pub(crate) type Feed<'a> = dyn FnMut(Range<u64>, bool, &mut Sink<'_>) -> Result<(), Fault> + 'a;

/// Makes the runs anew.
pub(crate) fn splice(old: &Stream<'_>, runs: &Runs, feed: &mut Feed<'_>) -> Result<Spliced, Fault> {
    let mut data = Chain::default();
    let mut checksum = Hasher::new();
    // What stays from here on: bytes of the stream, and a mark.
    let (mut byte, mut mark) = (0, 0);
    for run in &runs.0 {
        let bits = bits(old.index, run, old.data.len());
        data.push(old.data.slice(byte..bits.start / 8));
        checksum.combine(&old.kept(mark..run.start));
        let is_last = run.end >= old.index.marks.len();
        let made = Made::of(old, run, feed)?;
        checksum.combine(&made.checksum);
        data.push(made.place(old.data, &bits, is_last)?.into());
        (byte, mark) = (bits.end.div_ceil(8), run.end);
    }
    data.push(old.data.slice(byte..old.data.len()));
    checksum.combine(&old.kept(mark..old.index.marks.len()));
    let checksum = checksum.finalize();
    Ok(Spliced { data, checksum })
}

impl Stream<'_> {
    /// Content before a mark, and its checksum.
    fn at(&self, mark: usize) -> (u64, u32) {
        let found = self.index.marks.get(mark);
        found.map_or((self.size, self.checksum), |mark| (mark.content, mark.checksum))
    }

    /// The checksum of the content between two marks. As CRC-32 is linear, it follows from those of what is before each.
    fn kept(&self, marks: Range<usize>) -> Hasher {
        let ((from, before), (to, both)) = (self.at(marks.start), self.at(marks.end));
        let length = to.saturating_sub(from);
        let mut shifted = Hasher::new_with_initial_len(before, from);
        shifted.combine(&Hasher::new_with_initial_len(0, length));
        Hasher::new_with_initial_len(both ^ shifted.finalize(), length)
    }
}

/// A run that was made anew, as a stream of its own.
struct Made {
    bytes: Vec<u8>,
    checksum: Hasher,
    /// Where the head of its last block stands, and where that block ends, in bits.
    last: (u64, u64),
}

impl Made {
    fn of(old: &Stream<'_>, run: &Range<usize>, feed: &mut Feed<'_>) -> Result<Self, Fault> {
        let (from, to) = (old.at(run.start).0, old.at(run.end).0);
        let mut dictionary = Vec::new();
        if from > 0 {
            let before = from.saturating_sub(WINDOW as u64)..from;
            feed(before, false, &mut |bytes| {
                dictionary.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        let dictionary = &dictionary[dictionary.len().saturating_sub(WINDOW)..];
        let mut encoder = Encoder::after(dictionary)?;
        feed(from..to, run.end >= old.index.marks.len(), &mut |bytes| {
            encoder.write(bytes, FlushCompress::None)
        })?;
        encoder.write(&[], FlushCompress::Finish)?;
        let Encoder { bytes, checksum, .. } = encoder;
        // Decoded once more: it shows where the last block stands, and that what is written can be read.
        let mut inflater = Inflater::after(&*bytes, dictionary);
        while let count @ 1.. = inflater.chunk()?.len() {
            inflater.consume(count);
        }
        if inflater.checksum() != checksum.clone().finalize() {
            return Err(Fault::Checksum);
        }
        let last = inflater.last_block();
        Ok(Self {
            bytes,
            checksum,
            last,
        })
    }

    /// Its bytes in the place of some bits of the old stream.
    fn place(mut self, old: &Region, bits: &Range<u64>, is_last: bool) -> Result<Vec<u8>, Fault> {
        let byte = |bit: u64| -> Result<u8, Fault> {
            let mut byte = [0];
            if !bit.is_multiple_of(8) {
                old.read_at(&mut byte, bit / 8)?;
            }
            Ok(byte[0])
        };
        let mut writer = BitWriter::after(byte(bits.start)?, (bits.start % 8) as u32);
        writer.pad_to(0);
        let (head, end) = self.last;
        if !is_last && let Some(first) = self.bytes.get_mut((head / 8) as usize) {
            // No longer the last block.
            *first &= !(1 << (head % 8));
        }
        let whole = usize::try_from(end.div_ceil(8)).map_err(|_| Fault::Size)?;
        writer.extend(self.bytes.get(..whole).ok_or(Fault::Cut)?, end);
        if is_last {
            return Ok(writer.finish(0));
        }
        writer.pad_to((bits.end % 8) as u32);
        Ok(writer.finish(byte(bits.end)?))
    }
}

/// Deflates content that follows on other content.
struct Encoder {
    compress: Compress,
    /// Where the compressor writes: content comes in small pieces, and a vector's spare room would be cleared for each.
    piece: Box<[u8]>,
    bytes: Vec<u8>,
    checksum: Hasher,
}

impl Encoder {
    fn after(dictionary: &[u8]) -> Result<Self, Fault> {
        let mut compress = Compress::new(Compression::new(LEVEL), false);
        if !dictionary.is_empty() {
            compress.set_dictionary(dictionary).map_err(|_| Fault::Bad)?;
        }
        Ok(Self {
            compress,
            piece: vec![0; PIECE].into(),
            bytes: Vec::new(),
            checksum: Hasher::new(),
        })
    }

    fn write(&mut self, mut bytes: &[u8], flush: FlushCompress) -> Result<(), Fault> {
        self.checksum.update(bytes);
        loop {
            let (read, made) = (self.compress.total_in(), self.compress.total_out());
            let status = self.compress.compress(bytes, &mut self.piece, flush);
            let status = status.map_err(|_| Fault::Bad)?;
            bytes = &bytes[(self.compress.total_in() - read) as usize..];
            let made = (self.compress.total_out() - made) as usize;
            self.bytes.extend_from_slice(&self.piece[..made]);
            let is_done = match flush {
                FlushCompress::Finish => status == Status::StreamEnd,
                _ => bytes.is_empty(),
            };
            if is_done {
                return Ok(());
            }
        }
    }
}
