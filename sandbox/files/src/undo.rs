//! A journal in a folder of its own, from which a shared folder is put back as it was, byte for byte.
//!
//! The index has one line for each change: a checksum and JSON. It is on disk before the change is made; a line that a crash
//! tore is ignored, for its change was not made. What a change takes away is kept beside the index: by its name alone where
//! both are on one file system, so that removing a large folder costs no copy; else as a copy. What the guest made itself
//! within one journal is not kept: undoing goes back to before it.
//!
//! What is kept is not sealed here: the folder of the journal is to be one that nobody else may read.

mod back;
mod record;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

pub use back::{Conflict, Undone};
use record::{Index, Line, Record, What};

use crate::host::{self, Kind};
use crate::port::{Change, ChangeKind, Going, Ident, Journal, Kept, Moment, State};
use crate::room::Floor;

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
    home: PathBuf,
    content: Dir,
    limits: UndoLimits,
    floor: Floor,
    written: Mutex<Written>,
}

/// What is in the index.
#[derive(Debug)]
struct Written {
    index: Index,
    records: Vec<Record>,
    /// What the records hold: content and lines.
    bytes: u64,
    /// What undoing has done, by record.
    marks: BTreeMap<u64, back::Mark>,
    /// Files that the guest made: their content needs no keeping.
    made: HashMap<Ident, (u64, Moment)>,
}

impl UndoLog {
    /// Opens a journal, or makes one. `ResourceBusy` where another one has it open.
    pub fn open(home: &Path) -> io::Result<Self> {
        let content = home.join("content");
        std::fs::create_dir_all(&content)?;
        let (index, lines, bytes) = Index::open(&home.join("index"))?;
        let mut written = Written {
            index,
            records: Vec::new(),
            bytes,
            marks: BTreeMap::new(),
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
                }
            }
        }
        Ok(Self {
            home: home.to_owned(),
            content: Dir::open_ambient_dir(&content, ambient_authority())?,
            limits: UndoLimits::default(),
            floor: Floor::new(None),
            written: Mutex::new(written),
        })
    }

    /// The same with other caps.
    #[must_use]
    pub fn with_limits(mut self, limits: UndoLimits) -> Self {
        self.limits = limits;
        self.floor = Floor::new(limits.floor);
        self
    }

    /// How many changes it has.
    pub fn changes(&self) -> usize {
        self.written().records.len()
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn content_name(n: u64) -> String {
        n.to_string()
    }

    /// Keeps the content that goes.
    fn keep(&self, n: u64, going: &Going<'_>, gone: &State, may_move: bool) -> io::Result<Kept> {
        let State::File { ident, .. } = gone else {
            return Ok(Kept::InPlace);
        };
        let name = Self::content_name(n);
        // What a crash left of a change that was not made.
        drop(self.content.remove_file(&name));
        if may_move && going.folder.rename(going.name, &self.content, &name).is_ok() {
            return self.expect_kept(&name, going, *ident);
        }
        if !may_move
            && going.folder.hard_link(going.name, &self.content, &name).is_ok()
            && host::stat(&self.content, name.as_ref())?.ident == *ident
        {
            return Ok(Kept::InPlace);
        }
        drop(self.content.remove_file(&name));
        let file = going.file.ok_or(io::ErrorKind::PermissionDenied)?;
        let copied = self.copy(&name, file);
        if copied.is_err() {
            drop(self.content.remove_file(&name));
        }
        copied.map(|()| Kept::InPlace)
    }

    fn copy(&self, name: &str, file: &File) -> io::Result<()> {
        let _room = self.floor.reserve(&self.content, host::stat_of(file)?.size)?;
        let copy = host::create_file(&self.content, name.as_ref(), 0o600)?;
        host::copy_content(file, &copy)?;
        let is = host::stat_of(file)?;
        host::set_times_of(&copy, host::Set::Keep, host::Set::To(is.modified))?;
        // Another owner than ours is put down in no other way.
        drop(host::take_attributes(file, &copy));
        copy.sync_all()
    }

    /// What came is what was to come, or goes back.
    fn expect_kept(&self, name: &str, going: &Going<'_>, ident: Ident) -> io::Result<Kept> {
        let came = host::stat(&self.content, name.as_ref())?;
        if came.kind == Kind::File && came.ident == ident {
            return Ok(Kept::Moved);
        }
        host::move_new(&self.content, name.as_ref(), going.folder, going.name)?;
        Err(io::ErrorKind::StaleNetworkFileHandle.into())
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
        let line = written.index.append(&Line::Record(record.clone()))?;
        let kept = match keeps {
            Some((going, gone)) => self.keep(n, going, gone, record.may_move),
            None => Ok(Kept::InPlace),
        };
        if kept.is_err() {
            // What is refused over and over is not to fill it.
            written.index.take_back(line)?;
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

/// Where a file of the journal is, for a person.
fn kept_at(home: &Path, n: u64) -> PathBuf {
    home.join("content").join(UndoLog::content_name(n))
}

/// The file kept for a record, open.
fn open_kept(content: &Dir, n: u64) -> io::Result<(File, host::Stat)> {
    host::open_file(content, UndoLog::content_name(n).as_ref())
}
