//! Operations on a deck. Positions and sizes are in points from the slide's top left corner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::answer::{Applied, DeckContent, SlideContent, SlidePackage};
use crate::chart::{ChartKind, ChartSource};
use crate::definition::Support::{OfficeJs, ThroughFile};
use crate::definition::operations;
use crate::source::FigureSource;

operations! {
    Deck, DeckOperation, DeckAnswer;
    /// Lists slide size, layouts with their placeholders, theme, and slides with title and layout.
    "deck.info" Info(DeckInfo) -> DeckContent, Read, OfficeJs("PowerPointApi", "1.3"), "Looking at the deck", "Looked at", |_| String::new();
    /// Reads one slide: shapes in reading order with text, tables, chart data and alt text.
    "slide.read" SlideRead(SlideRead) -> SlideContent, Read, OfficeJs("PowerPointApi", "1.4"), "Reading", "Read", |read| slide(&read.slide);
    /// Adds a slide from a layout and fills its placeholders.
    "slide.add" SlideAdd(SlideAdd) -> SlideContent, Add, OfficeJs("PowerPointApi", "1.3"), "Adding a slide", "Slide added", |add| slide(&add.id);
    /// Deletes a slide.
    "slide.delete" SlideDelete(SlideDelete) -> Applied, Remove, OfficeJs("PowerPointApi", "1.2"), "Deleting", "Slide deleted", |delete| slide(&delete.slide);
    /// Sets the text of a shape; lines become paragraphs.
    "text.set" TextSet(TextSet) -> Applied, Change, OfficeJs("PowerPointApi", "1.4"), "Setting text on", "Text changed", |set| slide(&set.slide);
    /// Deletes a shape.
    "shape.delete" ShapeDelete(ShapeDelete) -> Applied, Remove, OfficeJs("PowerPointApi", "1.3"), "Deleting a shape on", "Shape deleted", |delete| slide(&delete.slide);
    /// Adds a table to a slide.
    "table.add" TableAdd(TableAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a table to", "Table added", |add| slide(&add.slide);
    /// Adds a native chart with an embedded workbook to a slide.
    "chart.add" ChartAdd(ChartAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a chart to", "Chart added", |add| slide(&add.slide);
    /// Adds a picture to a slide.
    "picture.add" PictureAdd(PictureAdd) -> Applied, Add, ThroughFile("PowerPointApi", "1.2"), "Adding a picture to", "Picture added", |add| slide(&add.slide);
    /// Takes one slide out as a package of its own. Used by exchange and undo.
    "slide.export" SlideExport(SlideExport) -> SlidePackage, Read, OfficeJs("PowerPointApi", "1.2"), "Taking out", "Read", |export| slide(&export.slide);
    /// Puts a slide from a package in, and takes the slide of the same id out. Used by exchange and undo.
    "slide.replace" SlideReplace(SlideReplace) -> SlideContent, Change, OfficeJs("PowerPointApi", "1.2"), "Putting back", "Slide replaced", |replace| slide(&replace.slide);
}

/// A slide as a target.
fn slide(id: &str) -> String {
    format!("slide:{id}")
}

/// `deck.info`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeckInfo {}

/// `slide.read`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideRead {
    /// The slide's logical id.
    pub slide: String,
}

/// The text for one placeholder of a new slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlaceholderText {
    /// The placeholder's name or kind in the layout: `title`, `body`, `Content Placeholder 2`.
    pub placeholder: String,
    /// The text; lines become paragraphs.
    pub text: String,
}

/// `slide.add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideAdd {
    /// The logical id that the new slide gets; given by the service.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub id: String,
    /// The layout by name.
    pub layout: String,
    /// Texts for its placeholders; placeholders without a text are removed.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<PlaceholderText>>")]
    pub texts: Vec<PlaceholderText>,
    /// The slide to stand after, by logical id; last when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
    /// Where figures in the texts came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `slide.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideDelete {
    /// The slide's logical id.
    pub slide: String,
}

/// `text.set`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextSet {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// The text; lines become paragraphs.
    pub text: String,
    /// Where figures in the text came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `shape.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeDelete {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
}

/// A place on a slide, in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "SlideFrame")]
pub struct Frame {
    /// From the left edge.
    pub left: f64,
    /// From the top edge.
    pub top: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

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

/// `slide.export`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideExport {
    /// The slide's logical id.
    pub slide: String,
}

/// `slide.replace`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideReplace {
    /// The logical id of the slide to put in; a slide that has it goes out.
    pub slide: String,
    /// The package that holds the slide.
    pub package: SlidePackage,
    /// The slide to stand after when none goes out, by logical id; first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
}
