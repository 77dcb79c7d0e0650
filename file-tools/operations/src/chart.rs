//! Charts, alike for workbooks and decks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cell::CellValue;

/// The kinds of chart that Office draws natively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ChartKind {
    /// Horizontal bars beside each other.
    BarClustered,
    /// Horizontal bars behind each other.
    BarStacked,
    /// Horizontal bars behind each other, as shares of 100 %.
    BarStacked100,
    /// Vertical columns beside each other.
    ColumnClustered,
    /// Vertical columns on top of each other.
    ColumnStacked,
    /// Vertical columns on top of each other, as shares of 100 %.
    ColumnStacked100,
    /// Lines.
    Line,
    /// Lines with a mark at every value.
    LineMarkers,
    /// Lines whose values add up.
    LineStacked,
    /// Filled areas.
    Area,
    /// Filled areas whose values add up.
    AreaStacked,
    /// One pie.
    Pie,
    /// A ring.
    Doughnut,
    /// Points by two values.
    Scatter,
    /// Points by two values, joined by lines.
    ScatterLines,
    /// Points by two values, as large as a third.
    Bubble,
    /// Lines around a centre.
    Radar,
}

/// One series with the data in it, for a chart on a slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChartSeries {
    /// The name in the legend.
    pub name: String,
    /// One value a category; `null` for a gap.
    pub values: Vec<CellValue>,
    /// For `scatter`, `scatterLines` and `bubble`: where the values stand on the horizontal axis. When absent the
    /// categories have to be numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<CellValue>>")]
    pub x_values: Vec<CellValue>,
    /// For `bubble`: the size of each point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<CellValue>>")]
    pub sizes: Vec<CellValue>,
    /// The Excel number format of the values, `#,##0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub number_format: Option<String>,
}

/// The data of a chart on a slide: it is stored in the chart and in its embedded workbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChartSource {
    /// The labels along the category axis.
    pub categories: Vec<String>,
    /// At least one series.
    pub series: Vec<ChartSeries>,
}
