//! Operations on word documents (WordprocessingML, ECMA-376 part 1, 17).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::block::{DocumentBlock, NoteMark, TextRun};
use crate::answer::{Applied, CheckContent};
use crate::definition::Support::NotLive;
use crate::definition::operations;

/// Why there is no live back end.
const CLOSED: &str = "word documents are read and changed as closed files";

operations! {
    Document, WordOperation, WordAnswer;
    /// Lists a word document's headings, counts, headers, comments, tracked changes and sensitivity label.
    "document.info" Info(DocumentInfo) -> DocumentContent, Read, NotLive(CLOSED),
        "Looking at the document", "Looked at the document", |_| String::new();
    /// Reads a word document block by block: headings, paragraphs, lists and tables with notes, links, images and tracked changes.
    "document.read" Read(DocumentRead) -> DocumentBlocks, Read, NotLive(CLOSED),
        "Reading", "Read", |read: &DocumentRead| read.from.clone().unwrap_or_default();
    /// Finds the paragraphs of a word document that contain the given words.
    "document.find" Find(DocumentFind) -> FoundParagraphs, Read, NotLive(CLOSED),
        "Searching", "Searched", |_| String::new();
    /// Checks a word document: damage, references that lead nowhere, what begins and does not end, open tracked changes, missing alternative texts.
    "document.check" Check(DocumentCheck) -> CheckContent, Read, NotLive(CLOSED),
        "Checking the document", "Checked", |_| String::new();
    /// Replaces text in a word document, as tracked changes unless told otherwise; formatting stays.
    "document.replace" Replace(DocumentReplace) -> Applied, Change, NotLive(CLOSED),
        "Replacing text in", "Text replaced in {}", |replace: &DocumentReplace| replace.paragraph.clone().unwrap_or_default();
    /// Inserts headings, paragraphs, lists, tables, pictures and page breaks into a word document, as tracked changes unless told otherwise.
    "document.insert" Insert(DocumentInsert) -> Applied, Add, NotLive(CLOSED),
        "Inserting after", "Inserted after {}", |insert: &DocumentInsert| insert.after.clone().unwrap_or_default();
    /// Makes a new word document of headings, paragraphs, lists, tables, pictures and page breaks.
    "document.create" Create(DocumentCreate) -> Applied, Add, NotLive(CLOSED),
        "Writing a document", "Document written", |_| String::new();
}

/// `document.info`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentInfo {}

/// What `document.info` answers; lists end after 500 entries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DocumentContent {
    /// Always `document`.
    pub kind: String,
    /// The title in the file's properties, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// Paragraphs of the main text, those in tables among them.
    pub paragraphs: u32,
    /// Tables of the main text, nested ones among them.
    pub tables: u32,
    /// Words of the main text as it would be with tracked changes accepted.
    pub words: u32,
    /// The headings in order, without their details.
    pub headings: Vec<DocumentBlock>,
    /// Texts of headers and footers, by the id of their story: `header1`, `footer2`.
    pub margins: Vec<DocumentBlock>,
    /// Comments in the order of the file.
    pub comments: Vec<NoteMark>,
    /// Footnotes.
    pub footnotes: u32,
    /// Endnotes.
    pub endnotes: u32,
    /// Pictures, charts and other drawings of the main text.
    pub images: u32,
    /// Tracked changes by their authors.
    pub changes: Vec<ChangeCount>,
    /// True where Word tracks what a person types.
    pub tracking: bool,
    /// True where the file is signed: any change breaks the signature.
    pub signed: bool,
    /// What Word lets people edit, where the document is protected: `readOnly`, `comments`, `trackedChanges`, `forms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub protection: Option<String>,
    /// The sensitivity label, where the file carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub label: Option<String>,
}

/// How many changes one person tracked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeCount {
    /// The author as the file has it.
    pub author: String,
    /// Insertions, deletions, moves and changes of formatting together.
    pub changes: u32,
}

/// `document.read`: at most 500 blocks and 400,000 characters an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentRead {
    /// The block to begin with, `p120` or `t3`; a story by its name (`header1`, `footnotes`); the beginning when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<String>,
    /// The row of the table in `from` to begin with, from 1; for tables that were cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from_row: Option<u32>,
    /// How many blocks at the most, 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_blocks: Option<u32>,
    /// Answer runs with their formatting too.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub runs: bool,
}

