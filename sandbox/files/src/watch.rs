//! Hears of changes that the host makes in folders. Where that cannot be, the kernel is told to ask each time.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod nowhere;

use std::ffi::OsString;

#[cfg(target_os = "linux")]
pub(crate) use linux::Watcher;
#[cfg(not(target_os = "linux"))]
pub(crate) use nowhere::Watcher;

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Heard {
    /// Something about this name in this node's folder.
    Name(u64, OsString),
    /// Too much at once: anything may have changed.
    Everything,
}
