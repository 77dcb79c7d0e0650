//! Small frames of the line, put together before yamux sees them.
//!
//! yamux keeps each frame that nobody has read yet as a piece of memory of its own. Its windows count bytes, so an other side
//! that sends frames of one byte makes it hold about a hundred times what a window allows. Here, below yamux, a small frame
//! passes as it is while the reader of its stream keeps up. Where it does not, the bytes are held together, and go on
//! as one frame: when the reader has come near, or when there are enough of them. Nothing is refused that the
//! specification allows, and no byte waits for another one to come.
//!
//! Frames: <https://github.com/hashicorp/yamux/blob/master/spec.md>, 12 bytes of header, numbers big-endian.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::MAX_STREAMS;

/// Bytes that are passed on and not read, above which small frames are held: as many frames of one byte yamux has at most.
const NEAR: u64 = 256;
/// A frame of so many bytes is not small.
const SMALL: usize = 4 * 1024;
/// Bytes that are held before they go on, whether they are read or not.
const ENOUGH: usize = 16 * 1024;
/// Bytes that are looked at at once: a small frame fits. Bodies of larger ones go past this.
const BLOCK: usize = 16 * 1024;
/// Bytes of a header.
const HEADER: usize = 12;

/// What of a header matters here. Its version and unknown types are yamux's to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    kind: u8,
    flags: u16,
    stream: u32,
    length: u32,
}

const DATA: u8 = 0;
const WINDOW_UPDATE: u8 = 1;
/// The stream begins.
const SYN: u16 = 1;
/// This side of it ends: regularly, or at once.
const FIN: u16 = 4;
const RST: u16 = 8;

impl Header {
    fn read(bytes: &[u8; HEADER]) -> Self {
        let number = |at: usize| bytes[at..at + 4].try_into().map_or(0, u32::from_be_bytes);
        Self {
            kind: bytes[1],
            flags: number(0) as u16,
            stream: number(4),
            length: number(8),
        }
    }

    fn write(self, to: &mut Vec<u8>) {
        to.extend([0, self.kind]);
        to.extend(self.flags.to_be_bytes());
        to.extend(self.stream.to_be_bytes());
        to.extend(self.length.to_be_bytes());
    }
}

/// The open streams of a line, and how far each was read.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    streams: HashMap<u32, Entry>,
    /// Streams whose reader waits for what is held.
    ready: BTreeSet<u32>,
    /// Whoever drives the line.
    driver: Option<Waker>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Bytes that yamux was given, and how many of them were read.
    passed: u64,
    read: u64,
    held: Vec<u8>,
    /// The other side ended it: what it sends now is nobody's.
    is_over: bool,
}

impl Ledger {
    /// This side opened a stream.
    pub(crate) fn opened(&self, stream: u32) {
        self.table().streams.insert(stream, Entry::default());
    }

    /// So many bytes of a stream were read.
    pub(crate) fn read(&self, stream: u32, bytes: usize) {
        let mut table = self.table();
        let Some(entry) = table.streams.get_mut(&stream) else {
            return;
        };
        entry.read += bytes as u64;
        if !entry.held.is_empty() && entry.is_near() {
            table.ready.insert(stream);
            if let Some(driver) = table.driver.take() {
                driver.wake();
            }
        }
    }

    /// Nobody reads a stream any more: what still comes is not kept.
    pub(crate) fn closed(&self, stream: u32) {
        self.table().streams.remove(&stream);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_near(&self) -> bool {
        self.passed.saturating_sub(self.read) < NEAR
    }

    /// What is held goes on as one frame.
    fn flush(&mut self, stream: u32, to: &mut Vec<u8>) {
        if self.held.is_empty() {
            return;
        }
        let header = Header {
            kind: DATA,
            flags: 0,
            stream,
            length: self.held.len() as u32,
        };
        header.write(to);
        self.passed += self.held.len() as u64;
        to.append(&mut self.held);
        // What a burst took is not kept for the next one.
        self.held = Vec::new();
    }
}

/// The line as yamux is to see it.
#[derive(Debug)]
pub(crate) struct Gathered<L> {
    line: L,
    ledger: Arc<Ledger>,
    /// What came: not looked at is what lies between `at` and `end`.
    came: Vec<u8>,
    at: usize,
    end: usize,
    /// What yamux is to read next, from `out_at` on.
    out: Vec<u8>,
    out_at: usize,
    /// Bytes of a body that pass as they are, and of one that nobody wants.
    passing: usize,
    skipping: usize,
    is_ended: bool,
}

impl<L> Gathered<L> {
    pub(crate) fn new(line: L, ledger: Arc<Ledger>) -> Self {
        Self {
            line,
            ledger,
            came: vec![0; BLOCK],
            at: 0,
            end: 0,
            out: Vec::new(),
            out_at: 0,
            passing: 0,
            skipping: 0,
            is_ended: false,
        }
    }

    fn left(&self) -> &[u8] {
        self.came.get(self.at..self.end).unwrap_or_default()
    }

    /// Gives what is to be read; false where there is none.
    fn give(&mut self, into: &mut ReadBuf<'_>) -> bool {
        if self.out_at < self.out.len() {
            let rest = &self.out[self.out_at..];
            let count = rest.len().min(into.remaining());
            into.put_slice(&rest[..count]);
            self.out_at += count;
            return true;
        }
        self.out.clear();
        self.out_at = 0;
        let count = self.passing.min(self.left().len()).min(into.remaining());
        if count > 0 {
            into.put_slice(&self.came[self.at..self.at + count]);
            self.at += count;
            self.passing -= count;
        }
        count > 0
    }

