//! The two ends of the chain: the head (its last record) and the checkpoint (the record before its first), each sealed
//! with the store's key.

use rusqlite::{Connection, OptionalExtension};

use super::content;
use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::tables::settings;

/// The settings that hold them.
const HEAD: &str = "audit.head";
const CHECKPOINT: &str = "audit.checkpoint";

/// What a record is linked to where the head is lost: no link of ours, so that the loss stays in the chain for good.
const LOST: [u8; 32] = [0xff; 32];

/// A place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// The number of a record; 0 before the first.
    pub(crate) number: u64,
    /// Its link.
    pub(crate) link: [u8; 32],
}

impl Point {
    /// Before the first record.
    pub(super) const START: Self = Self {
        number: 0,
        link: [0; 32],
    };

    fn put(self, connection: &Connection, ring: &KeyRing, name: &str) -> Result<()> {
        let value = [self.number.to_be_bytes().as_slice(), &self.link].concat();
        settings::put(connection, ring, name, Some(&value))
    }

    fn find(connection: &Connection, ring: &KeyRing, name: &str) -> Result<Option<Self>> {
        let Some(value) = settings::find(connection, ring, name)? else {
            return Ok(None);
        };
        let altered = || StorageError::Altered {
            place: name.to_owned(),
        };
        let (number, link) = value.split_first_chunk().ok_or_else(altered)?;
        Ok(Some(Self {
            number: u64::from_be_bytes(*number),
            link: link.try_into().map_err(|_| altered())?,
        }))
    }

    /// Keeps it as the chain's end.
    pub(crate) fn keep(self, connection: &Connection, ring: &KeyRing) -> Result<()> {
        self.put(connection, ring, HEAD)
    }
}

/// The end of the chain as it is sealed; none where that is lost.
pub(super) fn sealed_head(connection: &Connection, ring: &KeyRing) -> Option<Point> {
    Point::find(connection, ring, HEAD).ok().flatten()
}

/// Where the chain begins: after this record. The error says that this was altered.
pub(super) fn checkpoint(connection: &Connection, ring: &KeyRing) -> Result<Point> {
    Ok(Point::find(connection, ring, CHECKPOINT)?.unwrap_or(Point::START))
}

/// The highest number that was ever given, as far as SQLite remembers.
pub(super) fn given(connection: &Connection) -> Result<u64> {
    let given: Option<i64> = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(given.and_then(|given| u64::try_from(given).ok()).unwrap_or(0))
}

/// Where the next record is added. Where the head is lost, the chain goes on, visibly broken: work is not stopped by
/// whoever meddles with the record of it.
pub(crate) fn head(connection: &Connection, ring: &KeyRing) -> Result<Point> {
    if let Some(head) = sealed_head(connection, ring) {
        return Ok(head);
    }
    let last: Option<i64> = connection.query_row("SELECT max(number) FROM audit", [], |row| row.get(0))?;
    let last = last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0);
    Ok(Point {
        number: last.max(given(connection)?),
        link: LOST,
    })
}

/// Seals the end of a chain that has no head yet: a new one, or one of a schema before heads.
pub(crate) fn begin(connection: &Connection, ring: &KeyRing) -> Result<()> {
    let last = connection
        .query_row(
            "SELECT number, link FROM audit ORDER BY number DESC LIMIT 1",
            [],
            |row| {
                Ok(Point {
                    number: row.get(0)?,
                    link: row.get(1)?,
                })
            },
        )
        .optional()?;
    last.unwrap_or(Point::START).keep(connection, ring)
}

/// The last of the oldest records that were all written before a time. The newest record is never one of them.
pub(crate) fn dropped_before(connection: &Connection, at: i64) -> Result<Option<u64>> {
    let mut statement = connection.prepare_cached(
        "SELECT CASE WHEN first.number > (SELECT min(number) FROM audit) THEN first.number - 1 END
         FROM (SELECT coalesce((SELECT number FROM audit WHERE at >= ?1 ORDER BY number LIMIT 1),
                               (SELECT max(number) FROM audit)) AS number) AS first",
    )?;
    Ok(statement.query_row([at], |row| row.get(0)).optional()?.flatten())
}

/// Drops the records up to a number, with what is kept of their contents. What stays is linked to the checkpoint.
pub(crate) fn drop_through(connection: &Connection, ring: &KeyRing, through: u64) -> Result<()> {
    let last: Option<u64> = connection.query_row("SELECT max(number) FROM audit", [], |row| row.get(0))?;
    let link: Option<[u8; 32]> = connection
        .query_row("SELECT link FROM audit WHERE number = ?1", [through], |row| {
            row.get(0)
        })
        .optional()?;
    let (Some(link), true) = (link, last > Some(through)) else {
        return Err(StorageError::NoRecord("audit record to drop"));
    };
    let point = Point {
        number: through,
        link,
    };
    point.put(connection, ring, CHECKPOINT)?;
    content::drop_through(connection, through)?;
    connection.execute("DELETE FROM audit WHERE number <= ?1", [through])?;
    Ok(())
}
