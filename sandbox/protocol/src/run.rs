//! A command: what is asked for, what goes in, what comes out, how it ended.

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::WireError;
use crate::frame::{parse, read_frame, spell, write_frame};
use crate::limits::MAX_FRAME;

/// A command to run. The stream that carries it is its life: when the service closes it, every process of it is ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRequest {
    /// The program and its arguments; the program is looked up in the guest's `PATH`.
    pub arguments: Vec<String>,
    /// The folder it starts in; the session's home without one.
    pub folder: Option<String>,
    /// Variables beside those that the guest sets: name and value.
    pub environment: Vec<(String, String)>,
    /// Whether something will come on its standard input; else it is empty.
    pub input: bool,
    /// What it may use.
    pub limits: RunLimits,
}

/// What one command may use, with all that it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunLimits {
    /// Wall time, in milliseconds.
    pub time: u64,
    /// Time of the processor, in milliseconds.
    pub processor: u64,
    /// Memory, in bytes.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Output on both channels together, in bytes.
    pub output: u64,
}

/// From the service to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunInput {
    /// For its standard input.
    Data(Vec<u8>),
    /// Its standard input ends.
    End,
}

/// From a command to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutput {
    /// It runs, as this process of the guest.
    Started(u32),
    /// From its standard output.
    Out(Vec<u8>),
    /// From its standard error.
    Err(Vec<u8>),
    /// It is over; nothing follows.
    Ended(Ended),
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Why.
    pub end: End,
    /// Wall time, in milliseconds.
    pub time: u64,
    /// Time of the processor, in milliseconds, of all its processes.
    pub processor: u64,
    /// The most memory that it held, in bytes, where the guest's kernel tells.
    pub memory: Option<u64>,
}

/// Why a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "camelCase")]
pub enum End {
    /// By itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// By a signal.
    Signalled {
        /// Its number.
        signal: i32,
    },
    /// It was not started.
    NotStarted {
        /// Why, in a sentence.
        reason: String,
    },
    /// It used its wall time up.
    TimeUp,
    /// It used its time of the processor up.
    ProcessorUp,
    /// It, or something that it started, asked for more memory than there is for it.
    OutOfMemory,
    /// It wrote more than is taken.
    TooMuchOutput,
    /// The service ended it.
    Stopped,
}

const DATA: u8 = 1;
const DATA_END: u8 = 2;
const STARTED: u8 = 16;
const OUT: u8 = 17;
const ERR: u8 = 18;
const ENDED: u8 = 19;

impl RunInput {
    /// Sends it.
    pub async fn write<W: AsyncWrite + Unpin>(&self, to: &mut W) -> Result<(), WireError> {
        match self {
            Self::Data(bytes) => write_frame(to, DATA, bytes).await,
            Self::End => write_frame(to, DATA_END, &[]).await,
        }
    }

    /// The next one; `None` where the service closed the stream.
    pub async fn read<R: AsyncRead + Unpin>(from: &mut R) -> Result<Option<Self>, WireError> {
        let Some((kind, payload)) = read_frame(from).await? else {
            return Ok(None);
        };
        match (kind, payload.as_slice()) {
            (DATA, _) => Ok(Some(Self::Data(payload))),
            (DATA_END, []) => Ok(Some(Self::End)),
            (DATA_END, _) => Err(malformed("a frame to a command")),
            _ => Err(WireError::UnknownFrame(kind)),
        }
    }
}

impl RunOutput {
    /// Sends it.
    pub async fn write<W: AsyncWrite + Unpin>(&self, to: &mut W) -> Result<(), WireError> {
        match self {
            Self::Started(process) => write_frame(to, STARTED, &process.to_be_bytes()).await,
            Self::Out(bytes) => write_frame(to, OUT, bytes).await,
            Self::Err(bytes) => write_frame(to, ERR, bytes).await,
            Self::Ended(ended) => {
                let block = spell(ended, "the end of a command", MAX_FRAME)?;
                write_frame(to, ENDED, &block).await
            }
        }
    }

    /// The next one; `None` where the guest closed the stream, which it does behind `Ended` alone.
    pub async fn read<R: AsyncRead + Unpin>(from: &mut R) -> Result<Option<Self>, WireError> {
        let Some((kind, payload)) = read_frame(from).await? else {
            return Ok(None);
        };
        match kind {
            STARTED => {
                let process = payload
                    .try_into()
                    .map_err(|_| malformed("the start of a command"))?;
                Ok(Some(Self::Started(u32::from_be_bytes(process))))
            }
            OUT => Ok(Some(Self::Out(payload))),
            ERR => Ok(Some(Self::Err(payload))),
            ENDED => parse(&payload, "the end of a command").map(|ended| Some(Self::Ended(ended))),
            _ => Err(WireError::UnknownFrame(kind)),
        }
    }
}

fn malformed(what: &'static str) -> WireError {
    WireError::Malformed {
        what,
        why: "it has another length".to_owned(),
    }
}
