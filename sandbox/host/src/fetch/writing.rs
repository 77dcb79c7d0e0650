//! A part that is being written: hashed while it comes, taken up again where it was left.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use crate::parts::hexadecimal;

/// A file that grows, and the digest of what it holds.
pub(super) struct Writing {
    file: File,
    digest: Context,
    /// Bytes that it holds.
    pub(super) length: u64,
    /// Of these, bytes that lay there before.
    pub(super) found: u64,
    path: PathBuf,
}

impl Writing {
    /// Goes on where an earlier one ended; begins anew where that is longer than the part.
    pub(super) fn open(path: &Path, size: u64) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let mut writing = Self {
            file,
            digest: Context::new(&SHA256),
            length: 0,
            found: 0,
            path: path.to_owned(),
        };
        if writing.file.metadata()?.len() > size {
            writing.restart()?;
        }
        let mut piece = vec![0; 256 * 1024];
        loop {
            let read = writing.file.read(&mut piece)?;
            if read == 0 {
                writing.found = writing.length;
                return Ok(writing);
            }
            writing.digest.update(piece.get(..read).unwrap_or_default());
            writing.length += read as u64;
        }
    }

    /// Lets go of what it holds.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.digest = Context::new(&SHA256);
        (self.length, self.found) = (0, 0);
        Ok(())
    }

    /// Writes what came.
    pub(super) fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// The digest of all that it holds.
    pub(super) fn digest(&self) -> String {
        hexadecimal(self.digest.clone().finish().as_ref())
    }

    /// It is whole: on the disk, and under this name.
    pub(super) fn finish(self, name: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, name)
    }

    /// It is not what it was to be: nothing of it is kept.
    pub(super) fn discard(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}
