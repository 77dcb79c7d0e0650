//! Sends what is queued for one front end, and the events it follows, at the pace of its socket.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use deskhand_protocol::UserError;
use futures_util::stream::{AbortHandle, Abortable, SelectAll, SplitSink};
use futures_util::{SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::feed::Feed;
use crate::limits::Limits;
use crate::outbox::{Outbox, Outgoing, close};

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

type Frames = Pin<Box<dyn Stream<Item = Result<Utf8Bytes, UserError>> + Send>>;

pub(super) async fn run(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Outgoing>,
    outbox: Outbox,
    limits: Limits,
) {
    let mut feeds = Feeds::default();
    let mut ping = interval(limits.ping);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // Held until the frame has left: only then is there room for the next.
        let mut _room = None;
        let message = tokio::select! {
            biased;
            () = outbox.gone().cancelled() => break,
            next = queue.recv() => match next {
                None => break,
                Some(Outgoing::Frame { text, _room: room }) => {
                    _room = Some(room);
                    Message::Text(text)
                }
                Some(Outgoing::Follow(feed)) => {
                    feeds.follow(feed);
                    continue;
                }
                Some(Outgoing::Unfollow(session)) => {
                    feeds.unfollow(session.as_str());
                    continue;
                }
            },
            Some(frame) = feeds.streams.next(), if !feeds.streams.is_empty() => match frame {
                Ok(text) => Message::Text(text),
                Err(error) => {
                    tracing::error!(%error, "events could not be read");
                    outbox.close(close::INTERNAL, "events could not be read");
                    break;
                }
            },
            _ = ping.tick() => Message::Ping(Bytes::new()),
        };
        let sent = tokio::select! {
            () = outbox.gone().cancelled() => break,
            sent = timeout(limits.send, sink.send(message)) => sent,
        };
        if !matches!(sent, Ok(Ok(()))) {
            outbox.close(close::TRY_AGAIN, "the front end is too slow");
        }
    }
    let (code, reason) = outbox.reason();
    let goodbye = Message::Close(Some(CloseFrame {
        code,
        reason: reason.into(),
    }));
    // The other end may be gone already.
    drop(timeout(GOODBYE, sink.send(goodbye)).await);
}

/// The events that the front end follows, one stream a session.
#[derive(Default)]
struct Feeds {
    streams: SelectAll<Abortable<Frames>>,
    handles: BTreeMap<String, AbortHandle>,
}

impl Feeds {
    fn follow(&mut self, feed: Feed) {
        let session = feed.session().as_str().to_owned();
        let (handle, registration) = AbortHandle::new_pair();
        let frames: Frames = Box::pin(feed.into_frames());
        self.streams.push(Abortable::new(frames, registration));
        if let Some(before) = self.handles.insert(session, handle) {
            before.abort();
        }
    }

    fn unfollow(&mut self, session: &str) {
        if let Some(handle) = self.handles.remove(session) {
            handle.abort();
        }
    }
}
