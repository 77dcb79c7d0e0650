//! How two documents differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One difference between an earlier and a later document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Its stable code, `cell.value`, `slide.added`.
    pub code: String,
    /// Where: an address with sheet in the later document, a slide and shape, a part.
    pub location: String,
    /// What was there, where it is one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<String>,
    /// What is there now, where it is one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub after: Option<String>,
    /// One sentence for a person.
    pub sentence: String,
}
