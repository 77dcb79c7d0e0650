//! A journal in a folder of its own, from which a shared folder is put back as it was, byte for byte.
//!
//! The index has one line for each change: a checksum and JSON. It is on disk before the change is made; a line that a crash
//! tore is ignored, for its change was not made. What a change takes away is kept beside the index: by its name alone where
//! both are on one file system, so that removing a large folder costs no copy; else as a copy. What the guest made itself
//! within one journal is not kept: undoing goes back to before it.
//!
//! What is kept in a folder is not sealed: it is to be one that nobody else may read. A [`Vault`] may keep it elsewhere.

mod back;
mod keeping;
mod record;
mod touched;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use back::{Conflict, Undone};
pub use keeping::Vault;
use keeping::{Home, Keeping};
use record::{Line, Record, What};
pub use touched::Touched;

use crate::port::{Change, ChangeKind, Ident, Journal, Kept, Moment, State};

/// What a journal may hold. At either cap a change is refused ([`io::ErrorKind::QuotaExceeded`], in the guest `EDQUOT`);
/// what is kept stays, and undoing always has room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoLimits {
    /// Bytes: the content that went, and the lines about it. 4 GiB.
    pub bytes: u64,
    /// Changes, some 500 bytes of memory each: 100,000. Making a file and writing it are two.
    pub records: usize,
    /// Bytes of the journal's disk that stay free: what goes is not copied below it ([`io::ErrorKind::StorageFull`], in the
    /// guest `ENOSPC`). What is kept by its name alone, and a line of the index, ask for no room. `None`: 2 % of the disk,
    /// at least 1 GiB and at most 16.
    pub floor: Option<u64>,
}

impl Default for UndoLimits {
    fn default() -> Self {
        Self {
            bytes: 4 << 30,
            records: 100_000,
            floor: None,
        }
    }
}

/// A journal of the changes to one shared folder.
#[derive(Debug)]
pub struct UndoLog {
    keeping: Keeping,
    limits: UndoLimits,
    written: Mutex<Written>,
}

/// What is in the index.
#[derive(Debug)]
struct Written {
    records: Vec<Record>,
    /// What the records hold: content and lines.
    bytes: u64,
    /// What undoing has done, by record.
    marks: BTreeMap<u64, back::Mark>,
    /// The record whose mark was written last: its step may not have been made.
    last_mark: Option<u64>,
    /// Files that the guest made: their content needs no keeping.
    made: HashMap<Ident, (u64, Moment)>,
}

impl UndoLog {
    /// Opens a journal, or makes one. `ResourceBusy` where another one has it open.
    pub fn open(home: &Path) -> io::Result<Self> {
        let (home, lines, bytes) = Home::open(home)?;
        Ok(Self::new(Keeping::Home(home), lines, bytes))
    }

    /// The journal in a vault. Only one at a time may use it.
    pub fn over(vault: Arc<dyn Vault>) -> io::Result<Self> {
        let (lines, bytes) = keeping::lines_of(vault.as_ref())?;
        Ok(Self::new(Keeping::Vault(vault), lines, bytes))
    }

    fn new(keeping: Keeping, lines: Vec<Line>, bytes: u64) -> Self {
        let mut written = Written {
            records: Vec::new(),
            bytes,
            marks: BTreeMap::new(),
            last_mark: None,
            made: HashMap::new(),
        };
        for line in lines {
            match line {
                Line::Record(record) => {
                    written.learn(&record);
                    written.bytes += record.kept();
                    written.records.push(record);
                }
                Line::Mark(n, mark) => {
                    written.marks.insert(n, mark);
                    written.last_mark = Some(n);
                }
            }
        }
        Self {
            keeping,
            limits: UndoLimits::default(),
            written: Mutex::new(written),
        }
    }

    /// The same with other caps.
    #[must_use]
    pub fn with_limits(mut self, limits: UndoLimits) -> Self {
        self.limits = limits;
        if let Keeping::Home(home) = &mut self.keeping {
            home.set_floor(limits.floor);
        }
        self
    }

    /// How many changes it has.
    pub fn changes(&self) -> usize {
        self.written().records.len()
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for UndoLog {
    fn before(&self, change: &Change<'_>) -> io::Result<Kept> {
        let mut written = self.written();
        let (what, gone) = match &change.kind {
            ChangeKind::Create => (What::Create, None),
            ChangeKind::Replace => (What::Replace, Some(change.pre)),
            ChangeKind::Remove => (What::Remove, Some(change.pre)),
            ChangeKind::Metadata => (What::Metadata, None),
            ChangeKind::Rename { to, over } => {
                let what = What::Rename {
                    to: (*to).clone(),
                    over: (*over).clone(),
                };
                (what, Some(*over))
            }
        };
        let going = change.going.as_ref().zip(gone);
        let keeps = going.filter(|(_, gone)| matches!(gone, State::File { .. }) && !written.is_made(gone));
        let n = written.records.last().map_or(1, |record| record.n + 1);
        let record = Record {
            n,
            path: change.path.clone(),
            may_move: matches!(what, What::Remove),
            what,
            pre: change.pre.clone(),
            post: change.post.clone(),
            content: keeps.is_some(),
        };
        written.expect_room(self.limits, record.kept())?;
        // On disk before anything is moved; a record whose change was not made is harmless.
        let line = self.keeping.append(&Line::Record(record.clone()))?;
        let kept = match keeps {
            Some((going, gone)) => self.keeping.keep(n, going, gone, record.may_move),
            None => Ok(Kept::InPlace),
        };
        if kept.is_err() {
            // What is refused over and over is not to fill it.
            self.keeping.take_back(line)?;
            return kept;
        }
        written.bytes += line + record.kept();
        written.learn(&record);
        written.records.push(record);
        kept
    }
}

impl Written {
    /// `QuotaExceeded` at a cap.
    fn expect_room(&self, limits: UndoLimits, kept: u64) -> io::Result<()> {
        let has_room = self.records.len() < limits.records && self.bytes.saturating_add(kept) <= limits.bytes;
        has_room.then_some(()).ok_or(io::ErrorKind::QuotaExceeded.into())
    }

    fn is_made(&self, state: &State) -> bool {
        matches!(state, State::File { ident, size, modified, .. }
            if self.made.get(ident) == Some(&(*size, *modified)))
    }

    /// Content that a change makes is the guest's.
    fn learn(&mut self, record: &Record) {
        let is_made = match record.what {
            What::Create | What::Replace => true,
            What::Metadata => self.is_made(&record.pre),
            What::Remove | What::Rename { .. } => false,
        };
        if let State::File {
            ident,
            size,
            modified,
            ..
        } = record.post
            && is_made
        {
            self.made.insert(ident, (size, modified));
        }
    }
}
