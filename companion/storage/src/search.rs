//! Search over the decrypted texts of all sessions (Invariant 11): the index lives in memory, is built on first use and
//! bounded. It only proposes: every hit is read from the log and checked before it is shown.

mod index;
mod words;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::store::Shared;
use crate::tables::{events, events::Event, sessions};
use index::Index;
use words::{Query, words};

/// The text of a payload that search shall find, if it has any.
pub type TextOf = fn(&[u8]) -> Option<String>;

/// Characters of a snippet on each side of the first match.
const CONTEXT: usize = 80;
/// Events read at once while the index is built.
const PAGE: usize = 512;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The hits, latest first.
    pub hits: Vec<Hit>,
    /// False when old messages had to be left out of the index, so that it stays within its memory.
    pub complete: bool,
}

/// A message that has all words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The session it is in.
    pub session: Uuid,
    /// Its number there.
    pub seq: u64,
    /// When it was written, in Unix milliseconds.
    pub at: i64,
    /// A piece of its text around the first match.
    pub snippet: String,
    /// Where the match is in the snippet, in bytes.
    pub matched: Range<usize>,
}

/// What the writer did to events that the index may have seen. Collected only while there is an index.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<Option<Changed>>);

#[derive(Debug, Default)]
struct Changed {
    folded: Vec<(Uuid, u64)>,
    deleted: Vec<Uuid>,
}

impl Notices {
    pub(crate) fn folded(&self, events: &[Event]) {
        if let Some(changed) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            changed
                .folded
                .extend(events.iter().map(|event| (event.session, event.seq)));
        }
    }

    pub(crate) fn deleted(&self, session: Uuid) {
        if let Some(changed) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            changed.deleted.push(session);
        }
    }

    fn take(&self) -> Changed {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(Changed::default())
            .unwrap_or_default()
    }
}

#[derive(Debug)]
pub(crate) struct Search {
    text_of: TextOf,
    index: Mutex<Index>,
}

impl Search {
    pub(crate) fn new(text_of: TextOf) -> Self {
        Self {
            text_of,
            index: Mutex::default(),
        }
    }

    pub(crate) fn find(
        &self,
        shared: &Shared,
        query: &str,
        within: Option<Uuid>,
        limit: usize,
    ) -> Result<Found> {
        let query = Query::new(query);
        // Taken before the first read, so that what changes meanwhile is seen by the next search.
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = shared.notices.take();
        shared.readers.with(|connection| {
            self.catch_up(&mut index, connection, &shared.ring, changed)?;
            let mut hits = Vec::new();
            for candidate in index.candidates(&query, within) {
                if hits.len() >= limit {
                    break;
                }
                let (session, seq) = candidate;
                let Some(event) = event_at(connection, &shared.ring, session, seq)? else {
                    continue;
                };
                hits.extend(self.hit(&query, &event));
            }
            Ok(Found {
                hits,
                complete: index.is_complete(),
            })
        })
    }

    /// Takes in what was deleted, folded and appended since the last search.
    fn catch_up(
        &self,
        index: &mut Index,
        connection: &Connection,
        ring: &KeyRing,
        changed: Changed,
    ) -> Result<()> {
        index.remove(&changed.deleted);
        for (session, seq) in changed.folded {
            // What is not read yet is folded by the time it is.
            if index.read_to(session) >= seq
                && let Some(event) = event_at(connection, ring, session, seq)?
            {
                self.add(index, &event);
            }
        }
        for (session, last) in sessions::positions(connection)? {
            while index.read_to(session) < last {
                let page = match events::read(connection, ring, session, index.read_to(session), PAGE) {
                    Err(StorageError::NoSession(_)) => break,
                    page => page?,
                };
                for event in &page {
                    self.add(index, event);
                }
                index.set_read_to(session, page.last().map_or(last, |event| event.seq));
            }
        }
        Ok(())
    }

    fn add(&self, index: &mut Index, event: &Event) {
        if let Some(text) = (self.text_of)(&event.payload) {
            index.add(event.session, event.seq, event.at, &text);
        }
    }

    /// The hit in this event, if its text still has all words.
    fn hit(&self, query: &Query, event: &Event) -> Option<Hit> {
        let text = (self.text_of)(&event.payload)?;
        let found = query.find(words(&text))?;
        let start = text[..found.start]
            .char_indices()
            .rev()
            .nth(CONTEXT - 1)
            .map_or(0, |(at, _)| at);
        let end = text[found.end..]
            .char_indices()
            .nth(CONTEXT)
            .map_or(text.len(), |(at, _)| found.end + at);
        let (snippet, matched) = (
            text[start..end].to_owned(),
            found.start - start..found.end - start,
        );
        Some(Hit {
            session: event.session,
            seq: event.seq,
            at: event.at,
            snippet,
            matched,
        })
    }
}

/// The event filed under a number, if there still is one.
fn event_at(connection: &Connection, ring: &KeyRing, session: Uuid, seq: u64) -> Result<Option<Event>> {
    match events::read(connection, ring, session, seq.saturating_sub(1), 1) {
        Ok(page) => Ok(page.into_iter().find(|event| event.seq == seq)),
        Err(StorageError::NoSession(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
