//! Brings a database to the schema of this version: numbered, frozen SQL files, each in its own transaction, with a
//! copy of the database before the first of them. A migration may not use types or code of this crate.

use std::cmp::Ordering;
use std::fs;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Result, StorageError};
use crate::files::Files;

/// Marks the file as ours (`DSKH`), beside SQLite's own mark.
const APPLICATION: i32 = 0x4453_4b48;

/// The migrations, in order; number `n` leads from schema `n - 1` to `n`. A released file is never edited.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_no_change_sets.sql"),
    include_str!("../migrations/0003_audit_trail.sql"),
];

/// Migrates the database behind `connection` and makes a copy first if it holds anything.
pub(crate) fn migrate(connection: &mut Connection, files: &Files, migrations: &[&str]) -> Result<()> {
    let found = claim(connection, files)?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StorageError::Newer { found, known });
    }
    if found > 0 && found < known {
        back_up(connection, files, found)?;
    }
    for (number, sql) in (1_u32..).zip(migrations).filter(|(number, _)| *number > found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {number}"))?;
        transaction.commit()?;
        tracing::info!(schema = number, "database migrated");
    }
    Ok(())
}

/// Refuses a database that is not of this very schema, and changes nothing.
pub(crate) fn check(connection: &Connection, files: &Files, migrations: &[&str]) -> Result<()> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if application != APPLICATION {
        return Err(StorageError::Foreign {
            path: files.database.clone(),
        });
    }
    match found.cmp(&known) {
        Ordering::Less => Err(StorageError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StorageError::Newer { found, known }),
    }
}

/// Refuses a file of another program, and marks an empty one as ours. Returns the schema that was found.
pub(crate) fn claim(connection: &Connection, files: &Files) -> Result<u32> {
    let found: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: u64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, tables, found) {
        (APPLICATION, ..) => {}
        (0, 0, 0) => connection.execute_batch(&format!("PRAGMA application_id = {APPLICATION}"))?,
        _ => {
            return Err(StorageError::Foreign {
                path: files.database.clone(),
            });
        }
    }
    Ok(found)
}

/// Copies the database (what is still in the WAL included) beside itself and flushes the copy.
fn back_up(connection: &Connection, files: &Files, version: u32) -> Result<()> {
    let doing = "backing up the database";
    let copy = files.backup(version);
    let unfinished = copy.with_extension("backup-unfinished");
    for stale in [&unfinished, &copy] {
        match fs::remove_file(stale) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StorageError::io(doing)(error));
            }
            _ => {}
        }
    }
    Files::create_private(&unfinished)?;
    connection.execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])?;
    let file = fs::File::options()
        .write(true)
        .open(&unfinished)
        .map_err(StorageError::io(doing))?;
    file.sync_all().map_err(StorageError::io(doing))?;
    fs::rename(&unfinished, &copy).map_err(StorageError::io(doing))?;
    tracing::info!(schema = version, "database copied before a migration");
    Ok(())
}

#[cfg(test)]
mod tests;
