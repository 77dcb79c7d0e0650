//! The table `events`: append, fold, read by cursor (Invariant 1).
//!
//! An event stands for the numbers `first_seq..=seq`: one number when it is appended, all numbers of a message once
//! its deltas are folded into it. It is filed under the last of them, so that reading on from any number inside the
//! range finds the whole message.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::Place;
use crate::tables::sessions;

/// The largest payload of one event, in bytes. What is larger is a blob.
pub const MAX_PAYLOAD: usize = 4 << 20;
/// A page of events stops growing at this many bytes of payload.
const PAGE_BYTES: usize = 8 << 20;

/// An event to be numbered and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened, in Unix milliseconds.
    pub at: i64,
    /// The version of the payload's schema.
    pub schema: u32,
    /// JSON text, at most [`MAX_PAYLOAD`] bytes.
    pub payload: Vec<u8>,
}

/// An event as it is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The session it belongs to.
    pub session: Uuid,
    /// The first number it stands for: below `seq` only when events were folded into it.
    pub first_seq: u64,
    /// The last number it stands for, and its place in the log. The next cursor.
    pub seq: u64,
    /// When it happened, in Unix milliseconds.
    pub at: i64,
    /// The version of the payload's schema.
    pub schema: u32,
    /// True when the reader has seen a part of what was folded into it: it takes that part's place.
    pub replaces: bool,
    /// JSON text.
    pub payload: Vec<u8>,
}

impl Event {
    fn place(&self) -> Place<'static> {
        let Self {
            session,
            first_seq,
            seq,
            at,
            schema,
            ..
        } = *self;
        Place::Event {
            session,
            first_seq,
            seq,
            at,
            schema,
        }
    }
}

pub(crate) fn append(connection: &Connection, ring: &KeyRing, session: Uuid, new: NewEvent) -> Result<Event> {
    check(&new)?;
    let (number, seq) = sessions::next_seq(connection, session, new.at)?;
    let event = numbered(session, seq, seq, new);
    let sealed = ring
        .session(connection, session)?
        .seal(&event.place(), &event.payload)?;
    connection
        .prepare_cached(
            "INSERT INTO events (session, seq, first_seq, at, schema, sealed) VALUES (?1, ?2, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![number, seq, event.at, event.schema, sealed])?;
    Ok(event)
}

/// Replaces the events `seqs` (ascending) by one that stands for all numbers from the first to the last of them.
/// Events between them that are not named stay.
pub(crate) fn fold(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    seqs: &[u64],
    new: NewEvent,
) -> Result<Event> {
    check(&new)?;
    let number = sessions::number(connection, session)?;
    let (&last, replaced) = seqs.split_last().ok_or(StorageError::BadFold)?;
    if !seqs.is_sorted_by(|one, next| one < next) {
        return Err(StorageError::BadFold);
    }
    let first_seq: u64 = connection
        .prepare_cached("SELECT first_seq FROM events WHERE session = ?1 AND seq = ?2")?
        .query_row(params![number, seqs[0]], |row| row.get(0))
        .optional()?
        .ok_or(StorageError::BadFold)?;
    let mut remove =
        connection.prepare_cached("DELETE FROM events WHERE session = ?1 AND seq BETWEEN ?2 AND ?3")?;
    for run in runs(replaced) {
        let (start, end) = run.into_inner();
        if remove.execute(params![number, start, end])? as u64 != end - start + 1 {
            return Err(StorageError::BadFold);
        }
    }
    let event = numbered(session, first_seq, last, new);
    let sealed = ring
        .session(connection, session)?
        .seal(&event.place(), &event.payload)?;
    let filed = connection
        .prepare_cached(
            "UPDATE events SET first_seq = ?3, at = ?4, schema = ?5, sealed = ?6 WHERE session = ?1 AND seq = ?2",
        )?
        .execute(params![number, last, first_seq, event.at, event.schema, sealed])?;
    if filed == 1 {
        Ok(event)
    } else {
        Err(StorageError::BadFold)
    }
}

/// The events after the cursor, in order: at most `limit`, fewer when they are large, none when there are no more.
pub(crate) fn read(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    after: u64,
    limit: usize,
) -> Result<Vec<Event>> {
    let number = sessions::number(connection, session)?;
    let key = ring.session(connection, session)?;
    let mut statement = connection.prepare_cached(
        "SELECT seq, first_seq, at, schema, sealed FROM events WHERE session = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let after = after.min(i64::MAX.cast_unsigned());
    let mut rows = statement.query(params![number, after, limit as u64])?;
    let mut page = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let (seq, first_seq) = (row.get(0)?, row.get(1)?);
        let new = NewEvent {
            at: row.get(2)?,
            schema: row.get(3)?,
            payload: Vec::new(),
        };
        let mut event = Event {
            replaces: first_seq <= after,
            ..numbered(session, first_seq, seq, new)
        };
        event.payload = key.open(
            &event.place(),
            row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?,
        )?;
        bytes += event.payload.len();
        page.push(event);
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(page)
}

fn check(new: &NewEvent) -> Result<()> {
    match new.payload.len() {
        size if size > MAX_PAYLOAD => Err(StorageError::TooLarge {
            what: "an event payload",
            size,
            cap: MAX_PAYLOAD,
        }),
        _ => Ok(()),
    }
}

fn numbered(session: Uuid, first_seq: u64, seq: u64, new: NewEvent) -> Event {
    let NewEvent { at, schema, payload } = new;
    Event {
        session,
        first_seq,
        seq,
        at,
        schema,
        replaces: false,
        payload,
    }
}

/// Ascending numbers as runs without gaps, so that a message of thousands of deltas is a few statements.
fn runs(seqs: &[u64]) -> Vec<RangeInclusive<u64>> {
    let mut runs: Vec<RangeInclusive<u64>> = Vec::new();
    for &seq in seqs {
        match runs.last_mut() {
            Some(run) if seq == run.end() + 1 => *run = *run.start()..=seq,
            _ => runs.push(seq..=seq),
        }
    }
    runs
}
