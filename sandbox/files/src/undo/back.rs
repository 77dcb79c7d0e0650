//! Putting a folder back, change by change from the last. What the host changed after the guest is never overwritten: it is
//! a conflict, and told.
//!
//! Undoing may be stopped at any moment and begun again. Before a step is made the index says what will be there after it, so
//! that the next run knows a step that was made from one that was not.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use cap_std::fs::Dir;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::UndoLog;
use super::record::{Line, Record, What};
use crate::content::set_mode;
use crate::errno::Errno;
use crate::host::{self, Set};
use crate::path::SharePath;
use crate::port::{Ident, State};
use crate::side::{self, Side};

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
    /// Files without their content, that an earlier change is to take away.
    empty: Vec<SharePath>,
    /// Files that were put back when later changes were undone, by other journals.
    put_back: &'a BTreeSet<Ident>,
    undone: Undone,
}

impl UndoLog {
    /// Puts the folder back as it was before the first change. Ends the journal where nothing is in conflict.
    pub fn undo(&self, root: &Dir) -> io::Result<Undone> {
        self.undo_steps(root, usize::MAX)
    }

    /// The same after journals of later changes were undone, which put these files back.
    pub fn undo_after(&self, root: &Dir, put_back: &BTreeSet<Ident>) -> io::Result<Undone> {
        self.take_steps(root, usize::MAX, put_back)
    }

    /// The same for at most so many changes, from the last: a later call goes on from there, also of another process.
    pub fn undo_steps(&self, root: &Dir, steps: usize) -> io::Result<Undone> {
        self.take_steps(root, steps, &BTreeSet::new())
    }

    fn take_steps(&self, root: &Dir, mut steps: usize, put_back: &BTreeSet<Ident>) -> io::Result<Undone> {
        let (records, marks) = {
            let written = self.written();
            (written.records.clone(), written.marks.clone())
        };
        let mut run = Run {
            log: self,
            root,
            known: BTreeMap::new(),
            conflicted: Vec::new(),
            empty: Vec::new(),
            put_back,
            undone: Undone::default(),
        };
        let last = marks.keys().min().copied();
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
    }

    /// Takes one change back; false where there is nothing to take back.
    fn take_back(&mut self, record: &Record) -> Result<bool, Stop> {
        let Record {
            n, path, pre, post, ..
        } = record;
        let seen = self.seen(path)?;
        match &record.what {
            What::Create if self.is_same(&seen, post) => self.remove(*n, path)?,
            What::Replace if self.is_same(&seen, post) => self.replace(record)?,
            What::Remove if seen == State::Missing => {
                let will = self.restore(record, path, pre, Vec::new())?;
                self.now_known(will);
            }
            What::Metadata if self.is_exactly(&seen, post) => self.set_back(*n, path, pre)?,
            What::Rename { to, over } => return self.move_back(record, to, over, &seen),
            What::Metadata if self.is_exactly(&seen, pre) => return Ok(false),
            _ if self.is_same(&seen, pre) => return Ok(false),
            _ => return Err(Stop::Conflict),
        }
        Ok(true)
    }

    fn remove(&mut self, n: u64, path: &SharePath) -> Result<(), Stop> {
        let (folder, name) = self.place(path)?;
        let stat = host::stat(&folder, &name)?;
        let will = vec![(path.clone(), State::Missing, State::Missing)];
        self.mark(n, Mark::Done(will.clone()))?;
        if stat.kind == host::Kind::Folder {
            folder.remove_dir(&name)?;
        } else {
            side::remove(&folder, &name, &stat)?;
        }
        self.now_known(will);
        Ok(())
    }

    fn replace(&mut self, record: &Record) -> Result<(), Stop> {
        let (folder, name) = self.place(&record.path)?;
        let stat = host::stat(&folder, &name)?;
        let mut side = None;
        let real = if record.content {
            let made = self.beside(record.n, &folder, &record.pre)?;
            let real = host::stat_of(&made.file)?.file_state();
            side = Some(made);
            self.empty.retain(|empty| *empty != record.path);
            real
        } else {
            // The guest's own, which earlier changes made: its place is enough until they are taken back.
            stat.file_state()
        };
        let will = vec![(record.path.clone(), record.pre.clone(), real)];
        self.mark(record.n, Mark::Done(will.clone()))?;
        if let Some(mut side) = side
            && !side.place_over(&folder, &name, &stat)?
        {
            return Err(Stop::Conflict);
        }
        self.now_known(will);
        Ok(())
    }

