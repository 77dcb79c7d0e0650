//! Operations on what is neither workbook nor deck: word documents, PDFs, delimited text and old spreadsheets.
//!
//! Only word documents can be changed; the others are read. None of them has a live back end. Each kind has its own tags
//! (`document.…`, `pdf.…`, `csv.…`, `legacy.…`), so that an operation names its kind by its tag alone.

mod block;
pub mod csv;
pub mod document;
pub mod legacy;
pub mod pdf;

pub use block::{
    BlockKind, CellSpan, DocumentBlock, DocumentCell, DocumentRow, FieldMark, ImageMark, LinkMark, NoteMark,
    TextRun, TrackedChange, TrackedKind,
};
pub use csv::{CsvAnswer, CsvOperation};
pub use document::{WordAnswer, WordOperation};
pub use legacy::{LegacyAnswer, LegacyOperation};
pub use pdf::{PdfAnswer, PdfOperation};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::definition::Definition;

/// One operation on a file of these kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum TextOperation {
    /// On a word document.
    Document(WordOperation),
    /// On a PDF.
    Pdf(PdfOperation),
    /// On delimited text.
    Csv(CsvOperation),
    /// On a spreadsheet that is only read.
    Legacy(LegacyOperation),
}

/// The answer to one operation, tagged like the operation it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum TextAnswer {
    /// Of a word document.
    Document(WordAnswer),
    /// Of a PDF.
    Pdf(PdfAnswer),
    /// Of delimited text.
    Csv(CsvAnswer),
    /// Of a spreadsheet that is only read.
    Legacy(LegacyAnswer),
}

impl TextOperation {
    /// Where this operation works: a block, a page, a row, a range; empty for the whole file.
    pub fn target(&self) -> String {
        match self {
            Self::Document(operation) => operation.target(),
            Self::Pdf(operation) => operation.target(),
            Self::Csv(operation) => operation.target(),
            Self::Legacy(operation) => operation.target(),
        }
    }

    /// The row of the operation table that describes this operation.
    pub fn definition(&self) -> &'static Definition {
        match self {
            Self::Document(operation) => operation.definition(),
            Self::Pdf(operation) => operation.definition(),
            Self::Csv(operation) => operation.definition(),
            Self::Legacy(operation) => operation.definition(),
        }
    }
}
