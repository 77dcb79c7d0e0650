//! Following a session live. A follower has a cursor; what it cannot take in time it reads from the log again, so that a
//! slow one never makes memory grow.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::store::Store;
use crate::tables::events::Event;

/// Events a follower may be behind before it is sent to the log.
const WINDOW: usize = 256;
/// Payloads above this many bytes are not held for followers: they read them from the log.
const LIVE_PAYLOAD: usize = 64 << 10;
/// Events read from the log at once.
const PAGE: usize = 256;

/// What the writer tells a follower.
#[derive(Clone, Debug)]
enum Notice {
    Event(Arc<Event>),
    /// There is something in the log.
    Look,
}

/// The channels of the sessions that somebody follows.
#[derive(Debug, Default)]
pub(crate) struct Tails(Mutex<HashMap<Uuid, broadcast::Sender<Notice>>>);

impl Tails {
    /// Hands committed events to the followers of their session.
    pub(crate) fn publish(&self, events: Vec<Event>) {
        let Some(session) = events.first().map(|event| event.session) else {
            return;
        };
        let mut tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tail) = tails.get(&session) else { return };
        for event in events {
            let large = event.payload.len() > LIVE_PAYLOAD;
            let notice = if large {
                Notice::Look
            } else {
                Notice::Event(Arc::new(event))
            };
            if tail.send(notice).is_err() {
                tails.remove(&session);
                return;
            }
        }
    }

    /// Ends the following of a deleted session.
    pub(crate) fn close(&self, session: Uuid) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&session);
    }

    fn join(&self, session: Uuid) -> broadcast::Receiver<Notice> {
        let mut tails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tails
            .entry(session)
            .or_insert_with(|| broadcast::channel(WINDOW).0)
            .subscribe()
    }
}

/// A follower of one session: first what the log has after its cursor, then what comes.
#[derive(Debug)]
pub struct Subscription {
    store: Store,
    session: Uuid,
    cursor: u64,
    live: broadcast::Receiver<Notice>,
    page: VecDeque<Event>,
    /// The log may hold something that neither `page` nor `live` will bring.
    behind: bool,
}

impl Subscription {
    pub(crate) fn new(store: Store, session: Uuid, after: u64) -> Self {
        // Joined before the first read: what is committed in between comes twice and is told apart by its number.
        let live = store.shared().tails.join(session);
        Self {
            store,
            session,
            cursor: after,
            live,
            page: VecDeque::new(),
            behind: true,
        }
    }

    /// The next event, once there is one; `None` after the session was deleted. Dropping the future before it is ready loses nothing.
    pub async fn next(&mut self) -> Result<Option<Arc<Event>>> {
        loop {
            if let Some(event) = self.page.pop_front() {
                return Ok(Some(self.pass(Arc::new(event))));
            }
            if self.behind {
                let page = match self.store.read(self.session, self.cursor, PAGE).await {
                    Err(StorageError::NoSession(_)) => return Ok(None),
                    page => page?,
                };
                self.behind = !page.is_empty();
                self.page = page.into();
                continue;
            }
            match self.live.recv().await {
                Ok(Notice::Event(event)) if event.seq <= self.cursor => {}
                Ok(Notice::Event(event)) if event.seq == self.cursor + 1 => {
                    return Ok(Some(self.pass(event)));
                }
                Ok(Notice::Event(_) | Notice::Look) | Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// The last number seen: where to go on after a cut.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    fn pass(&mut self, event: Arc<Event>) -> Arc<Event> {
        self.cursor = event.seq;
        event
    }
}
