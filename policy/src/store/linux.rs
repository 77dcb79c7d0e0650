//! The administrator's file on Linux. A file that is there and does not count makes every key invalid; it does not make
//! the machine unmanaged.

use std::path::PathBuf;

use super::{Store, json_reading, trusted};
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
}

impl Store for ManagedFile {
    fn read(&self) -> Reading {
        let origin = Origin::Managed(self.path.to_string_lossy().into());
        match trusted::bytes(&self.path, self.owner) {
            Ok(None) => Reading::Absent,
            Ok(Some(bytes)) => json_reading(origin, &bytes),
            Err(reason) => Reading::Unusable(origin, reason),
        }
    }
}
