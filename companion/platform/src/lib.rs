//! What differs by operating system, behind one set of functions: paths, file permissions, the secret store, the owner
//! of a TCP peer, the local channel, the lock of the one running service, opening things for the user, the trust store,
//! the proxies it is set to, the user's sign-in to them, starting anew, programs that print something, what the machine is, how much may be open.
//!
//! Each topic is `src/<topic>.rs` with its public face and `src/<topic>/<os>.rs` with the part that differs. This crate
//! is the only home of `unsafe`, and that only in the Windows files. It must not know what Deskhand does with any of it:
//! no protocol, no policy, no HTTP. It reads no environment by itself; variables come in as arguments.

pub mod again;
pub mod descriptors;
pub mod instance;
pub mod local;
pub mod machine;
pub mod open;
pub mod paths;
pub mod peer;
pub mod permissions;
pub mod program;
pub mod proxies;
pub mod secrets;
pub mod sign_in;
pub mod trust;

#[cfg(windows)]
mod windows_user;

pub use paths::Paths;
pub use secrets::{Secret, SecretError, SecretStore, SecretStoreKind};
