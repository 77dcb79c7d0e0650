//! Putting a folder back, change by change from the last. What the host changed after the guest is never overwritten: it is
//! a conflict, and told.
//!
//! Undoing may be stopped at any moment and begun again. Before a step is made the index says what will be there after it, so
//! that the next run knows a step that was made from one that was not.

mod over;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};

use super::UndoLog;
use super::record::{Line, Record, What};
use crate::errno::Errno;
use crate::host;
use crate::path::SharePath;
use crate::port::{Ident, Journal, State};
use crate::side;

/// What undoing came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undone {
    /// Changes that were taken back.
    pub restored: usize,
    /// What stays as the host left it.
    pub conflicts: Vec<Conflict>,
    /// The files that were put back. A journal of earlier changes is to know them: they are other files than those that it
    /// left, with the same content.
    pub restored_files: BTreeSet<Ident>,
}

/// Something that the host changed after the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// Where.
    pub path: SharePath,
    /// What was there before the guest's change, where it is kept; it stays there until the journal is removed.
    pub kept: Option<PathBuf>,
}

/// What undoing a record does, or found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Mark {
    /// What will be at each path: as it was recorded, and as it really is.
    Done(Vec<(SharePath, State, State)>),
    /// The change was not made, or is taken back already.
    Nothing,
    Conflict,
}

/// One run.
struct Run<'a> {
    log: &'a UndoLog,
    root: &'a Dir,
    /// What stands for a recorded state at a path: with another number on disk, or with content that earlier changes made.
    known: BTreeMap<SharePath, (State, State)>,
    conflicted: Vec<SharePath>,
    /// The changes that are in conflict, the last first, with their paths as they are now.
    stuck: Vec<Record>,
    /// Files without their content, that an earlier change is to take away.
    empty: Vec<SharePath>,
    /// Files that were put back when later changes were undone, by other journals.
    put_back: &'a BTreeSet<Ident>,
    undone: Undone,
}

impl UndoLog {
    /// Undoes also what the host changed since: what stands there is kept in `over` before it goes, with all that is put in its
    /// place, so that undoing `over` brings it back. What cannot be known stays a conflict: the old content of a file that was
    /// renamed and then written to by the host, and what is no file, folder or link.
    ///
    /// An error of `over`, such as a cap, ends the run: what was done until then is done, and a later run goes on.
    pub fn undo_over(
        &self,
        root: &Dir,
        put_back: &BTreeSet<Ident>,
        over: &dyn Journal,
    ) -> io::Result<Undone> {
        self.take_steps(root, usize::MAX, put_back, Some(over))
    }

    /// Puts the folder back as it was before the first change. Ends the journal where nothing is in conflict.
    pub fn undo(&self, root: &Dir) -> io::Result<Undone> {
        self.undo_steps(root, usize::MAX)
    }

    /// The same after journals of later changes were undone, which put these files back.
    pub fn undo_after(&self, root: &Dir, put_back: &BTreeSet<Ident>) -> io::Result<Undone> {
        self.take_steps(root, usize::MAX, put_back, None)
    }

    /// The same for at most so many changes, from the last: a later call goes on from there, also of another process.
    pub fn undo_steps(&self, root: &Dir, steps: usize) -> io::Result<Undone> {
        self.take_steps(root, steps, &BTreeSet::new(), None)
    }

    fn take_steps(
        &self,
        root: &Dir,
        mut steps: usize,
        put_back: &BTreeSet<Ident>,
        over: Option<&dyn Journal>,
    ) -> io::Result<Undone> {
        let (records, marks, last) = {
            let written = self.written();
            (written.records.clone(), written.marks.clone(), written.last_mark)
        };
        let mut run = Run {
            log: self,
            root,
            known: BTreeMap::new(),
            conflicted: Vec::new(),
            stuck: Vec::new(),
            empty: Vec::new(),
            put_back,
            undone: Undone::default(),
        };
        for record in records.iter().rev() {
            match marks.get(&record.n) {
                Some(mark) if Some(record.n) != last || run.is_done(mark) => run.replay(record, mark),
                _ if steps == 0 => return Ok(run.undone),
                _ => {
                    steps -= 1;
                    run.step(record)?;
                }
            }
        }
        if let Some(over) = over {
            run.overwrite(over)?;
        }
        run.take_empty();
        if run.undone.conflicts.is_empty() {
            self.end(&records)?;
        }
        Ok(run.undone)
    }

