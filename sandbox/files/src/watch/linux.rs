//! inotify(7), one watch for each folder that the guest looks into. A watch is put on the open folder by its number, so that
//! no path is resolved.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap_std::fs::Dir;
use rustix::fs::fstatfs;
use rustix::fs::inotify::{CreateFlags, ReadFlags, WatchFlags, add_watch, init, remove_watch};
use tokio::net::unix::pipe::Receiver;

use super::Heard;
use crate::host::by_number;

/// File systems on which every change is made through this kernel, so that it is heard of. Source: `linux/magic.h` and
/// statfs(2): ext2 to ext4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ZFS, bcachefs.
const LOCAL: [u64; 8] = [
    0xef53,
    0x5846_5342,
    0x9123_683e,
    0x0102_1994,
    0x794c_7630,
    0xf2f5_2010,
    0x2fc1_2fc1,
    0xca45_1a4e,
];
/// Bytes of events that are read at once.
const BUFFER: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Watcher {
    /// None where the system gives none. It is read like a pipe.
    events: Option<Receiver>,
    watched: Mutex<Watched>,
    cap: usize,
}

#[derive(Debug, Default)]
struct Watched {
    nodes: HashMap<i32, u64>,
    numbers: HashMap<u64, i32>,
}

impl Watcher {
    /// Needs a runtime.
    pub(crate) fn new(cap: usize) -> Self {
        let events = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        Self {
            events: events.and_then(|fd| Receiver::from_file_unchecked(File::from(fd)).ok()),
            watched: Mutex::default(),
            cap,
        }
    }

    /// Watches an open folder. False where that cannot be.
    pub(crate) fn add(&self, node: u64, folder: &Dir) -> bool {
        let Some(events) = &self.events else {
            return false;
        };
        let is_local = fstatfs(folder).is_ok_and(|found| LOCAL.contains(&(found.f_type.cast_unsigned())));
        let mut watched = self.watched();
        if !is_local || watched.nodes.len() >= self.cap {
            return false;
        }
        let what = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::ONLYDIR
            | WatchFlags::EXCL_UNLINK;
        let Ok(number) = add_watch(events.as_fd(), by_number(folder), what) else {
            return false;
        };
        // The same folder in two places has one watch: the second is asked for each time.
        if watched.nodes.get(&number).is_some_and(|other| *other != node) {
            return false;
        }
        watched.nodes.insert(number, node);
        watched.numbers.insert(node, number);
        true
    }

    pub(crate) fn remove(&self, node: u64) {
        let mut watched = self.watched();
        if let Some(number) = watched.numbers.remove(&node)
            && let Some(events) = &self.events
        {
            watched.nodes.remove(&number);
            // A folder that is gone has no watch any more.
            let _ = remove_watch(events.as_fd(), number);
        }
    }

    /// Waits for changes.
    pub(crate) async fn next(&self) -> Vec<Heard> {
        let Some(events) = &self.events else {
            return std::future::pending().await;
        };
        let mut buffer = vec![0; BUFFER];
        loop {
            if events.readable().await.is_err() {
                return std::future::pending().await;
            }
            // Another wake-up may have taken it.
            let read = events.try_read(&mut buffer).unwrap_or(0);
            let heard = self.heard(&buffer[..read]);
            if !heard.is_empty() {
                return heard;
            }
        }
    }

    /// Reads `struct inotify_event`: wd, mask, cookie, len, in the order of this machine, and a name padded with NULs.
    fn heard(&self, mut bytes: &[u8]) -> Vec<Heard> {
        let mut heard = HashSet::new();
        while let Some((head, rest)) = bytes.split_first_chunk::<16>() {
            let number = |at: usize| head[at..at + 4].try_into().map_or(0, i32::from_ne_bytes);
            let (watch, mask) = (number(0), ReadFlags::from_bits_retain(number(4).cast_unsigned()));
            let Some((name, rest)) = rest.split_at_checked(number(12).cast_unsigned() as usize) else {
                break;
            };
            bytes = rest;
            if mask.contains(ReadFlags::QUEUE_OVERFLOW) {
                return vec![Heard::Everything];
            }
            let mut watched = self.watched();
            if mask.contains(ReadFlags::IGNORED) {
                if let Some(node) = watched.nodes.remove(&watch) {
                    watched.numbers.remove(&node);
                }
                continue;
            }
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            if let Some(node) = watched.nodes.get(&watch)
                && !name.is_empty()
            {
                heard.insert(Heard::Name(*node, OsStr::from_bytes(name).to_owned()));
            }
        }
        heard.into_iter().collect()
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
