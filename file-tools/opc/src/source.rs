//! Where a package's bytes lie: in memory or in a file, read at any place without moving anything.

use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::sync::Arc;

use crate::blob::Blob;

/// Bytes copied at once.
pub(crate) const BUFFER: usize = 64 << 10;

/// Something that is read at places given in bytes from its start, by several readers at a time.
pub trait ReadAt: fmt::Debug + Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> io::Result<u64>;

    /// Reads some bytes from a place; 0 at and behind the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for Blob {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).map_or(self.len(), |offset| offset.min(self.len()));
        let count = buffer.len().min(self.len() - from);
        buffer[..count].copy_from_slice(&self[from..from + count]);
        Ok(count)
    }
}

impl ReadAt for std::fs::File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, offset)
    }
}

/// A run of bytes of a source.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    source: Arc<dyn ReadAt>,
    range: Range<u64>,
}

impl Region {
    /// All of a source.
    pub(crate) fn of(source: Arc<dyn ReadAt>) -> io::Result<Self> {
        let size = source.size()?;
        let range = 0..size;
        Ok(Self { source, range })
    }

    pub(crate) fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// A part of it; cut where it ends.
    pub(crate) fn slice(&self, range: Range<u64>) -> Self {
        let end = self.range.end;
        let start = self.range.start.saturating_add(range.start).min(end);
        let stop = self.range.start.saturating_add(range.end).clamp(start, end);
        Self {
            source: Arc::clone(&self.source),
            range: start..stop,
        }
    }

    /// Reads some bytes from a place in it; 0 at the end.
    pub(crate) fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let left = self.len().saturating_sub(at);
        let count = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        loop {
            match self.source.read_at(&mut buffer[..count], self.range.start + at) {
                Ok(0) if count > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// It from a place on.
    pub(crate) fn reader(&self, at: u64) -> RegionReader {
        let region = self.clone();
        RegionReader { region, at }
    }

    /// All of it, in memory.
    pub(crate) fn bytes(&self) -> io::Result<Vec<u8>> {
        let size = usize::try_from(self.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; size];
        self.reader(0).read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes all of it, through a small buffer.
    pub(crate) fn copy_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let size = usize::try_from(self.len()).map_or(BUFFER, |size| size.min(BUFFER));
        let mut buffer = vec![0; size];
        let mut at = 0;
        while at < self.len() {
            let count = self.read_at(&mut buffer, at)?;
            out.write_all(&buffer[..count])?;
            at += count as u64;
        }
        Ok(())
    }
}

impl From<Blob> for Region {
    fn from(blob: Blob) -> Self {
        let range = 0..blob.len() as u64;
        Self {
            source: Arc::new(blob),
            range,
        }
    }
}

impl From<Vec<u8>> for Region {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Blob::from(bytes))
    }
}

/// Reads a region from front to back.
#[derive(Clone, Debug)]
pub(crate) struct RegionReader {
    region: Region,
    at: u64,
}

impl Read for RegionReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.region.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Regions one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    /// Each with its end in the whole.
    regions: Vec<(u64, Region)>,
}

impl Chain {
    pub(crate) fn push(&mut self, region: Region) {
        if region.len() > 0 {
            self.regions.push((self.len() + region.len(), region));
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.regions.last().map_or(0, |(end, _)| *end)
    }
}

impl ReadAt for Chain {
    fn size(&self) -> io::Result<u64> {
        Ok(self.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let index = self.regions.partition_point(|(end, _)| *end <= offset);
        let Some((end, region)) = self.regions.get(index) else {
            return Ok(0);
        };
        region.read_at(buffer, offset - (end - region.len()))
    }
}

impl From<Chain> for Region {
    fn from(chain: Chain) -> Self {
        let range = 0..chain.len();
        Self {
            source: Arc::new(chain),
            range,
        }
    }
}
