//! Parameters of operations on the deck and on whole slides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::answer::SlidePackage;
use crate::source::FigureSource;

/// `deck.info`: no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeckInfo {}

/// `deck.check`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeckCheck {
    /// Slides to look at, by logical id; all when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub slides: Vec<String>,
}

/// `slide.read`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideRead {
    /// The slide's logical id.
    pub slide: String,
    /// Also tell how each run of text is formatted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub runs: bool,
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

/// `slide.duplicate`: the copy has its own charts and notes; comments stay with the original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideDuplicate {
    /// The logical id that the new slide gets; given by the service.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub id: String,
    /// The slide to copy, by logical id.
    pub slide: String,
    /// The slide to stand after, by logical id; after the original when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
}

/// `slide.move`: where the deck has sections, the slide joins the section of the slide that it then stands behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideMove {
    /// The slide's logical id.
    pub slide: String,
    /// The position that it gets, from 1.
    pub to: u32,
}

/// `slide.hide`: a hidden slide is left out of the show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideHide {
    /// The slide's logical id.
    pub slide: String,
    /// True to hide it, false to show it again.
    pub hidden: bool,
}

/// `slide.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideDelete {
    /// The slide's logical id.
    pub slide: String,
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

/// How a slide from another deck is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TemplateLook {
    /// It is mapped to this deck: its layout to the one here of the same name or type, fonts and colours to this theme.
    #[default]
    Deck,
    /// It keeps its look: its layout and master come along.
    Template,
}

/// `slide.fromTemplate`: a slide of another deck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlideFromTemplate {
    /// The logical id that the new slide gets; given by the service.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub id: String,
    /// The other deck, by its document id in the session; the service takes the slide out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub from: Option<String>,
    /// The slide in the other deck, by its logical id there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slide: Option<String>,
    /// The other deck itself; in place of `from`, or filled in by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub package: Option<SlidePackage>,
    /// How it is to look.
    #[serde(default)]
    #[ts(optional, as = "Option<TemplateLook>")]
    pub look: TemplateLook,
    /// The layout of this deck to put it on, by name; worked out when absent. Only where it is mapped to this deck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub layout: Option<String>,
    /// Texts for its placeholders, by name or kind; the others keep their text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
