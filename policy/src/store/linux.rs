//! The administrator's file on Linux. It counts only where nobody but its owner can have written it: a regular file of
//! root, in a folder of root, neither writable by group or others. A file that is there and does not count makes every
//! key invalid; it does not make the machine unmanaged.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::PathBuf;

use super::{FILE_CAP, Store, json_reading};
use crate::source::{Origin, Reading};

/// Where administrators put it.
pub const MANAGED_FILE: &str = "/etc/deskhand/managed-settings.json";

/// A managed file.
#[derive(Clone, Debug)]
pub struct ManagedFile {
    path: PathBuf,
    owner: u32,
}

impl ManagedFile {
    /// The file of this machine, owned by root.
    pub fn system() -> Self {
        Self {
            path: MANAGED_FILE.into(),
            owner: 0,
        }
    }

    /// Another file that counts where this user (by number) owns it.
    pub fn at(path: impl Into<PathBuf>, owner: u32) -> Self {
        Self {
            path: path.into(),
            owner,
        }
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, String> {
        let told = |error: io::Error| format!("the file cannot be read: {error}");
        let found = match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(told)?,
        };
        if !found.is_file() {
            return Err("it is no regular file".to_owned());
        }
        let folder = self.path.parent().ok_or("it has no folder")?;
        let folder = fs::symlink_metadata(folder).map_err(told)?;
        if !folder.is_dir() {
            return Err("its folder is no folder".to_owned());
        }
        let file = File::open(&self.path).map_err(told)?;
        let opened = file.metadata().map_err(told)?;
        if !same_file(&found, &opened) {
            return Err("it was exchanged while it was read".to_owned());
        }
        self.check(&opened, "the file")?;
        self.check(&folder, "its folder")?;
        let mut bytes = Vec::new();
        file.take(FILE_CAP + 1).read_to_end(&mut bytes).map_err(told)?;
        if bytes.len() as u64 > FILE_CAP {
            return Err(format!("the file is larger than {FILE_CAP} bytes"));
        }
        Ok(Some(bytes))
    }

    #[cfg(unix)]
    fn check(&self, metadata: &Metadata, what: &str) -> Result<(), String> {
        use std::os::unix::fs::MetadataExt;

        if metadata.uid() != self.owner {
            return Err(format!("{what} is not owned by user {}", self.owner));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(format!("{what} is writable by group or others"));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check(&self, _: &Metadata, what: &str) -> Result<(), String> {
        Err(format!("{what} has no owner {} on this system", self.owner))
    }
}

#[cfg(unix)]
fn same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}

impl Store for ManagedFile {
    fn read(&self) -> Reading {
        let origin = Origin::Managed(self.path.to_string_lossy().into());
        match self.bytes() {
            Ok(None) => Reading::Absent,
            Ok(Some(bytes)) => json_reading(origin, &bytes),
            Err(reason) => Reading::Unusable(origin, reason),
        }
    }
}
