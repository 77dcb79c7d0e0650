//! Parameters of operations on sheets, rows, columns and pages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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

/// `sheet.rename`: every formula, name and chart follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SheetRename {
    /// The present name.
    pub name: String,
    /// The new name, at most 31 characters, none of `\ / ? * [ ] :`.
    pub to: String,
}

/// `sheet.move`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SheetMove {
    /// The sheet's name.
    pub name: String,
    /// The sheet to stand after; the first one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
}

/// `sheet.copy`: cells, formats, charts, pictures, notes and tables (under new names) come along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SheetCopy {
    /// The sheet to copy.
    pub name: String,
    /// The name of the copy.
    pub to: String,
    /// The sheet to stand after; the copied one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
}

/// Whether a sheet is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Visibility {
    /// Shown.
    Visible,
    /// Hidden; people can show it.
    Hidden,
    /// Hidden from the list of hidden sheets too.
    VeryHidden,
}

/// `sheet.hide`: hides a sheet or shows it again. One sheet must stay visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SheetHide {
    /// The sheet's name.
    pub name: String,
    /// Hidden when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub visibility: Option<Visibility>,
}

/// `rows.insert`: every reference follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowsInsert {
    /// The rows that are new afterwards, with sheet: `Data!5:7` inserts three above what was row 5.
    pub range: String,
}

/// `rows.delete`: every reference follows; what referred to deleted cells alone becomes `#REF!` and is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowsDelete {
    /// The rows with sheet, `Data!5:7`.
    pub range: String,
}

/// `columns.insert`: every reference follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnsInsert {
    /// The columns that are new afterwards, with sheet: `Data!C:D`.
    pub range: String,
}

/// `columns.delete`: every reference follows; what referred to deleted cells alone becomes `#REF!` and is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnsDelete {
    /// The columns with sheet, `Data!C:D`.
    pub range: String,
}

/// `freeze`: keeps the first rows and columns in view. Both zero or absent takes the freeze away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Freeze {
    /// The sheet's name.
    pub sheet: String,
    /// How many rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rows: Option<u32>,
    /// How many columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub columns: Option<u32>,
}

/// `columnWidth`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColumnWidth {
    /// The columns with sheet, `Data!B:D`.
    pub range: String,
    /// Width in characters of the default font, 0 to 255; the default width when everything is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<f64>,
    /// Fit to the texts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub fit: bool,
    /// Hide or show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hidden: Option<bool>,
}

/// `rowHeight`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowHeight {
    /// The rows with sheet, `Data!2:4`.
    pub range: String,
    /// Height in points, 0 to 409; by content when everything is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<f64>,
    /// Hide or show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hidden: Option<bool>,
}

/// How a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Orientation {
    /// Upright.
    Portrait,
    /// Sideways.
    Landscape,
}

/// The paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum PaperSize {
    /// 297 by 420 mm.
    A3,
    /// 210 by 297 mm.
    A4,
    /// 148 by 210 mm.
    A5,
    /// 8.5 by 11 in.
    Letter,
    /// 8.5 by 14 in.
    Legal,
    /// 11 by 17 in.
    Tabloid,
}

/// Margins in points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Margins {
    /// Left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub left: Option<f64>,
    /// Right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub right: Option<f64>,
    /// Top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub top: Option<f64>,
    /// Bottom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bottom: Option<f64>,
    /// From the edge to the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub header: Option<f64>,
    /// From the edge to the footer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub footer: Option<f64>,
}

/// `pageSetup`: absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageSetup {
    /// The sheet's name.
    pub sheet: String,
    /// How the page stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub orientation: Option<Orientation>,
    /// The paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub paper: Option<PaperSize>,
    /// Scale in percent, 10 to 400; takes fitting away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub scale: Option<u32>,
    /// Pages across that everything is fitted to; 0 for as many as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fit_width: Option<u32>,
    /// Pages down that everything is fitted to; 0 for as many as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fit_height: Option<u32>,
    /// What is printed, without sheet, `A1:H40`; the empty string takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub print_area: Option<String>,
    /// Rows on every page, `1:2`; the empty string takes them away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title_rows: Option<String>,
    /// Columns on every page, `A:B`; the empty string takes them away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title_columns: Option<String>,
    /// Margins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub margins: Option<Margins>,
    /// The header with its codes, `&L&"Arial"Left&CPage &P`; the empty string takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub header: Option<String>,
    /// The footer, alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub footer: Option<String>,
    /// Print gridlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub gridlines: Option<bool>,
}
