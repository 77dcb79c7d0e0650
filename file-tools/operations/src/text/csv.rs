//! Operations on delimited text: `.csv`, `.tsv` and their relatives. They are read only, in constant memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::definition::Support::NotLive;
use crate::definition::operations;

/// Why there is no live back end.
const CLOSED: &str = "delimited text is read as a closed file";

operations! {
    Csv, CsvOperation, CsvAnswer;
    /// Says how a text file is delimited and encoded, counts its rows and sums up each column.
    "csv.info" Info(CsvInfo) -> CsvContent, Read, NotLive(CLOSED),
        "Looking at the file", "Looked at the file", |_| String::new();
    /// Reads rows of a delimited text file.
    "csv.read" Read(CsvRead) -> CsvRows, Read, NotLive(CLOSED),
        "Reading", "Read", |read: &CsvRead| read.from_row.map(|row| format!("row {row}")).unwrap_or_default();
    /// Finds the rows of a delimited text file that contain the given words.
    "csv.find" Find(CsvFind) -> FoundRows, Read, NotLive(CLOSED),
        "Searching", "Searched", |_| String::new();
}

/// How a file is delimited and encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CsvDialect {
    /// The encoding by its name in the WHATWG standard: `UTF-8`, `windows-1252`, `Shift_JIS`.
    pub encoding: String,
    /// True where the file begins with a byte order mark.
    pub bom: bool,
    /// What stands between fields, one character.
    pub delimiter: String,
    /// What fields are quoted with, one character.
    pub quote: String,
    /// True where a backslash, and not a second quote, escapes a quote.
    pub backslash: bool,
    /// True where the first row names the columns.
    pub header: bool,
    /// `.` or `,` where numbers have decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub decimal: Option<String>,
    /// What groups thousands, where numbers are grouped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub thousands: Option<String>,
    /// How sure this is and what else it could be, where it is not sure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub doubts: Vec<String>,
}

/// What a caller knows better than the detection; absent fields are detected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsvChoice {
    /// The encoding by a label of the WHATWG standard, `utf-8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub encoding: Option<String>,
    /// What stands between fields, one ASCII character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delimiter: Option<String>,
    /// What fields are quoted with, one ASCII character; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub quote: Option<String>,
    /// Whether the first row names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub header: Option<bool>,
}

/// `csv.info`: reads the whole file, in constant memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsvInfo {
    /// What is known better than detected.
    #[serde(default)]
    #[ts(optional, as = "Option<CsvChoice>")]
    pub dialect: CsvChoice,
}

/// What `csv.info` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CsvContent {
    /// Always `csv`.
    pub kind: String,
    /// How it is delimited and encoded.
    pub dialect: CsvDialect,
    /// Rows, the header not counted.
    pub rows: u64,
    /// The columns, at most 1,000.
    pub columns: Vec<CsvColumn>,
    /// Rows that have more or fewer fields than most.
    pub ragged: u64,
    /// What is wrong with the file, as sentences: ragged rows, quotes that are not closed, bytes that are no text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub findings: Vec<String>,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ColumnKind {
    /// No values.
    #[default]
    Empty,
    /// Whole numbers without leading zeros.
    Integer,
    /// Numbers.
    Number,
    /// Dates, or dates with times.
    Date,
    /// `true` and `false`, `yes` and `no`.
    Boolean,
    /// Text, codes with leading zeros among them.
    Text,
    /// Several of these.
    Mixed,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CsvColumn {
    /// Its name in the header, or `Column 3`.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
    /// Fields without a value.
    pub empty: u64,
    /// Values that are numbers.
    pub numbers: u64,
    /// Values that are dates.
    pub dates: u64,
    /// How dates are written: `yyyy-mm-dd`, `dd.mm.yyyy`, `mm/dd/yyyy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub date_form: Option<String>,
    /// The smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub min: Option<f64>,
    /// The largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max: Option<f64>,
    /// The numbers' sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sum: Option<f64>,
    /// Values that a spreadsheet would take for a formula (`=`, `+`, `-`, `@` first, and no number). They are text.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u64>")]
    pub formula_like: u64,
    /// The first three values that differ.
    pub examples: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `csv.read`: at most 5,000 rows and 400,000 characters an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsvRead {
    /// The row to begin with, from 1, the header not counted; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from_row: Option<u64>,
    /// How many rows at the most, 200 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_rows: Option<u32>,
    /// What is known better than detected.
    #[serde(default)]
    #[ts(optional, as = "Option<CsvChoice>")]
    pub dialect: CsvChoice,
}

/// What `csv.read` answers. Every field is text as it stands in the file: a leading `=` is no formula.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CsvRows {
    /// The names of the columns, where the file has a header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub header: Vec<String>,
    /// The number of the first row.
    pub from_row: u64,
    /// The fields, row by row, as long as each row is.
    pub rows: Vec<Vec<String>>,
    /// The row to go on with, where there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<u64>,
    /// How the file is delimited and encoded.
    pub dialect: CsvDialect,
    /// What is wrong with these rows, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub findings: Vec<String>,
}

/// `csv.find`: at most 200 rows an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsvFind {
    /// The words to look for, without regard to case.
    pub text: String,
    /// The column by its name in the header or its number from 1; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub column: Option<String>,
    /// The row to begin with, from 1; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from_row: Option<u64>,
    /// What is known better than detected.
    #[serde(default)]
    #[ts(optional, as = "Option<CsvChoice>")]
    pub dialect: CsvChoice,
}

/// What `csv.find` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundRows {
    /// The rows.
    pub rows: Vec<FoundRow>,
    /// The row to go on with, where not all of the file was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub next: Option<u64>,
}

/// A row that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundRow {
    /// Its number, from 1, the header not counted.
    pub row: u64,
    /// Its fields.
    pub fields: Vec<String>,
}
