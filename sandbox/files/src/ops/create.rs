//! New things: CREATE, MKNOD, MKDIR, SYMLINK.

use std::ffi::OsStr;
use std::io;
use std::sync::Arc;

use super::Answer;
use super::file::flags;
use crate::content::{Content, set_mode};
use crate::errno::Errno;
use crate::host::{self, Stat};
use crate::ledger::{Charge, NAME};
use crate::link;
use crate::path::encoded;
use crate::port::{Change, ChangeKind, Event, State};
use crate::session::{Place, Session};
use crate::side::Side;
use crate::wire;

/// Bits that new things may have: no other bits than permissions, and nobody else writes.
const MODE: u32 = 0o775;
/// `S_IFMT` and `S_IFREG`.
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

impl Session {
    pub(super) fn create(&self, folder: u64, name: &[u8], open: u32, mode: u32, thread: u32) -> Answer {
        let _names = self.changing();
        let place = self.change_in(folder, name)?;
        match self.create_file(&place, mode) {
            Ok((file, stat)) => {
                let seconds = self.seconds(folder, &place.folder);
                let entry = self.enter(folder, &place, &stat, seconds)?;
                self.use_content(entry.node, Content::new(file, stat))?;
                self.nodes().get_mut(entry.node)?.opened = Some(stat);
                let handle = match self.new_handle(entry.node, true, thread) {
                    Ok(handle) => handle,
                    Err(errno) => {
                        self.close(entry.node);
                        self.forget(entry.node, 1);
                        return Err(errno);
                    }
                };
                let mut answer = wire::entry(&entry);
                answer.extend(wire::opened(handle, false));
                Ok(answer)
            }
            // The host made it in the meantime, and the guest takes what there is.
            Err(Errno::EEXIST) if open & flags::EXCLUSIVE == 0 => {
                let stat = host::stat(&place.folder, &place.name)?;
                let seconds = self.seconds(folder, &place.folder);
                let entry = self.enter(folder, &place, &stat, seconds)?;
                let opened = self.open_node(entry.node, open, thread);
                if opened.is_err() {
                    self.forget(entry.node, 1);
                }
                let mut answer = wire::entry(&entry);
                answer.extend(opened?);
                Ok(answer)
            }
            Err(errno) => Err(errno),
        }
    }

    /// An empty file: it lies beside until the journal knows of it.
    fn create_file(&self, place: &Place, mode: u32) -> Result<(std::fs::File, Stat), Errno> {
        Self::expect_nothing(place)?;
        let (charge, _room) = (self.ledger.name()?, self.reserve(NAME)?);
        let mut side = Side::create(&place.folder)?.charged(charge);
        set_mode(&side.file, mode & MODE)?;
        let stat = host::stat_of(&side.file)?;
        self.journal_new(place, &stat.file_state())?;
        side.place_new(&place.folder, &place.name)?;
        self.done(Event::Created {
            path: place.path.clone(),
        });
        let file = Arc::clone(&side.file);
        drop(side);
        let stat = host::stat_of(&file)?;
        let file = match Arc::try_unwrap(file) {
            Ok(file) => file,
            Err(file) => file.try_clone()?,
        };
        Ok((file, stat))
    }

    pub(super) fn make_node(&self, folder: u64, name: &[u8], mode: u32) -> Answer {
        let _names = self.changing();
        let place = self.change_in(folder, name)?;
        // Pipes, sockets and devices are nobody's documents; on the host they would be more than that.
        if mode & TYPE != REGULAR {
            return Err(Errno::EPERM);
        }
        let (_, stat) = self.create_file(&place, mode)?;
        let seconds = self.seconds(folder, &place.folder);
        Ok(wire::entry(&self.enter(folder, &place, &stat, seconds)?))
    }

    pub(super) fn make_folder(&self, folder: u64, name: &[u8], mode: u32) -> Answer {
        let _names = self.changing();
        let place = self.change_in(folder, name)?;
        if place.path.names().len() > self.share.limits.depth {
            return Err(Errno::ENAMETOOLONG);
        }
        Self::expect_nothing(&place)?;
        let (charge, _room) = (self.ledger.name()?, self.reserve(NAME)?);
        let mode = mode & MODE;
        self.journal_new(&place, &State::Folder { mode })?;
        host::create_folder(&place.folder, &place.name, mode)?;
        self.made(folder, place, charge)
    }

    pub(super) fn make_link(&self, folder: u64, name: &[u8], target: &[u8]) -> Answer {
        let _names = self.changing();
        let place = self.change_in(folder, name)?;
        // Names above the link: the folder that it lies in.
        let depth = place.path.names().len() - 1;
        let target = link::parse(target, depth)?;
        Self::expect_nothing(&place)?;
        let (charge, _room) = (self.ledger.name()?, self.reserve(NAME)?);
        let post = State::Link {
            target: encoded(&target),
        };
        self.journal_new(&place, &post)?;
        host::symlink(&place.folder, &target, &place.name)?;
        self.made(folder, place, charge)
    }

    fn made(&self, folder: u64, place: Place, charge: Charge) -> Answer {
        let stat = host::stat(&place.folder, &place.name)?;
        charge.keep(stat.ident);
        let seconds = self.seconds(folder, &place.folder);
        let entry = self.enter(folder, &place, &stat, seconds)?;
        self.done(Event::Created { path: place.path });
        Ok(wire::entry(&entry))
    }

    fn journal_new(&self, place: &Place, post: &State) -> Result<(), Errno> {
        self.before(&Change {
            path: &place.path,
            kind: ChangeKind::Create,
            pre: &State::Missing,
            post,
            going: None,
        })?;
        Ok(())
    }

    /// `EEXIST` where something has the name.
    fn expect_nothing(place: &Place) -> Result<(), Errno> {
        let name: &OsStr = &place.name;
        match host::stat(&place.folder, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
            Ok(_) => Err(Errno::EEXIST),
        }
    }
}
