//! What opens each stream, and what the guest tells of itself.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::WireError;
use crate::frame::{read_json, write_json};
use crate::limits::MAX_OPENING;
use crate::run::RunRequest;

/// The first block of a stream: what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stream", rename_all = "camelCase")]
pub enum Opening {
    /// From the service: runs a command. Then [`RunInput`](crate::RunInput) and [`RunOutput`](crate::RunOutput).
    Run(RunRequest),
    /// From the service: a folder of the host. Then messages of FUSE, both ways, as the kernel makes them.
    Mount {
        /// Its name under `/mnt`: one component.
        name: String,
        /// Whether the guest may write there. The service refuses writes in any case where it may not.
        writable: bool,
    },
    /// From the service: a signal to the processes of a command, on a stream of its own, since the command's may be full
    /// of input that it does not read. No frames; the guest closes it when it is done.
    Signal {
        /// The command, by [`RunOutput::Started`](crate::RunOutput::Started).
        process: u32,
        /// 2 interrupts, 15 asks to end; 9 ends every process of it at once. Nothing else is taken.
        number: u8,
    },
    /// From the service: the time, after the host slept. No frames; the guest closes it when the clock is set.
    Time {
        /// Nanoseconds since 1970.
        now: u64,
    },
    /// From the guest, the first stream of all: it is up. Then [`GuestEvent`] in blocks.
    Hello(Hello),
    /// From the guest: a connection that a program makes. Then the bytes that a proxy gets.
    Egress,
}

/// The guest answers [`Go`](crate::Go).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The token of [`Go`](crate::Go).
    pub token: String,
    /// What was done to make the session ready, in order; a step that failed says why.
    pub steps: Vec<StepReport>,
}

/// The token may not come into a log.
impl std::fmt::Debug for Hello {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Hello")
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// One step of the guest's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// What was done.
    pub step: String,
    /// Milliseconds that it took.
    pub took: u64,
    /// Why it failed.
    pub fault: Option<String>,
}

/// What the guest tells while a session runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum GuestEvent {
    /// A program was started (execve).
    #[serde(rename_all = "camelCase")]
    Started {
        /// The process, as the guest's kernel counts.
        process: u32,
        /// The process that started it.
        parent: u32,
        /// Its user.
        user: u32,
        /// The program and its arguments, cut to some kilobytes.
        arguments: Vec<String>,
        /// Nanoseconds since 1970, by the guest's clock.
        at: u64,
    },
    /// A process ended.
    #[serde(rename_all = "camelCase")]
    Ended {
        /// Which.
        process: u32,
        /// Its exit code, or the signal that ended it as a negative number.
        code: i32,
        /// As for `Started`.
        at: u64,
    },
    /// Events were lost: more came than the kernel keeps.
    #[serde(rename_all = "camelCase")]
    Lost {
        /// How many, as far as is known.
        count: u64,
    },
}

impl Opening {
    /// Opens a stream.
    pub async fn write<W: AsyncWrite + Unpin>(&self, to: &mut W) -> Result<(), WireError> {
        write_json(to, "the opening of a stream", MAX_OPENING, self).await
    }

    /// Reads what a stream is for.
    pub async fn read<R: AsyncRead + Unpin>(from: &mut R) -> Result<Self, WireError> {
        read_json(from, "the opening of a stream", MAX_OPENING).await
    }
}
