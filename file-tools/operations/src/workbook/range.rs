//! Parameters of operations on ranges.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::address::{Address, Area};
use crate::answer::RangeContent;
use crate::cell::CellInput;
use crate::source::FigureSource;

/// `workbook.info`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkbookInfo {}

/// What `range.read` answers beside the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum RangeFacet {
    /// Values, computed.
    Values,
    /// Formulas where cells hold them, otherwise the value.
    Formulas,
    /// Excel number formats.
    NumberFormats,
    /// Font, fill and alignment.
    Formats,
    /// The text as the sheet shows it.
    Texts,
    /// Notes, with their cells.
    Notes,
    /// One text table instead of grids, the smallest form for a model. The first line has the letters of the columns that
    /// hold something, each further line a row with its number, cells parted by tabs; `4-9` alone stands for blank rows.
    /// Formulas read `=A1*2 → 84`, and `=^ → 85` where they are the one above filled down. Dates read as ISO 8601, other
    /// numbers unformatted; a text that could be taken for something else has a leading `'`.
    Table,
    /// Where written figures came from, as the file keeps it.
    Sources,
}

/// `range.read`: at most 100,000 cells an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeRead {
    /// A1 with sheet, `Data!B2:D9`; `Data` alone is the sheet's used range. Trimmed to the used range.
    pub range: String,
    /// What to answer; values when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<RangeFacet>>")]
    pub what: Vec<RangeFacet>,
    /// How many rows at the most; the answer names the range of the rest. 2,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub max_rows: Option<u32>,
}

/// `range.find`: at most 200 cells an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeFind {
    /// The words to look for, without regard to case.
    pub text: String,
    /// Where to look, `Data!A:C` or `Data`; the whole workbook when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub range: Option<String>,
    /// Look in formulas instead of values.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub in_formulas: bool,
}

/// `range.write`: at most 200,000 cells. The range may be the top left cell alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeWrite {
    /// A1 with sheet. Of the size of `cells`, or its top left cell.
    pub range: String,
    /// Rows of cells: a number, text, TRUE/FALSE, `"=…"` for a formula, null to leave, `{"clear":true}` to empty.
    pub cells: Vec<Vec<CellInput>>,
    /// Where the written figures came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

impl RangeWrite {
    /// The area that is written, with sheet; what was asked for where the cells are of no clear size.
    pub(super) fn target(&self) -> String {
        let sized = || {
            let Address { sheet, area } = Address::parse(&self.range).ok()?;
            let Area { top, left, .. } = area?;
            let area = Area::of_size(
                top,
                left,
                self.cells.len() as u32,
                self.cells.first()?.len() as u32,
            );
            Some(
                Address {
                    sheet,
                    area: Some(area?),
                }
                .to_string(),
            )
        };
        sized().unwrap_or_else(|| self.range.clone())
    }
}

/// The look of cells; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CellFormat {
    /// Excel number format, English, `#,##0.00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub number_format: Option<String>,
    /// Bold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bold: Option<bool>,
    /// Italic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub italic: Option<bool>,
    /// Text colour, `#RRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub font_color: Option<String>,
    /// Size of the text in points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub font_size: Option<f64>,
    /// Fill colour, `#RRGGBB`; the empty string takes the fill away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fill_color: Option<String>,
    /// Where text stands in the cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub horizontal: Option<HorizontalAlignment>,
    /// Wrap long text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub wrap: Option<bool>,
}

/// Where text stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum HorizontalAlignment {
    /// By the kind of value.
    General,
    /// Left.
    Left,
    /// Centre.
    Center,
    /// Right.
    Right,
}

/// `range.format`: at most 200,000 cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeFormatting {
    /// A1 with sheet.
    pub range: String,
    /// What to set.
    pub format: CellFormat,
    /// Fit the columns to their text afterwards.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub fit_columns: bool,
}

/// `range.clear`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeClear {
    /// A1 with sheet.
    pub range: String,
}

/// `range.restore`: the image is a `range.read` answer with formulas, and number formats and formats where those
/// were changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeRestore {
    /// The range as it was.
    pub image: RangeContent,
    /// Addresses inside it to leave as they are now, because a person changed them since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub except: Vec<String>,
}

/// What `range.copy` takes along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Copied {
    /// Values, formulas and formats, with notes, threads of comments and hyperlinks.
    #[default]
    All,
    /// Values; formulas become what they answer.
    Values,
    /// Values and formulas; formats stay as they are.
    Formulas,
    /// Formats alone.
    Formats,
}

/// `range.copy`: at most 200,000 cells, whole columns and rows as far as cells reach; hidden rows too. Relative references in
/// formulas follow, as in Excel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeCopy {
    /// What to copy, A1 with sheet.
    pub from: String,
    /// Where to: an area of the same size or a multiple of it, or its top left cell, with sheet.
    pub to: String,
    /// All when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub what: Option<Copied>,
    /// Rows become columns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub transpose: bool,
}

/// How `range.fill` goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum FillKind {
    /// Contents repeat; relative references in formulas follow.
    #[default]
    Copy,
    /// Numbers and dates go on by the step of the source, texts that end in a number count on; formulas follow.
    Series,
    /// Formats alone.
    Formats,
}

/// What one step of a series of dates is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum DateUnit {
    /// A day.
    #[default]
    Day,
    /// A day from Monday to Friday.
    Weekday,
    /// A month; the last day of one goes on to the last day of the next.
    Month,
    /// A year.
    Year,
}

/// `range.fill`: at most 200,000 cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeFill {
    /// The source, A1 with sheet.
    pub from: String,
    /// The source and the cells to fill after it, in one direction.
    pub to: String,
    /// Copy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<FillKind>,
    /// The step of a series; what the source shows when absent, and 1 where it is a single cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub step: Option<f64>,
    /// What a step of dates is; what the source shows when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub unit: Option<DateUnit>,
}

/// `range.merge`: the contents of the top left cell stay, those of the others go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeMerge {
    /// A1 with sheet.
    pub range: String,
    /// Merge each row on its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub across: bool,
}

/// `range.unmerge`: takes apart every merged cell that the range touches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeUnmerge {
    /// A1 with sheet.
    pub range: String,
}

/// One column to sort by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SortKey {
    /// The column by its letters or by its header.
    pub column: String,
    /// Largest first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub descending: bool,
}

/// `range.sort`: at most 200,000 cells. Rows move whole within the range; numbers come before texts, blank cells last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeSort {
    /// A1 with sheet.
    pub range: String,
    /// What to sort by, the most important first; at most 64.
    pub by: Vec<SortKey>,
    /// The first row stays where it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub has_header: bool,
    /// Capital letters differ from small ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub case_sensitive: bool,
}
