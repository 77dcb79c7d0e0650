//! The table `pane_tokens`: which paired panes may connect. A token is a random secret of at least 16 bytes, so its
//! plain SHA-256 is enough to find it by and not enough to make it from.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::error::Result;
use crate::seal::sha256;

/// What is known of a pane's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaneToken {
    /// Names the token where it is listed and revoked.
    pub id: Uuid,
    /// The kind of front end it is bound to.
    pub kind: String,
    /// When it was given out, in Unix milliseconds.
    pub created_at: i64,
    /// When it was last used, in Unix milliseconds.
    pub used_at: Option<i64>,
}

pub(crate) fn put(connection: &Connection, secret: &[u8], token: &PaneToken) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO pane_tokens (hash, id, kind, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![sha256(secret), token.id, token.kind, token.created_at])?;
    Ok(())
}

pub(crate) fn mark_used(connection: &Connection, id: Uuid, at: i64) -> Result<()> {
    connection
        .prepare_cached("UPDATE pane_tokens SET used_at = ?2 WHERE id = ?1")?
        .execute(params![id, at])?;
    Ok(())
}

pub(crate) fn revoke(connection: &Connection, id: Uuid) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM pane_tokens WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

const COLUMNS: &str = "SELECT id, kind, created_at, used_at FROM pane_tokens";

pub(crate) fn find(connection: &Connection, secret: &[u8]) -> Result<Option<PaneToken>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE hash = ?1"))?;
    Ok(statement.query_row([sha256(secret)], token).optional()?)
}

pub(crate) fn list(connection: &Connection) -> Result<Vec<PaneToken>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} ORDER BY created_at, id"))?;
    let rows = statement.query_map([], token)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn token(row: &Row<'_>) -> rusqlite::Result<PaneToken> {
    Ok(PaneToken {
        id: row.get(0)?,
        kind: row.get(1)?,
        created_at: row.get(2)?,
        used_at: row.get(3)?,
    })
}
