//! Putting new content in the place of old: beside it, flushed, renamed over it, read back. Whatever happens in between,
//! the name holds the old content or the new one, whole.

use std::io::{self, Write};

use cap_std::fs::Dir;

use super::beside::Beside;
use super::keep::keep;
use super::{Access, Folder};
use crate::error::WorkspaceError;
use crate::fingerprint::Fingerprint;
use crate::lock_file::LockFile;
use crate::relative::RelativePath;

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
        self.put(&parent, &name, path, content, expected)?;
        let written = Fingerprint::of(content);
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
        content: &[u8],
        expected: Expected,
    ) -> Result<(), WorkspaceError> {
        let told = WorkspaceError::below(path);
        let is_private = matches!(expected, Expected::Content(_));
        let mut beside = Beside::create(parent, is_private).map_err(&told)?;
        let file = beside.file();
        file.write_all(content).map_err(&told)?;
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
        flush(parent).map_err(&told)
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
