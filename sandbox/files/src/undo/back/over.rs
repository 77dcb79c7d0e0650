//! Undoing also what the host changed since. What stands in the way goes into another journal first: overwriting is itself a
//! change that can be undone.

use std::io;

use super::super::record::{Record, What};
use super::{Mark, Run, Stop};
use crate::host::{self, Kind};
use crate::path::SharePath;
use crate::port::{Change, ChangeKind, Going, Journal, Kept, State};
use crate::side;

/// Folders in folders that are taken out of the way.
const DEEPEST: usize = 64;

impl Run<'_> {
    /// Takes back what is in conflict, from the last: what the host left there is kept in `over` and makes way.
    pub(super) fn overwrite(&mut self, over: &dyn Journal) -> io::Result<()> {
        let stuck = std::mem::take(&mut self.stuck);
        self.conflicted.clear();
        self.undone.conflicts.clear();
        let mut forced: Vec<SharePath> = Vec::new();
        for record in &stuck {
            let is_stuck = self.conflicted.iter().any(|path| path.holds(&record.path));
            let made = if is_stuck {
                Err(Stop::Conflict)
            } else {
                self.take_back_over(record, over, &mut forced)
            };
            match made {
                Ok(()) => self.undone.restored += 1,
                Err(Stop::Conflict) => {
                    self.mark(record.n, Mark::Conflict)?;
                    self.conflict(record);
                }
                Err(Stop::Io(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn take_back_over(
        &mut self,
        record: &Record,
        over: &dyn Journal,
        forced: &mut Vec<SharePath>,
    ) -> Result<(), Stop> {
        // What was put there just now is the other journal's, too: so it knows what it finds when it is undone. And a folder that
        // was made goes by way of that journal also when it is empty: what is kept of it there comes back into it.
        if record.what != What::Create && !forced.contains(&record.path) {
            match self.take_back(record) {
                Ok(true) => return Ok(()),
                Ok(false) => return Ok(self.mark(record.n, Mark::Nothing)?),
                Err(Stop::Conflict) => {}
                Err(stop) => return Err(stop),
            }
        }
        match &record.what {
            What::Create => {
                self.make_way(&record.path, over, DEEPEST)?;
                let will = vec![(record.path.clone(), State::Missing, State::Missing)];
                self.mark(record.n, Mark::Done(will.clone()))?;
                self.now_known(will);
            }
            What::Replace | What::Remove => self.put(record, &record.path, &record.pre, over)?,
            What::Metadata => self.set_mode_back(record, over)?,
            // The guest's own file in the place of the host's: `sed -i`, and whatever else writes beside and renames.
            What::Rename { to, over: gone } if self.log.written().is_made(&record.pre) => {
                self.put(record, to, gone, over)?;
                // Nothing was moved.
                self.mark(record.n, Mark::Nothing)?;
                forced.push(to.clone());
            }
            What::Rename { to, over: gone } => {
                self.move_edited_back(record, to, gone, over)?;
                forced.push(to.clone());
            }
        }
        forced.push(record.path.clone());
        Ok(())
    }

    /// Puts what went back in the place of whatever is there.
    fn put(
        &mut self,
        record: &Record,
        path: &SharePath,
        state: &State,
        over: &dyn Journal,
    ) -> Result<(), Stop> {
        self.make_way(path, over, DEEPEST)?;
        let will = self.restore(record, path, state, Vec::new(), Some(over))?;
        self.now_known(will);
        Ok(())
    }

    /// Takes away what is at a path, with all that is in it, once it is kept.
    fn make_way(&self, path: &SharePath, over: &dyn Journal, deep: usize) -> Result<(), Stop> {
        let (folder, name) = match self.place(path) {
            Ok(place) => place,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let stat = match host::stat(&folder, &name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            stat => stat?,
        };
        let state = host::state_of(&folder, &name, &stat)?;
        let file = match stat.kind {
            Kind::File => Some(host::open_file(&folder, &name)?.0),
            Kind::Folder if deep == 0 => return Err(Stop::Conflict),
            Kind::Folder => {
                let inner = host::folder_beneath(self.root, path.names())?;
                for entry in inner.entries()? {
                    self.make_way(&path.join(&entry?.file_name()), over, deep - 1)?;
                }
                None
            }
            Kind::Link => None,
            Kind::Special => return Err(Stop::Conflict),
        };
        let change = Change {
            path,
            kind: ChangeKind::Remove,
            pre: &state,
            post: &State::Missing,
            going: Some(Going {
                folder: &folder,
                name: &name,
                file: file.as_ref(),
            }),
        };
        match over.before(&change).map_err(Stop::Io)? {
            Kept::Moved => Ok(()),
            Kept::InPlace if stat.kind == Kind::Folder => Ok(folder.remove_dir(&name)?),
            Kept::InPlace => Ok(side::remove(&folder, &name, &stat)?),
        }
    }

    /// The permission bits as they were; the content is the host's. What is not there has none.
    fn set_mode_back(&mut self, record: &Record, over: &dyn Journal) -> Result<(), Stop> {
        let now = self.now(&record.path)?;
        let (after, mode) = match (&now, &record.pre) {
            (State::Missing, _) => return Ok(self.mark(record.n, Mark::Nothing)?),
            (
                State::File {
                    ident,
                    size,
                    modified,
                    ..
                },
                State::File { mode, .. },
            ) => {
                let after = State::File {
                    ident: *ident,
                    size: *size,
                    modified: *modified,
                    mode: *mode,
                };
                (after, *mode)
            }
            (State::Folder { .. }, State::Folder { mode }) => (State::Folder { mode: *mode }, *mode),
            _ => return Err(Stop::Conflict),
        };
        if now != after {
            let (folder, name) = self.place(&record.path)?;
            let change = Change {
                path: &record.path,
                kind: ChangeKind::Metadata,
                pre: &now,
                post: &after,
                going: None,
            };
            over.before(&change).map_err(Stop::Io)?;
            let ident = host::stat(&folder, &name)?.ident;
            host::chmod(&folder, &name, ident, mode)?;
        }
        // Last: a change that could not be kept, or that a crash kept from being made, is made by the next run.
        Ok(self.mark(record.n, Mark::Nothing)?)
    }

    /// A file of the host that was renamed, and that the host wrote to since: it gets its path back, and keeps its content.
    fn move_edited_back(
        &mut self,
        record: &Record,
        to: &SharePath,
        gone: &State,
        over: &dyn Journal,
    ) -> Result<(), Stop> {
        let (from, there) = (self.now(&record.path)?, self.now(to)?);
        let is_file = |state: &State| matches!(state, State::File { .. });
        if from != State::Missing || !is_file(&there) || !is_file(&record.pre) {
            return Err(Stop::Conflict);
        }
        let (folder, name) = self.place(&record.path)?;
        let (to_folder, to_name) = self.place(to)?;
        let change = Change {
            path: to,
            kind: ChangeKind::Rename {
                to: &record.path,
                over: &State::Missing,
            },
            pre: &there,
            post: &State::Missing,
            going: None,
        };
        over.before(&change).map_err(Stop::Io)?;
        host::move_new(&to_folder, &to_name, &folder, &name)?;
        let will = self.restore(record, to, gone, Vec::new(), Some(over))?;
        self.now_known(will);
        // Last: until then what was there before is kept, and told as a conflict.
        Ok(self.mark(record.n, Mark::Nothing)?)
    }
}
