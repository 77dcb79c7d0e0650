//! A file that is written beside the one that it is to replace. It is locked while it is written, so that what a killed
//! program left is told from what another program writes, and swept away by the next one.

use std::fs::{File, TryLockError};
use std::io;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions};
use uuid::Uuid;

use super::{held, rename};

/// What the names of all side files of ours begin with.
pub(super) const PREFIX: &str = ".deskhand-";
const SUFFIX: &str = ".tmp";
/// Times that a name is taken anew, when another program swept it in the moment before it was locked.
const TRIES: usize = 5;

/// A file in the making; it goes with the value unless it was given its place.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    folder: &'a Dir,
    id: Uuid,
    file: File,
}

impl<'a> Beside<'a> {
    /// Creates one. A private one may be read by its owner alone.
    pub(super) fn create(folder: &'a Dir, is_private: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if is_private {
            private(&mut options);
        }
        for _ in 0..TRIES {
            let id = Uuid::now_v7();
            let file = folder.open_with(name_of(id), &options)?.into_std();
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                // Another program sweeps it at this moment.
                continue;
            }
            // Where files cannot be locked, nothing is swept either.
            if folder.symlink_metadata(name_of(id)).is_ok() {
                return Ok(Self { folder, id, file });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// What its name is made of.
    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// The file.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Moves it over `name` in `folder`.
    pub(super) fn place(self, folder: &Dir, name: &str) -> io::Result<()> {
        self.folder.rename(name_of(self.id), folder, name)
    }

    /// Gives it a name that nobody has; `AlreadyExists` where somebody does.
    pub(super) fn place_new(self, name: &str) -> io::Result<()> {
        rename::move_new(self.folder, &name_of(self.id), self.folder, name)
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        // What cannot be removed is left with a name that says whose it is.
        drop(self.folder.remove_file(name_of(self.id)));
    }
}

/// Removes what killed programs left: files of our name that nobody holds locked. What they had taken out of its place is
/// put back.
pub(super) fn sweep(folder: &Dir) {
    let Ok(entries) = folder.entries() else {
        return;
    };
    let ours: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(PREFIX))
        .collect();
    let mut options = OpenOptions::new();
    options.write(true).follow(FollowSymlinks::No);
    for name in ours.iter().filter(|name| is_beside(name)) {
        let is_left = folder
            .open_with(name, &options)
            .is_ok_and(|file| file.into_std().try_lock().is_ok());
        if is_left {
            // Another program may sweep at the same time.
            drop(folder.remove_file(name));
        }
    }
    for name in ours {
        held::recover(folder, &name);
    }
}

/// True for the name of a side file of ours, which is nobody's document.
pub(crate) fn is_ours(name: &str) -> bool {
    is_beside(name) || held::is_held(name)
}

fn is_beside(name: &str) -> bool {
    let id = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    id.is_some_and(|id| Uuid::try_parse(id).is_ok())
}

pub(super) fn name_of(id: Uuid) -> String {
    format!("{PREFIX}{}{SUFFIX}", id.simple())
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

#[cfg(test)]
mod tests {
    use std::fs;

    use cap_std::ambient_authority;

    use super::*;

    #[test]
    fn what_is_being_written_is_not_swept_and_goes_with_its_writer() {
        let home = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let beside = Beside::create(&dir, true).unwrap();
        sweep(&dir);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        drop(beside);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_new_file_takes_no_name_that_somebody_has_by_then() {
        let home = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        fs::write(home.path().join("a.xlsx"), "theirs").unwrap();
        let beside = Beside::create(&dir, false).unwrap();
        let refused = beside.place_new("a.xlsx").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(home.path().join("a.xlsx")).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_being_written_may_be_read_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let mut beside = Beside::create(&dir, true).unwrap();
        let mode = beside.file().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
