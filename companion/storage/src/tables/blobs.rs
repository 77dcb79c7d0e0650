//! The tables `blobs` and `blob_chunks`: content by hash, stored once a session, sealed in chunks so that neither
//! order nor length of the chunks can be changed unseen.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::{BlobHash, Place};
use crate::tables::sessions;

/// The largest blob, in bytes.
pub const MAX_BLOB: usize = 512 << 20;
/// Bytes of content in one chunk.
const CHUNK: usize = 1 << 20;

/// Stores `content` in a session unless it is there.
pub(crate) fn put(connection: &Connection, ring: &KeyRing, session: Uuid, content: &[u8]) -> Result<()> {
    if content.len() > MAX_BLOB {
        return Err(StorageError::TooLarge {
            what: "a blob",
            size: content.len(),
            cap: MAX_BLOB,
        });
    }
    let key = ring.session(connection, session)?;
    let number = sessions::number(connection, session)?;
    let (hash, size) = (BlobHash::of(content), content.len() as u64);
    let added = connection
        .prepare_cached(
            "INSERT INTO blobs (session, locator, size) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![number, key.locate(&hash), size])?;
    if added == 0 {
        return Ok(());
    }
    let blob = connection.last_insert_rowid();
    let mut insert =
        connection.prepare_cached("INSERT INTO blob_chunks (blob, position, sealed) VALUES (?1, ?2, ?3)")?;
    for (position, chunk) in (0_u64..).zip(content.chunks(CHUNK)) {
        let sealed = key.seal(
            &Place::Blob {
                session,
                hash,
                position,
                size,
            },
            chunk,
        )?;
        insert.execute(params![blob, position, sealed])?;
    }
    Ok(())
}

/// The row number of a blob, where the session has it.
pub(crate) fn find(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    hash: &BlobHash,
) -> Result<Option<(i64, u64)>> {
    let locator = ring.session(connection, session)?.locate(hash);
    let number = sessions::number(connection, session)?;
    Ok(connection
        .prepare_cached("SELECT number, size FROM blobs WHERE session = ?1 AND locator = ?2")?
        .query_row(params![number, locator], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The content behind a hash.
pub(crate) fn content(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    hash: BlobHash,
) -> Result<Option<Vec<u8>>> {
    let Some((blob, size)) = find(connection, ring, session, &hash)? else {
        return Ok(None);
    };
    let key = ring.session(connection, session)?;
    let mut statement =
        connection.prepare_cached("SELECT sealed FROM blob_chunks WHERE blob = ?1 ORDER BY position")?;
    let mut rows = statement.query([blob])?;
    let mut content = Vec::new();
    let mut position = 0;
    while let Some(row) = rows.next()? {
        let sealed = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        content.extend_from_slice(&key.open(
            &Place::Blob {
                session,
                hash,
                position,
                size,
            },
            sealed,
        )?);
        position += 1;
    }
    if content.len() as u64 == size && BlobHash::of(&content) == hash {
        Ok(Some(content))
    } else {
        Err(StorageError::Altered {
            place: format!("blob {hash}"),
        })
    }
}
