//! A shared folder: its handle, what the guest may do in it, and how much of everything.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::errno::Errno;
use crate::port::Ident;

/// What the guest may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Look only: every change is answered `EROFS`.
    ReadOnly,
    /// Change, with the journal asked before.
    ReadWrite,
}

/// Caps on what a guest can make the host hold or do. The guest is refused at a cap; the host never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Names that the guest may hold (inodes): about 300 bytes each. Above, a lookup is answered `ENFILE`.
    pub nodes: usize,
    /// Files that it may have open. Above: `ENFILE`.
    pub files: usize,
    /// Folders that it may have open for listing.
    pub listings: usize,
    /// Names in one listing. Above: `EFBIG`, for half a listing would be taken for a whole one.
    pub names: usize,
    /// Requests that are worked on at once.
    pub in_flight: usize,
    /// Folders whose changes on the host are watched; all others are asked for each time.
    pub watches: usize,
    /// Folders in folders. Below: `ENAMETOOLONG`.
    pub depth: usize,
    /// Bytes that the session may add to what is there. Above: `EDQUOT`.
    pub quota: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes: 400_000,
            files: 4_096,
            listings: 256,
            names: 200_000,
            in_flight: 16,
            watches: 8_192,
            depth: 128,
            quota: 20 << 30,
        }
    }
}

/// A folder of the host that a guest sees.
#[derive(Debug)]
pub struct Share {
    pub(crate) root: Dir,
    pub(crate) access: Access,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) limits: Limits,
}

impl Share {
    /// A share of an open folder. Everything in it belongs to `uid` and `gid` of the guest.
    pub fn new(root: Dir, access: Access, uid: u32, gid: u32) -> Self {
        Self {
            root,
            access,
            uid,
            gid,
            limits: Limits::default(),
        }
    }

    /// Opens a folder by its path on the host, once. A link there is followed: check the path before.
    pub fn open(path: &Path, access: Access, uid: u32, gid: u32) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self::new(root, access, uid, gid))
    }

    /// The same with other caps.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Files that are known to have been made or made longer by the guest. Above, what goes is not given back to the quota.
const KNOWN: usize = 200_000;

/// What the session added. What the guest removes of its own is given back; what was there before is not.
#[derive(Debug)]
pub(crate) struct Ledger {
    quota: u64,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    used: u64,
    by_file: HashMap<Ident, u64>,
}

impl Ledger {
    pub(crate) fn new(quota: u64) -> Self {
        Self {
            quota,
            entries: Mutex::default(),
        }
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> u64 {
        self.quota.saturating_sub(self.entries().used)
    }

    /// Charges a file for becoming longer; `EDQUOT` where that is too much. Gives back for becoming shorter, at most what
    /// it was charged.
    pub(crate) fn resize(&self, file: Ident, from: u64, to: u64) -> Result<(), Errno> {
        let mut entries = self.entries();
        let Some(growth) = to.checked_sub(from) else {
            entries.give_back(file, from - to);
            return Ok(());
        };
        if growth > self.quota.saturating_sub(entries.used) {
            return Err(Errno::EDQUOT);
        }
        entries.used += growth;
        if entries.by_file.contains_key(&file) || entries.by_file.len() < KNOWN {
            *entries.by_file.entry(file).or_default() += growth;
        }
        Ok(())
    }

    /// Another file has the content now.
    pub(crate) fn moved(&self, from: Ident, to: Ident) {
        let mut entries = self.entries();
        if let Some(charged) = entries.by_file.remove(&from)
            && charged > 0
        {
            *entries.by_file.entry(to).or_default() += charged;
        }
    }

    /// The file is gone.
    pub(crate) fn gone(&self, file: Ident) {
        let mut entries = self.entries();
        entries.give_back(file, u64::MAX);
        entries.by_file.remove(&file);
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn give_back(&mut self, file: Ident, bytes: u64) {
        if let Some(charged) = self.by_file.get_mut(&file) {
            let back = bytes.min(*charged);
            *charged -= back;
            self.used = self.used.saturating_sub(back);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_guest_added_is_given_back() {
        let ledger = Ledger::new(100);
        let (theirs, ours) = (Ident { dev: 1, ino: 1 }, Ident { dev: 1, ino: 2 });
        ledger.resize(theirs, 1_000, 0).unwrap();
        assert_eq!(ledger.left(), 100);
        ledger.resize(ours, 0, 80).unwrap();
        assert_eq!(ledger.resize(theirs, 0, 21), Err(Errno::EDQUOT));
        ledger.moved(ours, theirs);
        ledger.resize(theirs, 80, 30).unwrap();
        assert_eq!(ledger.left(), 70);
        ledger.gone(theirs);
        assert_eq!(ledger.left(), 100);
    }
}
