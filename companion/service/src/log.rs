//! The core's event log and journal over the session store: what is said of events in the list of sessions, the audit
//! and the approvals is written in the same transaction as the event itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_core::ports::{BlobId, BoxFuture, Durability, EventLog, Journal, Settled};
use deskhand_protocol::event::EVENT_VERSION;
use deskhand_protocol::{
    CallId, ErrorCode, EventBody, MessageId, SessionEvent, SessionId, Timestamp, UserError,
};
use deskhand_storage::{ApprovalAnswer, BlobHash, Change, NewEvent, StorageError, Store};
use deskhand_trail::{Actor, Trail, all_of_event};
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

use crate::clock::now;
use crate::telemetry::Telemetry;

/// Live events that a follower may lag behind before it reads the log instead.
const WINDOW: usize = 512;

/// The log of all sessions.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    store: Store,
    trail: Trail,
    live: Arc<Mutex<HashMap<SessionId, broadcast::Sender<Arc<SessionEvent>>>>>,
    /// Pieces that are not folded yet: a session says one message or runs one tool at a time.
    deltas: Arc<Mutex<HashMap<SessionId, Unfolded>>>,
    /// Bytes that the journals of all sessions may hold.
    journal_limit: u64,
    /// Told when a turn or a session ended.
    ended: Arc<Notify>,
    /// Told of each event.
    telemetry: Telemetry,
}

/// What comes in pieces and is whole in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whole {
    /// A message that is being said.
    Message(MessageId),
    /// A call whose tool writes.
    Call(CallId),
}

/// Something that is not whole yet, with the numbers of its pieces.
#[derive(Debug)]
struct Unfolded {
    of: Whole,
    seqs: Vec<u64>,
}

impl Log {
    pub(crate) fn new(trail: Trail) -> Self {
        Self {
            store: trail.store().clone(),
            trail,
            live: Arc::default(),
            deltas: Arc::default(),
            journal_limit: u64::MAX,
            ended: Arc::default(),
            telemetry: Telemetry::default(),
        }
    }

