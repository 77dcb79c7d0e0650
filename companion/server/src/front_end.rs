//! The front ends that are connected: telling them something, asking them something, closing them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskhand_protocol::envelope::{Frame, RpcError};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{Notification, ServiceCall};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::outbox::{Gone, Outbox, close};

/// Questions that may wait for an answer of one front end at one time.
const WAITING_CALLS: usize = 64;
/// Notifications that may wait for the answer to `hello`.
const HELD_NOTIFICATIONS: usize = 64;

/// One connection, known or not yet.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) origin: Option<String>,
    pub(crate) outbox: Outbox,
    calls: Calls,
    /// Notifications that wait for the answer to `hello`, while it is being worked out.
    held: Mutex<Option<Vec<Frame>>>,
}

/// Questions to the front end that wait for their answers, by id.
#[derive(Debug, Default)]
struct Calls {
    last: AtomicU64,
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<Result<Value, RpcError>>>>,
}

/// Why a question to a front end got no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The question was not sent, so nothing was done.
    #[error("the front end is gone")]
    NotSent,
    /// The connection ended before the answer: it may have been done or not.
    #[error("the front end went away before it answered")]
    Cut,
    /// No answer came in time: it may still be done.
    #[error("the front end did not answer in time")]
    TimedOut,
    /// The front end answered with an error.
    #[error("the front end refused: {}", .0.message)]
    Refused(RpcError),
}

/// A front end that has said hello. Clones are the same front end.
#[derive(Clone, Debug)]
pub struct FrontEnd {
    line: Arc<Line>,
    kind: FrontEndKind,
    token: Option<String>,
}

impl FrontEnd {
    pub(crate) fn new(line: Arc<Line>, kind: FrontEndKind, token: Option<String>) -> Self {
        Self { line, kind, token }
    }

    /// Names this connection; never used again while the service runs.
    pub fn id(&self) -> u64 {
        self.line.id
    }

    /// Its kind.
    pub fn kind(&self) -> FrontEndKind {
        self.kind
    }

    /// The id of the pane's token that it showed ([`crate::TokenRecord::id`]); none for window and terminal.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Tells it something. A front end whose queue is full is closed, and comes back to a fresh state.
    pub fn notify(&self, notification: Notification, params: impl Serialize) -> Result<(), Gone> {
        self.line.notify(notification, params)
    }

    /// Asks it something and waits for the answer, at most `patience`.
    pub async fn call(
        &self,
        call: ServiceCall,
        params: Value,
        patience: Duration,
    ) -> Result<Value, CallError> {
        self.line.call(call, params, patience).await
    }

    /// Whether the connection has ended.
    pub fn is_gone(&self) -> bool {
        self.line.outbox.gone().is_cancelled()
    }

    /// Waits until the connection has ended.
    pub async fn gone(&self) {
        self.line.outbox.gone().cancelled().await;
    }

    /// Ends the connection.
    pub fn close(&self) {
        self.line.outbox.close(close::POLICY, "closed by the service");
    }
}

impl PartialEq for FrontEnd {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for FrontEnd {}

impl Line {
    pub(crate) fn new(id: u64, origin: Option<String>, outbox: Outbox) -> Self {
        Self {
            id,
            origin,
            outbox,
            calls: Calls::default(),
            held: Mutex::default(),
        }
    }

    pub(crate) fn notify(&self, notification: Notification, params: impl Serialize) -> Result<(), Gone> {
        let params = serde_json::to_value(params).map_err(|_| Gone)?;
        let frame = Frame::notification(notification.name(), params);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(frames) if frames.len() < HELD_NOTIFICATIONS => frames.push(frame),
            Some(_) => {
                self.outbox
                    .close(close::TRY_AGAIN, "too much happened during hello");
                return Err(Gone);
            }
            None => self.outbox.try_send(&frame)?,
        }
        Ok(())
    }

