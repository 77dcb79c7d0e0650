//! The vocabulary for documents: typed operations on workbooks, decks, word documents and other files, and their
//! answers (Invariant 5).
//!
//! The same operation runs against a document that is open in Office (through a pane) and against a closed file
//! (through the file tools). Each operation is declared once, in [`workbook`], [`deck`] or [`text`]; the JSON Schema for models,
//! the TypeScript types for the panes and the table of what each back end needs are generated from that declaration.
//!
//! Leaf crate: types only, no IO, no packages, no agent.
//!
//! Wire form: JSON objects tagged with `op`, camelCase fields. Addresses are A1 with a sheet (`'Q1 2026'!B2:D9`).
//! Slides are named by logical id, shapes by id; positions and sizes are in points (1/72 inch).

mod address;
pub mod answer;
mod cell;
mod chart;
mod date;
pub mod deck;
mod definition;
mod refusal;
mod source;
pub mod text;
pub mod workbook;

pub use address::{Address, AddressError, Area, MAX_COLUMNS, MAX_ROWS};
pub use answer::{Applied, ReadBack};
pub use cell::{Cell, CellInput, CellValue, ClearMark, DateInput};
pub use chart::{ChartKind, ChartSeries, ChartSource};
pub use deck::{DeckAnswer, DeckOperation};
pub use definition::{Backend, Definition, DocumentKind, Effect, Support};
pub use refusal::{Refusal, RefusalCode};
pub use source::{FigureSource, KeptSource};
pub use text::{
    CsvAnswer, CsvOperation, LegacyAnswer, LegacyOperation, PdfAnswer, PdfOperation, TextAnswer,
    TextOperation, WordAnswer, WordOperation,
};
pub use workbook::{WorkbookAnswer, WorkbookOperation};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One operation on one document. Which half it belongs to follows from its fields: a deck's `table.add` names a
/// `slide`, a workbook's a `range`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum Operation {
    /// An operation on a workbook.
    Workbook(WorkbookOperation),
    /// An operation on a deck.
    Deck(DeckOperation),
    /// An operation on a word document, a PDF, delimited text or an old spreadsheet.
    Text(TextOperation),
}

/// The answer to one operation, tagged like the operation it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum Answer {
    /// The answer to a workbook operation.
    Workbook(WorkbookAnswer),
    /// The answer to a deck operation.
    Deck(DeckAnswer),
    /// The answer to an operation on one of the others.
    Text(TextAnswer),
}

impl Operation {
    /// Where this operation works: an address with sheet, a sheet's name, `slide:<id>`; empty for the whole document.
    pub fn target(&self) -> String {
        match self {
            Self::Workbook(operation) => operation.target(),
            Self::Deck(operation) => operation.target(),
            Self::Text(operation) => operation.target(),
        }
    }

    /// The row of the operation table that describes this operation.
    pub fn definition(&self) -> &'static Definition {
        match self {
            Self::Workbook(operation) => operation.definition(),
            Self::Deck(operation) => operation.definition(),
            Self::Text(operation) => operation.definition(),
        }
    }
}

/// Every operation, workbook first, in the order of declaration.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    WorkbookOperation::DEFINITIONS
        .iter()
        .chain(DeckOperation::DEFINITIONS)
        .chain(WordOperation::DEFINITIONS)
        .chain(PdfOperation::DEFINITIONS)
        .chain(CsvOperation::DEFINITIONS)
        .chain(LegacyOperation::DEFINITIONS)
}
