//! Operations on a workbook.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::answer::{Applied, FoundCells, RangeContent, SheetContent, WorkbookContent};
use crate::cell::CellInput;
use crate::chart::ChartKind;
use crate::definition::Support::OfficeJs;
use crate::definition::operations;
use crate::source::FigureSource;

operations! {
    Workbook, WorkbookOperation, WorkbookAnswer;
    /// Lists sheets with their used range, tables, charts and names.
    "workbook.info" Info(WorkbookInfo) -> WorkbookContent, Read, OfficeJs("ExcelApi", "1.4"), "Looking at the workbook";
    /// Reads a range: values, and on request formulas, number formats, formats and texts.
    "range.read" RangeRead(RangeRead) -> RangeContent, Read, OfficeJs("ExcelApi", "1.4"), "Reading";
    /// Finds cells whose text or value contains the given words.
    "range.find" RangeFind(RangeFind) -> FoundCells, Read, OfficeJs("ExcelApi", "1.4"), "Searching";
    /// Writes values and formulas into a range.
    "range.write" RangeWrite(RangeWrite) -> Applied, Change, OfficeJs("ExcelApi", "1.1"), "Writing to";
    /// Sets number format, font, fill and alignment of a range.
    "range.format" RangeFormatting(RangeFormatting) -> Applied, Change, OfficeJs("ExcelApi", "1.1"), "Formatting";
    /// Empties a range; formats stay.
    "range.clear" RangeClear(RangeClear) -> Applied, Remove, OfficeJs("ExcelApi", "1.1"), "Clearing";
    /// Puts a range back as it was read: formulas, values and formats. Used by undo.
    "range.restore" RangeRestore(RangeRestore) -> Applied, Change, OfficeJs("ExcelApi", "1.1"), "Restoring";
    /// Adds an empty sheet.
    "sheet.add" SheetAdd(SheetAdd) -> SheetContent, Add, OfficeJs("ExcelApi", "1.1"), "Adding sheet";
    /// Deletes a sheet.
    "sheet.delete" SheetDelete(SheetDelete) -> Applied, Remove, OfficeJs("ExcelApi", "1.1"), "Deleting sheet";
    /// Makes a table of a range that has a header row.
    "table.add" TableAdd(TableAdd) -> Applied, Add, OfficeJs("ExcelApi", "1.1"), "Making a table of";
    /// Turns a table back into a plain range; the cells stay.
    "table.delete" TableDelete(TableDelete) -> Applied, Remove, OfficeJs("ExcelApi", "1.2"), "Removing table";
    /// Adds a chart drawn from a range.
    "chart.add" ChartAdd(ChartAdd) -> Applied, Add, OfficeJs("ExcelApi", "1.1"), "Drawing a chart of";
    /// Deletes a chart by name.
    "chart.delete" ChartDelete(ChartDelete) -> Applied, Remove, OfficeJs("ExcelApi", "1.1"), "Deleting chart";
}

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

/// `sheet.add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SheetAdd {
    /// The name, at most 31 characters, none of `\ / ? * [ ] :`.
    pub name: String,
    /// The sheet to stand after; the last one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
}

/// `sheet.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SheetDelete {
    /// The sheet's name.
    pub name: String,
}

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

/// `chart.add` in a workbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartAdd {
    /// The data with sheet: first column the categories, first row the names of the series.
    pub range: String,
    /// The kind of chart.
    pub kind: ChartKind,
    /// The name of the chart object, unique on its sheet.
    pub name: String,
    /// The title above the chart; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The area that the chart covers, with sheet, `Summary!F2:M18`; beside the data when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place: Option<String>,
}

/// `chart.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartDelete {
    /// The sheet that holds the chart.
    pub sheet: String,
    /// The name of the chart object.
    pub name: String,
}
