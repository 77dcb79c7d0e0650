//! Parameters of operations on texts and notes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::source::FigureSource;

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

/// `text.replace`: the formatting of the first replaced character stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[ts(rename = "DeckTextReplace")]
pub struct TextReplace {
    /// The words to look for, in one paragraph.
    pub find: String,
    /// What to put in their place.
    pub replace: String,
    /// The slide, by logical id; the whole deck when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slide: Option<String>,
    /// The shape's id on that slide; every shape when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub shape: Option<String>,
    /// Tell upper from lower case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub match_case: bool,
    /// Whole words only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub whole_words: bool,
    /// Look into speaker notes too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub notes: bool,
    /// Where figures in the text came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}

/// `notes.set`: the speaker notes of a slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotesSet {
    /// The slide's logical id.
    pub slide: String,
    /// The text; lines become paragraphs. The empty text empties them.
    pub text: String,
    /// Where figures in the text came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<FigureSource>>")]
    pub sources: Vec<FigureSource>,
}
