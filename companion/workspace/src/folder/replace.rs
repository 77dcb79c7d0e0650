//! Putting new content in the place of old: beside it, flushed, renamed over it, read back. Whatever happens in between,
//! the name holds the old content or the new one, whole.

use std::io::{self, Write};

use cap_std::fs::{Dir, OpenOptions};
use uuid::Uuid;

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
        let beside = format!(".deskhand-{}.tmp", Uuid::now_v7().simple());
        let replaced = self.put(&parent, &name, &beside, path, content, expected);
        if replaced.is_err() {
            // What cannot be removed is left with a name that says whose it is.
            drop(parent.remove_file(&beside));
        }
        replaced?;
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
        beside: &str,
        path: &RelativePath,
        content: &[u8],
        expected: Expected,
    ) -> Result<(), WorkspaceError> {
        let told = WorkspaceError::below(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if let Expected::Content(_) = expected {
            private(&mut options);
        }
        let mut file = parent.open_with(beside, &options).map_err(&told)?.into_std();
        file.write_all(content).map_err(&told)?;
        if let Expected::Content(_) = expected {
            let old = self.open_for_read(path)?;
            if old.metadata().map_err(&told)?.permissions().readonly() {
                return Err(WorkspaceError::WriteProtected(path.clone()));
            }
            keep(&old, &file).map_err(|cause| match cause.kind() {
                io::ErrorKind::PermissionDenied => WorkspaceError::NotOurs(path.clone()),
                _ => told(cause),
            })?;
        }
        file.sync_all().map_err(&told)?;
        drop(file);
        // Once more: writing took its time.
        self.check(path, expected)?;
        let linked = match expected {
            // A rename would replace what somebody put there at this moment; a link refuses to.
            Expected::Nothing => parent.hard_link(beside, parent, name),
            Expected::Content(_) => Err(io::ErrorKind::Unsupported.into()),
        };
        match linked {
            Ok(()) => parent.remove_file(beside).map_err(&told)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(WorkspaceError::ChangedElsewhere {
                    path: path.clone(),
                    found: self.fingerprint(path)?,
                });
            }
            // Content is to be replaced, or this file system has no links.
            Err(_) => parent.rename(beside, parent, name).map_err(&told)?,
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

/// What is being written is nobody's to read before it has the permissions of what it replaces.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt as _;

    options.mode(0o600);
}

/// A new file has the access list of its folder from the first moment.
#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

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
