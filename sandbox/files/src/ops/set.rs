//! SETATTR: length, permission bits, times.

use super::Answer;
use super::file::may_write;
use crate::content::{Content, lock};
use crate::errno::Errno;
use crate::host::{self, Kind, Set, Stat};
use crate::port::{Change, ChangeKind, Event, State};
use crate::session::{Place, Session};
use crate::wire::{ROOT, SetAttributes};

impl Session {
    pub(super) fn set_attributes(&self, id: u64, wanted: &SetAttributes) -> Answer {
        self.writable()?;
        // Everything belongs to the session's user, and stays so.
        let is_given_away = wanted.uid.is_some_and(|uid| uid != self.share.uid)
            || wanted.gid.is_some_and(|gid| gid != self.share.gid);
        if is_given_away {
            return Err(Errno::EPERM);
        }
        if let Some(size) = wanted.size {
            self.set_size(id, wanted.handle, size)?;
        }
        if let Some(mode) = wanted.mode {
            self.set_mode(id, mode)?;
        }
        // When something was last read is no change.
        if wanted.modified != Set::Keep {
            self.set_times(id, wanted.accessed, wanted.modified)?;
        }
        self.get_attributes(id, None)
    }

    fn set_size(&self, id: u64, handle: Option<u64>, size: u64) -> Result<(), Errno> {
        if let Some(handle) = handle {
            let (node, content) = self.opened_to_write(handle)?;
            if node != id {
                return Err(Errno::EBADF);
            }
            let _names = self.reading();
            return self.resize(id, &mut lock(&content), size);
        }
        // Nobody closes what was not opened: it is put in place at once, unless somebody writes at this moment.
        let _names = self.changing();
        let (content, _) = self.content_of(id)?;
        let is_set = self.resize_now(id, &mut lock(&content), size);
        self.close(id);
        is_set
    }

    fn resize_now(&self, id: u64, content: &mut Content, size: u64) -> Result<(), Errno> {
        may_write(&content.base)?;
        self.resize(id, content, size)?;
        let writers = self.nodes().get(id)?.writers;
        if writers > 0 {
            return Ok(());
        }
        self.publish(id, content, false)
    }

    fn set_mode(&self, id: u64, mode: u32) -> Result<(), Errno> {
        // Bits that lend somebody's rights to a program are taken out; nobody else is let in to write.
        let mode = mode & 0o775;
        let _names = self.changing();
        let place = self.place_to_set(id)?;
        let stat = self.found(id, &place)?;
        if stat.mode == mode {
            return Ok(());
        }
        if stat.kind == Kind::Link || stat.kind == Kind::Special {
            return Err(Errno::EPERM);
        }
        self.before_metadata(&place, &stat, &Stat { mode, ..stat })?;
        host::chmod(&place.folder, &place.name, stat.ident, mode)?;
        self.was_set(id, place)
    }

    fn set_times(&self, id: u64, accessed: Set, modified: Set) -> Result<(), Errno> {
        let _names = self.changing();
        if let Some(content) = self.content(id)? {
            let content = lock(&content);
            if let Some(side) = content.side_file() {
                return Ok(host::set_times_of(side, accessed, modified)?);
            }
        }
        let place = self.place_to_set(id)?;
        let stat = self.found(id, &place)?;
        match stat.kind {
            Kind::File | Kind::Folder => {}
            // A link's own time tells nobody anything.
            Kind::Link => return Ok(()),
            Kind::Special => return Err(Errno::EPERM),
        }
        // The moment is decided here, so that the journal can know it.
        let modified = match modified {
            Set::Now => Set::To(crate::port::Moment::now()),
            modified => modified,
        };
        if let Set::To(moment) = modified {
            let post = Stat {
                modified: moment,
                ..stat
            };
            self.before_metadata(&place, &stat, &post)?;
        }
        host::set_times(&place.folder, &place.name, stat.ident, accessed, modified)?;
        self.was_set(id, place)
    }

    /// The shared folder itself is the host's.
    fn place_to_set(&self, id: u64) -> Result<Place, Errno> {
        if id == ROOT {
            return Err(Errno::EPERM);
        }
        self.place(id)
    }

    fn before_metadata(&self, place: &Place, pre: &Stat, post: &Stat) -> Result<(), Errno> {
        let state = |stat: &Stat| match stat.kind {
            Kind::Folder => State::Folder { mode: stat.mode },
            _ => stat.file_state(),
        };
        self.before(&Change {
            path: &place.path,
            kind: ChangeKind::Metadata,
            pre: &state(pre),
            post: &state(post),
            going: None,
        })?;
        Ok(())
    }

    /// What is known of a file is what it is now.
    fn was_set(&self, id: u64, place: Place) -> Result<(), Errno> {
        let stat = self.found(id, &place)?;
        if let Some(content) = self.content(id)? {
            lock(&content).base = stat;
        }
        {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id)?;
            node.told = Some(stat);
        }
        self.done(Event::Metadata { path: place.path });
        Ok(())
    }
}
