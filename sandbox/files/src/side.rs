//! A file beside the one that it is to replace: what the guest writes is nobody's to see before it is whole. It is locked
//! while it lives, so that what a killed service left is told from what another one writes.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io;
use std::sync::Arc;

use cap_std::fs::Dir;
use uuid::Uuid;

use crate::errno::Errno;
use crate::host::{self, Kind, Stat};
use crate::ledger::Charge;
use crate::name::OURS;

const SUFFIX: &str = ".tmp";
/// Times that a name is taken anew, when another program swept it in the moment before it was locked.
const TRIES: usize = 5;

/// A file in the making. Its name goes with the value unless it was given a place.
#[derive(Debug)]
pub(crate) struct Side {
    folder: Dir,
    /// None once it has a place, or is to have none.
    name: Option<OsString>,
    pub(crate) file: Arc<File>,
    /// Bytes that it has.
    pub(crate) length: u64,
    /// What a guest is charged for it; goes with it, or is kept with its place.
    charge: Option<Charge>,
}

impl Side {
    /// Creates an empty one that its owner alone may read.
    pub(crate) fn create(folder: &Dir) -> io::Result<Self> {
        for _ in 0..TRIES {
            let name = OsString::from(format!("{OURS}{}{SUFFIX}", Uuid::now_v7().simple()));
            let file = host::create_file(folder, &name, 0o600)?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                // Another program sweeps it at this moment.
                continue;
            }
            // Where files cannot be locked, nothing is swept either.
            if host::stat(folder, &name).is_ok() {
                return Ok(Self {
                    folder: folder.try_clone()?,
                    name: Some(name),
                    file: Arc::new(file),
                    length: 0,
                    charge: None,
                });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// One that is a file of another folder of the same file system, under a second name.
    pub(crate) fn link(from: &Dir, kept: &OsStr, folder: &Dir) -> io::Result<Self> {
        let name = OsString::from(format!("{OURS}{}{SUFFIX}", Uuid::now_v7().simple()));
        from.hard_link(kept, folder, &name)?;
        let (file, stat) = host::open_file(folder, &name)?;
        Ok(Self {
            folder: folder.try_clone()?,
            name: Some(name),
            file: Arc::new(file),
            length: stat.size,
            charge: None,
        })
    }

    /// The same, with what the guest is charged for it.
    pub(crate) fn charged(mut self, charge: Charge) -> Self {
        self.charge = Some(charge);
        self
    }

    /// Charges the guest for so many bytes of content; `EDQUOT` where that is too much.
    pub(crate) fn charge(&mut self, length: u64) -> Result<(), Errno> {
        self.charge
            .as_mut()
            .map_or(Ok(()), |charge| charge.length(length))
    }

    /// Takes its name away: it will have no place.
    pub(crate) fn hide(&mut self) {
        // An open file cannot lose its name on every system; there it goes at the end.
        if let Some(name) = &self.name
            && self.folder.remove_file(name).is_ok()
        {
            self.name = None;
        }
    }

    /// Gives it a name that nobody has; `AlreadyExists` where somebody does.
    pub(crate) fn place_new(&mut self, folder: &Dir, new: &OsStr) -> io::Result<()> {
        let name = self.name.as_ref().ok_or(io::ErrorKind::NotFound)?;
        self.unlock_before();
        host::move_new(&self.folder, name, folder, new)?;
        self.placed();
        Ok(())
    }

    /// Puts it in the place of a file, if that is still the expected one. What came out instead goes back, and the answer is
    /// `false`: then nothing was changed.
    pub(crate) fn place_over(&mut self, folder: &Dir, place: &OsStr, expected: &Stat) -> io::Result<bool> {
        let name = self.name.as_ref().ok_or(io::ErrorKind::NotFound)?;
        self.unlock_before();
        if !host::exchange(&self.folder, name, folder, place)? {
            // What comes into the place between the last look and this is replaced: see the README.
            self.folder.rename(name, folder, place)?;
            self.placed();
            return Ok(true);
        }
        let came = host::stat(&self.folder, name)?;
        if came.is_same_content(expected) {
            // The journal has it.
            self.folder.remove_file(name)?;
            self.placed();
            return Ok(true);
        }
        host::exchange(&self.folder, name, folder, place)?;
        let back = host::stat(&self.folder, name)?;
        if back.ident != host::stat_of(&self.file)?.ident {
            // Somebody replaced ours meanwhile. What lies under our name is a person's now: it is not to go.
            let other = crate::name::with_word(place, "(recovered)");
            host::move_new(&self.folder, name, folder, &other)?;
            self.name = None;
        }
        Ok(false)
    }
}

impl Side {
    /// A lock keeps others from a file on Windows, so it goes before it has a place. Elsewhere it guards the name until then.
    fn unlock_before(&self) {
        if cfg!(windows) {
            drop(self.file.unlock());
        }
    }

    fn placed(&mut self) {
        self.name = None;
        if let Ok(stat) = host::stat_of(&self.file)
            && let Some(charge) = self.charge.take()
        {
            charge.keep(stat.ident);
        }
        // The lock was ours to write it; it is nobody's document's.
        drop(self.file.unlock());
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            // What cannot be removed is left with a name that says whose it is.
            drop(self.folder.remove_file(name));
        }
    }
}

/// Takes a file or link out of its place and lets it go, if it is the expected one. What came out instead goes back, and the
/// answer is `ESTALE`.
pub(crate) fn remove(folder: &Dir, name: &OsStr, expected: &Stat) -> Result<(), Errno> {
    let aside = OsString::from(format!("{OURS}{}{SUFFIX}", Uuid::now_v7().simple()));
    host::move_new(folder, name, folder, &aside)?;
    let came = host::stat(folder, &aside)?;
    let is_expected =
        came.is_same_content(expected) || (came.kind == Kind::Link && came.ident == expected.ident);
    if is_expected {
        return Ok(folder.remove_file(&aside)?);
    }
    if host::move_new(folder, &aside, folder, name).is_err() {
        // The name was taken meanwhile.
        host::move_new(
            folder,
            &aside,
            folder,
            &crate::name::with_word(name, "(recovered)"),
        )?;
    }
    Err(Errno::ESTALE)
}

/// Removes a file of our name that nobody holds locked: a killed service left it. True where it went.
pub(crate) fn sweep(folder: &Dir, name: &OsStr) -> bool {
    if !is_side(name) {
        return false;
    }
    let Ok((file, stat)) = host::open_file(folder, name) else {
        return false;
    };
    // A second name of a file that has another one is nobody's making of ours.
    stat.kind == Kind::File && file.try_lock().is_ok() && folder.remove_file(name).is_ok()
}

fn is_side(name: &OsStr) -> bool {
    let id = name
        .to_str()
        .and_then(|name| name.strip_prefix(OURS)?.strip_suffix(SUFFIX));
    id.is_some_and(|id| Uuid::try_parse(id).is_ok())
}

/// Removes what killed services left in a folder and below it. Looks at no more than so many names; false at that end.
pub(crate) fn sweep_all(folder: &Dir, left: &mut usize, depth: usize) -> bool {
    let Ok(entries) = folder.entries() else {
        return true;
    };
    for entry in entries.flatten() {
        let Some(rest) = left.checked_sub(1) else {
            return false;
        };
        *left = rest;
        let name = entry.file_name();
        sweep(folder, &name);
        if depth > 0
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(below) = host::folder_beneath(folder, &[name])
            && !sweep_all(&below, left, depth - 1)
        {
            return false;
        }
    }
    true
}
