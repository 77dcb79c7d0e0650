//! The session store: numbered, sealed events in SQLite, with what else a session leaves behind (blobs, its
//! journal, approvals), the audit chain, pane tokens and settings.
//!
//! * Invariant 1: every change goes through one writer, is committed before anybody sees it, and flushed before it is
//!   acknowledged where [`Durability::Flushed`] says so. Followers ([`Store::subscribe`]) get events after the commit.
//! * Invariant 11: content is sealed with a key per session. Deleting a session destroys its key.
//!
//! Payloads are bytes here: the store does not know what they say. It takes time and keys as arguments and reads
//! neither clock nor secret store.

mod change;
mod connection;
mod error;
mod export;
mod files;
mod history;
mod keys;
mod migrate;
mod reader;
mod seal;
mod search;
mod store;
mod tables;
mod tail;
mod writer;

pub use change::{Change, Durability, StoreChange};
pub use error::{Result, StorageError};
pub use history::{copy_sessions, has_history};
pub use reader::AuditReader;
pub use seal::{BlobHash, MasterKey};
pub use search::{Found, Hit, TextOf};
pub use store::{OpenOptions, Store};
pub use tables::approvals::{Approval, ApprovalAnswer};
pub use tables::audit::{
    AnchorFault, AnchorVerdict, AuditAnchor, AuditContent, AuditFault, AuditRecord, AuditVerdict,
    ContentMark, Keep, MAX_FAULTS, MAX_KEPT, MAX_RECORD, NewAuditRecord,
};
pub use tables::blobs::MAX_BLOB;
pub use tables::events::{Event, MAX_PAYLOAD, NewEvent};
pub use tables::sessions::Session;
pub use tables::tokens::PaneToken;
pub use tail::Subscription;
