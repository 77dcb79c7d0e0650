//! One process at a time decides what is kept: a lock beside the secrets, held over read and write.
//!
//! Without it, two programs that start for the first time each make a key, the later one is kept, and what the other one
//! sealed can never be read again.

use std::fs::File;
use std::path::PathBuf;

use super::SecretError;
use crate::permissions::PermissionError;

/// The lock, by the path of its file; the operating system drops it with the process.
#[derive(Clone, Debug)]
pub(super) struct Turn(PathBuf);

impl Turn {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Waits until no other process and no other thread has the turn; it lasts until the file is dropped. Not to be taken
    /// by who has it.
    pub(super) fn take(&self) -> Result<File, SecretError> {
        let options = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.0);
        let taken = options.and_then(|file| file.lock().map(|()| file));
        taken.map_err(|source| {
            PermissionError::Io {
                path: self.0.clone(),
                source,
            }
            .into()
        })
    }
}
