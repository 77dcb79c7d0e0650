//! Permission requests: what a person is asked, and what may be answered. A request stays open until somebody answers;
//! any front end of the session may, the first answer wins (Invariant 9: never a document).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::hello::FrontEndKind;
use crate::{CallId, DocumentId, PermissionId, SessionId, TurnId};

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
    /// What stands there now and what would stand there after; at most 200 rows.
    pub rows: Vec<BeforeAfter>,
    /// How many cells there are in all.
    pub total: u32,
    /// What a person should weigh; empty where no formula reaches outside.
    pub risks: Vec<RiskNote>,
    /// The answers that may be given, the main one first.
    pub choices: Vec<Choice>,
}

/// Why a person must be asked, the weightier last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum AskReason {
    /// Looks change, contents stay.
    Reformats,
    /// Cells or shapes that are not empty get another content.
    Overwrites,
    /// Something is removed.
    Removes,
    /// A formula reaches outside the document.
    ReachesOutside,
}

impl AskReason {
    /// True when a person is asked whatever the mode, and no grant for the session is offered.
    pub fn is_risky(self) -> bool {
        matches!(self, Self::Removes | Self::ReachesOutside)
    }
}

/// One line of the table Cell, Now, After.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BeforeAfter {
    /// The cell without sheet, or the shape's name.
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
    /// This kind of action on this document, for this session.
    AllowSession,
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
}

/// The answer to `permission/answer`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct AnswerAnswer {
    /// False when somebody was faster; the events say who.
    pub accepted: bool,
}
