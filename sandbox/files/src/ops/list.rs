//! Listings: OPENDIR, READDIR, READDIRPLUS, RELEASEDIR. A listing is what was there when it began; a name that is gone by then
//! is left out.

use std::ffi::OsStr;
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;

use super::Answer;
use crate::errno::Errno;
use crate::host::{self, Kind};
use crate::name::is_ours;
use crate::session::{Listed, Listing, Session};
use crate::side;
use crate::wire::{self, DATA, Entry};

/// What stands before the names: `.` and `..`, of which the kernel knows better than we do.
const DOTS: [&str; 2] = [".", ".."];

impl Session {
    pub(super) fn open_folder(&self, id: u64) -> Answer {
        let _names = self.reading();
        self.folder(id)?;
        let mut handles = self.handles();
        if handles.listings.len() >= self.share.limits.listings {
            return Err(Errno::ENFILE);
        }
        let handle = handles.next();
        let listing = Listing {
            node: id,
            names: Vec::new(),
            listed: None,
        };
        handles.listings.insert(handle, Arc::new(Mutex::new(listing)));
        Ok(wire::opened(handle, false))
    }

    pub(super) fn release_folder(&self, handle: u64) -> Answer {
        let listing = self.handles().listings.remove(&handle);
        listing.map(|_| Vec::new()).ok_or(Errno::EBADF)
    }

    pub(super) fn read_folder(&self, handle: u64, at: u64, size: u32, plus: bool) -> Answer {
        let listing = self
            .handles()
            .listings
            .get(&handle)
            .cloned()
            .ok_or(Errno::EBADF)?;
        let mut listing = listing.lock().unwrap_or_else(PoisonError::into_inner);
        let _names = self.reading();
        let (folder, _) = self.folder(listing.node)?;
        // Heard of before it is looked at.
        let seconds = self.seconds(listing.node, &folder);
        if at == 0 {
            // What it had is given back before more is taken.
            listing.names = Vec::new();
            listing.listed = None;
            let (names, listed) = self.names_in(&folder)?;
            listing.names = names;
            listing.listed = Some(listed);
        }
        let room = (size as usize).min(DATA);
        let mut bytes = Vec::with_capacity(room.min(64 << 10));
        let start = usize::try_from(at).map_err(|_| Errno::EINVAL)?;
        for (index, dot) in DOTS.iter().enumerate().skip(start) {
            let entry = plus.then_some(Entry {
                node: 0,
                name_for: 0,
                attributes_for: 0,
                attributes: None,
            });
            let place = (u64::MAX, index as u64 + 1);
            if !wire::dirent(
                &mut bytes,
                room,
                entry.as_ref(),
                place,
                (OsStr::new(dot), Kind::Folder),
            ) {
                return Ok(bytes);
            }
        }
        let names = listing
            .names
            .iter()
            .enumerate()
            .skip(start.saturating_sub(DOTS.len()));
        for (index, (name, kind)) in names {
            let next = (index + DOTS.len() + 1) as u64;
            let has_room = if plus {
                self.list_plus(&mut bytes, room, (listing.node, &folder), next, name, seconds)
            } else {
                wire::dirent(&mut bytes, room, None, (u64::MAX, next), (name, *kind))
            };
            if !has_room {
                break;
            }
        }
        Ok(bytes)
    }

    /// Appends a name with its node, which the kernel holds once more. False where there is no room.
    fn list_plus(
        &self,
        bytes: &mut Vec<u8>,
        room: usize,
        (node, folder): (u64, &Dir),
        next: u64,
        name: &OsStr,
        seconds: u64,
    ) -> bool {
        let Ok(stat) = host::stat(folder, name) else {
            // It went meanwhile.
            return true;
        };
        // Where the table is full the kernel gets the name alone, and asks for the rest.
        let entry = self.enter_name(node, name, &stat, seconds).unwrap_or(Entry {
            node: 0,
            name_for: 0,
            attributes_for: 0,
            attributes: None,
        });
        let number = entry.attributes.map_or(u64::MAX, |attributes| attributes.number);
        let has_room = wire::dirent(bytes, room, Some(&entry), (number, next), (name, stat.kind));
        if !has_room && entry.node != 0 {
            self.forget(entry.node, 1);
        }
        has_room
    }

    /// The names of a folder without ours. What a killed service left is swept on the way.
    fn names_in(&self, folder: &Dir) -> Result<(Vec<(std::ffi::OsString, Kind)>, Listed), Errno> {
        let (mut names, mut listed) = (Vec::new(), self.listed());
        for entry in folder.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            if is_ours(&name) {
                if self.writable().is_ok() {
                    side::sweep(folder, &name);
                }
                continue;
            }
            if names.len() >= self.share.limits.names {
                return Err(Errno::EFBIG);
            }
            listed.add(self.share.limits.listed)?;
            let kind = entry.file_type()?;
            let kind = if kind.is_dir() {
                Kind::Folder
            } else if kind.is_file() {
                Kind::File
            } else if kind.is_symlink() {
                Kind::Link
            } else {
                Kind::Special
            };
            names.push((name, kind));
        }
        Ok((names, listed))
    }
}