    /// The same, with a collector that is told of each event.
    pub(crate) fn with_telemetry(self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self }
    }

    /// The same, with journals that may hold so many bytes together.
    pub(crate) fn with_journal_limit(self, bytes: u64) -> Self {
        Self {
            journal_limit: bytes,
            ..self
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The audit.
    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// What the collector is told.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Refuses while the audit does not reach whom it must reach.
    pub(crate) async fn admit(&self) -> Result<(), UserError> {
        self.telemetry.admit(&self.trail).await
    }

    /// Waits until the audit reaches whom it must reach; where that has to be waited for, `says` is told why, and the answer
    /// is true.
    pub(crate) async fn admitted(&self, says: impl AsyncFnOnce(UserError)) -> bool {
        self.telemetry.wait(&self.trail, says).await
    }

    /// Called when a turn or a session ended.
    pub(crate) fn ended(&self) -> &Arc<Notify> {
        &self.ended
    }

    /// Live events of a session, from this moment on.
    pub(crate) fn follow(&self, session: &SessionId) -> broadcast::Receiver<Arc<SessionEvent>> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|_, sender| sender.receiver_count() > 0);
        live.entry(session.clone())
            .or_insert_with(|| broadcast::channel(WINDOW).0)
            .subscribe()
    }

    /// Ends the live side of a session that was deleted.
    pub(crate) fn end(&self, session: &SessionId) {
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(session);
        self.take_words(session);
        self.telemetry.forget(session);
    }

    /// The pieces of a session that are not folded yet; they are not kept any further.
    fn take_words(&self, session: &SessionId) -> Option<Unfolded> {
        let mut deltas = self.deltas.lock().unwrap_or_else(PoisonError::into_inner);
        deltas.remove(session)
    }

    /// How many messages are being said, and tools write.
    #[cfg(test)]
    pub(crate) fn unfolded(&self) -> usize {
        self.deltas.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn tell(&self, session: &SessionId, events: &[SessionEvent]) {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = live.get(session) else { return };
        for event in events {
            // Nobody listening is no fault: the log has the event.
            drop(sender.send(Arc::new(event.clone())));
        }
    }

    /// Appends, with other changes in the same transaction. `by` is who did what the events do not say it of themselves.
    pub(crate) async fn append_with(
        &self,
        session: &SessionId,
        events: Vec<EventBody>,
        mut others: Vec<Change>,
        durability: Durability,
        by: Actor,
    ) -> Result<Vec<SessionEvent>, UserError> {
        let (id, at) = (uuid_of(session)?, now());
        let mut changes = Vec::with_capacity(events.len() + others.len());
        for body in &events {
            let payload = serde_json::to_vec(body).map_err(internal)?;
            changes.push(Change::Append(NewEvent {
                at,
                schema: u32::from(EVENT_VERSION),
                payload,
            }));
            changes.extend(self.beside(id, body, at, by)?);
        }
        changes.append(&mut others);
        let durability = match durability {
            Durability::Written => deskhand_storage::Durability::Written,
            Durability::Flushed => deskhand_storage::Durability::Flushed,
        };
        let seqs = self
            .store
            .write(id, changes, durability)
            .await
            .map_err(|error| told(&error))?;
        let events: Vec<SessionEvent> = seqs
            .into_iter()
            .zip(events)
            .map(|(seq, body)| SessionEvent {
                seq,
                first_seq: None,
                at,
                version: EVENT_VERSION,
                body,
            })
            .collect();
        self.tell(session, &events);
        self.telemetry.observe(self, session, &events).await;
        self.fold(session, &events).await;
        if events
            .iter()
            .any(|event| matches!(event.body, EventBody::TurnEnded { .. }))
        {
            self.ended.notify_one();
        }
        Ok(events)
    }

    /// Remembers pieces and folds them into what they are of once that is whole; those of one that never is are forgotten. A
    /// fold that fails only leaves the log longer.
    async fn fold(&self, session: &SessionId, events: &[SessionEvent]) {
        for event in events {
            match &event.body {
                EventBody::TextDelta { message, .. } => {
                    self.piece(session, Whole::Message(message.clone()), event.seq);
                }
                EventBody::ToolCallOutput { call, .. } => {
                    self.piece(session, Whole::Call(call.clone()), event.seq);
                }
                EventBody::MessageCompleted { message, .. } => {
                    self.whole(session, &Whole::Message(message.clone()), event).await;
                }
                EventBody::ToolCallCompleted { call, .. } => {
                    self.whole(session, &Whole::Call(call.clone()), event).await;
                }
                EventBody::TurnEnded { .. } => drop(self.take_words(session)),
                _ => {}
            }
        }
    }

    fn piece(&self, session: &SessionId, of: Whole, seq: u64) {
        let mut deltas = self.deltas.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |of| Unfolded { of, seqs: Vec::new() };
        let known = deltas.entry(session.clone()).or_insert_with(|| fresh(of.clone()));
        if known.of != of {
            *known = fresh(of);
        }
        known.seqs.push(seq);
    }

    async fn whole(&self, session: &SessionId, of: &Whole, event: &SessionEvent) {
        let known = self.take_words(session);
        if let Some(known) = known.filter(|known| known.of == *of) {
            self.fold_into(session, event, known.seqs).await;
        }
    }

    async fn fold_into(&self, session: &SessionId, whole: &SessionEvent, mut seqs: Vec<u64>) {
        seqs.push(whole.seq);
        let (Ok(id), Ok(payload)) = (uuid_of(session), serde_json::to_vec(&whole.body)) else {
            return;
        };
        let event = NewEvent {
            at: whole.at,
            schema: u32::from(whole.version),
            payload,
        };
        let change = vec![Change::Fold { seqs, event }];
        let folded = self
            .store
            .write(id, change, deskhand_storage::Durability::Written)
            .await;
        if let Err(error) = folded {
            tracing::warn!(%error, "deltas were not folded");
        }
    }
}

impl EventLog for Log {
    fn append<'a>(
        &'a self,
        session: &'a SessionId,
        events: Vec<EventBody>,
        durability: Durability,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>> {
        Box::pin(self.append_with(session, events, Vec::new(), durability, Actor::Agent))
    }

    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>> {
        Box::pin(async move {
            let id = uuid_of(session)?;
            let mut events: Vec<SessionEvent> = Vec::new();
            let mut after = after;
            while events.len() < limit {
                let page = self
                    .store
                    .read(id, after, limit - events.len())
                    .await
                    .map_err(|error| told(&error))?;
                let Some(last) = page.last() else { break };
                after = last.seq;
                for event in page {
                    events.push(event_of(&event)?);
                }
            }
            Ok(events)
        })
    }
}

fn event_of(event: &deskhand_storage::Event) -> Result<SessionEvent, UserError> {
    let body = serde_json::from_slice(&event.payload)
        .map_err(|error| UserError::new(ErrorCode::DatabaseNewer).detail(error))?;
    Ok(SessionEvent {
        seq: event.seq,
        first_seq: (event.first_seq < event.seq).then_some(event.first_seq),
        at: event.at,
        version: u16::try_from(event.schema).unwrap_or(u16::MAX),
        body,
    })
}

