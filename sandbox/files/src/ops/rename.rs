//! RENAME and RENAME2. What has the new name goes, and the journal has it before.

use std::io;

use super::Answer;
use crate::content::lock;
use crate::errno::Errno;
use crate::host::{self, Kind, Stat};
use crate::link;
use crate::port::{Change, ChangeKind, Event, Going, State};
use crate::session::{Place, Session};

/// `RENAME_NOREPLACE` of renameat2(2). Its other flags are answered `EINVAL`.
const NO_REPLACE: u32 = 1;

impl Session {
    pub(super) fn rename(&self, from: (u64, &[u8]), to: (u64, &[u8]), flags: u32) -> Answer {
        if flags & !NO_REPLACE != 0 {
            return Err(Errno::EINVAL);
        }
        let _names = self.changing();
        let source = self.change_in(from.0, from.1)?;
        let target = self.change_in(to.0, to.1)?;
        if source.path == target.path {
            return Ok(Vec::new());
        }
        // What the guest wrote and has not closed goes along.
        let id = self.nodes().child(from.0, &source.name);
        if let Some(id) = id {
            self.publish_waiting(id)?;
        }
        let stat = host::stat(&source.folder, &source.name)?;
        let over = match host::stat(&target.folder, &target.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            over => Some(over?),
        };
        self.may_rename(&source, &stat, &target, over.as_ref(), flags)?;
        self.move_over(&source, &stat, &target, over.as_ref())?;
        let is = host::stat(&target.folder, &target.name).ok();
        let content = {
            let mut nodes = self.nodes();
            let replaced = nodes.rename((from.0, &source.name), (to.0, &target.name));
            if let Some(id) = nodes.child(to.0, &target.name)
                && let Ok(node) = nodes.get_mut(id)
            {
                node.told = is;
            }
            replaced.and_then(|id| Self::mark_removed(&mut nodes, id))
        };
        if let Some(content) = content {
            lock(&content).gone();
        }
        if let Some(over) = over {
            self.ledger.gone(over.ident);
            self.done(Event::Removed {
                path: target.path.clone(),
                bytes: over.size,
            });
        }
        self.done(Event::Renamed {
            from: source.path,
            to: target.path,
        });
        Ok(Vec::new())
    }

    fn publish_waiting(&self, id: u64) -> Result<(), Errno> {
        match self.content(id)? {
            Some(content) => self.publish(id, &mut lock(&content), false),
            None => Ok(()),
        }
    }

    fn may_rename(
        &self,
        source: &Place,
        stat: &Stat,
        target: &Place,
        over: Option<&Stat>,
        flags: u32,
    ) -> Result<(), Errno> {
        let (from, to) = (source.path.names().len() - 1, target.path.names().len() - 1);
        if stat.kind == Kind::Special {
            return Err(Errno::EPERM);
        }
        if source.path.holds(&target.path) {
            return Err(Errno::EINVAL);
        }
        if to > self.share.limits.depth {
            return Err(Errno::ENAMETOOLONG);
        }
        if let Some(over) = over {
            match (stat.kind, over.kind) {
                _ if flags & NO_REPLACE != 0 => return Err(Errno::EEXIST),
                // Two names of one file: the system would leave both.
                _ if over.ident == stat.ident => return Err(Errno::EPERM),
                (_, Kind::Special) => return Err(Errno::EPERM),
                (Kind::Folder, Kind::Folder) => Self::expect_empty(target)?,
                (Kind::Folder, _) => return Err(Errno::ENOTDIR),
                (_, Kind::Folder) => return Err(Errno::EISDIR),
                _ => {}
            }
        }
        if link::may_move(&source.folder, &source.name, stat.kind, from, to) {
            Ok(())
        } else {
            // As between two file systems: who moves makes it anew then, and each link is looked at.
            Err(Errno::EXDEV)
        }
    }

    fn move_over(
        &self,
        source: &Place,
        stat: &Stat,
        target: &Place,
        over: Option<&Stat>,
    ) -> Result<(), Errno> {
        let state = host::state_of(&source.folder, &source.name, stat)?;
        let (over_state, file) = match over {
            Some(over) => (
                host::state_of(&target.folder, &target.name, over)?,
                Self::open_going(target, over)?,
            ),
            None => (State::Missing, None),
        };
        self.before(&Change {
            path: &source.path,
            kind: ChangeKind::Rename {
                to: &target.path,
                over: &over_state,
            },
            pre: &state,
            post: &State::Missing,
            going: over.map(|_| Going {
                folder: &target.folder,
                name: &target.name,
                file: file.as_ref(),
            }),
        })?;
        let Some(over) = over else {
            return match host::move_new(&source.folder, &source.name, &target.folder, &target.name) {
                // The host took the name meanwhile.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Errno::ESTALE),
                moved => Ok(moved?),
            };
        };
        if !host::exchange(&source.folder, &source.name, &target.folder, &target.name)? {
            return Ok(source.folder.rename(&source.name, &target.folder, &target.name)?);
        }
        // What had the new name has the old one now. It goes if it is what the journal has.
        let came = host::stat(&source.folder, &source.name)?;
        let is_known = came.ident == over.ident && (over.kind != Kind::File || came.is_same_content(over));
        let gone = match over.kind {
            _ if !is_known => Err(Errno::ESTALE),
            Kind::Folder => source.folder.remove_dir(&source.name).map_err(Into::into),
            _ => crate::side::remove(&source.folder, &source.name, over),
        };
        if gone.is_err() {
            host::exchange(&source.folder, &source.name, &target.folder, &target.name)?;
        }
        gone
    }
}
