//! The tables `change_sets` and `pre_images`: what a session changed, and what was there before (Invariant 6).

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::{BlobHash, Place};
use crate::tables::{blobs, sessions};

/// How far a change set has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSetState {
    /// Its pre-images are safe; whether it was carried out is not known. What is found so after a restart has to be
    /// read back and classified.
    Pending,
    /// Every operation took effect.
    Applied,
    /// No operation took effect.
    NotApplied,
    /// Some operations took effect.
    PartlyApplied,
    /// It was taken back.
    Undone,
}

impl ChangeSetState {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::Pending, "pending"),
        (Self::Applied, "applied"),
        (Self::NotApplied, "notApplied"),
        (Self::PartlyApplied, "partlyApplied"),
        (Self::Undone, "undone"),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::NotApplied => "notApplied",
            Self::PartlyApplied => "partlyApplied",
            Self::Undone => "undone",
        }
    }
}

impl ToSql for ChangeSetState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.name().to_sql()
    }
}

impl FromSql for ChangeSetState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        let found = Self::NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(state, _)| *state).ok_or(FromSqlError::InvalidType)
    }
}

/// A change set of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its id.
    pub id: Uuid,
    /// The session that made it.
    pub session: Uuid,
    /// When it was made, in Unix milliseconds.
    pub created_at: i64,
    /// How far it has come.
    pub state: ChangeSetState,
    /// Preview, operations and answers, as the caller wrote them.
    pub record: Vec<u8>,
}

/// What was in one place before a change set touched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreImage {
    /// The change set it belongs to.
    pub change_set: Uuid,
    /// Its order inside the change set, from 0.
    pub position: u32,
    /// Which place it is and how to put it back, as the caller wrote it.
    pub record: Vec<u8>,
    /// The blob that holds the content, where it is large. Reading leaves it empty: the record names it.
    pub blob: Option<BlobHash>,
}

/// Stores a change set, or replaces state and record of the one with this id.
pub(crate) fn put(connection: &Connection, ring: &KeyRing, set: &ChangeSet) -> Result<()> {
    let number = sessions::number(connection, set.session)?;
    let sealed = ring.session(connection, set.session)?.seal(
        &Place::ChangeSet {
            session: set.session,
            id: set.id,
        },
        &set.record,
    )?;
    let stored = connection
        .prepare_cached(
            "INSERT INTO change_sets (id, session, created_at, state, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, sealed = excluded.sealed
             WHERE session = excluded.session",
        )?
        .execute(params![set.id, number, set.created_at, set.state, sealed])?;
    if stored == 1 {
        Ok(())
    } else {
        Err(StorageError::NoRecord("change set"))
    }
}

/// Stores a pre-image. One that is there stays: the first is what was there before.
pub(crate) fn put_pre_image(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    image: &PreImage,
) -> Result<()> {
    let number = sessions::number(connection, session)?;
    let known = connection
        .prepare_cached("SELECT 1 FROM change_sets WHERE id = ?1 AND session = ?2")?
        .exists(params![image.change_set, number])?;
    if !known {
        return Err(StorageError::NoRecord("change set"));
    }
    let blob = match &image.blob {
        Some(hash) => {
            let found = blobs::find(connection, ring, session, hash)?;
            Some(found.ok_or(StorageError::NoRecord("blob"))?.0)
        }
        None => None,
    };
    let place = Place::PreImage {
        change_set: image.change_set,
        position: image.position,
    };
    let sealed = ring.session(connection, session)?.seal(&place, &image.record)?;
    connection
        .prepare_cached(
            "INSERT INTO pre_images (change_set, position, blob, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![image.change_set, image.position, blob, sealed])?;
    Ok(())
}

/// The change sets of a session, oldest first.
pub(crate) fn list(connection: &Connection, ring: &KeyRing, session: Uuid) -> Result<Vec<ChangeSet>> {
    let number = sessions::number(connection, session)?;
    let key = ring.session(connection, session)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, created_at, state, sealed FROM change_sets WHERE session = ?1 ORDER BY created_at, id",
    )?;
    let mut rows = statement.query([number])?;
    let mut sets = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let sealed: Vec<u8> = row.get(3)?;
        let record = key.open(&Place::ChangeSet { session, id }, &sealed)?;
        sets.push(ChangeSet {
            id,
            session,
            created_at: row.get(1)?,
            state: row.get(2)?,
            record,
        });
    }
    Ok(sets)
}

/// One change set of a session, where there is one.
pub(crate) fn find(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    id: Uuid,
) -> Result<Option<ChangeSet>> {
    let number = sessions::number(connection, session)?;
    let found: Option<(i64, ChangeSetState, Vec<u8>)> = connection
        .prepare_cached("SELECT created_at, state, sealed FROM change_sets WHERE session = ?1 AND id = ?2")?
        .query_row(params![number, id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((created_at, state, sealed)) = found else {
        return Ok(None);
    };
    let record = ring
        .session(connection, session)?
        .open(&Place::ChangeSet { session, id }, &sealed)?;
    Ok(Some(ChangeSet {
        id,
        session,
        created_at,
        state,
        record,
    }))
}

/// Sessions and change sets that a restart found pending.
pub(crate) fn pending(connection: &Connection) -> Result<Vec<(Uuid, Uuid)>> {
    let mut statement = connection.prepare_cached(
        "SELECT sessions.id, change_sets.id FROM change_sets JOIN sessions ON sessions.number = change_sets.session
         WHERE state = 'pending' ORDER BY change_sets.created_at, change_sets.id",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The pre-images of a change set, in their order.
pub(crate) fn pre_images(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    change_set: Uuid,
) -> Result<Vec<PreImage>> {
    let key = ring.session(connection, session)?;
    let mut statement = connection
        .prepare_cached("SELECT position, sealed FROM pre_images WHERE change_set = ?1 ORDER BY position")?;
    let mut rows = statement.query([change_set])?;
    let mut images = Vec::new();
    while let Some(row) = rows.next()? {
        let position = row.get(0)?;
        let sealed: Vec<u8> = row.get(1)?;
        let record = key.open(&Place::PreImage { change_set, position }, &sealed)?;
        images.push(PreImage {
            change_set,
            position,
            record,
            blob: None,
        });
    }
    Ok(images)
}