/// What `document.read` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DocumentBlocks {
    /// The blocks.
    pub blocks: Vec<DocumentBlock>,
    /// The block to go on with, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<String>,
    /// A mark of the document's text: two reads with the same mark saw the same document.
    pub fingerprint: String,
}

/// `document.find`: at most 200 paragraphs an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentFind {
    /// The words to look for.
    pub text: String,
    /// Tell upper from lower case.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub match_case: bool,
}

/// What `document.find` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundParagraphs {
    /// The paragraphs, in headers, notes and comments too.
    pub paragraphs: Vec<DocumentBlock>,
    /// True when there are more.
    pub more: bool,
}

/// `document.check`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentCheck {}

/// `document.replace`: either `find` and `replace`, in one paragraph or everywhere, or `paragraph` and `text`. At most
/// 2,000 places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentReplace {
    /// The words to look for, case told apart. They may be split over formatting, not over paragraphs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub find: Option<String>,
    /// What stands there instead; empty to delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub replace: Option<String>,
    /// The paragraph to change, `p12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub paragraph: Option<String>,
    /// The paragraph's new text, in one line; only the words that differ are changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// False to change the text without tracking.
    #[serde(default = "yes")]
    #[ts(optional, as = "Option<bool>")]
    pub tracked: bool,
    /// The mark of `document.read`; refused when the document is another by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fingerprint: Option<String>,
}

fn yes() -> bool {
    true
}

/// Text for a new block: plain, or in runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum NewText {
    /// Plain text; lines become line breaks.
    Plain(String),
    /// Runs with bold, italic, underline and links.
    Runs(Vec<TextRun>),
}

impl Default for NewText {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

/// A block to insert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum NewBlock {
    /// A heading.
    Heading {
        /// 1 to 9.
        level: u8,
        /// The text.
        text: NewText,
    },
    /// A paragraph.
    Paragraph {
        /// The text.
        text: NewText,
        /// A paragraph style of the document by name; its normal one when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        style: Option<String>,
    },
    /// An item of a list. Items that follow one another and are alike make one list.
    ListItem {
        /// The text.
        text: NewText,
        /// Numbered instead of bulleted.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        numbered: bool,
        /// 1 to 9; 1 when absent.
        #[serde(default = "first_level")]
        #[ts(optional, as = "Option<u8>")]
        level: u8,
    },
    /// A table, at most 2,000 rows and 63 columns.
    Table {
        /// The texts, row by row. Short rows are filled up.
        rows: Vec<Vec<NewText>>,
        /// The first row is the header: bold, repeated on each page.
        #[serde(default)]
        #[ts(optional, as = "Option<bool>")]
        header: bool,
    },
    /// A page break.
    PageBreak {},
    /// A picture in a paragraph of its own: PNG or JPEG, at most 10 MB.
    Picture {
        /// The picture, base64.
        data: String,
        /// What it shows, for people who cannot see it.
        alt_text: String,
        /// Width in points; its own, at most the text's width, when absent. The ratio stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        width: Option<f64>,
    },
}

fn first_level() -> u8 {
    1
}

/// `document.insert`: at most 2,000 blocks and 1,000,000 characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentInsert {
    /// The block to stand after, `p12` or `t3`; before the first block when `start`; at the end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
    /// The blocks.
    pub blocks: Vec<NewBlock>,
    /// False to insert without tracking.
    #[serde(default = "yes")]
    #[ts(optional, as = "Option<bool>")]
    pub tracked: bool,
    /// The mark of `document.read`; refused when the document is another by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fingerprint: Option<String>,
}

/// The paper of a new document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

/// `document.create`: at most 2,000 blocks and 1,000,000 characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentCreate {
    /// The title in the file's properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The paper; A4 when absent.
    #[serde(default)]
    #[ts(optional, as = "Option<Paper>")]
    pub paper: Paper,
    /// The language of the text as BCP 47, `en-GB` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub language: Option<String>,
    /// The blocks.
    pub blocks: Vec<NewBlock>,
}
