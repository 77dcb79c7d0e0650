//! What whole-system tests work with: the service as a process, front ends that speak its protocol, and a task pane
//! whose workbook lies in memory. Knows the public socket and the command line, nothing inside the service.
//!
//! Everything here panics with a sentence when it cannot do its work: a test has nobody to hand an error to.

mod collector;
mod front_end;
mod gateway;
mod pane;
mod service;
mod talk;
mod view;
mod workbook;

pub use collector::Collector;
pub use front_end::{CallError, Cut, FrontEnd};
pub use gateway::play;
pub use pane::{ApplyRequest, Pane};
pub use service::{Finished, Service, Setup, command, finish};
pub use talk::Talk;
pub use view::View;
pub use workbook::Workbook;

use std::time::Duration;

/// How long anything may take before a test gives up. Machines that build are slow; nothing waits this long otherwise.
pub const PATIENCE: Duration = Duration::from_mins(1);
