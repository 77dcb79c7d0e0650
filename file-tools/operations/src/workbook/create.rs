//! Parameters of the operation that makes a workbook.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::range::CellFormat;
use crate::cell::CellInput;

/// `workbook.create`: a new file; one that is there is never overwritten. Formulas are computed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkbookCreate {
    /// The sheets in the order of their tabs, 1 to 255; together at most 2,000,000 cells.
    pub sheets: Vec<CreatedSheet>,
}

/// A sheet of a new workbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatedSheet {
    /// The name, as for `sheet.add`.
    pub name: String,
    /// Rows of cells from A1, as for `range.write`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Vec<CellInput>>>")]
    pub cells: Vec<Vec<CellInput>>,
    /// Widths of the columns from A on, in characters of the default font; `null` for the default width.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Option<f64>>>")]
    pub widths: Vec<Option<f64>>,
    /// How ranges look; where they overlap, later ones add to earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<CreatedFormat>>")]
    pub formats: Vec<CreatedFormat>,
}

/// The format of a range of a new sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatedFormat {
    /// A1 without a sheet: `A1:D1`.
    pub range: String,
    /// How it looks.
    pub format: CellFormat,
}
