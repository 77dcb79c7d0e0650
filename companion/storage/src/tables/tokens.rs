//! The table `pane_tokens`: which paired panes may connect, found by the SHA-256 of their token. The token itself never
//! comes here; it is a random secret, so its plain hash can neither be reversed nor guessed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Result;
use crate::keys::KeyRing;
use crate::seal::Place;

/// What is kept of a pane's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaneToken {
    /// Names the token where it is listed and revoked.
    pub id: String,
    /// The SHA-256 of the token.
    pub hash: [u8; 32],
    /// What it is bound to, as the caller wrote it.
    pub record: Vec<u8>,
}

pub(crate) fn put(connection: &Connection, ring: &KeyRing, token: &PaneToken) -> Result<()> {
    let place = Place::Token {
        id: &token.id,
        hash: &token.hash,
    };
    connection
        .prepare_cached("INSERT INTO pane_tokens (id, hash, sealed) VALUES (?1, ?2, ?3)")?
        .execute(params![
            token.id,
            token.hash,
            ring.store().seal(&place, &token.record)?
        ])?;
    Ok(())
}

pub(crate) fn revoke(connection: &Connection, id: &str) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM pane_tokens WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

const COLUMNS: &str = "SELECT id, hash, sealed FROM pane_tokens";

pub(crate) fn find(connection: &Connection, ring: &KeyRing, hash: [u8; 32]) -> Result<Option<PaneToken>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} WHERE hash = ?1"))?;
    let found = statement.query_row([hash], token).optional()?;
    found.map(|token| opened(ring, token)).transpose()
}

/// Every token that is not revoked, oldest first.
pub(crate) fn list(connection: &Connection, ring: &KeyRing) -> Result<Vec<PaneToken>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} ORDER BY number"))?;
    let rows = statement.query_map([], token)?;
    rows.map(|row| opened(ring, row?)).collect()
}

fn token(row: &Row<'_>) -> rusqlite::Result<PaneToken> {
    Ok(PaneToken {
        id: row.get(0)?,
        hash: row.get(1)?,
        record: row.get(2)?,
    })
}

/// A record that was put under another hash does not open: no token can be lent the rights of another.
fn opened(ring: &KeyRing, mut token: PaneToken) -> Result<PaneToken> {
    let place = Place::Token {
        id: &token.id,
        hash: &token.hash,
    };
    token.record = ring.store().open(&place, &token.record)?;
    Ok(token)
}
