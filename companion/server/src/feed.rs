//! Events of one session on their way to one front end: from the log up to now, then live.
//!
//! A feed keeps a cursor and nothing else. When the front end is so slow that live events are lost to it, the feed reads
//! on from the log at its cursor, so a slow front end costs no memory and misses nothing (Invariant 1).

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use deskhand_protocol::{Notification, SessionEvent, SessionId, UserError};
use futures_util::Stream;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::Handler;

pub(crate) struct Feed {
    handler: Arc<dyn Handler>,
    session: SessionId,
    /// The last number that the front end was sent.
    after: u64,
    batch: usize,
    live: broadcast::Receiver<Arc<SessionEvent>>,
    catching_up: bool,
}

impl Feed {
    /// A feed from `after` on. `live` must have been there before the log is first read.
    pub(crate) fn new(
        handler: Arc<dyn Handler>,
        session: SessionId,
        after: u64,
        batch: usize,
        live: broadcast::Receiver<Arc<SessionEvent>>,
    ) -> Self {
        Self {
            handler,
            session,
            after,
            batch,
            live,
            catching_up: true,
        }
    }

    pub(crate) fn session(&self) -> &SessionId {
        &self.session
    }

    /// The feed as `session/update` frames. It ends when the session does.
    pub(crate) fn into_frames(self) -> impl Stream<Item = Result<Utf8Bytes, UserError>> + Send {
        stream::unfold(Some(self), |feed| async {
            let mut feed = feed?;
            match feed.next().await {
                Ok(Some(events)) => Some((Ok(feed.encode(&events)), Some(feed))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// The next events in order, each once; `None` when there will be none.
    async fn next(&mut self) -> Result<Option<Vec<Arc<SessionEvent>>>, UserError> {
        loop {
            if self.catching_up {
                let events = self.handler.read(&self.session, self.after, self.batch).await?;
                // A short answer was the end of the log; what was written since is in `live`.
                self.catching_up = events.len() >= self.batch;
                if let Some(last) = events.last() {
                    self.after = last.seq;
                    return Ok(Some(events.into_iter().map(Arc::new).collect()));
                }
            }
            match self.live.recv().await {
                Ok(event) => {
                    let events = self.take(event);
                    if !events.is_empty() {
                        return Ok(Some(events));
                    }
                }
                Err(RecvError::Lagged(_)) => self.catching_up = true,
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// `event` and what else is there at once, as far as it follows on the cursor.
    fn take(&mut self, event: Arc<SessionEvent>) -> Vec<Arc<SessionEvent>> {
        let mut events = Vec::new();
        let mut next = Ok(event);
        loop {
            match next {
                Ok(event) if event.seq <= self.after => {}
                Ok(event) if event.first_seq.unwrap_or(event.seq) <= self.after + 1 => {
                    self.after = event.seq;
                    events.push(event);
                    if events.len() >= self.batch {
                        return events;
                    }
                }
                // A gap, or lost events: the log has them.
                Ok(_) | Err(TryRecvError::Lagged(_)) => {
                    self.catching_up = true;
                    return events;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return events,
            }
            next = self.live.try_recv();
        }
    }

    fn encode(&self, events: &[Arc<SessionEvent>]) -> Utf8Bytes {
        let events = events.iter().map(AsRef::as_ref).collect();
        let update = Update {
            jsonrpc: "2.0",
            method: Notification::SessionUpdate.name(),
            params: UpdateParams {
                session: &self.session,
                events,
            },
        };
        // Events are plain data with text keys, which always encode.
        serde_json::to_string(&update).map_or_else(|_| Utf8Bytes::default(), Utf8Bytes::from)
    }
}

/// `session/update`, borrowed, so that one event is not copied for each front end.
#[derive(Serialize)]
struct Update<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    params: UpdateParams<'a>,
}

#[derive(Serialize)]
struct UpdateParams<'a> {
    session: &'a SessionId,
    events: Vec<&'a SessionEvent>,
}

#[cfg(test)]
mod tests;
