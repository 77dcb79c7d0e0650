//! The places that hold settings. A store tells what is there, not what it means.

use crate::source::{Origin, Reading};
use crate::{json, nested};

pub(crate) mod library;
pub(crate) mod linux;
pub(crate) mod macos;
pub(crate) mod memory;
mod trusted;
pub(crate) mod user;
pub(crate) mod windows;

/// Bytes that a file of settings may have.
pub(crate) const FILE_CAP: u64 = 1 << 20;

/// A place that holds settings.
pub trait Store: Send + Sync {
    /// What is there now.
    fn read(&self) -> Reading;
}

/// The administrator's source of this machine. `user` is the short name of the account whose session it is, from the
/// system and never from the environment; macOS alone asks for it, and is unusable where nobody knows it.
pub fn managed_store(user: Option<&str>) -> Box<dyn Store> {
    #[cfg(windows)]
    {
        let _ = user;
        Box::new(windows::PolicyRegistry)
    }
    #[cfg(target_os = "macos")]
    {
        Box::new(macos::ManagedPreferences::system(user))
    }
    #[cfg(not(any(windows, target_os = "macos")))]
    {
        let _ = user;
        Box::new(linux::ManagedFile::system())
    }
}

/// The values of a JSON file: one object of keys.
pub(crate) fn json_reading(origin: Origin, bytes: &[u8]) -> Reading {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match json::entries(bytes) {
        Ok(entries) => nested::reading(origin, entries),
        Err(error) => Reading::Unusable(origin, format!("the file is no JSON object: {error}")),
    }
}
