//! One attached folder: its handle, and reading below it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::OpenOptionsSyncExt;
use cap_std::fs::{Dir, OpenOptions};

use crate::error::WorkspaceError;
use crate::fingerprint::Fingerprint;
use crate::gone;
use crate::lock_file::LockFile;
use crate::placeholder::{self, Presence};
use crate::relative::RelativePath;

mod beside;
mod held;
mod keep;
mod list;
mod parents;
mod place;
mod remove;
mod rename;
mod replace;

pub(crate) use beside::is_ours;
pub(crate) use list::modified_at;
pub use list::{Entry, ListLimits, Listing};
pub use replace::Expected;

/// What may be done in a folder, the lesser first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Reading only.
    ReadOnly,
    /// Reading and writing.
    ReadWrite,
}

/// An attached folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    dir: Dir,
    access: Access,
    detached: AtomicBool,
}

impl Folder {
    pub(crate) fn new(path: PathBuf, dir: Dir, access: Access) -> Self {
        Self {
            path,
            dir,
            access,
            detached: AtomicBool::new(false),
        }
    }

    /// Where it was when it was attached: for showing, not for opening.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What may be done in it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// True once it was taken out of its session.
    pub fn is_detached(&self) -> bool {
        self.detached.load(Ordering::Acquire)
    }

    /// The open folder itself, for what shows it to the sandbox: that keeps to names beneath it, too. Refused once the folder
    /// was detached.
    pub fn handle(&self) -> io::Result<Dir> {
        if self.is_detached() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.dir.try_clone()
    }

    /// Opens a regular file for reading. Does not wait for whoever is at the other end of a pipe. A file that is in a cloud is
    /// brought here by its program; [`WorkspaceError::NotHydrated`] where it does not come.
    pub fn open_for_read(&self, path: &RelativePath) -> Result<File, WorkspaceError> {
        self.open(path).map(|opened| opened.file)
    }

    /// The same, where its content is on the disk; nothing where it would have to be brought out of a cloud.
    pub fn open_where_here(&self, path: &RelativePath) -> Result<Option<File>, WorkspaceError> {
        let found = self.find(path)?;
        Ok((found.presence == Presence::Here).then_some(found.file))
    }

