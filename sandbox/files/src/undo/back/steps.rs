//! One change taken back, by its kind. What will be there is in the journal before it is made.

use std::ffi::OsString;

use cap_std::fs::Dir;
use percent_encoding::percent_decode_str;

use super::super::record::{Record, What};
use super::{Mark, Run, Stop};
use crate::content::set_mode;
use crate::host::{self, Set};
use crate::path::SharePath;
use crate::port::{Change, ChangeKind, Journal, State};
use crate::side::{self, Side};

impl Run<'_> {
    /// Takes one change back; false where there is nothing to take back.
    pub(super) fn take_back(&mut self, record: &Record) -> Result<bool, Stop> {
        let Record {
            n, path, pre, post, ..
        } = record;
        let seen = self.seen(path)?;
        match &record.what {
            What::Create if self.is_same(&seen, post) => self.remove(*n, path)?,
            What::Replace if self.is_same(&seen, post) => self.replace(record)?,
            What::Remove if seen == State::Missing => {
                let will = self.restore(record, path, pre, Vec::new(), None)?;
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

    /// Puts back what went from a path, together with what else the step does. Where it is put in the place of something else,
    /// that journal is told of it.
    pub(super) fn restore(
        &mut self,
        record: &Record,
        path: &SharePath,
        state: &State,
        mut will: Vec<(SharePath, State, State)>,
        over: Option<&dyn Journal>,
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
                will.push((path.clone(), state.clone(), real.clone()));
                self.mark(record.n, Mark::Done(will.clone()))?;
                made_over(path, &real, over)?;
                side.place_new(&folder, &name)?;
            }
            State::Folder { mode } => {
                will.push((path.clone(), state.clone(), state.clone()));
                self.mark(record.n, Mark::Done(will.clone()))?;
                made_over(path, state, over)?;
                host::create_folder(&folder, &name, *mode)?;
                let ident = host::stat(&folder, &name)?.ident;
                host::chmod(&folder, &name, ident, *mode)?;
            }
            State::Link { target } => {
                will.push((path.clone(), state.clone(), state.clone()));
                self.mark(record.n, Mark::Done(will.clone()))?;
                made_over(path, state, over)?;
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
            let will = self.restore(record, to, over, moved, None)?;
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
            let will = self.restore(record, to, over, moved, None)?;
            self.now_known(will);
        } else {
            return Err(Stop::Conflict);
        }
        Ok(true)
    }
}

/// Tells the journal of what is overwritten what comes there.
fn made_over(path: &SharePath, made: &State, over: Option<&dyn Journal>) -> Result<(), Stop> {
    let Some(over) = over else { return Ok(()) };
    let change = Change {
        path,
        kind: ChangeKind::Create,
        pre: &State::Missing,
        post: made,
        going: None,
    };
    over.before(&change).map(|_| ()).map_err(Stop::Io)
}

/// The target of a link as it was.
fn decoded(target: &str) -> OsString {
    let bytes: Vec<u8> = percent_decode_str(target).collect();
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(bytes);
    #[cfg(not(unix))]
    String::from_utf8_lossy(&bytes).into_owned().into()
}
