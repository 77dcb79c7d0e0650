//! Writing records: who the user is and how much of contents is kept is said once, here.

use std::sync::Arc;

use deskhand_core::ports::BoxFuture;
use deskhand_storage::{AuditContent, Keep, NewAuditRecord, StorageError, Store, StoreChange};
use uuid::Uuid;

use crate::kinds::What;
use crate::record::{Actor, Record};

/// How much of contents the audit keeps: the policy key `deskhandAuditContent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Length and keyed digest.
    #[default]
    Hashed,
    /// All of it, sealed, for as long as the session is there.
    Full,
}

/// What comes of writing a record.
pub type Written<'a> = BoxFuture<'a, Result<(), StorageError>>;

/// The way to the audit.
#[derive(Clone, Debug)]
pub struct Trail {
    store: Store,
    user: Arc<str>,
    keep: Keep,
}

impl Trail {
    /// Records of this account of the operating system.
    pub fn new(store: Store, user: &str, content: Content) -> Self {
        Self {
            store,
            user: user.into(),
            keep: match content {
                Content::Hashed => Keep::Digest,
                Content::Full => Keep::Whole,
            },
        }
    }

    /// The store that it writes to.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A record to be written together with what it is about. `content` belongs to the session whose change it is.
    pub fn record(
        &self,
        at: i64,
        by: Actor,
        session: Option<Uuid>,
        what: What,
        content: Option<Vec<u8>>,
    ) -> Result<NewAuditRecord, serde_json::Error> {
        let record = Record::new(by, &self.user, session, what);
        Ok(NewAuditRecord {
            at,
            record: record.to_bytes()?,
            content: content.map(|bytes| AuditContent {
                bytes,
                keep: self.keep,
            }),
        })
    }

    /// Writes a record by itself; it is on the disk when this is done.
    pub fn write(&self, at: i64, by: Actor, session: Option<Uuid>, what: What) -> Written<'_> {
        Box::pin(async move {
            match self.record(at, by, session, what, None) {
                Ok(record) => self.store.write_store(vec![StoreChange::Audit(record)]).await,
                Err(error) => {
                    // A table of plain fields has nothing that JSON cannot say.
                    tracing::error!(%error, "an audit record could not be put into words");
                    Ok(())
                }
            }
        })
    }
}