    /// Reads a file of at most `cap` bytes, with the fingerprint that a later write will ask for.
    pub fn read(&self, path: &RelativePath, cap: u64) -> Result<(Vec<u8>, Fingerprint), WorkspaceError> {
        let opened = self.open(path)?;
        let mut content = Vec::new();
        (&opened.file)
            .take(cap.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(self.told(path))?;
        let length = content.len() as u64;
        if length > cap {
            return Err(WorkspaceError::TooLarge {
                path: path.clone(),
                cap,
            });
        }
        opened.check_whole(path, length)?;
        let fingerprint = Fingerprint::of(&content);
        Ok((content, fingerprint))
    }

    /// The fingerprint of a file; `None` where there is none.
    pub fn fingerprint(&self, path: &RelativePath) -> Result<Option<Fingerprint>, WorkspaceError> {
        let opened = match self.open(path) {
            Err(WorkspaceError::NotFound(_)) => return Ok(None),
            opened => opened?,
        };
        let fingerprint = Fingerprint::read(&opened.file).map_err(self.told(path))?;
        opened.check_whole(path, fingerprint.size)?;
        Ok(Some(fingerprint))
    }

    /// The side file that shows that another program has the document open, if there is one.
    pub fn lock_file(&self, path: &RelativePath) -> Result<Option<LockFile>, WorkspaceError> {
        let (parent, name) = self.parent(path)?;
        Ok(LockFile::beside(&parent, &name))
    }

    fn open(&self, path: &RelativePath) -> Result<Opened, WorkspaceError> {
        let mut opened = self.find(path)?;
        if opened.presence == Presence::Away {
            let comes = placeholder::brings_its_end(&mut opened.file, opened.size);
            let comes = comes.map_err(self.told(path))?;
            opened.check_whole(path, if comes { opened.size } else { 0 })?;
        }
        Ok(opened)
    }

    /// Opens a regular file as it is.
    fn find(&self, path: &RelativePath) -> Result<Opened, WorkspaceError> {
        let told = self.told(path);
        // The stub itself is no document of anybody.
        if placeholder::icloud_stub(path.name()).is_some() {
            return Err(WorkspaceError::NotHydrated(path.clone()));
        }
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true);
        let file = match self.dir()?.open_with(path.as_path(), &options) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.has_stub(path) => {
                return Err(WorkspaceError::NotHydrated(path.clone()));
            }
            opened => opened.map_err(&told)?.into_std(),
        };
        let metadata = file.metadata().map_err(&told)?;
        if !metadata.is_file() {
            return Err(WorkspaceError::NotAFile(path.clone()));
        }
        Ok(Opened {
            file,
            presence: Presence::of(&metadata),
            size: metadata.len(),
        })
    }

    /// True where iCloud keeps the file and left a stub in its place.
    fn has_stub(&self, path: &RelativePath) -> bool {
        let stub = placeholder::stub_of(path.name());
        self.above(path)
            .is_ok_and(|parent| parent.symlink_metadata(stub).is_ok_and(|found| found.is_file()))
    }

    /// What an error of the system at a path below this folder means.
    pub(crate) fn told<'a>(&'a self, path: &'a RelativePath) -> impl Fn(io::Error) -> WorkspaceError + 'a {
        let below = WorkspaceError::below(path);
        move |cause| {
            if placeholder::cannot_be_brought(&cause) {
                WorkspaceError::NotHydrated(path.clone())
            } else if gone::is_gone(&self.dir, &cause) {
                self.gone()
            } else {
                below(cause)
            }
        }
    }

    /// Refuses once the folder itself is not there any more.
    pub(crate) fn check_there(&self) -> Result<(), WorkspaceError> {
        if gone::is_there(self.dir()?) {
            Ok(())
        } else {
            Err(self.gone())
        }
    }

    fn gone(&self) -> WorkspaceError {
        WorkspaceError::Gone {
            folder: self.path.clone(),
        }
    }

    /// A folder below this one, or this one.
    pub(crate) fn open_folder(&self, below: Option<&RelativePath>) -> Result<Dir, WorkspaceError> {
        let dir = self.dir()?;
        let Some(below) = below else {
            return dir.try_clone().map_err(|cause| WorkspaceError::Io {
                path: self.path.clone(),
                cause,
            });
        };
        dir.open_dir(below.as_path()).map_err(self.told(below))
    }

    /// Refuses once the folder was detached.
    pub(crate) fn check_attached(&self) -> Result<(), WorkspaceError> {
        self.dir().map(|_| ())
    }

    /// Ends what may be done with it, for everybody who holds it.
    pub fn detach(&self) {
        self.detached.store(true, Ordering::Release);
    }

    /// The handle, as long as the folder is attached.
    fn dir(&self) -> Result<&Dir, WorkspaceError> {
        if self.detached.load(Ordering::Acquire) {
            Err(WorkspaceError::Detached)
        } else {
            Ok(&self.dir)
        }
    }

    /// The folder that holds the last name of a path, links inside the folder followed; the name itself is not looked at.
    fn above(&self, path: &RelativePath) -> Result<Dir, WorkspaceError> {
        let dir = self.dir()?;
        let above = match path.parent() {
            Some(above) => dir.open_dir(above.as_path()),
            None => dir.try_clone(),
        };
        above.map_err(self.told(path))
    }
}

/// An open file, and what the system told of it.
#[derive(Debug)]
struct Opened {
    file: File,
    presence: Presence,
    size: u64,
}

impl Opened {
    /// Refuses where less came than there is, because the rest is in a cloud.
    fn check_whole(&self, path: &RelativePath, came: u64) -> Result<(), WorkspaceError> {
        if placeholder::falls_short(self.presence, self.size, came) {
            Err(WorkspaceError::NotHydrated(path.clone()))
        } else {
            Ok(())
        }
    }
}

/// Makes the names in a folder durable.
#[cfg(unix)]
fn flush(folder: &Dir) -> io::Result<()> {
    folder.open(".")?.sync_all()
}

/// Folders have no flush of their own here: a rename is durable with the journal of the file system.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
fn flush(_: &Dir) -> io::Result<()> {
    Ok(())
}