    /// Looks at the next frame; false where it is not here yet.
    fn next_frame(&mut self) -> io::Result<bool> {
        let skipped = self.skipping.min(self.left().len());
        self.at += skipped;
        self.skipping -= skipped;
        if self.skipping > 0 || self.passing > 0 {
            return Ok(false);
        }
        let ledger = Arc::clone(&self.ledger);
        let mut table = ledger.table();
        while let Some(stream) = table.ready.pop_first() {
            if let Some(entry) = table.streams.get_mut(&stream) {
                entry.flush(stream, &mut self.out);
                return Ok(true);
            }
        }
        let Some(bytes) = self.left().first_chunk::<HEADER>() else {
            return Ok(false);
        };
        let header = Header::read(bytes);
        if header.kind == DATA {
            return self.data(header, &mut table);
        }
        self.control(header, &mut table)?;
        Ok(true)
    }

    /// A frame without a body.
    fn control(&mut self, header: Header, table: &mut Table) -> io::Result<()> {
        if header.kind == WINDOW_UPDATE {
            if header.flags & SYN != 0 {
                begin(header.stream, table)?;
            }
            if header.flags & (FIN | RST) != 0
                && let Some(entry) = table.streams.get_mut(&header.stream)
            {
                entry.flush(header.stream, &mut self.out);
                entry.is_over = true;
            }
        }
        self.out.extend(&self.came[self.at..self.at + HEADER]);
        self.at += HEADER;
        Ok(())
    }

    /// A frame with data; false where not all that is needed of it is here.
    fn data(&mut self, header: Header, table: &mut Table) -> io::Result<bool> {
        let length = header.length as usize;
        if header.flags & SYN != 0 {
            begin(header.stream, table)?;
        }
        let Some(entry) = table
            .streams
            .get_mut(&header.stream)
            .filter(|entry| !entry.is_over)
        else {
            // yamux may still know the stream, and would keep it until it looks at what was dropped.
            self.at += HEADER;
            self.skipping = length;
            if header.flags != 0 {
                Header { length: 0, ..header }.write(&mut self.out);
            }
            return Ok(true);
        };
        let ends = header.flags & (FIN | RST) != 0;
        let is_held = length < SMALL && !ends && !(entry.is_near() && entry.held.is_empty());
        if is_held {
            let Some(body) = self.left().get(HEADER..HEADER + length) else {
                return Ok(false);
            };
            entry.held.extend_from_slice(body);
            self.at += HEADER + length;
            if header.flags != 0 {
                Header { length: 0, ..header }.write(&mut self.out);
            }
            if entry.held.len() >= ENOUGH || entry.is_near() {
                entry.flush(header.stream, &mut self.out);
            }
            return Ok(true);
        }
        entry.flush(header.stream, &mut self.out);
        entry.is_over = ends;
        entry.passed += u64::from(header.length);
        self.out.extend(&self.came[self.at..self.at + HEADER]);
        self.at += HEADER;
        self.passing = length;
        Ok(true)
    }

    /// The line ended: what is held was sent before that. A torn frame is yamux's to judge.
    fn end(&mut self) {
        self.is_ended = true;
        let ledger = Arc::clone(&self.ledger);
        let mut table = ledger.table();
        for (stream, entry) in &mut table.streams {
            entry.flush(*stream, &mut self.out);
        }
        self.out
            .extend(self.came.get(self.at..self.end).unwrap_or_default());
        (self.at, self.end) = (0, 0);
    }
}

/// The other side opens a stream. yamux would say that there are too many, and go on.
fn begin(stream: u32, table: &mut Table) -> io::Result<()> {
    if table.streams.len() >= MAX_STREAMS {
        return Err(io::Error::other(
            "the other side opens more streams than there may be",
        ));
    }
    table.streams.entry(stream).or_default();
    Ok(())
}

impl<L: AsyncRead + Unpin> AsyncRead for Gathered<L> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.give(into) {
                return Poll::Ready(Ok(()));
            }
            // Before it is looked at what readers wait for, so that none is missed.
            this.ledger.table().driver = Some(cx.waker().clone());
            if this.next_frame()? {
                continue;
            }
            if this.is_ended {
                return Poll::Ready(Ok(()));
            }
            let count = if this.passing > 0 {
                // A body goes where it is to go.
                let most = this.passing.min(into.remaining());
                let mut room = ReadBuf::new(into.initialize_unfilled_to(most));
                ready!(Pin::new(&mut this.line).poll_read(cx, &mut room))?;
                let count = room.filled().len();
                into.advance(count);
                this.passing -= count;
                count
            } else {
                this.came.copy_within(this.at..this.end, 0);
                (this.at, this.end) = (0, this.end - this.at);
                let mut room = ReadBuf::new(&mut this.came[this.end..]);
                ready!(Pin::new(&mut this.line).poll_read(cx, &mut room))?;
                let count = room.filled().len();
                this.end += count;
                count
            };
            if count == 0 {
                this.end();
            } else if !into.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<L: AsyncWrite + Unpin> AsyncWrite for Gathered<L> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "gather/tests.rs"]
mod tests;
