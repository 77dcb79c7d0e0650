//! A record as it is written: JSON on one line, `{"v":1,"by":…,"user":…,"session":…,"type":…, …}`.

use deskhand_protocol::command::CommandEnd;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::SettledBy;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kinds::What;

/// The version of the form of records. Fields are only added; a kind never changes its meaning.
const VERSION: u8 = 1;
/// Characters of a user's name that are kept.
const MAX_USER: usize = 100;
/// Characters of an id that is kept.
const MAX_ID: usize = 64;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A person at the desktop window.
    Window,
    /// A person at the pane in Excel.
    Excel,
    /// A person at the pane in PowerPoint.
    Powerpoint,
    /// A person or a script at the command line.
    Terminal,
    /// The agent, as the model asked.
    Agent,
    /// The service by itself.
    Service,
    /// A policy of the organisation, or the settings.
    Policy,
    /// Somebody who did not say who they are.
    Unknown,
}

impl From<FrontEndKind> for Actor {
    fn from(kind: FrontEndKind) -> Self {
        match kind {
            FrontEndKind::Window => Self::Window,
            FrontEndKind::Excel => Self::Excel,
            FrontEndKind::Powerpoint => Self::Powerpoint,
            FrontEndKind::Terminal => Self::Terminal,
        }
    }
}

impl From<SettledBy> for Actor {
    fn from(by: SettledBy) -> Self {
        match by {
            SettledBy::Person(kind) => kind.into(),
            SettledBy::Policy => Self::Policy,
            SettledBy::SessionGrant | SettledBy::LastingGrant | SettledBy::Mode | SettledBy::Void => {
                Self::Service
            }
        }
    }
}

impl From<CommandEnd> for Actor {
    fn from(by: CommandEnd) -> Self {
        match by {
            CommandEnd::Person(kind) => kind.into(),
            CommandEnd::Itself | CommandEnd::Agent => Self::Agent,
            CommandEnd::Mode | CommandEnd::Folder | CommandEnd::Service => Self::Service,
        }
    }
}

impl Actor {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Excel => "excel",
            Self::Powerpoint => "powerpoint",
            Self::Terminal => "terminal",
            Self::Agent => "agent",
            Self::Service => "service",
            Self::Policy => "policy",
            Self::Unknown => "unknown",
        }
    }
}

/// An id as far as it looks like one: some are chosen by providers and front ends, and a record takes over no words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// The id; empty where it is none.
    pub fn of(text: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        let is_id = text.len() <= MAX_ID && text.bytes().all(plain);
        Self(if is_id { text.to_owned() } else { String::new() })
    }

    /// The id of one that is a UUID; where it is none, a model or a person wrote it.
    pub fn of_uuid(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(|id| Self(id.to_string()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    v: u8,
    /// Who did it.
    pub by: Actor,
    /// The account of the operating system under which the service runs.
    pub user: String,
    /// The session that it is about, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Record {
    /// A record of something that `by` did.
    pub fn new(by: Actor, user: &str, session: Option<Uuid>, what: What) -> Self {
        let shown = user.chars().filter(|letter| !letter.is_control());
        Self {
            v: VERSION,
            by,
            user: shown.take(MAX_USER).collect(),
            session,
            what,
        }
    }

    /// The form that is written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// What is read of a record: of another version it may be of a kind that this one does not know.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A record of the table.
    Known(Box<Record>),
    /// Another one, as it was written.
    Other(serde_json::Value),
}

impl Entry {
    /// Reads what was written; what is no JSON is given as text.
    pub fn parse(bytes: &[u8]) -> Self {
        match serde_json::from_slice::<Record>(bytes) {
            Ok(record) => Self::Known(Box::new(record)),
            Err(_) => Self::Other(
                serde_json::from_slice(bytes)
                    .unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned().into()),
            ),
        }
    }

    /// The session that it is about.
    pub fn session(&self) -> Option<Uuid> {
        match self {
            Self::Known(record) => record.session,
            Self::Other(value) => value.get("session")?.as_str()?.parse().ok(),
        }
    }
}
