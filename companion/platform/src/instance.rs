//! One service for each data folder: a lock held for life, and a note that says where the running one is.
//!
//! The operating system drops the lock with the process, so a crash leaves nothing to clean up. A service that starts anew
//! lets go of the lock for a moment; its note keeps the place for it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Paths;
use crate::permissions::{self, PermissionError};

/// For how long a place is kept for a service that starts anew: a new program is there within a fraction of it.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// How often the lock is tried, and the pause between: whoever looks whether it is held holds it for an instant.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// Where the running service is, as it wrote it beside its lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its process id; 0 where that is not known.
    pub pid: u32,
    /// Where its pages are, such as `https://localhost:47600`; none while it starts.
    pub address: Option<String>,
    /// True once it has let go of the lock only to start anew.
    #[serde(default)]
    pub starts_anew: bool,
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
    /// Takes the lock of `paths`, whose folders must exist, or says who holds it or is about to take it back.
    pub fn acquire(paths: &Paths) -> Result<Self, InstanceError> {
        Self::take(paths, false)
    }

    /// Takes the lock back after [`start_anew`](Self::start_anew), in the new program.
    pub fn take_back(paths: &Paths) -> Result<Self, InstanceError> {
        Self::take(paths, true)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "whoever looks at a lock for an instant tells nobody when it is over"
    )]
    fn take(paths: &Paths, is_successor: bool) -> Result<Self, InstanceError> {
        let lock = open_lock(paths)?;
        let mut tries = 1;
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    // Only now: while it was held, whoever held it may have written that it comes back.
                    if let Some(running) = coming_back(&note(paths)).filter(|_| !is_successor) {
                        return Err(InstanceError::AlreadyRunning(running));
                    }
                    let held = Self {
                        note: note(paths),
                        _lock: lock,
                    };
                    held.write(None, false)?;
                    return Ok(held);
                }
                Err(TryLockError::WouldBlock) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = read_note(&note(paths))?;
                    return Err(holder.map_or(InstanceError::Starting, InstanceError::AlreadyRunning));
                }
                Err(TryLockError::Error(source)) => return Err(cannot_lock(paths, source).into()),
            }
        }
    }

    /// Says where the service is reached, once it listens.
    pub fn publish(&self, address: &str) -> Result<(), PermissionError> {
        self.write(Some(address.to_owned()), false)
    }

    /// Lets go of the lock and keeps the place for the program that starts anew at once.
    pub fn start_anew(self) -> Result<(), PermissionError> {
        self.write(None, true)
    }

    fn write(&self, address: Option<String>, starts_anew: bool) -> Result<(), PermissionError> {
        let running = Running {
            pid: std::process::id(),
            address,
            starts_anew,
        };
        let text = serde_json::to_vec(&running).map_err(|source| PermissionError::Io {
            path: self.note.clone(),
            source: source.into(),
        })?;
        permissions::write_private_file(&self.note, &text)
    }
}

/// The service that runs for `paths`, starts, ends or starts anew, if there is one. The note alone proves nothing: the lock
/// must be held, or have been let go of a moment ago.
pub fn running(paths: &Paths) -> Result<Option<Running>, PermissionError> {
    if !lock_path(paths).exists() {
        return Ok(None);
    }
    match open_lock(paths)?.try_lock_shared() {
        Ok(()) => Ok(coming_back(&note(paths))),
        Err(TryLockError::WouldBlock) => Ok(Some(read_note(&note(paths)).ok().flatten().unwrap_or_default())),
        Err(TryLockError::Error(source)) => Err(cannot_lock(paths, source)),
    }
}

/// The service that let go of the lock a moment ago to start anew. A note that cannot be used keeps no place.
fn coming_back(note: &Path) -> Option<Running> {
    let running = read_note(note).ok().flatten()?;
    let written = note.metadata().and_then(|note| note.modified()).ok()?;
    // One of the future is no note of a moment ago: the clock was set.
    let is_new = written.elapsed().is_ok_and(|age| age < KEPT_FOR);
    (running.starts_anew && is_new && may_come_back(running.pid)).then_some(running)
}

/// On Unix the process stays and becomes the new program: once it is gone, nobody comes back.
#[cfg(unix)]
fn may_come_back(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Elsewhere another process takes over.
#[cfg(not(unix))]
fn may_come_back(_: u32) -> bool {
    true
}

fn cannot_lock(paths: &Paths, source: io::Error) -> PermissionError {
    PermissionError::Io {
        path: lock_path(paths),
        source,
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
            starts_anew: false,
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

    #[test]
    fn keeps_the_place_of_one_that_starts_anew_from_others_but_not_for_ever() {
        let home = tempfile::tempdir().expect("tempdir");
        let paths = Paths::below(home.path());
        paths.create().expect("folders");
        let held = InstanceLock::acquire(&paths).expect("the first");
        held.start_anew().expect("a note");
        assert!(running(&paths).expect("running").is_some());
        let other = InstanceLock::acquire(&paths);
        assert!(
            matches!(other, Err(InstanceError::AlreadyRunning(_))),
            "{other:?}"
        );
        drop(InstanceLock::take_back(&paths).expect("the new program"));
        InstanceLock::acquire(&paths)
            .expect("it ended, and does not come back")
            .start_anew()
            .expect("a note");

        let note = File::options().write(true).open(note(&paths)).expect("the note");
        let long_ago = std::time::SystemTime::now() - KEPT_FOR;
        note.set_modified(long_ago).expect("a time");
        assert_eq!(running(&paths).expect("it never came"), None);
        InstanceLock::acquire(&paths).expect("the next one");
    }

    #[cfg(unix)]
    #[test]
    fn keeps_no_place_for_a_process_that_ended_nor_for_a_note_that_cannot_be_used() {
        let home = tempfile::tempdir().expect("tempdir");
        let paths = Paths::below(home.path());
        paths.create().expect("folders");
        let mut ended = std::process::Command::new("true").spawn().expect("a process");
        ended.wait().expect("its end");
        InstanceLock::acquire(&paths)
            .expect("the first")
            .start_anew()
            .expect("a note");
        let left = format!(r#"{{"pid":{},"startsAnew":true}}"#, ended.id());
        permissions::write_private_file(&note(&paths), left.as_bytes()).expect("a note");
        assert_eq!(running(&paths).expect("nobody"), None);
        drop(InstanceLock::acquire(&paths).expect("the next one"));

        std::fs::remove_file(note(&paths)).expect("the note");
        std::fs::create_dir(note(&paths)).expect("no file at all");
        assert_eq!(running(&paths).expect("nobody"), None);
    }
}
