//! One service for each data folder: a lock held for life, and a note that says where the running one is.
//!
//! The operating system drops the lock with the process, so a crash leaves nothing to clean up.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Paths;
use crate::permissions::{self, PermissionError};

/// Where the running service is, as it wrote it beside its lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its process id.
    pub pid: u32,
    /// Where its pages are, such as `https://localhost:47600`; none while it starts.
    pub address: Option<String>,
}

/// Why this process is not the one service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstanceError {
    /// Another service holds the lock.
    #[error("a service runs already (process {})", .0.pid)]
    AlreadyRunning(Running),
    /// Another process holds the lock and has not yet said who it is.
    #[error("another service is starting")]
    Starting,
    /// The lock or its note cannot be used.
    #[error(transparent)]
    File(#[from] PermissionError),
}

/// The lock of the one service; dropping it makes room for the next.
#[derive(Debug)]
pub struct InstanceLock {
    note: PathBuf,
    _lock: File,
}

impl InstanceLock {
    /// Takes the lock of `paths`, whose folders must exist, or says who holds it.
    pub fn acquire(paths: &Paths) -> Result<Self, InstanceError> {
        let lock = open_lock(paths)?;
        match lock.try_lock() {
            Ok(()) => {
                let held = Self {
                    note: note(paths),
                    _lock: lock,
                };
                held.write(None)?;
                Ok(held)
            }
            Err(TryLockError::WouldBlock) => {
                Err(read_note(&note(paths))?.map_or(InstanceError::Starting, InstanceError::AlreadyRunning))
            }
            Err(TryLockError::Error(source)) => Err(PermissionError::Io {
                path: lock_path(paths),
                source,
            }
            .into()),
        }
    }

    /// Says where the service is reached, once it listens.
    pub fn publish(&self, address: &str) -> Result<(), PermissionError> {
        self.write(Some(address.to_owned()))
    }

    fn write(&self, address: Option<String>) -> Result<(), PermissionError> {
        let running = Running {
            pid: std::process::id(),
            address,
        };
        let text = serde_json::to_vec(&running).map_err(|source| PermissionError::Io {
            path: self.note.clone(),
            source: source.into(),
        })?;
        permissions::write_private_file(&self.note, &text)
    }
}

/// The service that runs for `paths`, if one does. The note alone proves nothing: the lock must be held.
pub fn running(paths: &Paths) -> Result<Option<Running>, PermissionError> {
    if !lock_path(paths).exists() {
        return Ok(None);
    }
    match open_lock(paths)?.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => read_note(&note(paths)),
        Err(TryLockError::Error(source)) => Err(PermissionError::Io {
            path: lock_path(paths),
            source,
        }),
    }
}

fn open_lock(paths: &Paths) -> Result<File, PermissionError> {
    let path = lock_path(paths);
    let opened = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    opened.map_err(|source| PermissionError::Io { path, source })
}

/// A note that cannot be parsed is half a note: its writer was cut off, or is about to replace it.
fn read_note(note: &Path) -> Result<Option<Running>, PermissionError> {
    match permissions::read_private_file(note, 4096) {
        Ok(text) => Ok(text.and_then(|text| serde_json::from_slice(&text).ok())),
        Err(PermissionError::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn lock_path(paths: &Paths) -> PathBuf {
    paths.data().join("service.lock")
}

fn note(paths: &Paths) -> PathBuf {
    paths.data().join("service.json")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn lets_one_in_tells_the_second_where_the_first_is_and_makes_room_when_it_ends() {
        let home = tempfile::tempdir().expect("tempdir");
        let paths = Paths::below(home.path());
        paths.create().expect("folders");
        assert_eq!(running(&paths).expect("none"), None);

        let first = InstanceLock::acquire(&paths).expect("first");
        first.publish("https://localhost:47600").expect("publish");
        let expected = Running {
            pid: std::process::id(),
            address: Some("https://localhost:47600".into()),
        };
        assert_eq!(running(&paths).expect("running"), Some(expected.clone()));
        match InstanceLock::acquire(&paths) {
            Err(InstanceError::AlreadyRunning(found)) => assert_eq!(found, expected),
            other => panic!("expected the first service, got {other:?}"),
        }

        drop(first);
        assert_eq!(
            running(&paths).expect("ended"),
            None,
            "the note is left, but the lock is not held"
        );
        InstanceLock::acquire(&paths).expect("the next one");
    }
}
