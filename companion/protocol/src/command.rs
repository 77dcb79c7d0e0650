//! Commands of the agent that run: those that a call waits for, and those that were left to run in the background.
//!
//! Which commands run in the background is in the session's log. How much they wrote is not: `command/list` says how it stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::hello::FrontEndKind;
use crate::permission::CommandFolder;
use crate::{CallId, CommandId, SessionId, Timestamp};

/// A command that was left to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BackgroundCommand {
    /// The id.
    pub id: CommandId,
    /// What the model calls it: `job 2`.
    pub number: u32,
    /// The call that left it.
    pub call: CallId,
    /// The whole command, as the shell got it.
    pub command: String,
    /// The folders of this computer that it sees.
    pub folders: Vec<CommandFolder>,
    /// Seconds that it may take.
    pub seconds: u32,
}

/// Who ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum CommandEnd {
    /// Nobody: it was done, its time was up, or its machine failed.
    Itself,
    /// The agent.
    Agent,
    /// A person at this kind of front end.
    Person(FrontEndKind),
    /// The read-only mode that a person chose: it could have changed something.
    Mode,
    /// A folder that it could change left the session.
    Folder,
    /// The service ended, or was started again.
    Service,
}

impl CommandEnd {
    /// What is said of a command that was ended so, to people and to the model; nothing where how it ended says it.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Itself | Self::Agent => None,
            Self::Person(_) => Some("ended by the user"),
            Self::Mode => Some("ended, for the user chose the read-only mode"),
            Self::Folder => Some("ended, for a folder that it could change left the session"),
            Self::Service => Some("ended, for Deskhand ended or was started again"),
        }
    }
}

/// A command that runs now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunningCommand {
    /// The id.
    pub id: CommandId,
    /// What the model calls it; absent for one that a call waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub number: Option<u32>,
    /// The call that started it.
    pub call: CallId,
    /// The whole command, as the shell got it.
    pub command: String,
    /// The folders of this computer that it sees.
    pub folders: Vec<CommandFolder>,
    /// When it began.
    pub started_at: Timestamp,
    /// Bytes that it wrote so far, to standard output and error.
    pub output_bytes: u64,
    /// The last line of that with words in it, at most 200 characters; empty where there is none. The command wrote it.
    pub last_line: String,
}

/// The answer to `command/list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct CommandsAnswer {
    /// Those that run, the oldest first; at most 17.
    pub commands: Vec<RunningCommand>,
}

/// `command/end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct EndCommandParams {
    /// The session.
    pub session: SessionId,
    /// The command.
    pub command: CommandId,
}

/// The answer to `command/end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct EndCommandAnswer {
    /// False where it did not run any more. That it ended is told by an event.
    pub ended: bool,
}
