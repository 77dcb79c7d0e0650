//! The blocks of a word document as answers show them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a block is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum BlockKind {
    /// Running text.
    #[default]
    Paragraph,
    /// A heading; `level` says which.
    Heading,
    /// The document's title or subtitle.
    Title,
    /// An item of a list; `level` and `number` say where it stands.
    ListItem,
    /// A table; `rows` hold it.
    Table,
}

/// One block: a paragraph or a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DocumentBlock {
    /// `p12` or `t3`, in a header, a note or a comment with that before it: `header1/p1`, `footnote2/p1`. Counted
    /// from 1 in the order of the file; insertions before it move it.
    pub id: String,
    /// What it is.
    pub kind: BlockKind,
    /// The text with tracked changes accepted: insertions in it, deletions not. A vertical tab is a line break.
    #[serde(default)]
    pub text: String,
    /// The text without the tracked changes, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub original: Option<String>,
    /// Of a heading 1 to 9, of a list item from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub level: Option<u8>,
    /// The number or bullet that Word puts before it: `2.1`, `(a)`, `•`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub number: Option<String>,
    /// The name of the paragraph's style, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub style: Option<String>,
    /// The runs with their formatting, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<TextRun>>")]
    pub runs: Vec<TextRun>,
    /// Hyperlinks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<LinkMark>>")]
    pub links: Vec<LinkMark>,
    /// Pictures, charts and other drawings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<ImageMark>>")]
    pub images: Vec<ImageMark>,
    /// Footnotes, endnotes and comments that hang on the block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<NoteMark>>")]
    pub notes: Vec<NoteMark>,
    /// Fields and content controls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FieldMark>>")]
    pub fields: Vec<FieldMark>,
    /// Tracked changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<TrackedChange>>")]
    pub changes: Vec<TrackedChange>,
    /// The rows of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<DocumentRow>>")]
    pub rows: Vec<DocumentRow>,
    /// How many rows of the table were left out at the end, because it is long.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub more_rows: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A run of text with one formatting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextRun {
    /// The text.
    pub text: String,
    /// Bold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub bold: bool,
    /// Italic.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub italic: bool,
    /// Underlined.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub underline: bool,
    /// Where it leads: an `https:`, `http:` or `mailto:` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
}

/// A hyperlink in a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct LinkMark {
    /// The words that are the link.
    pub text: String,
    /// Where it leads; `#name` is a bookmark of the document.
    pub target: String,
}

/// A picture or another drawing in a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImageMark {
    /// `picture`, `chart`, `diagram`, `shape` or `object`.
    pub kind: String,
    /// The object's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Alternative text, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub alt_text: Option<String>,
    /// Width in points, where the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<f64>,
    /// Height in points, where the file says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<f64>,
    /// The part that holds the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub part: Option<String>,
}

/// A footnote, an endnote or a comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct NoteMark {
    /// `footnote`, `endnote` or `comment`.
    pub kind: String,
    /// Its id in the file.
    pub id: String,
    /// Its text, paragraphs as lines.
    pub text: String,
    /// Who wrote it; comments only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub author: Option<String>,
    /// When, as the file has it (ISO 8601); comments only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub date: Option<String>,
}

/// A field (`PAGE`, `REF …`) or a content control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FieldMark {
    /// `field` or `control`.
    pub kind: String,
    /// A field's instruction; a control's title, or its tag where it has none.
    pub name: String,
    /// What it shows.
    pub text: String,
}

/// What a tracked change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TrackedKind {
    /// Text was put in.
    Inserted,
    /// Text was taken out.
    Deleted,
    /// Text was moved away from here.
    MovedFrom,
    /// Text was moved to here.
    MovedTo,
    /// Formatting was changed.
    Formatted,
}

/// One tracked change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TrackedChange {
    /// What it does.
    pub kind: TrackedKind,
    /// Who made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// When, as the file has it (ISO 8601).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub date: Option<String>,
    /// The words; empty where the change is to a paragraph's end, a row or to formatting alone.
    pub text: String,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRow {
    /// True for a row that is repeated at the top of each page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub header: bool,
    /// The cells that begin in this row; a cell merged with the one above it is not listed again.
    pub cells: Vec<DocumentCell>,
    /// What was tracked for the row as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub change: Option<TrackedChange>,
}

/// How many columns and rows a merged cell covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CellSpan {
    /// Columns, at least 1.
    pub columns: u32,
    /// Rows, at least 1.
    pub rows: u32,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DocumentCell {
    /// The column that it begins in, from 1.
    pub column: u32,
    /// Where it is merged, how far it reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub span: Option<CellSpan>,
    /// What stands in it.
    pub blocks: Vec<DocumentBlock>,
}
