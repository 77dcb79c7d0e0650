//! What commands may do here: where machines come from, what a machine is given, what of folders and network it sees.

use std::path::PathBuf;

use deskhand_vm_host::{RunLimits, SessionSpec, Settings};

/// Memory of a machine, in mebibytes: the libraries for analysis and a workbook of some size, with half a gigabyte of room.
const MEMORY: u32 = 1024;

/// What the machine itself needs of it, in mebibytes.
const OF_THE_SYSTEM: u32 = 160;

/// The user of commands in the guest. There is one session in a machine; on the host it is nobody.
pub const USER: u32 = 20_000;

/// Longest time of a command, in milliseconds.
pub(crate) const LONGEST: u64 = 10 * 60 * 1000;

/// What commands of the agent may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// They see the folders of their session, and change what may be changed.
    AsAttached,
    /// They see the folders and change nothing.
    ReadOnly,
    /// They see no folder, for this reason: a sentence.
    NoFolders(String),
}

/// How machines are made, with states and folders in `workplace` and images in `images`.
pub fn settings(workplace: PathBuf, images: PathBuf) -> Settings {
    Settings {
        images,
        workplace,
        engine: None,
        memory: MEMORY,
        processors: processors(),
        accelerator: None,
        process_sandbox: None,
    }
}

/// Two, where the computer has more: analysis seldom uses more, and other work goes on beside it.
fn processors() -> u32 {
    let there = std::thread::available_parallelism().map_or(1, usize::from);
    if there > 2 { 2 } else { 1 }
}

/// What a session is in its machine.
pub fn session_spec(network: bool) -> SessionSpec {
    SessionSpec {
        user: USER,
        memory: limits(LONGEST).memory,
        processes: 1024,
        network,
        zone: std::env::var("TZ").ok(),
    }
}

/// What a command may use that may take so many milliseconds.
pub fn limits(time: u64) -> RunLimits {
    RunLimits {
        time,
        processor: time.saturating_mul(2),
        memory: u64::from(MEMORY - OF_THE_SYSTEM) * 1024 * 1024,
        processes: 256,
        output: 64 * 1024 * 1024,
    }
}
