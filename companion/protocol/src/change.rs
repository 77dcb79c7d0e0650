//! Change sets: what was changed, where it came from, and the way back (Invariant 6).

use deskhand_operations::{CellValue, FigureSource};
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
    /// The document; for a file that is none, its path.
    pub document: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Where: an address with sheet, or `slide:<logical id>`; empty for a whole file.
    pub target: String,
    /// How many cells, shapes or lines.
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

/// A file that the journal can bring back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// The session that changed it.
    pub session: SessionId,
    /// The change set; undoing it brings the file back.
    pub change_set: ChangeSetId,
    /// When it was changed.
    pub at: Timestamp,
    /// The file.
    pub path: String,
    /// What was done, in a few words: `notes.txt moved to the journal`.
    pub title: String,
    /// True where it was brought back already.
    pub undone: bool,
}

/// `journal/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct JournalParams {
    /// Of this session alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<SessionId>,
}

/// The answer to `journal/list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct JournalAnswer {
    /// The newest first, at most 1,000.
    pub entries: Vec<JournalEntry>,
}

/// How a figure stands to its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum FigureState {
    /// The source holds what it held when the figure was written.
    Match,
    /// The source holds something else now.
    Changed,
    /// The source cannot be read now, or its value was not known when the figure was written.
    Unreachable,
}

/// Where a figure comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct FigurePlace {
    /// The document.
    pub document: DocumentId,
    /// Its title; empty where the document is no longer part of the session.
    pub title: String,
    /// The address with its sheet.
    pub address: String,
}

/// One figure beside its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FigureCheck {
    /// The change set that wrote it.
    pub change_set: ChangeSetId,
    /// The document it stands in.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// Where it was written: an address with sheet, or `slide:<logical id>`.
    pub target: String,
    /// The cell or the words that show it.
    pub figure: String,
    /// Where it comes from.
    pub source: FigurePlace,
    /// What the source held when the figure was written, the sum where it is several cells.
    pub then: Option<CellValue>,
    /// What it holds now.
    pub now: Option<CellValue>,
    /// What follows from both.
    pub state: FigureState,
    /// When the figure was written.
    pub at: Timestamp,
}

/// The answer to `figure/check`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct FiguresAnswer {
    /// The figures that stand, oldest first.
    pub figures: Vec<FigureCheck>,
}
