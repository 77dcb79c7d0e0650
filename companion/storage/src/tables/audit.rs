//! The table `audit`: a chain of records, each linked to the one before by a keyed hash.
//!
//! `link(n) = HMAC-SHA256(key, link(n-1) ‖ n ‖ at ‖ SHA-256(record))`, with 32 zero bytes before the first. Without the
//! key no record can be edited, removed, reordered or cut off unseen. Whoever has the key can rebuild the chain: only
//! a copy of a link kept elsewhere shows that.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Result;
use crate::keys::KeyRing;
use crate::seal::{Place, SealingKey, sha256};

/// A record of the audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When it was written, in Unix milliseconds.
    pub at: i64,
    /// What happened, as the caller wrote it.
    pub record: Vec<u8>,
    /// The link of the chain that ends with this record.
    pub link: [u8; 32],
}

/// What checking the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Number and link of the last record, where there is one.
    pub head: Option<(u64, [u8; 32])>,
    /// The first thing that is wrong with the chain.
    pub fault: Option<AuditFault>,
}

/// Something wrong with the chain, by the number where it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// The record with this number is not there: removed, or cut off at the end.
    Missing(u64),
    /// The record with this number does not open or does not fit its link: edited, moved or forged.
    Altered(u64),
}

pub(crate) fn append(connection: &Connection, ring: &KeyRing, at: i64, record: &[u8]) -> Result<()> {
    // The number comes from the counter, not from the last row: a chain that was cut off must not grow together again.
    let given: u64 = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let number = given + 1;
    let before: [u8; 32] = connection
        .prepare_cached("SELECT link FROM audit WHERE number = ?1")?
        .query_row([given], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let key = ring.store();
    connection
        .prepare_cached("INSERT INTO audit (number, at, sealed, link) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            number,
            at,
            key.seal(&Place::Audit { number, at }, record)?,
            link(key, &before, number, at, record)
        ])?;
    Ok(())
}

/// Walks the whole chain and says where it first breaks.
pub(crate) fn verify(connection: &Connection, ring: &KeyRing) -> Result<AuditVerdict> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} ORDER BY number"))?;
    let mut rows = statement.query([])?;
    let mut verdict = AuditVerdict {
        head: None,
        fault: None,
    };
    let (mut expected, mut before) = (1, [0; 32]);
    while let Some(row) = rows.next()? {
        let Ok(found) = sealed_record(row) else {
            verdict.fault = Some(AuditFault::Altered(expected));
            return Ok(verdict);
        };
        if found.number != expected {
            verdict.fault = Some(AuditFault::Missing(expected));
            return Ok(verdict);
        }
        let opened = open(ring, found).ok();
        let intact = opened.filter(|record| {
            record.link == link(ring.store(), &before, record.number, record.at, &record.record)
        });
        let Some(record) = intact else {
            verdict.fault = Some(AuditFault::Altered(expected));
            return Ok(verdict);
        };
        (expected, before) = (expected + 1, record.link);
        verdict.head = Some((record.number, record.link));
    }
    let given: Option<u64> = connection
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'audit'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if given.is_some_and(|given| given >= expected) {
        verdict.fault = Some(AuditFault::Missing(expected));
    }
    Ok(verdict)
}

const COLUMNS: &str = "SELECT number, at, sealed, link FROM audit";

/// The records after a number, in order, at most `limit`.
pub(crate) fn read(
    connection: &Connection,
    ring: &KeyRing,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRecord>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} WHERE number > ?1 ORDER BY number LIMIT ?2"))?;
    let rows = statement.query_map(params![after, limit as u64], sealed_record)?;
    rows.map(|row| open(ring, row?)).collect()
}

fn sealed_record(row: &Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord {
        number: row.get(0)?,
        at: row.get(1)?,
        record: row.get(2)?,
        link: row.get(3)?,
    })
}

fn open(ring: &KeyRing, mut record: AuditRecord) -> Result<AuditRecord> {
    let place = Place::Audit {
        number: record.number,
        at: record.at,
    };
    record.record = ring.store().open(&place, &record.record)?;
    Ok(record)
}

fn link(key: &SealingKey, before: &[u8; 32], number: u64, at: i64, record: &[u8]) -> [u8; 32] {
    let mut message = Vec::with_capacity(80);
    message.extend_from_slice(before);
    message.extend_from_slice(&number.to_be_bytes());
    message.extend_from_slice(&at.to_be_bytes());
    message.extend_from_slice(&sha256(record));
    key.mac(&message)
}
