//! Parameters of operations on charts, pictures and pivot tables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::chart::ChartKind;

/// `chart.add` in a workbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartAdd {
    /// The data with sheet, or a table's name. Columns that are not beside each other: `Data!A1:A9,Data!D1:D9`. Labels
    /// are told from values as Excel does: a first column or row of texts, dates or years, or beside an empty corner.
    pub range: String,
    /// The kind of chart.
    pub kind: ChartKind,
    /// Whether each column or each row is a series; absent: columns, or rows where there are more columns than rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub series_in: Option<SeriesIn>,
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
    /// For a combination: series that are drawn in another way than `kind`, by name or by column of the data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<SeriesLook>>")]
    pub series: Vec<SeriesLook>,
    /// Titles and formats of axes, and the legend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub look: Option<ChartLook>,
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

/// Where the series of a chart lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SeriesIn {
    /// A series a column.
    Columns,
    /// A series a row.
    Rows,
}

/// How a chart shows cells without value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum BlankCells {
    /// As a gap.
    Gap,
    /// As zero.
    Zero,
    /// Lines go on to the next value.
    Span,
}

/// How one series of a combination is drawn; absent fields stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeriesLook {
    /// The series' name, or the column of its values by letters.
    pub series: String,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<ChartKind>,
    /// Draw it against the secondary axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub secondary: Option<bool>,
    /// Its colour: `#RRGGBB`, or one of the theme, `accent1` to `accent6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub color: Option<String>,
    /// Write the values beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub labels: Option<bool>,
}

/// Where the legend stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum LegendPlace {
    /// Right.
    Right,
    /// Left.
    Left,
    /// Above.
    Top,
    /// Below.
    Bottom,
    /// Nowhere.
    None,
}

/// Titles and formats of axes, and the legend; absent fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartLook {
    /// The title of the category axis; the empty string takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub category_title: Option<String>,
    /// The title of the value axis, alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value_title: Option<String>,
    /// The title of the secondary axis, alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub secondary_title: Option<String>,
    /// The Excel number format of the value axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value_format: Option<String>,
    /// Where the value axis begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub minimum: Option<f64>,
    /// Where the value axis ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub maximum: Option<f64>,
    /// How far the marks of the value axis are apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub major_unit: Option<f64>,
    /// Lines across the plot at the marks of the value axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub gridlines: Option<bool>,
    /// The Excel number format of the category axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub category_format: Option<String>,
    /// Categories from the other end: the first on top of horizontal bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reverse_categories: Option<bool>,
    /// The Excel number format of the secondary axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub secondary_format: Option<String>,
    /// Where the secondary axis begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub secondary_minimum: Option<f64>,
    /// Where the secondary axis ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub secondary_maximum: Option<f64>,
    /// How cells without value are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub blanks: Option<BlankCells>,
    /// Draw hidden rows and columns, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hidden_cells: Option<bool>,
    /// Where the legend stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub legend: Option<LegendPlace>,
}

/// `chart.update`: absent fields stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "WorkbookChartUpdate")]
pub struct ChartUpdate {
    /// The sheet that holds the chart.
    pub sheet: String,
    /// The name of the chart object.
    pub name: String,
    /// New data, as in `chart.add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub range: Option<String>,
    /// With new data: where its series lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub series_in: Option<SeriesIn>,
    /// Another kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<ChartKind>,
    /// The title; the empty string takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// Another place, with sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub place: Option<String>,
    /// How single series are drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<SeriesLook>>")]
    pub series: Vec<SeriesLook>,
    /// Axes and legend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub look: Option<ChartLook>,
}

/// `picture.add` on a sheet: PNG, JPEG or GIF, at most 10 MB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "WorkbookPictureAdd")]
pub struct PictureAdd {
    /// The top left cell, or the area that it covers, with sheet.
    pub place: String,
    /// The name of the picture, unique on its sheet.
    pub name: String,
    /// The picture, base64.
    pub data: String,
    /// What the picture shows, for people who cannot see it.
    pub alt_text: String,
}

/// `pivot.info`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PivotInfo {
    /// One pivot table by name; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
}

/// `pivot.refresh`: marked for refresh when Excel opens the workbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PivotRefresh {
    /// One pivot table by name; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
}
