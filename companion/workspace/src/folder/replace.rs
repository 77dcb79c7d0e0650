//! Putting new content in the place of old: beside it, flushed, renamed over it, read back. Whatever happens in between,
//! the name holds the old content or the new one, whole.

use std::io::{self, BufWriter, Write};

use cap_std::fs::Dir;

use super::beside::Beside;
use super::keep::keep;
use super::{Access, Folder};
use crate::error::WorkspaceError;
use crate::fingerprint::{Fingerprint, Fingerprinting};
use crate::lock_file::LockFile;
use crate::relative::RelativePath;

/// Bytes written at once.
const BUFFER: usize = 128 << 10;

/// What is expected in the place of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: the write makes the file.
    Nothing,
    /// What was read before.
    Content(Fingerprint),
}

impl Folder {
    /// Puts `content` in the place of what is expected there, and answers with its fingerprint once that is on the disk and
    /// read back. A link inside the folder is followed and stays. The folder of a new file must be there.
    pub fn replace(
        &self,
        path: &RelativePath,
        content: &[u8],
        expected: Expected,
    ) -> Result<Fingerprint, WorkspaceError> {
        self.replace_with(path, expected, |out| out.write_all(content))
    }

    /// The same for content that is written piece by piece.
    pub fn replace_with(
        &self,
        path: &RelativePath,
        expected: Expected,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Fingerprint, WorkspaceError> {
        if self.access == Access::ReadOnly {
            return Err(WorkspaceError::ReadOnly);
        }
        let (parent, name) = self.parent(path)?;
        if let Some(lock) = LockFile::beside(&parent, &name) {
            return Err(WorkspaceError::OpenElsewhere {
                path: path.clone(),
                lock,
            });
        }
        self.check(path, expected)?;
        let written = self.put(&parent, &name, path, expected, write)?;
        match self.fingerprint(path)? {
            Some(found) if found == written => Ok(written),
            _ => Err(WorkspaceError::NotVerified(path.clone())),
        }
    }

    fn put(
        &self,
        parent: &Dir,
        name: &str,
        path: &RelativePath,
        expected: Expected,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Fingerprint, WorkspaceError> {
        let told = WorkspaceError::below(path);
        let is_private = matches!(expected, Expected::Content(_));
        let mut beside = Beside::create(parent, is_private).map_err(&told)?;
        let file = beside.file();
        let mut out = Fingerprinting::new(BufWriter::with_capacity(BUFFER, &mut *file));
        write(&mut out).and_then(|()| out.flush()).map_err(&told)?;
        let written = out.fingerprint();
        if let Expected::Content(_) = expected {
            let old = self.open_for_read(path)?;
            if old.metadata().map_err(&told)?.permissions().readonly() {
                return Err(WorkspaceError::WriteProtected(path.clone()));
            }
            keep(&old, file).map_err(|cause| match cause.kind() {
                io::ErrorKind::PermissionDenied => WorkspaceError::NotOurs(path.clone()),
                _ => told(cause),
            })?;
        }
        file.sync_all().map_err(&told)?;
        // Once more: writing took its time.
        self.check(path, expected)?;
        let placed = match expected {
            Expected::Nothing => beside.place_new(name),
            Expected::Content(_) => beside.place(name),
        };
        match placed {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(WorkspaceError::ChangedElsewhere {
                    path: path.clone(),
                    found: self.fingerprint(path)?,
                });
            }
            placed => placed.map_err(&told)?,
        }
        // Not every file system flushes folders. The content is flushed, and read back by the caller.
        drop(flush(parent));
        Ok(written)
    }

    fn check(&self, path: &RelativePath, expected: Expected) -> Result<(), WorkspaceError> {
        let found = self.fingerprint(path)?;
        let as_expected = match expected {
            Expected::Nothing => found.is_none(),
            Expected::Content(fingerprint) => found == Some(fingerprint),
        };
        if as_expected {
            Ok(())
        } else {
            Err(WorkspaceError::ChangedElsewhere {
                path: path.clone(),
                found,
            })
        }
    }
}

/// Makes the new name durable.
#[cfg(unix)]
fn flush(folder: &Dir) -> std::io::Result<()> {
    folder.open(".")?.sync_all()
}

/// Folders have no flush of their own here: a rename is durable with the journal of the file system.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature everywhere")]
fn flush(_: &Dir) -> std::io::Result<()> {
    Ok(())
}
