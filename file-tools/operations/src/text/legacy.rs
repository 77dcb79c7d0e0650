//! Operations on spreadsheets that are only read: `.xls`, `.xlsb` and `.ods`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cell::CellValue;
use crate::definition::Support::NotLive;
use crate::definition::operations;

/// Why there is no live back end.
const CLOSED: &str = "this kind of spreadsheet is read as a closed file";

operations! {
    Legacy, LegacyOperation, LegacyAnswer;
    /// Lists the sheets of an .xls, .xlsb or .ods file with their used ranges, and its names.
    "legacy.info" Info(LegacyInfo) -> LegacyContent, Read, NotLive(CLOSED),
        "Looking at the spreadsheet", "Looked at the spreadsheet", |_| String::new();
    /// Reads a range of an .xls, .xlsb or .ods file: values, and formulas where the format gives them.
    "legacy.read" Read(LegacyRead) -> LegacyRange, Read, NotLive(CLOSED),
        "Reading", "Read", |read: &LegacyRead| read.range.clone();
}

/// `legacy.info`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegacyInfo {}

/// What `legacy.info` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct LegacyContent {
    /// `xls`, `xlsb` or `ods`.
    pub kind: String,
    /// The sheets in the order of their tabs.
    pub sheets: Vec<LegacySheet>,
    /// Defined names with what they refer to.
    pub names: Vec<crate::answer::DefinedName>,
}

/// One sheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct LegacySheet {
    /// The name on the tab.
    pub name: String,
    /// False where the sheet is hidden.
    pub visible: bool,
    /// The used range without sheet, `A1:H1841`; absent where the sheet is empty or holds no cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub used_range: Option<String>,
    /// Why the sheet cannot be read, where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<String>,
}

/// `legacy.read`: at most 100,000 cells an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegacyRead {
    /// A1 with sheet, `Data!B2:D9`; `Data` alone is the sheet's used range. Trimmed to the used range.
    pub range: String,
    /// Answer formulas too.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub formulas: bool,
    /// How many rows at the most; the answer names the range of the rest. 2,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_rows: Option<u32>,
}

/// What `legacy.read` answers. Grids have one row a row of `address`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct LegacyRange {
    /// The range that was read, with sheet.
    pub address: String,
    /// Values; an error is its name, a date is text in ISO 8601.
    pub values: Vec<Vec<CellValue>>,
    /// Formulas with `=` where cells hold them, otherwise empty; absent where they were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub formulas: Option<Vec<Vec<String>>>,
    /// Merged areas that touch the range, without sheet; known for .xls alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub merged: Vec<String>,
    /// The range of the rows that were left out, with sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rest: Option<String>,
}
