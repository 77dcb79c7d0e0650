//! Charts, alike for workbooks and decks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::cell::CellValue;

/// The kinds of chart that both back ends can draw natively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ChartKind {
    /// Horizontal bars beside each other.
    BarClustered,
    /// Vertical columns beside each other.
    ColumnClustered,
    /// Vertical columns on top of each other.
    ColumnStacked,
    /// Lines.
    Line,
    /// Filled areas.
    Area,
    /// One pie.
    Pie,
    /// A ring.
    Doughnut,
}

/// One series with the data in it, for a chart on a slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChartSeries {
    /// The name in the legend.
    pub name: String,
    /// One value a category; `null` for a gap.
    pub values: Vec<CellValue>,
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
