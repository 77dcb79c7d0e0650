//! Everything that can change in the store, as one closed list. A job is a list of changes that happens as a whole or
//! not at all; a new kind of change is a new variant here and one line in [`apply`].

use rusqlite::Connection;
use uuid::Uuid;

use crate::error::Result;
use crate::keys::KeyRing;
use crate::tables::approvals::{self, ApprovalAnswer};
use crate::tables::audit::{self, NewAuditRecord, Point};
use crate::tables::events::{self, Event, NewEvent};
use crate::tables::tokens::{self, PaneToken};
use crate::tables::{blobs, journal, sessions, settings};

/// When a job is answered (Invariant 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After it is on the disk itself: a power cut does not take it. Prompts, approvals, tool calls, change sets.
    Flushed,
    /// After it is committed: a crash of the process does not take it. Text deltas.
    Written,
}

/// One change of a session.
#[derive(Clone, Debug)]
pub enum Change {
    /// Makes the session, with a key of its own.
    Create {
        /// Unix milliseconds.
        at: i64,
        /// Title and the like, opaque to the store.
        meta: Vec<u8>,
    },
    /// Replaces the session's meta.
    SetMeta {
        /// Unix milliseconds.
        at: i64,
        /// Title and the like, opaque to the store.
        meta: Vec<u8>,
    },
    /// Adds an event under the next number.
    Append(NewEvent),
    /// Replaces the events with these numbers, in ascending order, by one.
    Fold {
        /// The numbers; those between them that are not named stay.
        seqs: Vec<u64>,
        /// What takes their place.
        event: NewEvent,
    },
    /// Stores content under its hash.
    PutBlob(Vec<u8>),
    /// Writes or replaces an entry of the journal.
    PutJournal {
        /// Its key, unique in the session. Holds ids, never content: it is not sealed.
        key: String,
        /// True until it is known what came of it.
        open: bool,
        /// The pre-image or intent.
        value: Vec<u8>,
    },
    /// Stores a request for approval.
    OpenApproval {
        /// The approval's id.
        id: Uuid,
        /// Unix milliseconds.
        at: i64,
        /// What is asked, opaque to the store.
        request: Vec<u8>,
    },
    /// Stores the answer. Fails, and the job with it, when there is one.
    SettleApproval {
        /// The approval's id.
        id: Uuid,
        /// The answer.
        answer: ApprovalAnswer,
    },
    /// Adds a record to the audit chain. Its content belongs to the session.
    Audit(NewAuditRecord),
    /// Deletes the session: its key is destroyed, its rows are overwritten.
    Delete,
}

/// One change of what belongs to no session.
#[derive(Clone, Debug)]
pub enum StoreChange {
    /// Adds a record to the audit chain.
    Audit(NewAuditRecord),
    /// Drops the audit records up to a number. Fails for the newest: the chain never becomes empty.
    DropAudit {
        /// The last of them, as `Store::audit_before` said it.
        through: u64,
    },
    /// Sets a setting, or removes it.
    PutSetting {
        /// Its name.
        name: String,
        /// Its value.
        value: Option<Vec<u8>>,
    },
    /// Keeps the hash of a pane's token.
    PutToken(PaneToken),
    /// Forgets a token.
    RevokeToken {
        /// The token's id.
        id: String,
    },
}

/// The changes of one job.
#[derive(Debug)]
pub(crate) enum Changes {
    Session(Uuid, Vec<Change>),
    Store(Vec<StoreChange>),
}

/// What a job did, for its answer and for those who follow.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) appended: Vec<Event>,
    pub(crate) folded: Vec<Event>,
    pub(crate) deleted: Option<Uuid>,
    /// Bytes that came in, to judge when a checkpoint is due.
    pub(crate) bytes: usize,
    /// The end of the audit chain, once the job added to it.
    head: Option<Point>,
    /// Sealed keys that were destroyed.
    pub(crate) erased: Vec<Vec<u8>>,
}

impl Effects {
    fn audit(
        &mut self,
        connection: &Connection,
        ring: &KeyRing,
        session: Option<Uuid>,
        record: NewAuditRecord,
    ) -> Result<()> {
        let mut head = match self.head {
            Some(head) => head,
            None => audit::head(connection, ring)?,
        };
        self.bytes += record.record.len();
        audit::append(connection, ring, &mut head, session, record)?;
        self.head = Some(head);
        Ok(())
    }
}

/// Carries out the changes of one job inside the caller's transaction.
pub(crate) fn apply(connection: &Connection, ring: &KeyRing, changes: Changes) -> Result<Effects> {
    let mut effects = Effects::default();
    match changes {
        Changes::Session(session, changes) => {
            for change in changes {
                apply_one(connection, ring, session, change, &mut effects)?;
            }
        }
        Changes::Store(changes) => {
            for change in changes {
                apply_to_store(connection, ring, change, &mut effects)?;
            }
        }
    }
    if let Some(head) = effects.head.take() {
        head.keep(connection, ring)?;
    }
    Ok(effects)
}

fn apply_one(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    change: Change,
    effects: &mut Effects,
) -> Result<()> {
    match change {
        Change::Create { at, meta } => sessions::create(connection, ring, session, at, &meta),
        Change::SetMeta { at, meta } => sessions::set_meta(connection, ring, session, at, &meta),
        Change::Append(event) => {
            effects.bytes += event.payload.len();
            effects
                .appended
                .push(events::append(connection, ring, session, event)?);
            Ok(())
        }
        Change::Fold { seqs, event } => {
            effects.bytes += event.payload.len();
            effects
                .folded
                .push(events::fold(connection, ring, session, &seqs, event)?);
            Ok(())
        }
        Change::PutBlob(content) => {
            effects.bytes += content.len();
            blobs::put(connection, ring, session, &content)
        }
        Change::PutJournal { key, open, value } => {
            effects.bytes += value.len();
            journal::put(connection, ring, session, &key, open, &value)
        }
        Change::OpenApproval { id, at, request } => {
            approvals::open(connection, ring, session, id, at, &request)
        }
        Change::SettleApproval { id, answer } => approvals::settle(connection, ring, session, id, &answer),
        Change::Audit(record) => effects.audit(connection, ring, Some(session), record),
        Change::Delete => {
            effects.erased.push(sessions::delete(connection, ring, session)?);
            effects.deleted = Some(session);
            Ok(())
        }
    }
}

fn apply_to_store(
    connection: &Connection,
    ring: &KeyRing,
    change: StoreChange,
    effects: &mut Effects,
) -> Result<()> {
    match change {
        StoreChange::Audit(record) => effects.audit(connection, ring, None, record),
        StoreChange::DropAudit { through } => audit::drop_through(connection, ring, through),
        StoreChange::PutSetting { name, value } => settings::put(connection, ring, &name, value.as_deref()),
        StoreChange::PutToken(token) => tokens::put(connection, ring, &token),
        StoreChange::RevokeToken { id } => tokens::revoke(connection, &id),
    }
}
