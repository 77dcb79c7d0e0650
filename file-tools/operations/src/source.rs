//! Where a written figure came from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Operation;
use crate::cell::CellValue;
use crate::deck::DeckOperation as Deck;
use crate::workbook::WorkbookOperation as Workbook;

/// The field of every operation that carries sources.
macro_rules! sources_of {
    ($operation:expr $(, $mutable:tt)?) => {
        match $operation {
            Operation::Workbook(Workbook::RangeWrite(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::SlideAdd(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::TextSet(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::TableAdd(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::ChartAdd(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::SlideFromTemplate(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::TextReplace(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::NotesSet(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::ShapeAdd(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::TableSet(params)) => Some(&$($mutable)? params.sources),
            Operation::Deck(Deck::ChartUpdate(params)) => Some(&$($mutable)? params.sources),
            Operation::Workbook(_) | Operation::Deck(_) | Operation::Text(_) => None,
        }
    };
}

impl Operation {
    /// The sources of the figures that it writes; none for an operation that takes none.
    pub fn sources(&self) -> Option<&Vec<FigureSource>> {
        sources_of!(self)
    }

    /// As [`Operation::sources`], to be changed.
    pub fn sources_mut(&mut self) -> Option<&mut Vec<FigureSource>> {
        sources_of!(self, mut)
    }
}

/// The source of one figure: recorded when the figure is written, kept in the journal, never added afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FigureSource {
    /// The cell (in a workbook) or the words (in a text) that show the figure: `B4`, or `1,248,300`.
    pub figure: String,
    /// The document that the figure comes from, by its id in the session.
    pub document: String,
    /// The name of that document, so that it is known also outside of the session. Filled in by the service when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The address with its sheet in that document: `Revenue!F2:F486`.
    pub address: String,
    /// The value at that place when the figure was written. Filled in by the service when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<CellValue>,
}

/// A source as a file keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeptSource {
    /// The cell (in a workbook) or the words (in a text) that show the figure.
    pub figure: String,
    /// The document that the figure came from, by the id that it had in the session.
    pub document: String,
    /// The name of that document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The address in that document.
    pub address: String,
    /// What stood there when the figure was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<CellValue>,
    /// True where the figure is not what was written with this source any more: it says nothing of what stands there now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub outdated: bool,
}
