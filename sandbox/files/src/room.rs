//! Room on the host's disk that no guest takes: programs of the host go on where a guest fills all that it may.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::Dir;

use crate::host::{self, Space};

/// At least so many bytes stay free where nothing else is said.
const LEAST: u64 = 1 << 30;
/// At most so many: 2 % of a large disk are more than any program needs at once.
const MOST: u64 = 16 << 30;
/// The share of the disk in between: 2 %.
const SHARE: u64 = 50;

/// The floor under the free room of a disk, in bytes.
#[derive(Debug)]
pub(crate) struct Floor {
    /// None for the one that goes by the size of the disk.
    bytes: Option<u64>,
    /// What is being written at this moment, which the system may not have counted.
    reserved: AtomicU64,
}

/// Room that is being used. It is given back with the value: by then the system counts what was written.
#[derive(Debug)]
pub(crate) struct Reserved<'a> {
    floor: &'a Floor,
    bytes: u64,
}

impl Floor {
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        Self {
            bytes,
            reserved: AtomicU64::new(0),
        }
    }

    /// Before so many bytes come to the disk of an open folder: `StorageFull` where less than the floor would be left.
    pub(crate) fn reserve(&self, folder: &Dir, bytes: u64) -> io::Result<Reserved<'_>> {
        // Counted before it is judged: two that come together see each other.
        self.reserved.fetch_add(bytes, Ordering::SeqCst);
        let reserved = Reserved { floor: self, bytes };
        if self.has_room(&host::space(folder)?) {
            Ok(reserved)
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    /// Bytes above the floor.
    pub(crate) fn spare(&self, space: &Space) -> u64 {
        let available = space.available.saturating_mul(space.block);
        available.saturating_sub(self.bytes.unwrap_or_else(|| usual(space)))
    }

    fn has_room(&self, space: &Space) -> bool {
        let reserved = self.reserved.load(Ordering::SeqCst);
        // A file system that says nothing of its size says nothing of its room.
        space.blocks == 0 || reserved <= self.spare(space)
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.floor.reserved.fetch_sub(self.bytes, Ordering::SeqCst);
    }
}

/// The floor of a disk of this size.
fn usual(space: &Space) -> u64 {
    let size = space.blocks.saturating_mul(space.block);
    (size / SHARE).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(size: u64, available: u64) -> Space {
        Space {
            block: 4096,
            blocks: size / 4096,
            free: available / 4096,
            available: available / 4096,
            ..Space::default()
        }
    }

    #[test]
    fn the_floor_is_two_percent_of_the_disk_and_at_least_one_gibibyte_and_at_most_sixteen() {
        assert_eq!(usual(&disk(10 << 30, 0)), 1 << 30);
        assert_eq!(usual(&disk(100 << 30, 0)), 2 << 30);
        assert_eq!(usual(&disk(8 << 40, 0)), 16 << 30);
    }

    #[test]
    fn what_is_being_written_counts_until_it_is() {
        let floor = Floor::new(Some(1 << 20));
        let home = tempfile::tempdir().unwrap();
        let folder = Dir::open_ambient_dir(home.path(), cap_std::ambient_authority()).unwrap();
        let first = floor.reserve(&folder, 4096).unwrap();
        let now = disk(1 << 30, (1 << 20) + 4096);
        assert!(floor.has_room(&now));
        let second = floor.reserve(&folder, 1).unwrap();
        assert!(!floor.has_room(&now));
        drop(first);
        assert!(floor.has_room(&now));
        drop(second);
        assert_eq!(floor.spare(&now), 4096);
        assert!(floor.has_room(&disk(0, 0)), "a disk that says nothing");
    }
}
