//! The service's side of the virtual machine: an engine that starts machines, the image they start from, states that
//! make it quick, and sessions that run commands.
//!
//! The guest is hostile: what it says is read with the caps of `deskhand-vm-protocol`, and nothing it says is believed
//! about itself. Knows nothing of the companion: what a session may reach comes in through ports.

// Machines are started on Linux and macOS; Windows is the next engine behind the same port.
#![cfg(unix)]

mod accelerator;
mod child;
mod contained;
mod error;
mod fetch;
mod folders;
mod image;
mod job;
mod lines;
mod machine;
mod manifest;
mod parts;
mod qemu;
mod room;
mod session;
mod source;
mod starting;
mod state;
mod store;
mod workshop;

pub use accelerator::{Accelerator, Trial, Verdict};
pub use contained::Contained;
pub use contained::instead::{ProcessSandbox, neither, stand_in};
pub use error::{
    DISK_LOW, IMAGE_ABSENT, IMAGE_BUSY, IMAGE_FETCHING, IMAGE_MISSING, IMAGE_REFUSED, IMAGE_SLOW,
    IMAGE_UNREACHABLE, IMAGE_WRONG, SandboxError, Step,
};
pub use fetch::{Failed, Fetching, Progress, Taken, Told};
pub use image::{Image, Part};
pub use job::{Job, JobInput};
pub use machine::{BoxFuture, Engine, Line, Machine, MachineSpec, Means, Origin, Start};
pub use manifest::read_manifest;
pub use parts::{Console, sha256_of};
pub use qemu::{Cage, Qemu};
pub use session::{Command, Connections, Session, Summary};
pub use source::{Body, Opened, Source, SourceError, SourceErrorKind};
pub use state::StateStore;
pub use store::{Kept, Store};
pub use workshop::{Forgotten, Settings, Workshop, forget};

pub use deskhand_vm_protocol::{
    End, Ended, GuestEvent, RunLimits, RunOutput, SessionSpec, StepReport, Stream,
};
