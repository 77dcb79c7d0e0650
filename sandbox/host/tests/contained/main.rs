//! The process sandbox: the tests of machines that are not about machines, run for it as they are, and what it has to keep closed
//! besides, since it shares the kernel with everybody.
//!
//! They need bubblewrap and the agent that `cargo xtask image` builds.
#![cfg(target_os = "linux")]

#[path = "../vm/command.rs"]
mod command;
#[path = "../vm/corner.rs"]
mod corner;
#[path = "../vm/ending.rs"]
mod ending;
mod engine;
mod host;
mod keeping;
#[path = "../vm/sharing.rs"]
mod sharing;
#[path = "../vm/support.rs"]
mod support;
#[path = "../vm/way_out.rs"]
mod way_out;
