//! A folder of the host for a sandbox: the host's side of FUSE over a byte stream (Invariants 6, 7 and 8).
//!
//! The guest's kernel asks, and everything that it asks may be hostile. A folder is opened once; after that every name is
//! one component beneath an open folder, no link is followed, and a journal knows of each change before it is made.
//!
//! Knows nothing of sessions, policy or what files mean: the journal and the listener are ports that the service fills in.

mod content;
mod errno;
mod heard;
mod host;
mod ledger;
mod link;
mod name;
mod nodes;
mod notices;
mod ops;
mod path;
mod port;
mod room;
mod serve;
mod session;
mod share;
mod side;
mod undo;
mod watch;
mod wire;

pub use path::SharePath;
pub use port::{Change, ChangeKind, Event, Events, Going, Ident, Journal, Kept, Moment, State};
pub use serve::{ServeError, serve};
pub use share::{Access, Limits, Share};
pub use undo::{Conflict, Touched, UndoLimits, UndoLog, Undone, Vault};

/// The example of the README is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
