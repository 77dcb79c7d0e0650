//! What the model is told beside a conversation: instructions of the organisation, of the person and for folders, and the
//! notes that it keeps about folders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Timestamp;

/// A text that the model is told in each session, or in those with a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Guidance {
    /// The attached folder that it is for; none for all sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub folder: Option<String>,
    /// The name of a note that the agent keeps about the folder; none for the person's instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
    /// The text, Markdown.
    pub text: String,
    /// True while the model is not told.
    #[serde(default)]
    pub paused: bool,
    /// When it was written.
    pub changed_at: Timestamp,
    /// True where the agent wrote it last, and a person allowed it.
    #[serde(default)]
    pub by_agent: bool,
}

/// The answer to `instructions/list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct InstructionsAnswer {
    /// What the organisation tells the model, first of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub organization: Option<String>,
    /// The person's instructions for all sessions, then those for folders with their notes, by path.
    pub guidance: Vec<Guidance>,
    /// True where the organisation lets the agent keep no notes; those that are there are not told.
    #[serde(default)]
    pub notes_closed: bool,
}

/// `instructions/put`: writes, pauses or, with an empty text, deletes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PutInstructionsParams {
    /// The folder's whole path; none for all sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub folder: Option<String>,
    /// The note; none for instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
    /// The text.
    pub text: String,
    /// True so that the model is not told.
    #[serde(default)]
    pub paused: bool,
}
