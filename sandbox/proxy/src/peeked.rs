//! The two sides of a connection, with what was read from it and not yet used. The caller bounds how much that is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf, ReadHalf, WriteHalf};
use tokio::time::timeout;

use crate::{BoxStream, Io};

/// Bytes of one read: a full TLS record.
pub(crate) const CHUNK: usize = 16 * 1024;
/// What is read and thrown away after a refusal, so that the client reads the refusal before it meets a reset.
const DRAINED: usize = 256 * 1024;

/// A reader whose first bytes can be looked at before they are used.
#[derive(Debug)]
pub(crate) struct Peeked<R> {
    reader: R,
    held: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Peeked<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            held: Vec::new(),
        }
    }

    /// What was read and not used.
    pub(crate) fn held(&self) -> &[u8] {
        &self.held
    }

    /// Reads once, about a chunk at most; 0 at the end. Dropped before it is done, nothing is lost.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.held.reserve(CHUNK);
        self.reader.read_buf(&mut self.held).await
    }

    /// Marks the first bytes as used.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.held.drain(..bytes.min(self.held.len()));
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Peeked<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.held.is_empty() {
            return Pin::new(&mut this.reader).poll_read(cx, buffer);
        }
        let taken = this.held.len().min(buffer.remaining());
        buffer.put_slice(&this.held[..taken]);
        this.consume(taken);
        Poll::Ready(Ok(()))
    }
}

/// The guest's side of a stream.
pub(crate) struct Client<'a> {
    pub(crate) input: Peeked<ReadHalf<&'a mut (dyn Io + 'a)>>,
    pub(crate) output: WriteHalf<&'a mut (dyn Io + 'a)>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(stream: &'a mut (dyn Io + 'a)) -> Self {
        let (input, output) = tokio::io::split(stream);
        Self {
            input: Peeked::new(input),
            output,
        }
    }

    /// Writes a few bytes of our own.
    pub(crate) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).await?;
        self.output.flush().await
    }

    /// Writes the last words, and reads until the client ends, within a time and an amount.
    pub(crate) async fn leave(&mut self, words: &[u8], within: Duration) {
        let farewell = async {
            self.say(words).await?;
            self.output.shutdown().await?;
            let mut drained = 0;
            while drained < DRAINED {
                let held = self.input.held().len();
                self.input.consume(held);
                match self.input.fill().await? {
                    0 => break,
                    read => drained += read,
                }
            }
            io::Result::Ok(())
        };
        // Nobody is left to be told of an error here.
        drop(timeout(within, farewell).await);
    }
}

/// The side of the host that the door dialled.
pub(crate) struct Far {
    pub(crate) input: Peeked<ReadHalf<BoxStream>>,
    pub(crate) output: WriteHalf<BoxStream>,
}

impl Far {
    pub(crate) fn new(stream: BoxStream) -> Self {
        let (input, output) = tokio::io::split(stream);
        Self {
            input: Peeked::new(input),
            output,
        }
    }

    /// Writes and flushes what the pump does not.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).await?;
        self.output.flush().await
    }
}
