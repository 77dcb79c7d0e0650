//! A file that is written beside the one that it is to replace. It is locked while it is written, so that what a killed
//! program left is told from what another program writes, and swept away by the next one.

use std::fs::File;
use std::io;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions};
use uuid::Uuid;

const PREFIX: &str = ".deskhand-";
const SUFFIX: &str = ".tmp";
/// Times that a name is taken anew, when another program swept it in the moment before it was locked.
const TRIES: usize = 5;

/// A file in the making; it goes with the value unless it was given its place.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    folder: &'a Dir,
    name: String,
    file: File,
}

impl<'a> Beside<'a> {
    /// Creates one, and sweeps those away that nobody writes any more. A private one may be read by its owner alone.
    pub(super) fn create(folder: &'a Dir, is_private: bool) -> io::Result<Self> {
        sweep(folder);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if is_private {
            private(&mut options);
        }
        for _ in 0..TRIES {
            let name = format!("{PREFIX}{}{SUFFIX}", Uuid::now_v7().simple());
            let file = folder.open_with(&name, &options)?.into_std();
            // Where files cannot be locked, nothing is swept either.
            file.try_lock().ok();
            if folder.symlink_metadata(&name).is_ok() {
                return Ok(Self { folder, name, file });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// The file.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Renames it over `name`.
    pub(super) fn place(self, name: &str) -> io::Result<()> {
        self.folder.rename(&self.name, self.folder, name)
    }

    /// Gives it a name that nobody has; `AlreadyExists` where somebody does.
    pub(super) fn place_new(self, name: &str) -> io::Result<()> {
        // A rename would replace what somebody put there at this moment; a link refuses to.
        match self.folder.hard_link(&self.name, self.folder, name) {
            // This file system has no links.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => self.place(name),
            linked => linked,
        }
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        // What cannot be removed is left with a name that says whose it is.
        drop(self.folder.remove_file(&self.name));
    }
}

/// Removes what killed programs left: files of our name that nobody holds locked.
fn sweep(folder: &Dir) {
    let Ok(entries) = folder.entries() else {
        return;
    };
    let ours = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_ours(name));
    let mut options = OpenOptions::new();
    options.write(true).follow(FollowSymlinks::No);
    for name in ours {
        let is_left = folder
            .open_with(&name, &options)
            .is_ok_and(|file| file.into_std().try_lock().is_ok());
        if is_left {
            // Another program may sweep at the same time.
            drop(folder.remove_file(&name));
        }
    }
}

fn is_ours(name: &str) -> bool {
    let id = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    id.is_some_and(|id| Uuid::try_parse(id).is_ok())
}

/// What is being written is nobody's to read before it has the permissions of what it replaces.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;

    options.mode(0o600);
}

/// A new file has the access list of its folder from the first moment.
#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}
