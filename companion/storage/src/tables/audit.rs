//! The table `audit`: a chain of records, each linked to the one before by a keyed hash.
//!
//! `link(n) = HMAC-SHA256(key, link(n-1) ‖ n ‖ at ‖ SHA-256(record) ‖ mark)`, with 32 zero bytes before the first, and a
//! mark of 50 bytes where the record speaks of content. Without the key no record can be edited, removed, reordered or
//! forged unseen. How far the chain goes is sealed beside it (the head), so that its end cannot be cut off unseen; where
//! it begins after old records were dropped, too (the checkpoint). Whoever has the key can rebuild the chain, and whoever
//! has an older copy of the database can put it back: only an [`AuditAnchor`] kept elsewhere shows that.
//!
//! Content is known to the chain by its length and by a digest keyed by its session: it can be compared with what
//! somebody kept for as long as the session is there, and says nothing once its key is destroyed.

mod content;
mod points;
mod verify;

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::{Place, SealingKey, sha256};
use crate::tables::sessions;

pub use content::{AuditContent, ContentMark, Keep, MAX_KEPT};
pub(crate) use content::{digest, is_content, kept};
pub(crate) use points::{Point, begin, drop_through, dropped_before, head};
pub(crate) use verify::verify;
pub use verify::{AnchorFault, AnchorVerdict, AuditFault, AuditVerdict, MAX_FAULTS};

/// The largest record in bytes. What a person or a model wrote goes into its content.
pub const MAX_RECORD: usize = 64 << 10;

/// A record to be added to the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditRecord {
    /// When it happened, in Unix milliseconds.
    pub at: i64,
    /// What happened, opaque to the store, at most [`MAX_RECORD`] bytes. It outlives the session: no content here.
    pub record: Vec<u8>,
    /// What was said or written, where the record speaks of it.
    pub content: Option<AuditContent>,
}

impl NewAuditRecord {
    /// A record that speaks of no content.
    pub fn new(at: i64, record: Vec<u8>) -> Self {
        Self {
            at,
            record,
            content: None,
        }
    }
}

/// A record of the audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// When it was written, in Unix milliseconds.
    pub at: i64,
    /// What happened, as the caller wrote it.
    pub record: Vec<u8>,
    /// What the chain knows of the content.
    pub content: Option<ContentMark>,
    /// The link of the chain that ends with this record.
    pub link: [u8; 32],
}

/// How far the chain went at some time. Kept outside of this computer, it shows what this computer cannot show of
/// itself: that the chain was neither rebuilt nor set back since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditAnchor {
    /// Which chain: each database has one of its own.
    pub chain: Uuid,
    /// The number of the last record.
    pub number: u64,
    /// The link of that record.
    pub link: [u8; 32],
    /// When it was taken, in Unix milliseconds.
    pub at: i64,
}

/// The name of the chain that is kept with this key. Whoever has another key makes a chain of another name.
pub(crate) fn chain(ring: &KeyRing) -> Uuid {
    let digest = ring.store().mac(&[b"deskhand audit chain"]);
    let mut name = [0; 16];
    name.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(name).into_uuid()
}

/// The end of the chain as an anchor.
pub(crate) fn anchor(connection: &Connection, ring: &KeyRing, at: i64) -> Option<AuditAnchor> {
    let head = points::sealed_head(connection, ring).filter(|head| head.number > 0)?;
    Some(AuditAnchor {
        chain: chain(ring),
        number: head.number,
        link: head.link,
        at,
    })
}

/// Adds a record after `head`, which then is the record's. `session` is whose content it is.
pub(crate) fn append(
    connection: &Connection,
    ring: &KeyRing,
    head: &mut Point,
    session: Option<Uuid>,
    new: NewAuditRecord,
) -> Result<()> {
    let NewAuditRecord { at, record, content } = new;
    if record.len() > MAX_RECORD {
        return Err(StorageError::TooLarge {
            what: "an audit record",
            size: record.len(),
            cap: MAX_RECORD,
        });
    }
    let number = head.number + 1;
    let mark = match content {
        Some(content) => {
            let row = session
                .map(|session| sessions::number(connection, session))
                .transpose()?;
            Some(content::put(
                connection,
                ring,
                number,
                session.zip(row),
                &content,
            )?)
        }
        None => None,
    };
    let key = ring.store();
    let link = link(key, &head.link, (number, at), &record, mark.as_ref());
    let sealed_mark = mark
        .map(|mark| key.seal(&Place::AuditMark(number), &mark.bytes()))
        .transpose()?;
    connection
        .prepare_cached(
            "INSERT INTO audit (number, at, sealed, sealed_content, link) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            number,
            at,
            key.seal(&Place::Audit { number, at }, &record)?,
            sealed_mark,
            link
        ])?;
    *head = Point { number, link };
    Ok(())
}

/// A sealed column that is larger than any of ours reads as null: nothing of it comes into memory.
const COLUMNS: &str = "SELECT number, at, iif(length(sealed) <= 66000, sealed, NULL),
     iif(length(sealed_content) > 200, x'', sealed_content), link FROM audit";

/// The records after a number, in order, at most `limit`.
pub(crate) fn read(
    connection: &Connection,
    ring: &KeyRing,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditRecord>> {
    let mut statement =
        connection.prepare_cached(&format!("{COLUMNS} WHERE number > ?1 ORDER BY number LIMIT ?2"))?;
    let rows = statement.query_map(params![after, limit as u64], SealedRecord::of)?;
    rows.map(|row| row?.open(ring)).collect()
}

/// A row as it lies in the table.
#[derive(Debug)]
struct SealedRecord {
    number: i64,
    at: i64,
    sealed: Vec<u8>,
    sealed_content: Option<Vec<u8>>,
    link: [u8; 32],
}

impl SealedRecord {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            at: row.get(1)?,
            sealed: row.get(2)?,
            sealed_content: row.get(3)?,
            link: row.get(4)?,
        })
    }

    /// Opens the row as what it says to be: one that was altered or moved does not open.
    fn open(self, ring: &KeyRing) -> Result<AuditRecord> {
        let number = self.number.cast_unsigned();
        let place = Place::Audit { number, at: self.at };
        let record = ring.store().open(&place, &self.sealed)?;
        let mark = Place::AuditMark(number);
        let content = match self.sealed_content {
            Some(sealed) => Some(ContentMark::parse(&mark, &ring.store().open(&mark, &sealed)?)?),
            None => None,
        };
        Ok(AuditRecord {
            number,
            at: self.at,
            record,
            content,
            link: self.link,
        })
    }
}

/// The link of a record (its number and time, what it says, what it knows of content) to the one before.
fn link(
    key: &SealingKey,
    before: &[u8; 32],
    (number, at): (u64, i64),
    record: &[u8],
    mark: Option<&ContentMark>,
) -> [u8; 32] {
    let (number, at) = (number.to_be_bytes(), at.to_be_bytes());
    let record = sha256(record);
    match mark {
        Some(mark) => key.mac(&[before, &number, &at, &record, &mark.bytes()]),
        None => key.mac(&[before, &number, &at, &record]),
    }
}

#[cfg(test)]
mod tests;
