//! Parameters of operations on shapes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::source::FigureSource;

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

/// The shapes that can be added: the presets of DrawingML that decks use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ShapePreset {
    /// A box for text, without fill and outline.
    TextBox,
    /// A rectangle.
    Rectangle,
    /// A rectangle with round corners.
    RoundedRectangle,
    /// An ellipse.
    Ellipse,
    /// A triangle.
    Triangle,
    /// A right-angled triangle.
    RightTriangle,
    /// A rhombus.
    Diamond,
    /// A parallelogram.
    Parallelogram,
    /// A trapezium.
    Trapezoid,
    /// A five-cornered figure.
    Pentagon,
    /// A six-cornered figure.
    Hexagon,
    /// A chevron, as in rows of steps.
    Chevron,
    /// A block with a point, as the first of a row of steps.
    HomePlate,
    /// An arrow to the right.
    RightArrow,
    /// An arrow to the left.
    LeftArrow,
    /// An arrow up.
    UpArrow,
    /// An arrow down.
    DownArrow,
    /// An arrow both ways.
    LeftRightArrow,
    /// A star.
    Star,
    /// A bubble for speech.
    Callout,
    /// A curly bracket, open to the right.
    LeftBrace,
    /// A curly bracket, open to the left.
    RightBrace,
    /// A straight line.
    Line,
    /// A straight line with an arrow head at its end.
    Arrow,
    /// A connector with right angles.
    ElbowConnector,
    /// A curved connector.
    CurvedConnector,
}

/// How paragraphs stand in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "SlideTextAlign")]
pub enum TextAlign {
    /// Left.
    Left,
    /// In the middle.
    Center,
    /// Right.
    Right,
    /// Both edges even.
    Justify,
}

/// Where the text stands in the height of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
#[ts(rename = "SlideTextAnchor")]
pub enum TextAnchor {
    /// Above.
    Top,
    /// In the middle.
    Middle,
    /// Below.
    Bottom,
}

/// How a shape looks; absent fields stay as they are. Colours are names of the theme (`accent1`, `dark1`, `light2`, `hyperlink`) or `#RRGGBB`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeLook {
    /// The fill: a colour, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub fill: Option<String>,
    /// The outline: a colour, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub line: Option<String>,
    /// Width of the outline in points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub line_width: Option<f64>,
    /// The font: `heading` or `body` of the theme, or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub font: Option<String>,
    /// Size of the text in points, 1 to 4000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub size: Option<f64>,
    /// Bold text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bold: Option<bool>,
    /// Italic text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub italic: Option<bool>,
    /// Underlined text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub underline: Option<bool>,
    /// Colour of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub color: Option<String>,
    /// How paragraphs stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub align: Option<TextAlign>,
    /// Where the text stands in the height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub anchor: Option<TextAnchor>,
}

/// `shape.add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeAdd {
    /// The slide's logical id.
    pub slide: String,
    /// The name of the new shape, unique on the slide.
    pub name: String,
    /// What to add.
    pub kind: ShapePreset,
    /// Where it stands. Lines go from its top left to its bottom right corner, and may have a side of zero.
    pub frame: Frame,
    /// For lines: from the bottom left to the top right corner instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub rising: bool,
    /// For connectors: the shape to begin at, by id; the frame gives way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<String>,
    /// For connectors: the shape to end at, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub to: Option<String>,
    /// Its text; lines become paragraphs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// How it looks; the theme's look when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub look: Option<ShapeLook>,
    /// What it shows, for people who cannot see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub alt_text: Option<String>,
    /// Where figures in the text came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `shape.move`: to a place in points from the top left corner of the slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeMove {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// From the left edge.
    pub left: f64,
    /// From the top edge.
    pub top: f64,
}

/// `shape.resize`: the top left corner stays; a group is scaled with its members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeResize {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// Width in points; stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<f64>,
    /// Height in points; stays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<f64>,
}

/// `shape.format`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeFormat {
    /// The slide's logical id.
    pub slide: String,
    /// The shape's id on the slide.
    pub shape: String,
    /// How it is to look.
    pub look: ShapeLook,
    /// What it shows, for people who cannot see it; the empty text marks it as decoration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub alt_text: Option<String>,
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
