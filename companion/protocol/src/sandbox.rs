//! What front ends are told of the sandbox: where code ran, and what was seen in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Timestamp;

/// `sandbox/fetch`: the image that is used from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FetchedImage {
    /// Its id: the SHA-256 of its list.
    pub id: String,
    /// What it takes on the disk, in bytes.
    pub bytes: u64,
    /// Bytes of it that came over the network.
    pub fetched: u64,
    /// Whether another one was used before, or none.
    pub is_new: bool,
}

/// Where code ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SandboxTier {
    /// In a virtual machine.
    Vm,
    /// In a virtual machine without the help of the processor.
    VmEmulated,
    /// In processes of this computer that are shut in, since no virtual machine can be had and policy allows it. Weaker: they
    /// share its kernel.
    Processes,
}

/// Something that was seen in the sandbox or at its edge, tagged with `sight`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "sight", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Sight {
    /// A machine began for this session.
    MachineStarted {
        /// What it is.
        tier: SandboxTier,
        /// True where it went on from a kept state.
        resumed: bool,
        /// Milliseconds until it was ready.
        took_ms: u64,
    },
    /// The machine of this session ended.
    MachineEnded {
        /// Why.
        why: MachineEnd,
    },
    /// A program was started. The guest says so.
    Started {
        /// When, by the guest's clock.
        at: Timestamp,
        /// The process, as the guest counts.
        process: u32,
        /// The one that started it.
        parent: u32,
        /// Its user in the guest.
        user: u32,
        /// The program and its arguments, cut to some kilobytes.
        arguments: Vec<String>,
    },
    /// A process ended. The guest says so.
    Ended {
        /// When, by the guest's clock.
        at: Timestamp,
        /// The process.
        process: u32,
        /// Its exit code, or the signal that ended it as a negative number.
        code: i32,
    },
    /// Starts or ends that the guest's kernel did not keep.
    Lost {
        /// How many, as far as it knows.
        count: u64,
    },
    /// A file or folder of this computer was changed. The service did it.
    File {
        /// What was done.
        change: FileChange,
        /// Its path on this computer.
        path: String,
        /// The new path, where it has another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        to: Option<String>,
        /// Bytes that it has, or had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        bytes: Option<u64>,
    },
    /// A connection of the guest ended, or was refused. The service made it.
    Connection {
        /// The host, empty where none was understood.
        host: String,
        /// The port, 0 where none was understood.
        port: u16,
        /// Absent where it was let through; else the code of the refusal or the failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        refused: Option<String>,
        /// Bytes sent.
        sent: u64,
        /// Bytes received.
        received: u64,
        /// Milliseconds.
        duration_ms: u64,
    },
}

/// Why a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum MachineEnd {
    /// Nothing had run in it for a while.
    Idle,
    /// Another session needed the room.
    Room,
    /// The folders of the session, or what is allowed, are others now.
    Changed,
    /// The session or the service ended.
    Over,
    /// By itself: it failed, or what runs it did.
    Failed,
}

/// What was done to a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum FileChange {
    /// It came to be.
    Created,
    /// It has new content.
    Written,
    /// It went.
    Removed,
    /// It has another path.
    Renamed,
    /// Its rights or times changed.
    Metadata,
    /// A person changed it meanwhile: theirs stays, and the sandbox's version has the other path.
    Conflict,
    /// It was not closed when the machine ended: what it held before stays.
    Discarded,
    /// The change was refused.
    Refused,
}
