//! The table `journal`: pre-images and intents of changes by key (Invariant 6). Values are sealed; keys hold ids only.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::Place;
use crate::tables::blobs::MAX_BLOB;
use crate::tables::sessions;

/// Writes or replaces an entry. One that is replaced keeps its place in the order.
pub(crate) fn put(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    key: &str,
    open: bool,
    value: &[u8],
) -> Result<()> {
    if value.len() > MAX_BLOB {
        return Err(StorageError::TooLarge {
            what: "a journal entry",
            size: value.len(),
            cap: MAX_BLOB,
        });
    }
    let number = sessions::number(connection, session)?;
    let sealed = ring
        .session(connection, session)?
        .seal(&Place::Journal { session, key }, value)?;
    connection
        .prepare_cached(
            "INSERT INTO journal (session, key, open, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (session, key) DO UPDATE SET open = excluded.open, sealed = excluded.sealed",
        )?
        .execute(params![number, key, open, sealed])?;
    Ok(())
}

/// The value of an entry, where there is one.
pub(crate) fn find(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    key: &str,
) -> Result<Option<Vec<u8>>> {
    let number = sessions::number(connection, session)?;
    let sealed: Option<Vec<u8>> = connection
        .prepare_cached("SELECT sealed FROM journal WHERE session = ?1 AND key = ?2")?
        .query_row(params![number, key], |row| row.get(0))
        .optional()?;
    let Some(sealed) = sealed else { return Ok(None) };
    ring.session(connection, session)?
        .open(&Place::Journal { session, key }, &sealed)
        .map(Some)
}

/// Keys that begin with `prefix`, in the order of their first writing.
pub(crate) fn keys(connection: &Connection, session: Uuid, prefix: &str) -> Result<Vec<String>> {
    let number = sessions::number(connection, session)?;
    let mut statement = connection.prepare_cached(
        "SELECT key FROM journal WHERE session = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY number",
    )?;
    let rows = statement.query_map(params![number, prefix], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Session and key of every open entry, in the order of first writing.
pub(crate) fn open(connection: &Connection) -> Result<Vec<(Uuid, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT sessions.id, journal.key FROM journal JOIN sessions ON sessions.number = journal.session
         WHERE journal.open = 1 ORDER BY journal.number",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
