//! Parameters of notes and comments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `note.set`: adds a note (a legacy comment) to a cell, or replaces its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoteSet {
    /// The cell with sheet.
    pub cell: String,
    /// The text, at most 32,000 characters.
    pub text: String,
    /// Who wrote it; the user when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub author: Option<String>,
}

/// `note.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoteDelete {
    /// The cell with sheet.
    pub cell: String,
}

/// `comment.read`: threads of comments, at most 500.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentRead {
    /// Where, a sheet or a range; the whole workbook when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub range: Option<String>,
}

/// `comment.reply`: answers a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentReply {
    /// The cell of the thread, with sheet.
    pub cell: String,
    /// The text.
    pub text: String,
    /// Who answers; the user when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub author: Option<String>,
    /// When, ISO 8601 in UTC; given by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub at: Option<String>,
}
