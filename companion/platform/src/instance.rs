//! One service for each data folder: a lock held for life, and a note that says where the running one is.
//!
//! The operating system drops the lock with the process, so a crash leaves nothing to clean up. A service that starts anew
//! lets go of the lock for a moment; its note keeps the place for it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Paths;
use crate::permissions::{self, PermissionError};

/// For how long a place is kept for a service that starts anew: a new program is there within a fraction of it.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// How often the lock is tried, and the pause between: whoever looks whether it is held holds it for an instant.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes of a note with what is left to the next program.
const LONGEST_NOTE: u64 = 256 * 1024;

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
    /// What it then leaves to the program that comes after it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub left: Value,
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
        Ok(Self::take(paths, false)?.0)
    }

    /// Takes the lock back after [`start_anew`](Self::start_anew), in the new program, and what was left to it: nothing
    /// where it does not come back at once.
    pub fn take_back(paths: &Paths) -> Result<(Self, Value), InstanceError> {
        Self::take(paths, true)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "whoever looks at a lock for an instant tells nobody when it is over"
    )]
    fn take(paths: &Paths, is_successor: bool) -> Result<(Self, Value), InstanceError> {
        let lock = open_lock(paths)?;
        let mut tries = 1;
        loop {
            match lock.try_lock() {
                Ok(()) => {
                    // Only now: while it was held, whoever held it may have written that it comes back.
                    let before = coming_back(&note(paths));
                    if let Some(running) = before.as_ref().filter(|_| !is_successor) {
                        return Err(InstanceError::AlreadyRunning(running.clone()));
                    }
                    let held = Self {
                        note: note(paths),
                        _lock: lock,
                    };
                    held.write(Running::default())?;
                    return Ok((held, before.map_or(Value::Null, |running| running.left)));
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
        self.write(Running {
            address: Some(address.to_owned()),
            ..Running::default()
        })
    }

    /// Lets go of the lock and keeps the place for the program that starts anew at once. What is left to it lies in a
    /// file of this user, so no secret may be in it.
    pub fn start_anew(self, left: Value) -> Result<(), PermissionError> {
        self.write(Running {
            starts_anew: true,
            left,
            ..Running::default()
        })
    }

    /// Writes the note, of this process.
    fn write(&self, note: Running) -> Result<(), PermissionError> {
        let pid = std::process::id();
        let text = serde_json::to_vec(&Running { pid, ..note }).map_err(|source| PermissionError::Io {
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
    match permissions::read_private_file(note, LONGEST_NOTE) {
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
    use serde_json::json;

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
            ..Running::default()
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
        held.start_anew(json!(["a window"])).expect("a note");
        assert!(running(&paths).expect("running").is_some());
        let other = InstanceLock::acquire(&paths);
        assert!(
            matches!(other, Err(InstanceError::AlreadyRunning(_))),
            "{other:?}"
        );
        let (back, left) = InstanceLock::take_back(&paths).expect("the new program");
        assert_eq!(left, json!(["a window"]));
        drop(back);

        let next = InstanceLock::acquire(&paths).expect("it ended, and does not come back");
        let gone = |held: InstanceLock| {
            held.start_anew(json!(["a window"])).expect("a note");
            let note = File::options().write(true).open(note(&paths)).expect("the note");
            let long_ago = std::time::SystemTime::now() - KEPT_FOR;
            note.set_modified(long_ago).expect("a time");
        };
        gone(next);
        assert_eq!(running(&paths).expect("it never came"), None);
        gone(InstanceLock::acquire(&paths).expect("the next one"));
        let (_, left) = InstanceLock::take_back(&paths).expect("it comes too late");
        assert_eq!(left, Value::Null);
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
            .start_anew(json!(["a window"]))
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