    /// Puts back what went from a path, together with what else the step does.
    fn restore(
        &mut self,
        record: &Record,
        path: &SharePath,
        state: &State,
        mut will: Vec<(SharePath, State, State)>,
    ) -> Result<Vec<(SharePath, State, State)>, Stop> {
        let (folder, name) = self.place(path)?;
        match state {
            State::File { .. } => {
                let mut side = if record.content {
                    self.beside(record.n, &folder, state)?
                } else {
                    self.empty.push(path.clone());
                    Side::create(&folder)?
                };
                let real = host::stat_of(&side.file)?.file_state();
                will.push((path.clone(), state.clone(), real));
                self.mark(record.n, Mark::Done(will.clone()))?;
                side.place_new(&folder, &name)?;
            }
            State::Folder { mode } => {
                will.push((path.clone(), state.clone(), state.clone()));
                self.mark(record.n, Mark::Done(will.clone()))?;
                host::create_folder(&folder, &name, *mode)?;
                let ident = host::stat(&folder, &name)?.ident;
                host::chmod(&folder, &name, ident, *mode)?;
            }
            State::Link { target } => {
                will.push((path.clone(), state.clone(), state.clone()));
                self.mark(record.n, Mark::Done(will.clone()))?;
                host::symlink(&folder, &decoded(target), &name)?;
            }
            State::Missing => {
                will.push((path.clone(), State::Missing, State::Missing));
                self.mark(record.n, Mark::Done(will.clone()))?;
            }
            State::Special => return Err(Stop::Conflict),
        }
        Ok(will)
    }

    /// The kept content beside its place: the file itself where that can have a name there, else a copy with its times.
    fn beside(&self, n: u64, folder: &Dir, state: &State) -> Result<Side, Stop> {
        let State::File {
            ident,
            mode,
            modified,
            ..
        } = state
        else {
            return Err(Stop::Conflict);
        };
        if let Some(side) = self.log.keeping.link(n, *ident, folder) {
            return Ok(side);
        }
        let side = Side::create(folder)?;
        self.log.keeping.restore(n, &side.file).map_err(Stop::Io)?;
        set_mode(&side.file, *mode)?;
        host::set_times_of(&side.file, Set::Keep, Set::To(*modified))?;
        side.file.sync_all()?;
        Ok(side)
    }

    fn set_back(&mut self, n: u64, path: &SharePath, pre: &State) -> Result<(), Stop> {
        let (folder, name) = self.place(path)?;
        let stat = host::stat(&folder, &name)?;
        let real = match pre {
            State::File { modified, mode, .. } => State::File {
                ident: stat.ident,
                size: stat.size,
                modified: *modified,
                mode: *mode,
            },
            _ => pre.clone(),
        };
        let will = vec![(path.clone(), pre.clone(), real)];
        self.mark(n, Mark::Done(will.clone()))?;
        match pre {
            State::File { modified, mode, .. } => {
                host::chmod(&folder, &name, stat.ident, *mode)?;
                host::set_times(&folder, &name, stat.ident, Set::Keep, Set::To(*modified))?;
            }
            State::Folder { mode } => host::chmod(&folder, &name, stat.ident, *mode)?,
            _ => return Err(Stop::Conflict),
        }
        self.now_known(will);
        Ok(())
    }

    fn move_back(
        &mut self,
        record: &Record,
        to: &SharePath,
        over: &State,
        from: &State,
    ) -> Result<bool, Stop> {
        let path = &record.path;
        let there = self.seen(to)?;
        let is_moved = self.is_same(&there, &record.pre);
        if self.is_same(from, &record.pre) && self.is_same(&there, over) {
            return Ok(false);
        }
        let was_begun = self.log.written().marks.contains_key(&record.n);
        if is_moved && *from == State::Missing {
            let (folder, name) = self.place(path)?;
            let (to_folder, to_name) = self.place(to)?;
            let real = self.now(to)?;
            let moved = vec![(path.clone(), record.pre.clone(), real)];
            self.mark(record.n, Mark::Done(moved.clone()))?;
            host::move_new(&to_folder, &to_name, &folder, &name)?;
            self.rekey(to, path);
            let will = self.restore(record, to, over, moved)?;
            self.now_known(will);
        } else if is_moved && *over != State::Missing && self.is_same(from, over) {
            // The rename was stopped between its two halves.
            let (folder, name) = self.place(path)?;
            let (to_folder, to_name) = self.place(to)?;
            self.mark(record.n, Mark::Nothing)?;
            host::exchange(&folder, &name, &to_folder, &to_name)?;
        } else if was_begun && self.is_same(from, &record.pre) && there == State::Missing {
            // Taking it back was.
            self.rekey(to, path);
            let moved = vec![(path.clone(), record.pre.clone(), self.now(path)?)];
            let will = self.restore(record, to, over, moved)?;
            self.now_known(will);
        } else {
            return Err(Stop::Conflict);
        }
        Ok(true)
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

/// The target of a link as it was.
fn decoded(target: &str) -> OsString {
    let bytes: Vec<u8> = percent_decode_str(target).collect();
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(bytes);
    #[cfg(not(unix))]
    String::from_utf8_lossy(&bytes).into_owned().into()
}
