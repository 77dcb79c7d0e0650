//! Operations on PDFs (ISO 32000). They are read only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::definition::Support::NotLive;
use crate::definition::operations;

/// Why there is no live back end.
const CLOSED: &str = "a PDF is read as a closed file";

operations! {
    Pdf, PdfOperation, PdfAnswer;
    /// Says how many pages a PDF has, which of them have text, and whether it is encrypted or scanned.
    "pdf.info" Info(PdfInfo) -> PdfContent, Read, NotLive(CLOSED),
        "Looking at the PDF", "Looked at the PDF", |_| String::new();
    /// Reads pages of a PDF: text by line, and tables.
    "pdf.read" Read(PdfRead) -> PdfPages, Read, NotLive(CLOSED),
        "Reading", "Read", |read: &PdfRead| read.from.map(|page| format!("page {page}")).unwrap_or_default();
    /// Finds the pages and lines of a PDF that contain the given words.
    "pdf.find" Find(PdfFind) -> FoundLines, Read, NotLive(CLOSED),
        "Searching", "Searched", |_| String::new();
}

/// `pdf.info`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PdfInfo {}

/// What `pdf.info` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PdfContent {
    /// Always `pdf`.
    pub kind: String,
    /// How many pages it has.
    pub pages: u32,
    /// How many pages were looked at for text: the first 200.
    pub examined: u32,
    /// Of these, how many hold text.
    pub with_text: u32,
    /// True where pages hold pictures and no text: they were scanned, and nothing can be read without recognising text.
    pub scanned: bool,
    /// The title in the file's properties, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// True where it is encrypted; without a password to open it could be read all the same.
    pub encrypted: bool,
}

/// `pdf.read`: at most 50 pages and 400,000 characters an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PdfRead {
    /// The page to begin with, from 1; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<u32>,
    /// How many pages at the most, 10 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_pages: Option<u32>,
}

/// What `pdf.read` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PdfPages {
    /// The pages.
    pub pages: Vec<PdfPage>,
    /// The page to go on with, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<u32>,
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PdfPage {
    /// Its number, from 1.
    pub page: u32,
    /// The text by line from top to bottom, tables included.
    pub text: String,
    /// The tables, top to bottom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<PdfTable>>")]
    pub tables: Vec<PdfTable>,
    /// How many pictures it shows.
    pub images: u32,
    /// What could not be read, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub warning: Option<String>,
}

/// A table on a page, found by its lines or by how words are aligned. Check figures against the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PdfTable {
    /// The texts, row by row; rows are equally long.
    pub rows: Vec<Vec<String>>,
    /// True where drawn lines bound the cells; otherwise the columns follow from alignment.
    pub ruled: bool,
}

/// `pdf.find`: at most 200 lines an answer, in the first 2,000 pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PdfFind {
    /// The words to look for, without regard to case.
    pub text: String,
}

/// What `pdf.find` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundLines {
    /// The lines.
    pub lines: Vec<FoundLine>,
    /// True when there are more, or pages were not looked at.
    pub more: bool,
}

/// A line that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundLine {
    /// The page, from 1.
    pub page: u32,
    /// The line.
    pub text: String,
}
