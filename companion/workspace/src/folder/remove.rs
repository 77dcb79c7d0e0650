//! Taking a file out of the folder. The caller has its content safe (Invariant 6).

use super::held::{self, Held, Settled};
use super::{Access, Folder, flush};
use crate::error::WorkspaceError;
use crate::fingerprint::Fingerprint;
use crate::lock_file::LockFile;
use crate::relative::RelativePath;

impl Folder {
    /// Takes a regular file out of the folder, where it is what is expected.
    ///
    /// A link in the place of the file is refused as [`WorkspaceError::NotAFile`], or [`WorkspaceError::Escapes`] where it
    /// leads out: a new file could not take its place again. Links inside the folder to the folders above it are followed.
    ///
    /// The file is first taken aside and looked at there. What another program put in its place meanwhile goes back, or, where
    /// something new has its name by then, stays beside it as `name (recovered).xlsx`, and the answer is
    /// [`WorkspaceError::ChangedElsewhere`]. What a program writes later into a file that it still holds open is lost with the
    /// file. A program that is killed in between leaves the file aside; the next write in the folder ends what was begun.
    pub fn remove(&self, path: &RelativePath, expected: Fingerprint) -> Result<(), WorkspaceError> {
        if self.access == Access::ReadOnly {
            return Err(WorkspaceError::ReadOnly);
        }
        let told = self.told(path);
        let changed = |found| WorkspaceError::ChangedElsewhere {
            path: path.clone(),
            found,
        };
        let parent = self.above(path)?;
        let name = path.name();
        match parent.symlink_metadata(name) {
            Ok(found) if found.is_symlink() => return Err(self.link(path)),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(told(error)),
            _ => {}
        }
        if let Some(lock) = LockFile::beside(&parent, name) {
            return Err(WorkspaceError::OpenElsewhere {
                path: path.clone(),
                lock,
            });
        }
        let found = self.fingerprint(path)?;
        if found != Some(expected) {
            return Err(changed(found));
        }
        let metadata = held::open(&parent, name)
            .and_then(|file| file.metadata())
            .map_err(&told)?;
        if metadata.permissions().readonly() {
            return Err(WorkspaceError::WriteProtected(path.clone()));
        }
        super::beside::sweep(&parent);
        let held = Held::new(&parent, name, &[expected]).map_err(&told)?;
        match held.take() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(changed(None)),
            taken => taken.map_err(&told)?,
        }
        let settled = held.settle().map_err(&told)?;
        // Not every file system flushes folders.
        drop(flush(&parent));
        match settled {
            Settled::Gone => Ok(()),
            _ => Err(changed(self.fingerprint(path)?)),
        }
    }

    /// Why a link is not removed.
    fn link(&self, path: &RelativePath) -> WorkspaceError {
        let led = self.dir().map(|dir| dir.canonicalize(path.as_path()));
        match led {
            Err(error) => error,
            Ok(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => self.told(path)(error),
            Ok(_) => WorkspaceError::NotAFile(path.clone()),
        }
    }
}
