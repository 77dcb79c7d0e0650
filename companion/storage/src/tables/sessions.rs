//! The table `sessions`: which sessions there are, and the last number each one gave.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::Place;

/// What the store knows of a session beside its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// When it was created, in Unix milliseconds.
    pub created_at: i64,
    /// When its last event came or its meta last changed, in Unix milliseconds.
    pub updated_at: i64,
    /// The highest number it has given; 0 before the first event.
    pub last_seq: u64,
    /// Title and the like, as the caller wrote it.
    pub meta: Vec<u8>,
}

pub(crate) fn create(
    connection: &Connection,
    ring: &KeyRing,
    id: Uuid,
    created_at: i64,
    meta: &[u8],
) -> Result<()> {
    let taken = connection
        .prepare_cached("SELECT 1 FROM sessions WHERE id = ?1")?
        .exists([id])?;
    if taken {
        return Err(StorageError::SessionExists(id));
    }
    ring.create(connection, id)?;
    let sealed = ring.session(connection, id)?.seal(&Place::Meta(id), meta)?;
    connection
        .prepare_cached(
            "INSERT INTO sessions (id, created_at, updated_at, sealed_meta) VALUES (?1, ?2, ?2, ?3)",
        )?
        .execute(params![id, created_at, sealed])?;
    Ok(())
}

pub(crate) fn set_meta(
    connection: &Connection,
    ring: &KeyRing,
    id: Uuid,
    at: i64,
    meta: &[u8],
) -> Result<()> {
    let sealed = ring.session(connection, id)?.seal(&Place::Meta(id), meta)?;
    connection
        .prepare_cached(
            "UPDATE sessions SET sealed_meta = ?2, updated_at = max(updated_at, ?3) WHERE id = ?1",
        )?
        .execute(params![id, sealed, at])?;
    Ok(())
}

/// Deletes a session with all its rows, and destroys its key, which is returned as it was sealed.
pub(crate) fn delete(connection: &Connection, ring: &KeyRing, id: Uuid) -> Result<Vec<u8>> {
    if connection.execute("DELETE FROM sessions WHERE id = ?1", [id])? == 0 {
        return Err(StorageError::NoSession(id));
    }
    ring.destroy(connection, id)
}

/// The row number of a session, by which the other tables refer to it.
pub(crate) fn number(connection: &Connection, id: Uuid) -> Result<i64> {
    connection
        .prepare_cached("SELECT number FROM sessions WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or(StorageError::NoSession(id))
}

/// Takes the next number of a session. Returns the row number and the number taken.
pub(crate) fn next_seq(connection: &Connection, id: Uuid, at: i64) -> Result<(i64, u64)> {
    connection
        .prepare_cached(
            "UPDATE sessions SET last_seq = last_seq + 1, updated_at = max(updated_at, ?2) WHERE id = ?1
             RETURNING number, last_seq",
        )?
        .query_row(params![id, at], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or(StorageError::NoSession(id))
}

const COLUMNS: &str = "SELECT id, created_at, updated_at, last_seq, sealed_meta FROM sessions";

/// The sessions, latest change first, at most `limit`.
pub(crate) fn list(connection: &Connection, ring: &KeyRing, limit: usize) -> Result<Vec<Session>> {
    let mut statement = connection.prepare_cached(&format!(
        "{COLUMNS} ORDER BY updated_at DESC, number DESC LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit as u64], session)?;
    rows.map(|row| opened(connection, ring, row?)).collect()
}

pub(crate) fn find(connection: &Connection, ring: &KeyRing, id: Uuid) -> Result<Session> {
    let found = connection
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_row([id], session)
        .optional()?;
    opened(connection, ring, found.ok_or(StorageError::NoSession(id))?)
}

/// Sessions whose last change is before a time, oldest first.
pub(crate) fn before(connection: &Connection, at: i64) -> Result<Vec<Uuid>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM sessions WHERE updated_at < ?1 ORDER BY updated_at")?;
    let rows = statement.query_map([at], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every session with its last number, in the order of creation.
pub(crate) fn positions(connection: &Connection) -> Result<Vec<(Uuid, u64)>> {
    let mut statement = connection.prepare_cached("SELECT id, last_seq FROM sessions ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: row.get(0)?,
        created_at: row.get(1)?,
        updated_at: row.get(2)?,
        last_seq: row.get(3)?,
        meta: row.get(4)?,
    })
}

fn opened(connection: &Connection, ring: &KeyRing, mut session: Session) -> Result<Session> {
    session.meta = ring
        .session(connection, session.id)?
        .open(&Place::Meta(session.id), &session.meta)?;
    Ok(session)
}
