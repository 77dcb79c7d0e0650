//! The outgoing queue of one connection, bounded in frames and bytes. Who may wait, waits for room; who may not, and
//! finds none, ends the connection: its front end comes back and catches up by cursor.

use std::sync::{Arc, OnceLock};

use axum::extract::ws::Utf8Bytes;
use deskhand_protocol::SessionId;
use deskhand_protocol::envelope::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::feed::Feed;
use crate::limits::Limits;

/// Close codes of RFC 6455, section 7.4.1, and of its registry.
pub(crate) mod close {
    pub(crate) const NORMAL: u16 = 1000;
    pub(crate) const GOING_AWAY: u16 = 1001;
    pub(crate) const PROTOCOL: u16 = 1002;
    pub(crate) const UNSUPPORTED: u16 = 1003;
    pub(crate) const POLICY: u16 = 1008;
    pub(crate) const TOO_LARGE: u16 = 1009;
    pub(crate) const INTERNAL: u16 = 1011;
    pub(crate) const TRY_AGAIN: u16 = 1013;
}

/// The connection is gone, or is being closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the front end is gone")]
pub struct Gone;

/// What the writer of a connection is told to do, in order.
pub(crate) enum Outgoing {
    Frame {
        text: Utf8Bytes,
        _room: OwnedSemaphorePermit,
    },
    Follow(Feed),
    Unfollow(SessionId),
}

/// The sending side of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    room: Arc<Semaphore>,
    bytes: u32,
    gone: CancellationToken,
    reason: Arc<OnceLock<(u16, &'static str)>>,
}

impl Outbox {
    /// An outbox that closes with `parent`, and the queue for its writer.
    pub(crate) fn new(limits: &Limits, parent: &CancellationToken) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, waiting) = mpsc::channel(limits.outgoing_frames);
        let bytes = u32::try_from(limits.outgoing_bytes).unwrap_or(u32::MAX);
        let room = Arc::new(Semaphore::new(bytes as usize));
        let gone = parent.child_token();
        (
            Self {
                queue,
                room,
                bytes,
                gone,
                reason: Arc::default(),
            },
            waiting,
        )
    }

    /// Queues a frame, once there is room.
    pub(crate) async fn send(&self, frame: &Frame) -> Result<(), Gone> {
        let text = encode(frame)?;
        let room = Arc::clone(&self.room).acquire_many_owned(self.weight(&text));
        let room = tokio::select! {
            biased;
            () = self.gone.cancelled() => return Err(Gone),
            room = room => room.map_err(|_| Gone)?,
        };
        self.push(Outgoing::Frame { text, _room: room }).await
    }

    /// Queues a frame now, or ends the connection.
    pub(crate) fn try_send(&self, frame: &Frame) -> Result<(), Gone> {
        let text = encode(frame)?;
        let queued = Arc::clone(&self.room)
            .try_acquire_many_owned(self.weight(&text))
            .ok()
            .and_then(|room| self.queue.try_send(Outgoing::Frame { text, _room: room }).ok());
        queued.ok_or_else(|| {
            self.close(close::TRY_AGAIN, "the front end is too slow");
            Gone
        })
    }

    /// Queues something that is no frame.
    pub(crate) async fn push(&self, outgoing: Outgoing) -> Result<(), Gone> {
        tokio::select! {
            biased;
            () = self.gone.cancelled() => Err(Gone),
            queued = self.queue.send(outgoing) => queued.map_err(|_| Gone),
        }
    }

    /// Ends the connection; the first reason counts.
    pub(crate) fn close(&self, code: u16, reason: &'static str) {
        // A later reason is a consequence of the first.
        self.reason.get_or_init(|| (code, reason));
        self.gone.cancel();
    }

    pub(crate) fn gone(&self) -> &CancellationToken {
        &self.gone
    }

    /// Why the connection ends; without a reason of its own because the service does.
    pub(crate) fn reason(&self) -> (u16, &'static str) {
        self.reason
            .get()
            .copied()
            .unwrap_or((close::GOING_AWAY, "the service stops"))
    }

    /// A frame larger than the whole queue takes all of it.
    fn weight(&self, text: &Utf8Bytes) -> u32 {
        u32::try_from(text.len()).unwrap_or(u32::MAX).min(self.bytes)
    }
}

fn encode(frame: &Frame) -> Result<Utf8Bytes, Gone> {
    serde_json::to_string(frame)
        .map(Utf8Bytes::from)
        .map_err(|error| {
            tracing::error!(%error, "a frame could not be encoded");
            Gone
        })
}
