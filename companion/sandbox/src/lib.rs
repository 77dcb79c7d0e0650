//! The agent's commands in the sandbox (Invariant 7): a machine for each session, its folders with a journal before each change
//! (Invariants 6 and 8), its way out through the gate (Invariant 3), and what was seen of it for the session's log.
//!
//! The machines are `deskhand-vm-host`'s; this crate says what they may do. When none can start, a call says which step failed,
//! why, and what helps; the next call tries again.

// Machines are started on Linux and macOS.
#![cfg(unix)]

mod answer;
mod call;
mod collected;
mod commands;
mod connections;
mod fault;
mod going;
mod image_store;
mod journal;
mod machine;
mod machines;
mod names;
mod office;
mod paper_calls;
mod paper_tools;
mod read_only;
mod room;
mod sealed;
mod settling;
mod shown;
mod sights;
mod surroundings;
mod terms;
mod told;
mod tools;
mod undoing;

pub use fault::of_status as unavailable;
pub use image_store::ImageStore;
pub use machines::Machines;
pub use surroundings::Surroundings;
pub use terms::{Terms, USER, limits, session_spec, settings};
pub use tools::SandboxTools;
