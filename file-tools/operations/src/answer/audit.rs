//! What recalculation, tracing and checks answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cell::{Cell, CellValue};

/// How many formulas an engine computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct EngineShare {
    /// The engine and its version.
    pub engine: String,
    /// How many.
    pub formulas: u32,
}

/// A formula whose value was kept as it stood, because it cannot be computed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct NotComputed {
    /// The cell with sheet.
    pub cell: String,
    /// Its formula with `=`.
    pub formula: String,
    /// Why.
    pub reason: String,
}

/// `workbook.recalculate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Recalculation {
    /// Formulas that were computed.
    pub computed: u32,
    /// Formulas whose value differed from the one in the file and was written.
    pub changed: u32,
    /// Which engine computed how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<EngineShare>>")]
    pub engines: Vec<EngineShare>,
    /// Formulas that answer an error, at most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Cell>>")]
    pub errors: Vec<Cell>,
    /// How many answer an error.
    pub error_count: u32,
    /// Formulas that were not computed, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<NotComputed>>")]
    pub not_computed: Vec<NotComputed>,
    /// How many were not computed.
    pub not_computed_count: u32,
    /// What a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub warnings: Vec<String>,
}

/// A cell or range on a chain of formulas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TracedCell {
    /// Its address with sheet.
    pub address: String,
    /// Steps from the start.
    pub depth: u32,
    /// What it is about, from the texts to its left and above: `Revenue / 2026`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub label: Option<String>,
    /// Its value, where it is one cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<CellValue>,
    /// Its formula with `=`; the first cell's, where several below each other hold the same one, each from its own place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub formula: Option<String>,
    /// How many cells hold that formula, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub alike: Option<u32>,
    /// What a range holds, in words: `12 numbers, sum 4,500`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub holds: Option<String>,
    /// The addresses that it leads to, one step on; at most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub links: Vec<String>,
    /// True where the chain ends here: it holds no formula.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub input: bool,
}

/// `workbook.trace`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TraceContent {
    /// Where the chain begins.
    pub start: String,
    /// The chain, nearest first.
    pub cells: Vec<TracedCell>,
    /// Cells on the chain that read other workbooks, and what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub outside: Vec<String>,
    /// Formulas on the chain that decide only when they are computed what they read (INDIRECT, OFFSET), with their addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub not_followed: Vec<String>,
    /// True where the chain goes on beyond the limit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub truncated: bool,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// A number or the file is wrong.
    Error,
    /// Likely wrong.
    Warning,
    /// Worth a look.
    Note,
}

/// A finding of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its stable code, `sheet.cellOrder`.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// The part of the package, where it is about the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub part: Option<String>,
    /// The cells with sheet, or the slide and shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub location: Option<String>,
    /// One sentence for a person.
    pub sentence: String,
}

/// `workbook.check`, `deck.check` and `document.check`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckContent {
    /// The findings, gravest first; at most 500.
    pub findings: Vec<Finding>,
    /// How many there are.
    pub count: u32,
}

/// A formula for which engines or the file disagree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Disagreement {
    /// The cell with sheet.
    pub cell: String,
    /// Its formula with `=`.
    pub formula: String,
    /// The value in the file.
    pub cached: CellValue,
    /// What the first engine computes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub first: Option<CellValue>,
    /// What the second engine computes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub second: Option<CellValue>,
    /// What LibreOffice computes, where it was asked and can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub third: Option<CellValue>,
}

/// An error of modelling, with what shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModelFinding {
    /// Its stable code, `sum.missesCells`.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// The cells with sheet.
    pub place: String,
    /// What the first cell is about, from the texts to its left and above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub label: Option<String>,
    /// One sentence for a person.
    pub sentence: String,
    /// The formula or value that was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub expected: Option<String>,
    /// The formula or value that stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub actual: Option<String>,
    /// Cells with sheet that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub evidence: Vec<String>,
}

/// `workbook.tieOut`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TieOutContent {
    /// Formulas looked at.
    pub formulas: u32,
    /// Formulas whose value two computations confirm or deny.
    pub compared: u32,
    /// Where they differ beyond the tolerance, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Disagreement>>")]
    pub disagreements: Vec<Disagreement>,
    /// Errors of modelling: hard-coded numbers in formula columns, ranges that miss a row, totals that count twice; gravest first, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Finding>>")]
    pub findings: Vec<ModelFinding>,
    /// How many disagreements and findings there are, notes left out.
    pub count: u32,
    /// Which engine computed how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<EngineShare>>")]
    pub engines: Vec<EngineShare>,
    /// Formulas that could not be computed, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<NotComputed>>")]
    pub not_computed: Vec<NotComputed>,
    /// How many could not be computed.
    pub not_computed_count: u32,
    /// What was looked for.
    pub checked: Vec<String>,
    /// What was not looked at, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub not_checked: Vec<String>,
}
