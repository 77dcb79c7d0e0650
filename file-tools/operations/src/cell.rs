//! What stands in a cell, and what may be written into one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A cell's value as read: empty is `null`, an error is its text (`#REF!`), a date is its serial number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum CellValue {
    /// Nothing.
    Empty,
    /// TRUE or FALSE.
    Boolean(bool),
    /// A number, a date or a time (as a serial number).
    Number(f64),
    /// Text, or the name of an error.
    Text(String),
}

/// What to write into one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(untagged)]
pub enum CellInput {
    /// `null`: leave the cell as it is.
    Leave,
    /// TRUE or FALSE.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text; with a leading `=` a formula in English with comma separators. A leading `'` makes the rest text.
    Text(String),
    /// `{"clear": true}`: empty the cell, formats stay.
    Clear(ClearMark),
    /// `{"date": "2026-03-31"}`: a date or time as a serial number, with a number format.
    Date(DateInput),
}

/// `{"clear": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(deny_unknown_fields)]
pub struct ClearMark {
    /// Always true.
    pub clear: bool,
}

/// A date, a time or both, ISO 8601 without a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(deny_unknown_fields)]
pub struct DateInput {
    /// `2026-03-31`, `2026-03-31T14:30:00` or `14:30:00`; from 1900 (or 1904) to 9999.
    pub date: String,
    /// The number format. Where it is absent, a cell that shows dates keeps its own; others get one that shows the date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub format: Option<String>,
}

impl CellInput {
    /// The formula with its `=`, when this input is one.
    pub fn formula(&self) -> Option<&str> {
        match self {
            Self::Text(text) if text.len() > 1 && text.starts_with('=') => Some(text),
            _ => None,
        }
    }
}

/// One cell as read, by its address; used where single cells are listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// The address with its sheet, `Data!B4`.
    pub address: String,
    /// The value, computed where the cell holds a formula.
    pub value: CellValue,
    /// The formula with its `=`, where the cell holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub formula: Option<String>,
    /// The text as the sheet shows it, where the back end knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
}
