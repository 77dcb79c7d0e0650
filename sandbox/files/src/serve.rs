//! The connection: requests come in, each is worked on where blocking is allowed, answers and messages go out.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::errno::Errno;
use crate::port::{Events, Journal};
use crate::session::Session;
use crate::share::{Access, Share};
use crate::side;
use crate::wire::{self, Body, HEADER, Header, Request};

/// Names that are looked at for what a killed service left, before the first request is answered.
const SWEPT: usize = 200_000;
/// Bytes of answers that go out in one write.
const TOGETHER: usize = 256 << 10;
/// The opcode of the first request.
const INIT: u32 = 26;
/// What the agent says once the kernel has taken notices: `FUSE_NOTIFY_REPLY`. It waits for no answer.
const NOTIFY_REPLY: u32 = 41;
/// Messages that wait to be written. Answers are fewer: each has the place of its request until it is written.
const MESSAGES: usize = 64;

/// Requests of all shares of this program that are worked on at once, each on a thread where blocking is allowed: a
/// quarter of those that tokio has by default, so that the rest of the program finds one whatever guests ask for.
const AT_ONCE: usize = 128;
static WORKERS: Semaphore = Semaphore::const_new(AT_ONCE);

/// A message to the kernel.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Vec<u8>,
    /// The place of the request that it answers, free once it is written: a guest that does not read asks no more.
    pub(crate) place: Option<OwnedSemaphorePermit>,
}

/// Works where blocking is allowed. The thread is not held for what waits for a guest.
pub(crate) async fn blocking<T, F>(work: F) -> Option<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let _worker = WORKERS.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}

/// Why a connection ended before the guest ended it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The stream failed.
    #[error("the stream to the sandbox failed")]
    Io(#[from] io::Error),
    /// The shared folder cannot be looked at.
    #[error("the shared folder cannot be opened")]
    Folder(#[source] io::Error),
    /// A message of a length that none has: where the next begins is not known.
    #[error("the sandbox sent a message of {length} bytes, which none has")]
    Frame {
        /// What it said.
        length: u32,
    },
    /// Something came before the first request, or the first request was none.
    #[error("the sandbox asked before it said which protocol it speaks")]
    NotInitialised,
    /// The first request came again.
    #[error("the sandbox said twice which protocol it speaks")]
    InitialisedTwice,
    /// A protocol that is not spoken here.
    #[error("the sandbox speaks FUSE {major}.{minor}, or lacks what is needed of it")]
    Version {
        /// Its version.
        major: u32,
        /// The version's second part.
        minor: u32,
    },
}

/// Serves a folder to a guest until the guest ends the connection. Dropping the future ends it too: what is worked on at that
/// moment is finished, what the guest had not closed is discarded.
///
/// The stream carries the messages of `/dev/fuse`, unchanged, in both directions: fuse(4), `linux/fuse.h`. The guest's
/// agent must write messages whose `unique` is 0 to `/dev/fuse` from a thread of their own: the kernel holds such a write
/// until requests are answered that it is about. `FUSE_NOTIFY_RETRIEVE` is answered by the agent, in turn with those
/// messages: by `FUSE_NOTIFY_REPLY` with the `notify_unique` of it as its `unique`. Until then few more come.
pub async fn serve<S>(
    stream: S,
    share: Share,
    journal: Arc<dyn Journal>,
    events: Arc<dyn Events>,
) -> Result<(), ServeError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (reader, writer) = tokio::io::split(stream);
    let (sender, receiver) = mpsc::channel(MESSAGES);
    let session = Session::new(share, journal, events, sender.downgrade()).map_err(ServeError::Folder)?;
    let session = Arc::new(session);
    let sweeping = Arc::clone(&session);
    blocking(move || sweep(&sweeping)).await;
    let in_flight = session.share.limits.in_flight.clamp(1, 1 << 10);
    let places = Arc::new(Semaphore::new(in_flight));
    let ended = {
        let hearing = Arc::clone(&session).hear();
        let reading = read(reader, Arc::clone(&session), Arc::clone(&places), sender);
        let working = async { tokio::try_join!(reading, write(writer, receiver)) };
        tokio::pin!(hearing);
        tokio::pin!(working);
        tokio::select! {
            ended = &mut working => ended,
            () = &mut hearing => working.await,
        }
    };
    // What is worked on is finished, and what was not closed is gone, before the end is told.
    drop(places.acquire_many(in_flight as u32).await);
    drop(tokio::task::spawn_blocking(move || session.discard()).await);
    ended.map(|_| ())
}

