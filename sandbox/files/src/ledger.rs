//! What a session added to the host's disk, against its quota: content by its bytes, and each name at a flat cost, since a
//! name takes room on the disk also where it is of nothing.
//!
//! What the guest writes is charged whole and before it is on disk, also where it begins as the copy of a file of the host:
//! the old content stays, in the journal. What the guest removes of its own is given back; what was there before is not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::errno::Errno;
use crate::port::Ident;

/// The cost of a name in bytes: for each 16 KiB of the disk, ext4 has one inode (`inode_ratio` of mke2fs.conf(5)).
pub(crate) const NAME: u64 = 16 << 10;

/// Files, folders and links of the guest whose charge is known. Above, what goes is not given back.
const KNOWN: usize = 1 << 20;

/// The book of one share.
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

/// What is charged for something in the making. It is given back with the value, unless that was kept.
#[derive(Debug)]
pub(crate) struct Charge {
    ledger: Arc<Ledger>,
    bytes: u64,
}

impl Ledger {
    pub(crate) fn new(quota: u64) -> Arc<Self> {
        Arc::new(Self {
            quota,
            entries: Mutex::default(),
        })
    }

    /// Bytes that are left.
    pub(crate) fn left(&self) -> u64 {
        self.quota.saturating_sub(self.entries().used)
    }

    /// Charges a new name; `EDQUOT` where that is too much.
    pub(crate) fn name(self: &Arc<Self>) -> Result<Charge, Errno> {
        let mut charge = Charge {
            ledger: Arc::clone(self),
            bytes: 0,
        };
        charge.set(NAME)?;
        Ok(charge)
    }

    /// Something is gone: what it was charged is given back.
    pub(crate) fn gone(&self, what: Ident) {
        let mut entries = self.entries();
        if let Some(bytes) = entries.by_file.remove(&what) {
            entries.used = entries.used.saturating_sub(bytes);
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge {
    /// The content of the name is so many bytes long: charges what it grew, or gives back. `EDQUOT` where that is too much.
    pub(crate) fn length(&mut self, bytes: u64) -> Result<(), Errno> {
        self.set(bytes.saturating_add(NAME))
    }

    fn set(&mut self, bytes: u64) -> Result<(), Errno> {
        let mut entries = self.ledger.entries();
        let growth = bytes.saturating_sub(self.bytes);
        if growth > self.ledger.quota.saturating_sub(entries.used) {
            return Err(Errno::EDQUOT);
        }
        entries.used = entries.used.saturating_add(bytes).saturating_sub(self.bytes);
        drop(entries);
        self.bytes = bytes;
        Ok(())
    }

    /// It came to be. What the system gave the same number before is not there any more.
    pub(crate) fn keep(mut self, what: Ident) {
        let bytes = std::mem::take(&mut self.bytes);
        self.ledger.gone(what);
        let mut entries = self.ledger.entries();
        if entries.by_file.len() < KNOWN {
            entries.by_file.insert(what, bytes);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut entries = self.ledger.entries();
        entries.used = entries.used.saturating_sub(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_guest_added_is_given_back() {
        let ledger = Ledger::new(2 * NAME + 100);
        let (theirs, ours) = (Ident { dev: 1, ino: 1 }, Ident { dev: 1, ino: 2 });
        ledger.gone(theirs);
        assert_eq!(ledger.left(), 2 * NAME + 100);
        let mut charge = ledger.name().unwrap();
        charge.length(80).unwrap();
        let mut other = ledger.name().unwrap();
        assert_eq!(other.length(21), Err(Errno::EDQUOT));
        assert_eq!(ledger.name().unwrap_err(), Errno::EDQUOT);
        charge.length(30).unwrap();
        charge.keep(ours);
        other.length(70).unwrap();
        assert_eq!(ledger.left(), 0);
        drop(other);
        assert_eq!(ledger.left(), NAME + 70);
        ledger.gone(ours);
        assert_eq!(ledger.left(), 2 * NAME + 100);
    }

    #[test]
    fn a_number_that_the_system_gives_again_is_charged_once() {
        let ledger = Ledger::new(1 << 20);
        let ident = Ident { dev: 1, ino: 2 };
        for _ in 0..3 {
            ledger.name().unwrap().keep(ident);
        }
        assert_eq!(ledger.left(), (1 << 20) - NAME);
    }
}
