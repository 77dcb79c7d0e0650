//! Parameters of operations on tables, charts and pictures of slides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::shape::Frame;
use crate::chart::{ChartKind, ChartSource};
use crate::source::FigureSource;
use crate::workbook::ChartLook;

/// `table.add` on a slide: at most 75 rows and 25 columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "DeckTableAdd")]
pub struct TableAdd {
    /// The slide's logical id.
    pub slide: String,
    /// The name of the new shape, unique on the slide.
    pub name: String,
    /// The texts, row by row; the first row is the header.
    pub rows: Vec<Vec<String>>,
    /// Where it stands; the largest free placeholder when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<Frame>,
    /// Where figures in the table came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// Rows or columns of a table that lie together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableLines {
    /// The first one, from 1.
    pub at: u32,
    /// How many.
    pub count: u32,
}

/// `table.set`: changes an existing table. Lines are deleted first, then inserted, then cells are written; each step counts lines as the step before left them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "DeckTableSet")]
pub struct TableSet {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// Rows to delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delete_rows: Option<TableLines>,
    /// Columns to delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub delete_columns: Option<TableLines>,
    /// Rows to insert before row `at`, formatted like the row above; one more than there are rows appends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub insert_rows: Option<TableLines>,
    /// Columns to insert before column `at`, formatted like the column to the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub insert_columns: Option<TableLines>,
    /// The first row that `cells` are for, from 1; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub row: Option<u32>,
    /// The first column that `cells` are for, from 1; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub column: Option<u32>,
    /// The texts, row by row; `null` leaves a cell as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Vec<Option<String>>>>")]
    pub cells: Vec<Vec<Option<String>>>,
    /// Where figures in the table came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `chart.add` on a slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "DeckChartAdd")]
pub struct ChartAdd {
    /// The slide's logical id.
    pub slide: String,
    /// The name of the new shape, unique on the slide.
    pub name: String,
    /// The kind of chart.
    pub kind: ChartKind,
    /// The title above the chart; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// The data.
    pub data: ChartSource,
    /// Where it stands; the largest free placeholder when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<Frame>,
    /// Where the figures came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `chart.update` on a slide: absent fields stay as they are. The embedded workbook follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "DeckChartUpdate")]
pub struct ChartUpdate {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// New data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub data: Option<ChartSource>,
    /// Another kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<ChartKind>,
    /// The title; the empty text takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// Axes and legend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub look: Option<ChartLook>,
    /// Where the figures came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `picture.add`: PNG or JPEG, at most 10 MB.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PictureAdd {
    /// The slide's logical id.
    pub slide: String,
    /// The name of the new shape, unique on the slide.
    pub name: String,
    /// The picture, base64.
    pub data: String,
    /// What the picture shows, for people who cannot see it.
    pub alt_text: String,
    /// Where it stands; with one side zero the other decides and the ratio stays.
    pub frame: Frame,
}

/// How a new picture fills the frame of the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum PictureFit {
    /// It fills the frame, keeps its ratio, and is cropped evenly where it is too wide or too high.
    #[default]
    Fill,
    /// It takes the crop of the old picture over.
    KeepCrop,
    /// It is not cropped, and stretched to the frame.
    Stretch,
}

/// `picture.replace`: PNG or JPEG, at most 10 MB; place, frame and effects stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PictureReplace {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// The picture, base64.
    pub data: String,
    /// What the picture shows, for people who cannot see it.
    pub alt_text: String,
    /// How it fills the frame.
    #[serde(default)]
    #[ts(optional, as = "Option<PictureFit>")]
    pub fit: PictureFit,
}