    /// Keeps notifications back, so that none comes before the answer to `hello` and none is lost after it was made.
    pub(crate) fn hold(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// Sends what was kept back.
    pub(crate) fn release(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for frame in held.take().unwrap_or_default() {
            if self.outbox.try_send(&frame).is_err() {
                return;
            }
        }
    }

    async fn call(&self, call: ServiceCall, params: Value, patience: Duration) -> Result<Value, CallError> {
        let (answer, waiting) = oneshot::channel();
        let id = self.calls.last.fetch_add(1, Ordering::Relaxed) + 1;
        let _waits = self.calls.wait(id, answer).ok_or(CallError::NotSent)?;
        self.outbox
            .send(&Frame::request(id, call.name(), params))
            .await
            .map_err(|Gone| CallError::NotSent)?;
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(answer)) => answer.map_err(CallError::Refused),
            Ok(Err(_)) => Err(CallError::Cut),
            Err(_) => Err(CallError::TimedOut),
        }
    }

    /// Takes an answer in; one that nobody waits for any longer is dropped.
    pub(crate) fn answered(&self, id: u64, answer: Result<Value, RpcError>) {
        if let Some(waiting) = self.calls.take(id) {
            // Whoever asked may have stopped waiting in this moment.
            drop(waiting.send(answer));
        }
    }

    /// Tells everybody who waits that no answer will come.
    pub(crate) fn cut(&self) {
        self.outbox.gone().cancel();
        self.calls
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Calls {
    fn wait(&self, id: u64, answer: oneshot::Sender<Result<Value, RpcError>>) -> Option<Waits<'_>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_CALLS {
            return None;
        }
        waiting.insert(id, answer);
        Some(Waits { calls: self, id })
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<Result<Value, RpcError>>> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
    }
}

/// Takes a question out of the list when nobody waits for it any longer.
struct Waits<'a> {
    calls: &'a Calls,
    id: u64,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        drop(self.calls.take(self.id));
    }
}

/// Connections by id, each with its front end once it has said hello.
type Lines = BTreeMap<u64, (Arc<Line>, Option<FrontEnd>)>;

/// Everybody who is connected. Clones share one list.
#[derive(Clone, Debug, Default)]
pub struct FrontEnds(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: AtomicU64,
    list: Mutex<Lines>,
}

impl FrontEnds {
    /// The front ends that have said hello, in the order of their connection.
    pub fn all(&self) -> Vec<FrontEnd> {
        self.with(|list| {
            list.values()
                .filter_map(|(_, front_end)| front_end.clone())
                .collect()
        })
    }

    /// The front end of this id, while it is connected.
    pub fn find(&self, id: u64) -> Option<FrontEnd> {
        self.with(|list| list.get(&id).and_then(|(_, front_end)| front_end.clone()))
    }

    /// Tells every front end that `wanted` picks.
    pub fn notify(
        &self,
        wanted: impl Fn(&FrontEnd) -> bool,
        notification: Notification,
        params: &impl Serialize,
    ) {
        for front_end in self.all().into_iter().filter(|front_end| wanted(front_end)) {
            if front_end.notify(notification, params).is_err() {
                tracing::debug!(
                    front_end = front_end.id(),
                    "a front end was gone or too slow for a notification"
                );
            }
        }
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.0.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn join(&self, line: &Arc<Line>) {
        self.with(|list| list.insert(line.id, (Arc::clone(line), None)));
    }

    pub(crate) fn greet(&self, front_end: &FrontEnd) {
        self.with(|list| {
            list.insert(
                front_end.id(),
                (Arc::clone(&front_end.line), Some(front_end.clone())),
            )
        });
    }

    pub(crate) fn leave(&self, id: u64) {
        self.with(|list| list.remove(&id));
    }

    pub(crate) fn line(&self, id: u64) -> Option<Arc<Line>> {
        self.with(|list| list.get(&id).map(|(line, _)| Arc::clone(line)))
    }

    fn with<T>(&self, job: impl FnOnce(&mut Lines) -> T) -> T {
        job(&mut self.0.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
