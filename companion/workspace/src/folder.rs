//! One attached folder: its handle, and reading below it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cap_fs_ext::OpenOptionsSyncExt;
use cap_std::fs::{Dir, OpenOptions};

use crate::error::WorkspaceError;
use crate::fingerprint::Fingerprint;
use crate::lock_file::LockFile;
use crate::relative::RelativePath;

mod beside;
mod keep;
mod list;
mod replace;

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

    /// Opens a regular file for reading. Does not wait for whoever is at the other end of a pipe.
    pub fn open_for_read(&self, path: &RelativePath) -> Result<File, WorkspaceError> {
        let mut options = OpenOptions::new();
        options.read(true).nonblock(true);
        let file = self
            .dir()?
            .open_with(path.as_path(), &options)
            .map_err(WorkspaceError::below(path))?;
        let metadata = file.metadata().map_err(WorkspaceError::below(path))?;
        if metadata.is_file() {
            Ok(file.into_std())
        } else {
            Err(WorkspaceError::NotAFile(path.clone()))
        }
    }

    /// Reads a file of at most `cap` bytes, with the fingerprint that a later write will ask for.
    pub fn read(&self, path: &RelativePath, cap: u64) -> Result<(Vec<u8>, Fingerprint), WorkspaceError> {
        let file = self.open_for_read(path)?;
        let mut content = Vec::new();
        file.take(cap.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(WorkspaceError::below(path))?;
        if content.len() as u64 > cap {
            return Err(WorkspaceError::TooLarge {
                path: path.clone(),
                cap,
            });
        }
        let fingerprint = Fingerprint::of(&content);
        Ok((content, fingerprint))
    }

    /// The fingerprint of a file; `None` where there is none.
    pub fn fingerprint(&self, path: &RelativePath) -> Result<Option<Fingerprint>, WorkspaceError> {
        match self.open_for_read(path) {
            Ok(file) => Fingerprint::read(file)
                .map(Some)
                .map_err(WorkspaceError::below(path)),
            Err(WorkspaceError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The side file that shows that another program has the document open, if there is one.
    pub fn lock_file(&self, path: &RelativePath) -> Result<Option<LockFile>, WorkspaceError> {
        let (parent, name) = self.parent(path)?;
        Ok(LockFile::beside(&parent, &name))
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
        dir.open_dir(below.as_path())
            .map_err(WorkspaceError::below(below))
    }

    /// Refuses once the folder was detached.
    pub(crate) fn check_attached(&self) -> Result<(), WorkspaceError> {
        self.dir().map(|_| ())
    }

    pub(crate) fn detach(&self) {
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

    /// The folder that holds what a path leads to, links inside the folder followed, and the name in it.
    fn parent(&self, path: &RelativePath) -> Result<(Dir, String), WorkspaceError> {
        let dir = self.dir()?;
        let told = WorkspaceError::below(path);
        let real = match dir.canonicalize(path.as_path()) {
            Ok(real) => RelativePath::from_path(&real)?,
            // A new file: only its folder has to be there, and its name must not be a link to nothing.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if dir.symlink_metadata(path.as_path()).is_ok() {
                    return Err(WorkspaceError::NotAFile(path.clone()));
                }
                path.clone()
            }
            Err(error) => return Err(told(error)),
        };
        let above = real
            .as_path()
            .parent()
            .filter(|above| !above.as_os_str().is_empty());
        let parent = match above {
            Some(above) => dir.open_dir(above).map_err(told)?,
            None => dir.try_clone().map_err(told)?,
        };
        Ok((parent, real.name().to_owned()))
    }
}