    /// Nothing is left to undo.
    fn end(&self, records: &[Record]) -> io::Result<()> {
        let mut written = self.written();
        let kept: Vec<u64> = records
            .iter()
            .filter(|record| record.content)
            .map(|record| record.n)
            .collect();
        self.keeping.clear(&kept)?;
        written.records.clear();
        written.bytes = 0;
        written.marks.clear();
        written.last_mark = None;
        written.made.clear();
        Ok(())
    }
}

/// A step that cannot be made for what the host did.
enum Stop {
    Conflict,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Something came or went between a look and the step.
            io::ErrorKind::NotFound
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::StaleNetworkFileHandle => Self::Conflict,
            // A link where a folder was: `ELOOP`.
            _ if Errno::from_io(&error) == Errno::ELOOP => Self::Conflict,
            _ => Self::Io(error),
        }
    }
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        io::Error::from_raw_os_error(errno.0).into()
    }
}

impl Run<'_> {
    fn step(&mut self, record: &Record) -> io::Result<()> {
        let to = match &record.what {
            What::Rename { to, .. } => Some(to),
            _ => None,
        };
        let is_stuck = |path: &SharePath| self.conflicted.iter().any(|conflict| conflict.holds(path));
        let made = if is_stuck(&record.path) || to.is_some_and(is_stuck) {
            Err(Stop::Conflict)
        } else {
            self.take_back(record)
        };
        match made {
            Ok(true) => self.undone.restored += 1,
            Ok(false) => self.mark(record.n, Mark::Nothing)?,
            Err(Stop::Conflict) => {
                self.mark(record.n, Mark::Conflict)?;
                self.conflict(record);
            }
            Err(Stop::Io(error)) => return Err(error),
        }
        Ok(())
    }

    fn conflict(&mut self, record: &Record) {
        let mut paths = vec![record.path.clone()];
        if let What::Rename { to, .. } = &record.what {
            paths.push(to.clone());
        }
        for path in paths {
            let kept = record.content.then(|| self.log.keeping.place(record.n)).flatten();
            // One word for each path: the oldest content is the one that was there before.
            self.undone.conflicts.retain(|conflict| conflict.path != path);
            self.undone.conflicts.push(Conflict {
                path: path.clone(),
                kept,
            });
            self.conflicted.push(path);
        }
        self.stuck.push(record.clone());
    }

    /// What is known of a folder is known of it where it is now.
    fn rekey(&mut self, from: &SharePath, to: &SharePath) {
        let known = std::mem::take(&mut self.known);
        let moved = |path: SharePath| path.moved(from, to).unwrap_or(path);
        self.known = known
            .into_iter()
            .map(|(path, states)| (moved(path), states))
            .collect();
        for paths in [&mut self.conflicted, &mut self.empty] {
            for path in paths {
                *path = moved(std::mem::take(path));
            }
        }
        for record in &mut self.stuck {
            record.path = moved(std::mem::take(&mut record.path));
            if let What::Rename { to, .. } = &mut record.what {
                *to = moved(std::mem::take(to));
            }
        }
    }

    /// A step of an earlier run, without touching anything.
    fn replay(&mut self, record: &Record, mark: &Mark) {
        match mark {
            Mark::Done(will) => {
                if let What::Rename { to, .. } = &record.what {
                    self.rekey(to, &record.path);
                }
                if record.content && record.what == What::Replace {
                    self.empty.retain(|empty| *empty != record.path);
                }
                let restores = matches!(record.what, What::Remove | What::Rename { .. });
                for (path, state, _) in will {
                    let is_empty = restores && !record.content && matches!(state, State::File { .. });
                    let is_moved = matches!(record.what, What::Rename { .. }) && *path == record.path;
                    if is_empty && !is_moved {
                        self.empty.push(path.clone());
                    }
                }
                self.now_known(will.clone());
                self.undone.restored += 1;
            }
            Mark::Nothing => {}
            Mark::Conflict => self.conflict(record),
        }
    }

    /// True where the last step of an earlier run was made.
    fn is_done(&self, mark: &Mark) -> bool {
        match mark {
            Mark::Done(will) => will
                .iter()
                .all(|(path, _, real)| self.now(path).is_ok_and(|now| is_same(&now, real))),
            Mark::Nothing => true,
            // The host may have made way.
            Mark::Conflict => false,
        }
    }

    fn mark(&self, n: u64, mark: Mark) -> io::Result<()> {
        let mut written = self.log.written();
        self.log.keeping.append(&Line::Mark(n, mark.clone()))?;
        written.marks.insert(n, mark);
        written.last_mark = Some(n);
        Ok(())
    }

    fn now_known(&mut self, will: Vec<(SharePath, State, State)>) {
        for (path, state, real) in will {
            if let State::File { ident, .. } = &real {
                self.undone.restored_files.insert(*ident);
            }
            if state == State::Missing {
                self.empty.retain(|empty| *empty != path);
            }
            self.known.insert(path, (state, real));
        }
    }

    /// Files without content that no earlier change takes away are no files of a person.
    fn take_empty(&mut self) {
        for path in std::mem::take(&mut self.empty) {
            let Some((State::File { .. }, real)) = self.known.get(&path) else {
                continue;
            };
            let Ok((folder, name)) = self.place(&path) else {
                continue;
            };
            if let Ok(stat) = host::stat(&folder, &name)
                && is_same(&stat.file_state(), real)
                && stat.size == 0
                && side::remove(&folder, &name, &stat).is_ok()
            {
                self.undone.conflicts.push(Conflict { path, kept: None });
            }
        }
    }

    /// True for the same content, also in a file that was put back.
    fn is_same(&self, found: &State, recorded: &State) -> bool {
        is_same(&self.in_place_of(found, recorded), recorded)
    }

    /// The same, with the same permission bits.
    fn is_exactly(&self, found: &State, recorded: &State) -> bool {
        self.in_place_of(found, recorded) == *recorded
    }

    /// A file that was put back stands for the one that was recorded.
    fn in_place_of(&self, found: &State, recorded: &State) -> State {
        let mut state = found.clone();
        if let (State::File { ident, .. }, State::File { ident: of_record, .. }) = (&mut state, recorded)
            && self.put_back.contains(ident)
        {
            *ident = *of_record;
        }
        state
    }

    /// What is at a path, in the words of the records.
    fn seen(&self, path: &SharePath) -> Result<State, Stop> {
        let now = self.now(path)?;
        Ok(match self.known.get(path) {
            Some((state, real)) if is_same(real, &now) => state.clone(),
            _ => now,
        })
    }

    fn now(&self, path: &SharePath) -> Result<State, Stop> {
        match self.place(path) {
            Ok((folder, name)) => Ok(host::state(&folder, &name)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Missing),
            Err(error) => Err(error.into()),
        }
    }

    fn place(&self, path: &SharePath) -> io::Result<(Dir, OsString)> {
        let (above, name) = path.split().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = host::folder_beneath(self.root, above.names())?;
        Ok((folder, name.to_owned()))
    }
}

/// True where both are the same thing with the same content. Permission bits are told by changes of their own.
fn is_same(one: &State, other: &State) -> bool {
    match (one, other) {
        (
            State::File {
                ident,
                size,
                modified,
                ..
            },
            State::File {
                ident: other_ident,
                size: other_size,
                modified: other_modified,
                ..
            },
        ) => (ident, size, modified) == (other_ident, other_size, other_modified),
        (State::Folder { .. }, State::Folder { .. }) => true,
        (one, other) => one == other,
    }
}
