//! What the tests of every room share: where things are, free ports, waiting for a condition, child processes that
//! end with their test. Knows no crate of Deskhand, so that every one of them may use it in its tests.
//!
//! Everything here panics with a sentence when it cannot do its work: a test has nobody to hand an error to.

#[cfg(unix)]
mod fuse;
mod place;
mod process;
mod wait;

#[cfg(unix)]
pub use fuse::FuseDevice;
pub use place::{Home, binary, chromium, free_port, python, repository, sandbox_agent, sandbox_images};
pub use process::Child;
pub use wait::{eventually, wait_for};
