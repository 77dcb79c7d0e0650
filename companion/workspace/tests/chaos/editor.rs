//! Another program that edits the same files as office programs do: it writes a new file and gives it the name. It exchanges
//! the names, so that it knows what it replaced.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::stage::{Random, content, number_of};

/// What it did.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    pub(crate) written: BTreeSet<u64>,
    /// What it replaced or took away itself.
    pub(crate) taken: BTreeSet<u64>,
}

pub(crate) struct Editor {
    pub(crate) folder: PathBuf,
    pub(crate) random: Random,
    /// The number of its next content.
    pub(crate) next: u64,
    pub(crate) edits: Edits,
}

impl Editor {
    pub(crate) fn new(folder: &Path, seed: u64, next: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            random: Random(seed),
            next,
            edits: Edits::default(),
        }
    }

    /// Edits one file, or takes it away.
    pub(crate) fn edit(&mut self) {
        let at = self.folder.join(self.random.name());
        let own = at.with_file_name(".editor");
        if self.random.below(6) == 0 {
            if fs::rename(&at, &own).is_ok() {
                self.take(&own);
            }
            return;
        }
        let number = self.next;
        self.next += 1;
        if fs::write(&own, content(number)).is_err() {
            // The folder is not there.
            return;
        }
        loop {
            let replaced = renameat_with(CWD, &own, CWD, &at, RenameFlags::EXCHANGE);
            if replaced.is_ok() {
                self.edits.written.insert(number);
                self.take(&own);
                return;
            }
            match renameat_with(CWD, &own, CWD, &at, RenameFlags::NOREPLACE) {
                Ok(()) => {
                    self.edits.written.insert(number);
                    return;
                }
                // Somebody put a file there meanwhile.
                Err(Errno::EXIST) => {}
                Err(error) => panic!("{}: {error}", at.display()),
            }
        }
    }

    fn take(&mut self, own: &Path) {
        self.edits.taken.insert(number_of(&fs::read(own).unwrap()));
        fs::remove_file(own).unwrap();
    }
}
