//! Parameters of recalculation, tracing and checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `workbook.recalculate`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recalculate {}

/// Which way to follow formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TraceDirection {
    /// What the cell is computed from.
    Precedents,
    /// What is computed from the cell.
    Dependents,
}

/// `workbook.trace`: at most 2,000 cells an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trace {
    /// The cell or range with sheet, or a name.
    pub cell: String,
    /// Which way.
    pub direction: TraceDirection,
    /// How many steps; the whole chain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub depth: Option<u32>,
}

/// `workbook.check`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {}

/// `workbook.tieOut`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TieOut {
    /// The relative difference that counts as equal; 1e-9 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tolerance: Option<f64>,
    /// Sheets to look at; all when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub sheets: Vec<String>,
    /// True to have LibreOffice in the sandbox compute the saved file as a third engine; takes up to a minute more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub libre_office: bool,
}

/// `workbook.tieOutReport`: writes the findings of `workbook.tieOut` to a new sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TieOutReport {
    /// The name of the new sheet.
    pub sheet: String,
    /// As in `workbook.tieOut`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub tolerance: Option<f64>,
    /// As in `workbook.tieOut`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub sheets: Vec<String>,
    /// As in `workbook.tieOut`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub libre_office: bool,
}