impl Log {
    /// Approvals and audit records that belong to an event.
    fn beside(
        &self,
        session: Uuid,
        body: &EventBody,
        at: Timestamp,
        by: Actor,
    ) -> Result<Vec<Change>, UserError> {
        let mut changes = Vec::new();
        let uuid = |text: &str| Uuid::parse_str(text).ok();
        match body {
            EventBody::PermissionRequested { request } => {
                if let (Some(id), Ok(request)) = (uuid(request.id.as_str()), serde_json::to_vec(request)) {
                    changes.push(Change::OpenApproval { id, at, request });
                }
            }
            EventBody::PermissionSettled {
                permission,
                choice,
                by,
                ..
            } => {
                if let (Some(id), Ok(record)) = (uuid(permission.as_str()), serde_json::to_vec(&(choice, by)))
                {
                    changes.push(Change::SettleApproval {
                        id,
                        answer: ApprovalAnswer { at, record },
                    });
                }
            }
            _ => {}
        }
        for (by, what, content) in all_of_event(body, by) {
            let record = self.trail.record(at, by, Some(session), what, content);
            changes.push(Change::Audit(record.map_err(internal)?));
        }
        Ok(changes)
    }
}

impl Journal for Log {
    fn room(&self) -> BoxFuture<'_, Result<(), UserError>> {
        Box::pin(async {
            let held = self.store.journal_bytes().await;
            let held = held.map_err(|error| told(&error))?;
            if held < self.journal_limit {
                return Ok(());
            }
            let sentence = format!(
                "The journal holds {} MB, and {} MB are its limit.",
                held >> 20,
                self.journal_limit >> 20
            );
            Err(UserError::new(ErrorCode::JournalFull).happened(sentence))
        })
    }

    fn put<'a>(
        &'a self,
        session: &'a SessionId,
        key: &'a str,
        value: Vec<u8>,
        settled: Settled,
    ) -> BoxFuture<'a, Result<(), UserError>> {
        Box::pin(async move {
            let entry = Change::PutJournal {
                key: key.to_owned(),
                open: settled == Settled::Open,
                value,
            };
            let written = self
                .store
                .write(
                    uuid_of(session)?,
                    vec![entry],
                    deskhand_storage::Durability::Flushed,
                )
                .await;
            written.map(drop).map_err(|error| told(&error))
        })
    }

    fn get<'a>(
        &'a self,
        session: &'a SessionId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
        Box::pin(async move {
            let found = self.store.journal(uuid_of(session)?, key.to_owned()).await;
            found.map_err(|error| told(&error))
        })
    }

    fn put_blob<'a>(
        &'a self,
        session: &'a SessionId,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<BlobId, UserError>> {
        Box::pin(async move {
            let id = BlobId(BlobHash::of(&content).to_string());
            let flushed = deskhand_storage::Durability::Flushed;
            let put = vec![Change::PutBlob(content)];
            let written = self.store.write(uuid_of(session)?, put, flushed).await;
            written.map(|_| id).map_err(|error| told(&error))
        })
    }

    fn blob<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a BlobId,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>> {
        Box::pin(async move {
            let Some(hash) = BlobHash::parse(&id.0) else {
                return Ok(None);
            };
            let found = self.store.blob(uuid_of(session)?, hash).await;
            found.map_err(|error| told(&error))
        })
    }

    fn keys<'a>(
        &'a self,
        session: &'a SessionId,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, UserError>> {
        Box::pin(async move {
            let found = self
                .store
                .journal_keys(uuid_of(session)?, prefix.to_owned())
                .await;
            found.map_err(|error| told(&error))
        })
    }
}

/// The store's form of a session's id.
pub(crate) fn uuid_of(session: &SessionId) -> Result<Uuid, UserError> {
    Uuid::parse_str(session.as_str()).map_err(|_| UserError::new(ErrorCode::SessionNotFound))
}

/// A failure that is ours.
pub(crate) fn internal(error: impl std::fmt::Display) -> UserError {
    UserError::new(ErrorCode::Internal).detail(error)
}

/// A failure of the store for a person.
pub(crate) fn told(error: &StorageError) -> UserError {
    let code = match error {
        StorageError::NoSession(_) => ErrorCode::SessionNotFound,
        other => match other.code() {
            "DB_LOCKED" => ErrorCode::DatabaseLocked,
            "DB_CORRUPT" => ErrorCode::DatabaseCorrupt,
            "DB_NEWER" => ErrorCode::DatabaseNewer,
            "DB_WRONG_KEY" => ErrorCode::DatabaseWrongKey,
            "DB_DISK_FULL" => ErrorCode::DiskFull,
            "TOO_LARGE" => ErrorCode::TooLarge,
            _ => ErrorCode::Internal,
        },
    };
    UserError::new(code).detail(error)
}
