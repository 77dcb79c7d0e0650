//! The places that hold settings. A store tells what is there, not what it means.

use crate::source::{Origin, Reading};
use crate::{json, nested};

pub(crate) mod linux;
pub(crate) mod memory;
pub(crate) mod user;

/// Bytes that a file of settings may have.
pub(crate) const FILE_CAP: u64 = 1 << 20;

/// A place that holds settings.
pub trait Store: Send + Sync {
    /// What is there now.
    fn read(&self) -> Reading;
}

/// The values of a JSON file: one object of keys.
pub(crate) fn json_reading(origin: Origin, bytes: &[u8]) -> Reading {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match json::entries(bytes) {
        Ok(entries) => nested::reading(origin, entries),
        Err(error) => Reading::Unusable(origin, format!("the file is no JSON object: {error}")),
    }
}
