//! The table `settings`: small values of the service itself, by name.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::keys::KeyRing;
use crate::seal::Place;

pub(crate) fn put(connection: &Connection, ring: &KeyRing, name: &str, value: Option<&[u8]>) -> Result<()> {
    let Some(value) = value else {
        connection
            .prepare_cached("DELETE FROM settings WHERE name = ?1")?
            .execute([name])?;
        return Ok(());
    };
    let sealed = ring.store().seal(&Place::Setting(name), value)?;
    connection
        .prepare_cached(
            "INSERT INTO settings (name, sealed) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
        )?
        .execute(params![name, sealed])?;
    Ok(())
}

pub(crate) fn find(connection: &Connection, ring: &KeyRing, name: &str) -> Result<Option<Vec<u8>>> {
    let sealed: Option<Vec<u8>> = connection
        .prepare_cached("SELECT sealed FROM settings WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    sealed
        .map(|sealed| ring.store().open(&Place::Setting(name), &sealed))
        .transpose()
}
