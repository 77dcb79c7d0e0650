//! What the chain knows of content (its mark), and the content itself where it is kept.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::{Place, SealingKey};
use crate::tables::events::MAX_PAYLOAD;

/// The largest content that is kept, in bytes; of what is larger the mark alone is kept, which says so.
pub const MAX_KEPT: usize = MAX_PAYLOAD;

/// What a person, a model or a tool said, beside a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditContent {
    /// The content.
    pub bytes: Vec<u8>,
    /// How much of it is kept.
    pub keep: Keep,
}

/// How much of a content the audit keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Its length and a keyed digest.
    Digest,
    /// All of it, sealed with the key of its session, beside length and digest.
    Whole,
}

/// What the chain knows of a content for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentMark {
    /// HMAC-SHA256 under the key of the session (of the store, where there is none): see `Store::audit_digest`.
    pub digest: [u8; 32],
    /// Bytes.
    pub length: u64,
    /// True where the whole content was kept: it is there for as long as its session.
    pub kept: bool,
    /// The row number of the session, which is never given again.
    pub(crate) session: Option<i64>,
}

impl ContentMark {
    /// The form that is linked and sealed: fields of fixed length.
    pub(super) fn bytes(&self) -> [u8; 50] {
        let mut out = [0; 50];
        out[..32].copy_from_slice(&self.digest);
        out[32..40].copy_from_slice(&self.length.to_be_bytes());
        out[40] = u8::from(self.kept);
        out[41] = u8::from(self.session.is_some());
        out[42..].copy_from_slice(&self.session.unwrap_or_default().to_be_bytes());
        out
    }

    pub(super) fn parse(place: &Place<'_>, bytes: &[u8]) -> Result<Self> {
        let altered = || StorageError::Altered {
            place: format!("{place:?}"),
        };
        let bytes: &[u8; 50] = bytes.try_into().map_err(|_| altered())?;
        let number = |from: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[from..from + 8]);
            number
        };
        let mut digest = [0; 32];
        digest.copy_from_slice(&bytes[..32]);
        Ok(Self {
            digest,
            length: u64::from_be_bytes(number(32)),
            kept: bytes[40] == 1,
            session: (bytes[41] == 1).then(|| i64::from_be_bytes(number(42))),
        })
    }
}

/// The digest by which the chain knows a content.
pub(crate) fn digest(key: &SealingKey, content: &[u8]) -> [u8; 32] {
    key.mac(&[b"deskhand audit content\0", content])
}

/// Keeps what is to be kept of a content, and says what the chain is to know of it.
pub(super) fn put(
    connection: &Connection,
    ring: &KeyRing,
    number: u64,
    session: Option<(Uuid, i64)>,
    content: &AuditContent,
) -> Result<ContentMark> {
    let kept = content.keep == Keep::Whole && content.bytes.len() <= MAX_KEPT;
    let put = |key: &SealingKey| -> Result<ContentMark> {
        if kept {
            connection
                .prepare_cached("INSERT INTO audit_contents (number, session, sealed) VALUES (?1, ?2, ?3)")?
                .execute(params![
                    number,
                    session.map(|(_, row)| row),
                    key.seal(&Place::AuditContent(number), &content.bytes)?
                ])?;
        }
        Ok(ContentMark {
            digest: digest(key, &content.bytes),
            length: content.bytes.len() as u64,
            kept,
            session: session.map(|(_, row)| row),
        })
    };
    match session {
        Some((session, _)) => put(&*ring.session(connection, session)?),
        None => put(ring.store()),
    }
}

/// The content of a record, where it was kept and its session is there still.
pub(crate) fn kept(connection: &Connection, ring: &KeyRing, number: u64) -> Result<Option<Vec<u8>>> {
    let found: Option<(Option<Uuid>, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT sessions.id, sealed FROM audit_contents
             LEFT JOIN sessions ON sessions.number = audit_contents.session WHERE audit_contents.number = ?1",
        )?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let place = Place::AuditContent(number);
    match found {
        Some((Some(session), sealed)) => ring.session(connection, session)?.open(&place, &sealed).map(Some),
        Some((None, sealed)) => ring.store().open(&place, &sealed).map(Some),
        None => Ok(None),
    }
}

/// Whose key a mark is made with.
enum Owner {
    Store,
    Session(Uuid),
    /// A session that was deleted: its key is gone.
    Gone,
}

fn owner(connection: &Connection, mark: &ContentMark) -> Result<Owner> {
    let Some(row) = mark.session else {
        return Ok(Owner::Store);
    };
    let found = connection
        .prepare_cached("SELECT id FROM sessions WHERE number = ?1")?
        .query_row([row], |row| row.get(0))
        .optional()?;
    Ok(found.map_or(Owner::Gone, Owner::Session))
}

/// True where this is the content that a mark was made of; none where that cannot be told any more.
pub(crate) fn is_content(
    connection: &Connection,
    ring: &KeyRing,
    mark: &ContentMark,
    content: &[u8],
) -> Result<Option<bool>> {
    let found = match owner(connection, mark)? {
        Owner::Store => digest(ring.store(), content),
        Owner::Session(session) => digest(&*ring.session(connection, session)?, content),
        Owner::Gone => return Ok(None),
    };
    Ok(Some(found == mark.digest))
}

/// True where the kept content is what the chain says of it, or has gone with its session.
pub(super) fn holds(
    connection: &Connection,
    ring: &KeyRing,
    number: u64,
    mark: &ContentMark,
) -> Result<bool> {
    if !mark.kept || matches!(owner(connection, mark)?, Owner::Gone) {
        return Ok(true);
    }
    // What cannot be opened is altered, whatever the reason.
    match kept(connection, ring, number) {
        Ok(Some(content)) => Ok(is_content(connection, ring, mark, &content)? == Some(true)),
        Ok(None) | Err(_) => Ok(false),
    }
}

/// Drops what is kept for the records up to a number.
pub(super) fn drop_through(connection: &Connection, through: u64) -> Result<()> {
    connection.execute("DELETE FROM audit_contents WHERE number <= ?1", [through])?;
    Ok(())
}
