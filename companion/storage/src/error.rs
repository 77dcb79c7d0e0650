//! What can go wrong in the store, one variant per cause a caller can act on. Knows no wording for users: that is
//! keyed by [`StorageError::code`] elsewhere.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use uuid::Uuid;

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, StorageError>;

/// Why the store could not do what it was asked. Cloneable, because one failed commit answers a whole batch.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Another process holds the database, or held it longer than the store waits. Try again once it has ended.
    #[error("another process holds the database `{path}`")]
    Locked {
        /// The database file.
        path: PathBuf,
    },
    /// The file is no database of ours, or its pages contradict each other. Restore a backup.
    #[error("the database is damaged")]
    Corrupt(#[source] Arc<rusqlite::Error>),
    /// The file belongs to another program.
    #[error("the database `{path}` is not one of this program")]
    Foreign {
        /// The database file.
        path: PathBuf,
    },
    /// A later version of the program has migrated the database. Use that version, or restore the backup it made.
    #[error("the database has schema {found}, this version knows up to {known}")]
    Newer {
        /// Schema number found in the file.
        found: u32,
        /// Highest schema number this version knows.
        known: u32,
    },
    /// The database is of an earlier version and was not migrated yet. Start the service once.
    #[error("the database has schema {found}, it has to be migrated to {known} first")]
    Older {
        /// Schema number found in the file.
        found: u32,
        /// The schema number of this version.
        known: u32,
    },
    /// The disk, or the size the database may have, is used up. Nothing of the refused write was kept.
    #[error("there is no room left to write")]
    DiskFull,
    /// The master key is not the one this database was made with.
    #[error("the master key does not open this database")]
    WrongKey,
    /// A sealed record does not open at the place where it was found: it was altered or moved.
    #[error("a sealed record was altered: {place}")]
    Altered {
        /// Which record, without its content.
        place: String,
    },
    /// No session has this id (or it was deleted).
    #[error("no session `{0}`")]
    NoSession(Uuid),
    /// A session with this id exists.
    #[error("session `{0}` exists")]
    SessionExists(Uuid),
    /// The record that a change names does not exist in this session.
    #[error("no such {0}")]
    NoRecord(&'static str),
    /// Somebody else has answered this approval.
    #[error("approval `{0}` was answered before")]
    AlreadySettled(Uuid),
    /// The numbers to fold are not ascending, or one of them is no event of the session.
    #[error("the events to fold do not exist")]
    BadFold,
    /// A cursor lies beyond the log: whoever holds it saw another one. Read from 0 again.
    #[error("the cursor {after} is beyond the last event {last}")]
    CursorAhead {
        /// The cursor.
        after: u64,
        /// The last number of the session.
        last: u64,
    },
    /// The session is deleted, but its wrapped key is still somewhere in a file of the database.
    #[error("a trace of the key of session `{0}` is left in the database")]
    NotErased(Uuid),
    /// A payload is above its cap.
    #[error("{what} of {size} bytes is above the cap of {cap}")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The cap in bytes.
        cap: usize,
    },
    /// The store is closing or its writer has ended.
    #[error("the store is closed")]
    Closed,
    /// A file operation outside the database failed.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        cause: Arc<std::io::Error>,
    },
    /// SQLite reported something that has no cause of its own above.
    #[error("the database reported an error")]
    Database(#[source] Arc<rusqlite::Error>),
}

impl StorageError {
    /// The stable code under which users and scripts know this cause.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "DB_LOCKED",
            Self::Corrupt(_) | Self::Foreign { .. } | Self::Altered { .. } => "DB_CORRUPT",
            Self::Newer { .. } => "DB_NEWER",
            Self::Older { .. } => "DB_OLDER",
            Self::DiskFull => "DB_DISK_FULL",
            Self::WrongKey => "DB_WRONG_KEY",
            Self::NoSession(_) => "SESSION_UNKNOWN",
            Self::NotErased(_) => "NOT_ERASED",
            Self::SessionExists(_) => "SESSION_EXISTS",
            Self::NoRecord(_) => "RECORD_UNKNOWN",
            Self::AlreadySettled(_) => "APPROVAL_SETTLED",
            Self::CursorAhead { .. } => "CURSOR_AHEAD",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::BadFold | Self::Closed | Self::Io { .. } | Self::Database(_) => "DB_FAILED",
        }
    }

    /// An error of the file system while `doing` something; a full disk keeps its own cause.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |cause| match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io {
                doing,
                cause: Arc::new(cause),
            },
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        let cause = Arc::new(error);
        match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked { path: PathBuf::new() }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(cause),
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Database(cause),
        }
    }
}
