//! Permission requests: what a person is asked, and what may be answered. A request stays open until somebody answers;
//! any front end of the session may, the first answer wins (Invariant 9: never a document).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::hello::FrontEndKind;
use crate::{CallId, DocumentId, PermissionId, SessionId, Timestamp, TurnId};

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PermissionRequest {
    /// The request.
    pub id: PermissionId,
    /// The turn that waits.
    pub turn: TurnId,
    /// The tool call that waits.
    pub call: CallId,
    /// The question with its count: `Overwrite 8 cells on Summary?`
    pub question: String,
    /// Why it is asked.
    pub reason: AskReason,
    /// What stays: `The other cells stay as they are.`
    pub scope: String,
    /// The document that would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<DocumentId>,
    /// The file that would be made, changed or removed, or read where a rule asks, by its whole path; or the folder that
    /// would be attached, absent where a person has to name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub path: Option<String>,
    /// The attached folder that an answer for longer than once is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub folder: Option<String>,
    /// What the model says of a folder that it asks for; only where it asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub directory: Option<DirectoryRequest>,
    /// Where a call on the web would go, and what it would send there; only for such a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub web: Option<WebRequest>,
    /// What would run in the sandbox, and what it could reach; only for such a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub command: Option<Box<CommandRequest>>,
    /// What was read in this turn before it came to this question, the newest first; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ReadBefore>>")]
    pub read: Vec<ReadBefore>,
    /// What stands there now and what would stand there after; at most 200 rows.
    pub rows: Vec<BeforeAfter>,
    /// How many cells there are in all.
    pub total: u32,
    /// What a person should weigh; empty where no formula reaches outside.
    pub risks: Vec<RiskNote>,
    /// The answers that may be given, the main one first.
    pub choices: Vec<Choice>,
}

/// A folder that the model asks for. It is attached only as a person answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryRequest {
    /// What the model says it needs the folder for: its own words on one line, checked by nobody.
    pub reason: String,
    /// True where the folder could be read only; false also where none is named.
    pub read_only: bool,
}

/// What would leave this computer for the web, and for where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct WebRequest {
    /// The host without its port; an answer for the session is about it.
    pub host: String,
    /// All that is sent: the whole address of the page, or the words that are looked for.
    pub sent: String,
}

/// A command that would run in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommandRequest {
    /// The whole command, as the shell gets it.
    pub command: String,
    /// The folders of this computer that it sees.
    pub folders: Vec<CommandFolder>,
    /// Hosts that it may reach, as policy lists them; at most 30, and empty where it reaches none.
    pub hosts: Vec<String>,
    /// How many more there are.
    pub more_hosts: u32,
    /// Seconds that it may take.
    pub seconds: u32,
    /// True where it is left to run beside what comes next.
    pub background: bool,
}

/// A folder of this computer that a command sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommandFolder {
    /// Its path.
    pub path: String,
    /// True where it may only be read.
    pub read_only: bool,
}

/// Something that was read before a question: where its words come from, if they were planted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadBefore {
    /// The document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<DocumentId>,
    /// The place in it, the file, the address of a web page, or what was looked for.
    pub target: String,
}

/// Why a person must be asked, the weightier last.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "camelCase")]
pub enum AskReason {
    /// Something is added to a document that the person did not choose for this prompt, once others had a word.
    Elsewhere,
    /// A web page is read.
    Browses,
    /// The web is searched.
    Searches,
    /// A command runs in the sandbox.
    Runs,
    /// A file is made where there was none.
    Creates,
    /// Looks change, contents stay.
    Reformats,
    /// Some lines of a text file change.
    Edits,
    /// Cells, shapes or files that are not empty get another content.
    Overwrites,
    /// A rule of the organisation asks.
    Ruled,
    /// Something is remembered for later sessions.
    Remembers,
    /// Something is removed.
    Removes,
    /// A formula reaches outside the document.
    ReachesOutside,
    /// A folder becomes part of the session.
    Attaches,
    /// An address or a query is long enough to carry what was read out of this computer.
    SendsOut,
}

impl AskReason {
    /// True when a person is asked whatever the mode, and no grant for the session is offered.
    pub fn is_risky(self) -> bool {
        matches!(
            self,
            Self::Ruled
                | Self::Remembers
                | Self::Removes
                | Self::ReachesOutside
                | Self::Attaches
                | Self::SendsOut
        )
    }

    /// True when a person may answer for a folder once and for all. What overwrites is asked again in each session.
    pub fn may_last(self) -> bool {
        matches!(self, Self::Creates | Self::Edits)
    }
}

/// One line of the table Cell, Now, After.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BeforeAfter {
    /// The cell without sheet, the shape's name, or the number of a line.
    pub cell: String,
    /// The label of its row in the sheet, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub label: Option<String>,
    /// What stands there now; empty for nothing.
    pub now: String,
    /// What would stand there; for a formula its text.
    pub after: String,
    /// True when `after` is a formula.
    pub formula: bool,
}

/// Something to weigh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct RiskNote {
    /// The cells, `D4:D7`.
    pub cells: String,
    /// What they reach: `read another file, Rates.xlsx`.
    pub reach: String,
    /// The rule: `Formulas that reach outside this workbook ask every time.`
    pub rule: String,
}

/// An answer that may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Choice {
    /// This once.
    AllowOnce,
    /// This kind of action on this document, in this folder, at this host or in the sandbox, for this session.
    AllowSession,
    /// This kind of action in this folder, until it expires or is revoked.
    AllowAlways,
    /// No.
    Deny,
}

/// Who settled a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SettledBy {
    /// A person at this kind of front end.
    Person(FrontEndKind),
    /// An earlier answer for this session.
    SessionGrant,
    /// An earlier answer for always.
    LastingGrant,
    /// The mode that the person chose.
    Mode,
    /// A policy.
    Policy,
    /// The turn ended or the cells changed, so the question is void.
    Void,
}

/// `permission/answer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct AnswerParams {
    /// The session.
    pub session: SessionId,
    /// The request.
    pub permission: PermissionId,
    /// The answer.
    pub choice: Choice,
    /// The absolute path of the folder that is to be attached, where it is another than the one asked about, or none was
    /// named. From the window and the terminal alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub folder: Option<String>,
}

/// Something that a person allowed for longer than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct GrantView {
    /// Its id: the id of the question that was answered so.
    pub id: PermissionId,
    /// The kind of action.
    pub reason: AskReason,
    /// The document, for a grant of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<DocumentId>,
    /// The folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub folder: Option<String>,
    /// The host on the web, for a grant of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub host: Option<String>,
    /// When it was given; absent for a grant of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub granted_at: Option<Timestamp>,
    /// When it ends; absent for one that ends with its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expires_at: Option<Timestamp>,
}

/// `permission/grants`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct GrantsParams {
    /// The session whose own grants are listed, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<SessionId>,
}

/// The answer to `permission/grants`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct GrantsAnswer {
    /// Lasting grants that count now, then those of the session.
    pub grants: Vec<GrantView>,
}

/// `permission/revoke`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RevokeGrantParams {
    /// The grant.
    pub id: PermissionId,
    /// Its session, for a grant of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<SessionId>,
}

/// The answer to `permission/answer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct AnswerAnswer {
    /// False when somebody was faster; the events say who.
    pub accepted: bool,
}
