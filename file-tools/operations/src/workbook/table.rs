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

/// What a filter compares with that changes by itself (ECMA-376 part 1, 18.18.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum DynamicFilter {
    /// Above the average of the column.
    AboveAverage,
    /// Below the average of the column.
    BelowAverage,
    /// Yesterday.
    Yesterday,
    /// Today.
    Today,
    /// Tomorrow.
    Tomorrow,
    /// Last week; weeks begin on Sunday.
    LastWeek,
    /// This week.
    ThisWeek,
    /// Next week.
    NextWeek,
    /// Last month.
    LastMonth,
    /// This month.
    ThisMonth,
    /// Next month.
    NextMonth,
    /// Last quarter.
    LastQuarter,
    /// This quarter.
    ThisQuarter,
    /// Next quarter.
    NextQuarter,
    /// Last year.
    LastYear,
    /// This year.
    ThisYear,
    /// Next year.
    NextYear,
    /// From the first day of this year to today.
    YearToDate,
    /// Quarter 1 of any year.
    Q1,
    /// Quarter 2 of any year.
    Q2,
    /// Quarter 3 of any year.
    Q3,
    /// Quarter 4 of any year.
    Q4,
    /// January of any year.
    M1,
    /// February of any year.
    M2,
    /// March of any year.
    M3,
    /// April of any year.
    M4,
    /// May of any year.
    M5,
    /// June of any year.
    M6,
    /// July of any year.
    M7,
    /// August of any year.
    M8,
    /// September of any year.
    M9,
    /// October of any year.
    M10,
    /// November of any year.
    M11,
    /// December of any year.
    M12,
}

/// The largest or smallest numbers of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterTop {
    /// How many, or what share in percent: 1 to 500, at most 100 as a share.
    pub count: u32,
    /// A share of the numbers instead of a count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub percent: bool,
    /// The smallest instead of the largest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub bottom: bool,
}

/// The filter of one column: `values` and `dates`, or `conditions`, or one of the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterColumn {
    /// The column by its letters or by its header.
    pub column: String,
    /// Rows with one of these values are shown, as the sheet shows them; `null` for blank cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<crate::cell::CellValue>>")]
    pub values: Vec<crate::cell::CellValue>,
    /// Rows whose date lies in one of these are shown, beside those of `values`: `2026`, `2026-03`, `2026-03-31`, or with
    /// the time, `2026-03-31T09`, `2026-03-31T09:30`, `2026-03-31T09:30:15`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub dates: Vec<String>,
    /// Rows that meet these are shown; at most two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FilterCondition>>")]
    pub conditions: Vec<FilterCondition>,
    /// One of two conditions is enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub any: bool,
    /// The largest or smallest numbers are shown, equal ones together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub top: Option<FilterTop>,
    /// What changes by itself: averages and spans of time, which need `today`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub dynamic: Option<DynamicFilter>,
    /// Cells with this fill, `#RRGGBB`; empty for cells without fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fill_color: Option<String>,
    /// Cells with this font colour, `#RRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub font_color: Option<String>,
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
    /// Filters of columns that are not named stay; otherwise they go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub keep: bool,
    /// The day from which spans of time such as `thisMonth` count, `2026-03-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub today: Option<String>,
    /// Take the filter away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub remove: bool,
}
