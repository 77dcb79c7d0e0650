//! The folders of machines that run, each with a lock that its service holds for as long as the machine lives. The system
//! lets go of the lock however that service ends: what is then left is nobody's, and goes.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{SandboxError, no_folder};
use crate::room;

/// How the name of a machine's folder begins.
const PREFIX: &str = "vm-";

/// The file in it that is locked (`flock`, <https://man7.org/linux/man-pages/man2/flock.2.html>).
const LOCK: &str = "lock";

/// Where machines get their folders.
#[derive(Clone, Debug)]
pub(crate) struct Folders {
    place: PathBuf,
}

/// The folder of one machine; goes with its value.
#[derive(Debug)]
pub(crate) struct MachineFolder {
    folder: tempfile::TempDir,
    /// What its machine may write in it, in bytes; stands in the file of the lock, for other services.
    share: u64,
    /// Held until the folder is gone. No child has it: it is closed where a program starts.
    _lock: File,
}

impl MachineFolder {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The largest file that its machine may write, in bytes.
    pub(crate) fn share(&self) -> u64 {
        self.share
    }
}

/// What a look at the folders found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Swept {
    /// Folders that nobody held any more, and that are gone now.
    pub(crate) removed: usize,
    /// Machines that run, of this service or another.
    pub(crate) running: usize,
}

impl Folders {
    /// Folders of machines are made in `place`, which only this user may read.
    pub(crate) fn new(place: PathBuf) -> Self {
        Self { place }
    }

    /// The folder of a machine that is to start, with a share of the disk where it has one to write to. Waits while
    /// another service makes or sweeps.
    pub(crate) fn make(&self, writes: bool) -> Result<MachineFolder, SandboxError> {
        let failed = |error: io::Error| no_folder(&self.place, &error);
        let _alone = self.alone().map_err(failed)?;
        let share = if writes {
            let promised = self.promised().map_err(failed)?;
            room::share(&self.place, room::free(&self.place).map_err(failed)?, promised)?
        } else {
            0
        };
        self.make_alone(share).map_err(failed)
    }

    fn make_alone(&self, share: u64) -> io::Result<MachineFolder> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&self.place)?;
        let mut lock = File::create_new(folder.path().join(LOCK))?;
        lock.lock()?;
        lock.write_all(share.to_string().as_bytes())?;
        Ok(MachineFolder {
            folder,
            share,
            _lock: lock,
        })
    }

    /// What machines that run, of whatever service, may write.
    fn promised(&self) -> io::Result<u64> {
        let mut promised = 0_u64;
        for folder in self.all()? {
            if runs(&folder)? {
                // One that ends just now leaves no file, and promises nothing.
                let told = fs::read_to_string(folder.join(LOCK)).unwrap_or_default();
                promised = promised.saturating_add(told.parse().unwrap_or(0));
            }
        }
        Ok(promised)
    }

    /// Removes the folders whose services are gone.
    pub(crate) fn sweep(&self) -> io::Result<Swept> {
        let _alone = self.alone()?;
        self.sweep_alone()
    }

    /// Sweeps, and does `more` before any other machine can start.
    pub(crate) fn sweep_and(&self, more: impl FnOnce(Swept) -> io::Result<()>) -> io::Result<Swept> {
        let _alone = self.alone()?;
        let swept = self.sweep_alone()?;
        more(swept)?;
        Ok(swept)
    }

    fn sweep_alone(&self) -> io::Result<Swept> {
        let mut swept = Swept::default();
        for folder in self.all()? {
            if runs(&folder)? {
                swept.running += 1;
            } else {
                gone(fs::remove_dir_all(folder))?;
                swept.removed += 1;
            }
        }
        Ok(swept)
    }

    /// The folders of machines. A link is none: its target is not ours.
    fn all(&self) -> io::Result<Vec<PathBuf>> {
        let mut all = Vec::new();
        for found in fs::read_dir(&self.place)? {
            let found = found?;
            if found.file_name().to_string_lossy().starts_with(PREFIX) && found.file_type()?.is_dir() {
                all.push(found.path());
            }
        }
        Ok(all)
    }

    /// While this is held no folder is made and none is swept: one that is just made has no lock yet.
    fn alone(&self) -> io::Result<File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.place)?;
        let beside = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.place.with_extension(LOCK))?;
        beside.lock()?;
        Ok(beside)
    }
}

/// Whether a service holds this folder.
fn runs(folder: &Path) -> io::Result<bool> {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        },
        // Its service ended between making the one and the other, or the machine is just going.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What was removed by somebody else is removed.
pub(crate) fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_folder_that_is_held_stays_and_one_that_is_not_goes() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::new(home.path().join("machines"));
        let held = folders.make(false).unwrap();
        // As a service leaves it that was killed: the folder and its file, and nobody who holds the lock.
        let left = home.path().join("machines/vm-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        fs::write(left.join("disk"), "what a session wrote").unwrap();
        let bare = home.path().join("machines/vm-bare");
        fs::create_dir(&bare).unwrap();

        let swept = folders.sweep().unwrap();
        assert_eq!(
            swept,
            Swept {
                removed: 2,
                running: 1
            }
        );
        assert!(held.path().is_dir() && !left.exists() && !bare.exists());

        let place = held.path().to_owned();
        drop(held);
        assert!(!place.exists(), "a folder goes with its machine");
    }

    #[test]
    fn what_is_no_folder_of_a_machine_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let other = home.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("kept"), "").unwrap();
        let machines = home.path().join("machines");
        fs::create_dir(&machines).unwrap();
        std::os::unix::fs::symlink(&other, machines.join("vm-link")).unwrap();
        fs::create_dir(machines.join("else")).unwrap();
        assert_eq!(Folders::new(machines.clone()).sweep().unwrap(), Swept::default());
        assert!(other.join("kept").exists() && machines.join("else").exists());
    }

    #[test]
    fn what_is_promised_to_machines_that_run_is_promised_to_no_other() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::new(home.path().join("machines"));
        let first = folders.make(true).unwrap();
        // As another service sees it.
        let others = Folders::new(home.path().join("machines"));
        assert_eq!(others.promised().unwrap(), first.share());
        let second = others.make(true).unwrap();
        assert_eq!(folders.promised().unwrap(), first.share() + second.share());
        let dead = home.path().join("machines/vm-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "1000000000000000").unwrap();
        assert_eq!(folders.promised().unwrap(), first.share() + second.share());
        drop(first);
        assert_eq!(folders.promised().unwrap(), second.share());
        assert_eq!(
            folders.make(false).unwrap().share(),
            0,
            "one that has no disk takes none"
        );
    }

    #[test]
    fn a_folder_is_this_users_alone() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::new(home.path().join("machines"));
        let made = folders.make(false).unwrap();
        for folder in [made.path(), &home.path().join("machines")] {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_folder_that_is_made_while_others_sweep_is_not_taken_for_a_dead_one() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::new(home.path().join("machines"));
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let sweeping = scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    folders.sweep().unwrap();
                }
            });
            let made = (0..2_000).map(|_| folders.make(false));
            let whole = made.filter(|made| made.as_ref().is_ok_and(|made| made.path().join(LOCK).exists()));
            let whole = whole.count();
            over.store(true, Ordering::SeqCst);
            sweeping.join().unwrap();
            assert_eq!(whole, 2_000);
        });
    }
}
