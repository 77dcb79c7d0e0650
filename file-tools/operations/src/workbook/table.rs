//! Parameters of operations on tables, names and filters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `table.add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableAdd {
    /// A1 with sheet; the first row holds the headers.
    pub range: String,
    /// The table's name: letters, digits, `_` and `.`, unique in the workbook.
    pub name: String,
    /// A built-in style, `TableStyleMedium2` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub style: Option<String>,
}

/// `table.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableDelete {
    /// The table's name.
    pub name: String,
}

/// `table.resize`: the header row stays where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableResize {
    /// The table's name.
    pub name: String,
    /// The new range with sheet, header and totals included.
    pub range: String,
}

/// `name.set`: adds a defined name, or gives it another meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameSet {
    /// The name: letters, digits, `_`, `.` and `\\`; no address. `Print_Area` and `Print_Titles` of a sheet too.
    pub name: String,
    /// What it stands for: a range with sheet, or a formula with `=`. For what is printed: areas of the sheet, or the rows
    /// and columns that repeat, with commas between.
    pub refers_to: String,
    /// The sheet that it is local to; the whole workbook when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sheet: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub comment: Option<String>,
}

/// `name.delete`: refused where formulas use it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NameDelete {
    /// The name.
    pub name: String,
    /// The sheet that it is local to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sheet: Option<String>,
}

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum FilterOperator {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Greater.
    GreaterThan,
    /// Greater or equal.
    GreaterThanOrEqual,
    /// Less.
    LessThan,
    /// Less or equal.
    LessThanOrEqual,
    /// A text begins so.
    BeginsWith,
    /// A text ends so.
    EndsWith,
    /// A text holds it.
    Contains,
    /// A text does not hold it.
    DoesNotContain,
}

/// One comparison of a filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterCondition {
    /// How.
    pub operator: FilterOperator,
    /// With what.
    pub value: crate::cell::CellValue,
}

/// The filter of one column: values, or one or two conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterColumn {
    /// The column by its letters or by its header.
    pub column: String,
    /// Rows with one of these values are shown, as the sheet shows them; `null` for blank cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<crate::cell::CellValue>>")]
    pub values: Vec<crate::cell::CellValue>,
    /// Rows that meet these are shown; at most two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FilterCondition>>")]
    pub conditions: Vec<FilterCondition>,
    /// One of two conditions is enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub any: bool,
}

/// `filter.set`: sets the filter of a range or table and hides the rows that it leaves out; without columns all rows are shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterSet {
    /// The range with its header row, with sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub range: Option<String>,
    /// Instead of a range: a table by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub table: Option<String>,
    /// What is filtered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FilterColumn>>")]
    pub columns: Vec<FilterColumn>,
    /// Take the filter away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub remove: bool,
}
