//! Parameters of the operation that makes a deck.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The shape of the slides of a new deck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SlideSize {
    /// 16:9, 960 by 540 points.
    #[default]
    Wide,
    /// 4:3, 720 by 540 points.
    Standard,
}

/// `deck.create`: a new file; one that is there is never overwritten. Without a template it has a plain master with the
/// layouts `Title Slide`, `Title and Content`, `Section Header`, `Two Content`, `Comparison`, `Title Only`, `Blank`,
/// `Content with Caption` and `Picture with Caption`, and no slides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeckCreate {
    /// The deck or template (.pptx, .pptm, .potx, .potm) whose masters and layouts it takes over: its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub template: Option<String>,
    /// The template itself, base64; in place of `template`, or filled in by whoever reads the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub package: Option<String>,
    /// Take the template's slides over too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub keep_slides: bool,
    /// The shape of the slides; a template has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub size: Option<SlideSize>,
    /// The title in the file's properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
}
