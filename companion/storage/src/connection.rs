//! Connections: the settings each one gets, and the pool of readers. Only the writer's connection may change rows.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::error::{Result, StorageError};

/// How long a statement waits for a lock before it reports `DB_LOCKED`.
const BUSY: Duration = Duration::from_secs(5);
/// Reader connections kept open between reads.
const IDLE_READERS: usize = 2;

/// Opens the connection of the writer.
pub(crate) fn open_writer(path: &Path, max_bytes: Option<u64>) -> Result<Connection> {
    let connection = open(path)?;
    // -1024 KiB of pages, a WAL that shrinks again, deleted rows overwritten, real flushes on macOS too.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;
         PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;",
    )?;
    if let Some(bytes) = max_bytes {
        let page: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        connection.execute_batch(&format!("PRAGMA max_page_count = {}", (bytes / page).max(1)))?;
    }
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(48);
    Ok(connection)
}

/// Connections for reading, opened when needed and kept in small number.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::default(),
        }
    }

    /// Runs `read` on a connection that sees what is committed at its first statement.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = read(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if result.is_ok() && idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        result.map_err(|error| self.name(error))
    }

    /// Puts the path into an error of a lock, where the statement did not know it.
    pub(crate) fn name(&self, error: StorageError) -> StorageError {
        match error {
            StorageError::Locked { .. } => StorageError::Locked {
                path: self.path.clone(),
            },
            other => other,
        }
    }

    /// Closes the idle connections.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn open(&self) -> Result<Connection> {
        let connection = open(&self.path)?;
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY;
             PRAGMA trusted_schema = OFF;",
        )?;
        Ok(connection)
    }
}
