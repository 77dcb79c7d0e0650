//! Streams over the one line, by yamux (<https://github.com/hashicorp/yamux/blob/master/spec.md>).

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt as _, TokioAsyncReadCompatExt as _};

use crate::error::WireError;
use crate::gather::{Gathered, Ledger};
use crate::limits::{MAX_STREAMS, MAX_WINDOW};

/// Streams of the other side that wait to be taken; more are closed unread.
const WAITING: usize = 64;

/// Which end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The service.
    Service,
    /// The agent in the virtual machine.
    Guest,
}

impl Side {
    /// Streams that this side opens at once. yamux ends the whole line where there are more than [`MAX_STREAMS`], so
    /// each side keeps to its share.
    fn share(self) -> usize {
        match self {
            Self::Service => 96,
            Self::Guest => MAX_STREAMS - 96 - 32,
        }
    }
}

/// The streams of one line. Dropping it ends the line with all of them.
#[derive(Debug)]
pub struct Mux {
    open: mpsc::Sender<Answer>,
    share: Arc<Semaphore>,
    inbound: Mutex<mpsc::Receiver<Stream>>,
    ended: Mutex<oneshot::Receiver<String>>,
    driver: tokio::task::JoinHandle<()>,
}

type Answer = oneshot::Sender<Result<Stream, WireError>>;

impl Mux {
    /// Takes the line. Must be called within a tokio runtime, which drives it.
    pub fn new<L>(line: L, side: Side) -> Self
    where
        L: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut limits = yamux::Config::default();
        limits.set_max_num_streams(MAX_STREAMS);
        limits.set_max_connection_receive_window(Some(MAX_WINDOW));
        limits.set_split_send_size(64 * 1024);
        let mode = match side {
            Side::Service => yamux::Mode::Client,
            Side::Guest => yamux::Mode::Server,
        };
        let ledger = Arc::new(Ledger::default());
        let line = Gathered::new(line, Arc::clone(&ledger));
        let connection = yamux::Connection::new(line.compat(), limits, mode);
        let (open, asked) = mpsc::channel(WAITING);
        let (arrived, inbound) = mpsc::channel(WAITING);
        let (told, ended) = oneshot::channel();
        let driver = tokio::spawn(async move {
            let why = drive(connection, ledger, asked, arrived).await;
            // Nobody may be waiting to hear it.
            told.send(why).ok();
        });
        Self {
            open,
            share: Arc::new(Semaphore::new(side.share())),
            inbound: Mutex::new(inbound),
            ended: Mutex::new(ended),
            driver,
        }
    }

    /// Opens a stream; waits while this side has its share open.
    pub async fn open(&self) -> Result<Stream, WireError> {
        let gone = || WireError::Line("it is closed".to_owned());
        let permit = Arc::clone(&self.share)
            .acquire_owned()
            .await
            .map_err(|_| gone())?;
        let (answer, opened) = oneshot::channel();
        self.open.send(answer).await.map_err(|_| gone())?;
        let mut stream = opened.await.map_err(|_| gone())??;
        stream.permit = Some(permit);
        Ok(stream)
    }

    /// The next stream that the other side opens; `None` once the line is closed.
    pub async fn accept(&self) -> Option<Stream> {
        self.inbound.lock().await.recv().await
    }

    /// Waits until the line ends; says why, once.
    pub async fn ended(&self) -> String {
        let told = (&mut *self.ended.lock().await).await;
        told.unwrap_or_else(|_| "it was closed".to_owned())
    }
}

impl Drop for Mux {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// One stream. Dropping it closes it both ways.
#[derive(Debug)]
pub struct Stream {
    inner: Compat<yamux::Stream>,
    number: u32,
    ledger: Arc<Ledger>,
    /// Its part of what this side may have open.
    permit: Option<OwnedSemaphorePermit>,
}

impl Stream {
    fn new(stream: yamux::Stream, ledger: &Arc<Ledger>) -> Self {
        Self {
            number: stream.id().val(),
            inner: stream.compat(),
            ledger: Arc::clone(ledger),
            permit: None,
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.ledger.closed(self.number);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, into);
        let count = into.filled().len() - before;
        if count > 0 {
            self.ledger.read(self.number, count);
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// What happened on the line.
enum Step {
    Arrived(yamux::Stream),
    Opened(yamux::Result<yamux::Stream>),
    Ended(String),
}

/// Keeps the line going until it ends; says why it did.
async fn drive<L>(
    mut connection: yamux::Connection<L>,
    ledger: Arc<Ledger>,
    mut asked: mpsc::Receiver<Answer>,
    arrived: mpsc::Sender<Stream>,
) -> String
where
    L: futures_util::AsyncRead + futures_util::AsyncWrite + Unpin,
{
    let mut pending: Option<Answer> = None;
    loop {
        let step = poll_fn(|cx| {
            if pending.is_none()
                && let Poll::Ready(Some(answer)) = asked.poll_recv(cx)
            {
                pending = Some(answer);
            }
            if pending.is_some()
                && let Poll::Ready(opened) = connection.poll_new_outbound(cx)
            {
                return Poll::Ready(Step::Opened(opened));
            }
            match connection.poll_next_inbound(cx) {
                Poll::Ready(Some(Ok(stream))) => Poll::Ready(Step::Arrived(stream)),
                Poll::Ready(Some(Err(error))) => Poll::Ready(Step::Ended(error.to_string())),
                Poll::Ready(None) => Poll::Ready(Step::Ended("the other side closed it".to_owned())),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        match step {
            Step::Ended(why) => return why,
            // Too many wait: it is dropped, which closes it, and the line goes on.
            Step::Arrived(stream) => drop(arrived.try_send(Stream::new(stream, &ledger))),
            Step::Opened(opened) => {
                let opened = opened.map_err(|error| WireError::Line(error.to_string()));
                let opened = opened.map(|stream| {
                    let stream = Stream::new(stream, &ledger);
                    ledger.opened(stream.number);
                    stream
                });
                if let Some(answer) = pending.take() {
                    // Whoever asked may have gone: then the stream is dropped, which closes it.
                    drop(answer.send(opened));
                }
            }
        }
    }
}
