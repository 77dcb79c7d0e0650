//! What notes, comments and pivot tables answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CellNote {
    /// Its cell without sheet.
    pub cell: String,
    /// Its text.
    pub text: String,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub author: Option<String>,
}

/// A comment of a thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Who wrote it.
    pub author: String,
    /// Its text.
    pub text: String,
    /// When, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub at: Option<String>,
    /// Who is mentioned in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub mentions: Vec<String>,
}

/// A thread of comments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommentThread {
    /// Its cell with sheet.
    pub cell: String,
    /// True where it is done with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub resolved: bool,
    /// The first comment and its answers, in order.
    pub comments: Vec<Comment>,
}

/// `comment.read`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CommentThreads {
    /// The threads.
    pub threads: Vec<CommentThread>,
    /// True where there are more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub truncated: bool,
}

/// A field of a pivot table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PivotField {
    /// Its name.
    pub name: String,
    /// How values are summarised: `sum`, `count`, `average`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub function: Option<String>,
    /// Its formula, where it is a calculated field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub formula: Option<String>,
}

/// A pivot table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PivotTable {
    /// Its name.
    pub name: String,
    /// The sheet it stands on.
    pub sheet: String,
    /// Its cells without sheet.
    pub range: String,
    /// Where its data come from: a range with sheet, a table, a name, or words for what lies outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub source: Option<String>,
    /// True where a refresh reaches outside of the workbook: a connection, another workbook, the data model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub outside: bool,
    /// How many records its cache holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub records: Option<u32>,
    /// Row fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PivotField>>")]
    pub rows: Vec<PivotField>,
    /// Column fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PivotField>>")]
    pub columns: Vec<PivotField>,
    /// Value fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PivotField>>")]
    pub values: Vec<PivotField>,
    /// Filter fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PivotField>>")]
    pub filters: Vec<PivotField>,
    /// Fields of the source that the table does not show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PivotField>>")]
    pub unused: Vec<PivotField>,
    /// Slicers and timelines that act on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub slicers: Vec<String>,
    /// True where Excel refreshes it on opening.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub refresh_on_open: bool,
    /// When it was last refreshed, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refreshed: Option<String>,
}

/// `pivot.info`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PivotContent {
    /// The pivot tables.
    pub pivots: Vec<PivotTable>,
}
