//! Documents: which are there, live or closed, and what the service asks of the pane that owns one.

use deskhand_operations::{Answer, Operation, Refusal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{DocumentId, SessionId};

/// What a document is. Workbooks and decks may be live; the others are files on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum DocumentKind {
    /// An Excel workbook.
    Workbook,
    /// A PowerPoint deck.
    Deck,
    /// A word document.
    Document,
    /// A PDF.
    Pdf,
    /// Delimited text.
    Csv,
    /// A spreadsheet that is only read: `.xls`, `.xlsb`, `.ods`.
    Legacy,
    /// A file without a vocabulary of its own: text, for one. It is no document of a session, but a part of change sets.
    File,
}

/// Where a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum DocumentState {
    /// Open in Office, reached through its pane.
    Live,
    /// A file on disk.
    Closed,
    /// Not found.
    Gone,
}

/// A document as front ends show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DocumentView {
    /// The id.
    pub id: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// The file's name, or what Office calls it.
    pub title: String,
    /// The path or address, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub path: Option<String>,
    /// Where it is.
    pub state: DocumentState,
}

/// The document a pane stands in, as the pane knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct LiveDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// The title.
    pub title: String,
    /// Path or address, as Office gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub path: Option<String>,
    /// The id that is embedded in the document by an earlier registration, where it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub embedded_id: Option<DocumentId>,
    /// Requirement sets that the host has, `ExcelApi 1.15`.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub sets: Vec<String>,
    /// One line about what is in it: `3 sheets, 1,840 rows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub summary: Option<String>,
}

/// `document/open`: registers the pane's document, or tells that it got another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct OpenParams {
    /// The document.
    pub document: LiveDocument,
}

/// The answer to `document/open` and `document/attach`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DocumentAnswer {
    /// The document as registered. The pane embeds the id in the document.
    pub document: DocumentView,
}

/// `document/changed`: a person or another program changed cells; the pane tells where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ChangedParams {
    /// The document.
    pub document: DocumentId,
    /// The addresses with sheet, or slide ids; at most 100.
    pub targets: Vec<String>,
}

/// A document alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DocumentParams {
    /// The document.
    pub document: DocumentId,
}

/// The answer to `document/list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DocumentsAnswer {
    /// Documents that are open in Office, and those of the session.
    pub documents: Vec<DocumentView>,
}

/// `document/attach` and `folder/attach`: a closed file or a folder becomes part of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct AttachParams {
    /// The session.
    pub session: SessionId,
    /// An absolute path.
    pub path: String,
}

/// `document/detach`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct DetachParams {
    /// The session.
    pub session: SessionId,
    /// The document.
    pub document: DocumentId,
}

/// `document/apply`, from the service to the pane: operations in order. The pane stops at the first refusal. A repeated
/// `applyId` is answered from memory and not done again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ApplyParams {
    /// Names this batch; the same when it is asked again.
    pub apply_id: String,
    /// The document.
    pub document: DocumentId,
    /// The operations, each with what the target must still look like.
    pub steps: Vec<ApplyStep>,
}

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ApplyStep {
    /// The operation.
    pub operation: Operation,
    /// The fingerprint that the target must still have; the pane refuses with `changed` otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expected: Option<String>,
}

/// The answer of the pane: one outcome a step, fewer when a step was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ApplyAnswer {
    /// The outcomes in order.
    pub outcomes: Vec<ApplyOutcome>,
}

/// The outcome of one step.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time travels, and is taken apart at once"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ApplyOutcome {
    /// Done, with the answer.
    Answer(Answer),
    /// Refused; nothing was changed by this step.
    Refusal(Refusal),
}

/// `document/select`, in both directions: show a place in a document. From a front end the service passes it on to the
/// pane that owns the document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SelectParams {
    /// The document.
    pub document: DocumentId,
    /// An address with sheet, or `slide:<logical id>`.
    pub target: String,
}
