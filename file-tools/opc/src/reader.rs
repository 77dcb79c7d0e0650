//! A part's content read piece by piece: in constant memory, whatever its size, with its changes in place.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

use crate::blob::Blob;
use crate::changes::Piece;
use crate::deflate::Fault;
use crate::error::PackageError;
use crate::zip::{Packed, PackedReader};

/// Reads the content of a part from front to back. Never more bytes come than the file declares; at the end, size and
/// checksum were as declared, or the last read fails.
#[derive(Debug)]
pub struct PartReader {
    part: Arc<str>,
    pieces: Vec<Piece>,
    /// The piece to come, and how much of it is taken.
    piece: usize,
    taken: u64,
    /// Where the content to come stands, in bytes.
    position: u64,
    /// Of the content as it stands in the file.
    packed: Option<PackedReader>,
    /// True when the content is the one of the file, of which it is not known yet whether it is as declared.
    is_file: bool,
}

impl PartReader {
    pub(crate) fn new(part: &str, pieces: Vec<Piece>, packed: Option<PackedReader>) -> Self {
        Self {
            part: part.into(),
            pieces,
            piece: 0,
            taken: 0,
            position: 0,
            packed,
            is_file: false,
        }
    }

    /// Of content that is in memory.
    pub(crate) fn of(part: &str, content: Blob) -> Self {
        Self::new(part, vec![Piece::New(content)], None)
    }

    /// Of the content as it stands in a file.
    pub(crate) fn of_file(part: &str, packed: &Packed) -> Self {
        let pieces = vec![Piece::Kept(0..packed.size)];
        Self {
            is_file: true,
            ..Self::new(part, pieces, Some(PackedReader::new(packed)))
        }
    }

    /// Where the content to come stands, in bytes.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Content that was not taken yet; empty at the end.
    pub fn chunk(&mut self) -> Result<&[u8], PackageError> {
        let part = Arc::clone(&self.part);
        self.fault_or_chunk()
            .map_err(|fault| PackageError::of_part(&part, fault))
    }

    /// The reader of the file, for another use.
    pub(crate) fn into_packed(self) -> Option<PackedReader> {
        self.packed
    }

    pub(crate) fn fault_or_chunk(&mut self) -> Result<&[u8], Fault> {
        while self
            .pieces
            .get(self.piece)
            .is_some_and(|piece| self.taken == piece.len())
        {
            self.piece += 1;
            self.taken = 0;
        }
        match (self.pieces.get(self.piece), &mut self.packed) {
            (Some(Piece::New(blob)), _) => Ok(&blob[self.taken as usize..]),
            (Some(Piece::Kept(range)), Some(packed)) => kept(packed, range.start + self.taken..range.end),
            (None, Some(packed)) if self.is_file => packed.finish().map(|()| [].as_slice()),
            _ => Ok([].as_slice()),
        }
    }

    /// Takes content; at most what [`PartReader::chunk`] showed.
    pub fn advance(&mut self, count: usize) {
        let mut count = count as u64;
        if let Some(piece) = self.pieces.get(self.piece) {
            count = count.min(piece.len() - self.taken);
            if let (Piece::Kept(_), Some(packed)) = (piece, &mut self.packed) {
                packed.consume(count as usize);
            }
            self.taken += count;
            self.position += count;
        }
    }

    /// Goes forward to a place in the content, without decoding what lies between where that is known.
    pub fn skip_to(&mut self, place: u64) {
        while self.position < place {
            let Some(piece) = self.pieces.get(self.piece) else {
                return;
            };
            let count = (piece.len() - self.taken).min(place - self.position);
            self.taken += count;
            self.position += count;
            if self.taken == piece.len() {
                self.piece += 1;
                self.taken = 0;
            }
        }
    }

    /// The next bytes, fewer where the content ends before.
    pub fn take_bytes(&mut self, count: usize) -> Result<Blob, PackageError> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            let chunk = self.chunk()?;
            let part = chunk.len().min(count - bytes.len());
            if part == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..part]);
            self.advance(part);
        }
        Ok(bytes.into())
    }
}

/// Content of the file, from a place on.
fn kept(packed: &mut PackedReader, range: Range<u64>) -> Result<&[u8], Fault> {
    packed.seek(range.start)?;
    let chunk = packed.chunk()?;
    if chunk.is_empty() {
        return Err(Fault::Size);
    }
    let left = range.end - range.start;
    Ok(&chunk[..usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()))])
}

impl Read for PartReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let count = chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&chunk[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for PartReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.chunk()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn consume(&mut self, count: usize) {
        self.advance(count);
    }
}
