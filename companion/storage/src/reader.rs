//! Reads the audit of a database that another process may have open: for checking and exporting it without the service,
//! which then has no say in what is found. Changes nothing.

use std::path::Path;

use rusqlite::OptionalExtension as _;
use uuid::Uuid;

use crate::connection::Readers;
use crate::error::{Result, StorageError};
use crate::files::Files;
use crate::keys::KeyRing;
use crate::migrate::{self, MIGRATIONS};
use crate::seal::MasterKey;
use crate::tables::audit::{self, AuditAnchor, AuditRecord, AuditVerdict};

/// The audit of one database.
#[derive(Debug)]
pub struct AuditReader {
    readers: Readers,
    ring: KeyRing,
}

impl AuditReader {
    /// Opens the database of a deployment; none where there is no database. One of an older schema is refused: it has to
    /// be migrated by whoever works with it.
    pub fn open(folder: &Path, deployment: Option<Uuid>, master: MasterKey) -> Result<Option<Self>> {
        let files = Files::new(folder, deployment);
        if !files.database.is_file() {
            return Ok(None);
        }
        let readers = Readers::new(files.database.clone());
        let ring = readers.with(|connection| {
            migrate::check(connection, &files, MIGRATIONS)?;
            KeyRing::open_known(connection, master)
        })?;
        Ok(Some(Self { readers, ring }))
    }

    /// Checks the whole chain, and compares it with anchors that were kept elsewhere.
    pub fn verify(&self, anchors: Vec<AuditAnchor>) -> Result<AuditVerdict> {
        self.readers
            .with(|connection| audit::verify(connection, &self.ring, anchors))
    }

    /// The records after a number, in order, at most `limit`.
    pub fn records(&self, after: u64, limit: usize) -> Result<Vec<AuditRecord>> {
        self.readers
            .with(|connection| audit::read(connection, &self.ring, after, limit))
    }

    /// The number of the last record; 0 where there is none.
    pub fn last(&self) -> Result<u64> {
        self.readers.with(|connection| {
            let last: Option<i64> =
                connection.query_row("SELECT max(number) FROM audit", [], |row| row.get(0))?;
            Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0))
        })
    }

    /// The content of a record, where it was kept and its session is there still.
    pub fn content(&self, number: u64) -> Result<Option<Vec<u8>>> {
        self.readers
            .with(|connection| audit::kept(connection, &self.ring, number))
    }

    /// True where this is the content that a record speaks of; none where the record speaks of none, or its session was
    /// deleted and its key with it.
    pub fn is_content(&self, record: &AuditRecord, content: &[u8]) -> Result<Option<bool>> {
        let Some(mark) = &record.content else {
            return Ok(None);
        };
        self.readers
            .with(|connection| audit::is_content(connection, &self.ring, mark, content))
    }

    /// The number of the first record that was written at a time (Unix milliseconds) or later.
    pub fn since(&self, at: i64) -> Result<Option<u64>> {
        self.readers.with(|connection| {
            let first = "SELECT number FROM audit WHERE at >= ?1 ORDER BY number LIMIT 1";
            let found = connection.query_row(first, [at], |row| row.get(0));
            found.optional().map_err(StorageError::from)
        })
    }
}
