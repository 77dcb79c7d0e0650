//! What is there: LOOKUP, GETATTR, READLINK, STATFS.

use std::io;

use super::Answer;
use crate::content::lock;
use crate::errno::Errno;
use crate::host::{self, Kind, Space, Stat};
use crate::ledger::NAME;
use crate::name::is_ours;
use crate::session::{Place, Session};
use crate::wire::{self, Entry, ROOT};

impl Session {
    pub(super) fn lookup(&self, folder: u64, name: &[u8]) -> Answer {
        let _names = self.reading();
        let place = self.name_in(folder, name)?;
        if is_ours(&place.name) {
            return Err(Errno::ENOENT);
        }
        let seconds = self.seconds(folder, &place.folder);
        let stat = match host::stat(&place.folder, &place.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return self.absent(folder, &place, seconds);
            }
            stat => stat?,
        };
        Ok(wire::entry(&self.enter(folder, &place, &stat, seconds)?))
    }

    /// There is no such name, and the kernel may believe that where it would hear of one.
    fn absent(&self, folder: u64, place: &Place, seconds: u64) -> Answer {
        let mut nodes = self.nodes();
        nodes.unlink(folder, &place.name);
        if seconds == 0 || !nodes.is_absent(folder, &place.name) {
            return Err(Errno::ENOENT);
        }
        Ok(wire::entry(&Entry {
            node: 0,
            name_for: seconds,
            attributes_for: 0,
            attributes: None,
        }))
    }

    /// The node of what was found, once more held by the kernel.
    pub(crate) fn enter(
        &self,
        folder: u64,
        place: &Place,
        stat: &Stat,
        seconds: u64,
    ) -> Result<Entry, Errno> {
        self.enter_name(folder, &place.name, stat, seconds)
    }

    pub(crate) fn enter_name(
        &self,
        folder: u64,
        name: &std::ffi::OsStr,
        stat: &Stat,
        seconds: u64,
    ) -> Result<Entry, Errno> {
        let (id, number, content) = {
            let mut nodes = self.nodes();
            let id = nodes.enter(folder, name, stat)?;
            nodes.is_there(folder, name);
            let node = nodes.get_mut(id)?;
            node.told = Some(*stat);
            (id, node.number, node.content.clone())
        };
        // What the guest itself wrote and has not closed is what it sees.
        let stat = match content {
            Some(content) => match lock(&content) {
                content if content.waiting().is_some() => content.stat()?,
                _ => *stat,
            },
            None => *stat,
        };
        Ok(Entry {
            node: id,
            name_for: seconds,
            attributes_for: self.seconds_of(id, stat.kind, seconds),
            attributes: Some(self.attributes(number, stat)),
        })
    }

    pub(super) fn get_attributes(&self, id: u64, handle: Option<u64>) -> Answer {
        let _names = self.reading();
        let id = match handle {
            Some(handle) => self.handles().files.get(&handle).map_or(id, |open| open.node),
            None => id,
        };
        if id == ROOT {
            let (folder, _) = self.folder(ROOT)?;
            let stat = host::stat_folder(&folder)?;
            return Ok(wire::attributes(0, &self.attributes(ROOT, stat)));
        }
        let (number, parent, content) = {
            let nodes = self.nodes();
            let node = nodes.get(id)?;
            (node.number, node.parent, node.content.clone())
        };
        if let Some(content) = content {
            let stat = lock(&content).stat()?;
            return Ok(wire::attributes(0, &self.attributes(number, stat)));
        }
        let place = self.place(id)?;
        let seconds = self.seconds(parent, &place.folder);
        let stat = self.found(id, &place)?;
        self.nodes().get_mut(id)?.told = Some(stat);
        let seconds = self.seconds_of(id, stat.kind, seconds);
        Ok(wire::attributes(seconds, &self.attributes(number, stat)))
    }

    pub(super) fn read_link(&self, id: u64) -> Answer {
        let _names = self.reading();
        let place = self.place(id)?;
        let stat = self.found(id, &place)?;
        if stat.kind != Kind::Link {
            return Err(Errno::EINVAL);
        }
        // The guest's kernel follows it among the guest's own files.
        let target = host::read_link(&place.folder, &place.name)?;
        crate::name::to_wire(&target)
            .map(<[u8]>::to_vec)
            .ok_or(Errno::EILSEQ)
    }

    pub(super) fn space(&self) -> Answer {
        let space = host::space(&self.share.root)?;
        let left = self.ledger.left();
        let blocks = match space.blocks {
            0 => 0,
            // Programs are not to begin what the floor ends.
            _ => left.min(self.floor.spare(&space)) / space.block,
        };
        Ok(wire::space(&Space {
            free: space.free.min(blocks),
            available: space.available.min(blocks),
            files_free: space.files_free.min(left / NAME),
            ..space
        }))
    }
}
