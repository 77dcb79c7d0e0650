//! What operations on decks answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::deck::Frame;
use crate::source::KeptSource;

/// `deck.info`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeckContent {
    /// Always `deck`.
    pub kind: String,
    /// Width of a slide in points; 0 where the back end cannot tell.
    pub width: f64,
    /// Height of a slide in points; 0 where the back end cannot tell.
    pub height: f64,
    /// Masters with fonts and colours of their themes, where the back end can tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<SlideMaster>>")]
    pub masters: Vec<SlideMaster>,
    /// Layouts by name.
    pub layouts: Vec<SlideLayout>,
    /// Sections in order, where the deck has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<DeckSection>>")]
    pub sections: Vec<DeckSection>,
    /// Slides in order.
    pub slides: Vec<SlideContent>,
    /// The sensitivity label, where the file carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub label: Option<String>,
    /// How many sources of written figures the file keeps; `slide.read` tells them.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub sources: u32,
}

/// A slide layout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlideLayout {
    /// The layout's name.
    pub name: String,
    /// Its type, where the file tells: `title`, `obj`, `twoObj`, `secHead`, `blank`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub kind: Option<String>,
    /// The master's name.
    pub master: String,
    /// The placeholders, where the back end can tell.
    pub placeholders: Vec<Placeholder>,
}

/// A placeholder of a layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Placeholder {
    /// The shape's name.
    pub name: String,
    /// Its kind: `title`, `ctrTitle`, `subTitle`, `body`, `obj`, `pic`, `chart`, `tbl`, `dt`, `ftr`, `sldNum`.
    pub kind: String,
    /// Its place, where the layout or master gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<Frame>,
}

/// A slide: in `deck.info` with shapes and their texts only, in `slide.read` whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlideContent {
    /// Logical id: ours from the slide's tag, otherwise the id in the file.
    pub id: String,
    /// Position, from 1.
    pub index: u32,
    /// The layout's name.
    pub layout: String,
    /// The title's text, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
    /// True where the show leaves it out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub hidden: bool,
    /// Shapes in reading order.
    pub shapes: Vec<SlideShape>,
    /// The speaker notes, in `slide.read`, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub notes: Option<String>,
    /// Where figures in the notes came from, in `slide.read`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<KeptSource>>")]
    pub notes_sources: Vec<KeptSource>,
    /// How many effects the animations have, in `slide.read`.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub animations: u32,
    /// True where the slide comes with a transition, in `slide.read`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub transition: bool,
    /// How many comments there are, in `slide.read`.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub comments: u32,
    /// A mark of the slide's content, of the same meaning as a range's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(optional, as = "Option<String>")]
    pub fingerprint: String,
    /// What a person should know, where the slide was added: sources of figures that the file does not keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub warnings: Vec<String>,
}

/// A shape on a slide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlideShape {
    /// The id on the slide.
    pub id: String,
    /// The name.
    pub name: String,
    /// `placeholder`, `text`, `shape`, `table`, `chart`, `picture`, `group`, `line` or `other`.
    pub kind: String,
    /// The placeholder's kind, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub placeholder: Option<String>,
    /// The text, paragraphs as lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub text: Option<String>,
    /// The paragraphs with their runs, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub paragraphs: Option<Vec<SlideParagraph>>,
    /// The id of the group that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    /// The rows, where it is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub rows: Option<Vec<Vec<String>>>,
    /// The data, where it is a chart and the back end can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chart: Option<crate::chart::ChartSource>,
    /// The kind of chart, as the vocabulary or the file names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chart_kind: Option<String>,
    /// The title of the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub chart_title: Option<String>,
    /// Alternative text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub alt_text: Option<String>,
    /// True where an animation plays on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub animated: bool,
    /// True where it is hidden.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub hidden: bool,
    /// Its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub frame: Option<Frame>,
    /// Where the figures came from that it shows, in `slide.read`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<KeptSource>>")]
    pub sources: Vec<KeptSource>,
}

/// `slide.export`: a package in base64 that holds the slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlidePackage {
    /// A .pptx, base64.
    pub data: String,
    /// The id of the slide inside the package (`sldId/@id`); the package may hold the whole deck.
    pub slide_id: String,
}

/// A slide master with its theme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlideMaster {
    /// The theme's name, as PowerPoint shows it.
    pub name: String,
    /// The font of headings.
    pub heading_font: String,
    /// The font of texts.
    pub body_font: String,
    /// The twelve colours of the theme.
    pub colors: Vec<ThemeColor>,
}

/// A colour of a theme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ThemeColor {
    /// `dark1`, `light1`, `dark2`, `light2`, `accent1` to `accent6`, `hyperlink`, `followedHyperlink`.
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
}

/// A section of a deck.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeckSection {
    /// Its name.
    pub name: String,
    /// Its slides by logical id, in order.
    pub slides: Vec<String>,
}

/// A paragraph with its runs; what stands on it and its runs themselves, not what they inherit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlideParagraph {
    /// The level, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(optional, as = "Option<u32>")]
    pub level: u32,
    /// How it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub align: Option<crate::deck::TextAlign>,
    /// Its runs.
    pub runs: Vec<SlideRun>,
}

/// Text of one formatting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SlideRun {
    /// The text.
    pub text: String,
    /// The font by name; `heading` and `body` are those of the theme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub font: Option<String>,
    /// Size in points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub size: Option<f64>,
    /// Bold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bold: Option<bool>,
    /// Italic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub italic: Option<bool>,
    /// Underlined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub underline: Option<bool>,
    /// Its colour: a name of the theme or `#RRGGBB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub color: Option<String>,
    /// Where its link leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
}

/// `text.replace`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Replacements {
    /// How often the words were replaced.
    pub count: u32,
    /// Where, at most 500 shapes.
    pub shapes: Vec<ReplacedText>,
    /// Where the words stand and were not replaced, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub warnings: Vec<String>,
}

/// One shape in which words were replaced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReplacedText {
    /// The slide by logical id.
    pub slide: String,
    /// The shape's id; empty where it is the notes.
    pub shape: String,
    /// How often.
    pub count: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