fn sweep(session: &Session) {
    if session.share.access == Access::ReadWrite {
        let depth = session.share.limits.depth;
        side::sweep_all(&session.share.root, &mut { SWEPT }, depth);
    }
}

/// Takes requests until the stream ends between two of them.
async fn read<S: AsyncRead>(
    mut stream: ReadHalf<S>,
    session: Arc<Session>,
    places: Arc<Semaphore>,
    answers: mpsc::Sender<Outgoing>,
) -> Result<(), ServeError> {
    let mut is_initialised = false;
    loop {
        let mut bytes = [0; HEADER];
        if stream.read(&mut bytes[..1]).await? == 0 {
            break;
        }
        stream.read_exact(&mut bytes[1..]).await?;
        let Some(header) = Header::read(&bytes) else {
            let [a, b, c, d, ..] = bytes;
            return Err(ServeError::Frame {
                length: u32::from_le_bytes([a, b, c, d]),
            });
        };
        // No more bodies are in memory than requests may be worked on.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let mut body = vec![0; header.length as usize - HEADER];
        stream.read_exact(&mut body).await?;
        if header.opcode == INIT {
            if is_initialised {
                return Err(ServeError::InitialisedTwice);
            }
            let (answer, is_settled) = initialise(&header, &body)?;
            is_initialised = is_settled;
            let place = Some(place);
            drop(answers.send(Outgoing { bytes: answer, place }).await);
            continue;
        }
        if !is_initialised {
            return Err(ServeError::NotInitialised);
        }
        if forget(&session, &header, &body) {
            continue;
        }
        if header.opcode == NOTIFY_REPLY {
            session.notices.taken(header.unique);
            continue;
        }
        let (session, answers) = (Arc::clone(&session), answers.clone());
        tokio::spawn(async move {
            let answer = blocking(move || work(&session, &header, &body)).await;
            if let Some(Some(bytes)) = answer {
                let place = Some(place);
                // Nobody waits for it once the connection has ended.
                drop(answers.send(Outgoing { bytes, place }).await);
            }
        });
    }
    Ok(())
}

/// Answers the first request. False where the kernel is to ask again with an older protocol.
fn initialise(header: &Header, body: &[u8]) -> Result<(Vec<u8>, bool), ServeError> {
    let Some(Request {
        body: Body::Init(asked),
        ..
    }) = wire::parse(header, body)
    else {
        return Err(ServeError::NotInitialised);
    };
    let answer = wire::init(&asked).ok_or(ServeError::Version {
        major: asked.major,
        minor: asked.minor,
    })?;
    Ok((wire::ok(header.unique, &answer), asked.major == 7))
}

/// Takes what the kernel gives up, in order and without an answer. False where it is another request.
fn forget(session: &Session, header: &Header, body: &[u8]) -> bool {
    match wire::parse(header, body).map(|request| request.body) {
        Some(Body::Forget { count }) => session.forget(header.node, count),
        Some(Body::BatchForget { each }) => {
            wire::forgets(each).for_each(|(node, count)| session.forget(node, count));
        }
        // A broken one has no answer either.
        None if header.opcode == 2 || header.opcode == 42 => {}
        _ => return false,
    }
    true
}

/// One request, whatever comes of it.
fn work(session: &Session, header: &Header, body: &[u8]) -> Option<Vec<u8>> {
    let answer = catch_unwind(AssertUnwindSafe(|| match wire::parse(header, body) {
        Some(request) => session.answer(&request),
        None => Some(Err(Errno::EINVAL)),
    }));
    Some(match answer.unwrap_or(Some(Err(Errno::EIO)))? {
        Ok(data) => wire::ok(header.unique, &data),
        Err(errno) => wire::error(header.unique, errno),
    })
}

/// Sends answers and messages, those that wait together in one write.
async fn write<S: AsyncWrite>(
    mut stream: WriteHalf<S>,
    mut messages: mpsc::Receiver<Outgoing>,
) -> Result<(), ServeError> {
    while let Some(Outgoing { mut bytes, place }) = messages.recv().await {
        let mut places = vec![place];
        while bytes.len() < TOGETHER
            && let Ok(more) = messages.try_recv()
        {
            bytes.extend(more.bytes);
            places.push(more.place);
        }
        let sent = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        match sent.await {
            // The guest is gone, and says so on the other way, or did.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            sent => sent?,
        }
        drop(places);
    }
    Ok(())
}
