//! Change sets: what was changed, where it came from, and the way back (Invariant 6).

use deskhand_operations::FigureSource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::document::DocumentKind;
use crate::{CallId, ChangeSetId, DocumentId, SessionId, Timestamp, TurnId};

/// A change set as front ends show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSet {
    /// The id.
    pub id: ChangeSetId,
    /// The turn that made it.
    pub turn: TurnId,
    /// The tool call that made it.
    pub call: CallId,
    /// When.
    pub at: Timestamp,
    /// What, in a few words: `Formulas in B4:D7`.
    pub title: String,
    /// The parts, one a document and target.
    pub entries: Vec<ChangeEntry>,
}

/// One part of a change set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEntry {
    /// The document.
    pub document: DocumentId,
    /// Workbook or deck.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Where: an address with sheet, or `slide:<logical id>`.
    pub target: String,
    /// How many cells or shapes.
    pub count: u32,
    /// Where written figures came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `changeSet/undo` and `changeSet/redo`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSetParams {
    /// The session.
    pub session: SessionId,
    /// The change set.
    pub change_set: ChangeSetId,
    /// Undo also what a person changed since.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub overwrite: bool,
}

/// The answer to an undo or redo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ChangeSetAnswer {
    /// Places that were left alone because a person changed them since.
    pub kept: Vec<String>,
}
