//! What Deskhand keeps of its own failures, times and counts. It stays on the computer; no build of this repository sends it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The answer to `diagnostics/show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticsAnswer {
    /// Every category, also those that are closed.
    pub categories: Vec<DiagnosticsView>,
}

/// A category of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticsView {
    /// What it holds, in a few words.
    pub category: String,
    /// The policy key that closes it.
    pub key: String,
    /// True where that key is set: nothing is recorded, and what was is gone.
    pub closed: bool,
    /// How many records there are.
    pub count: u32,
    /// The newest of them, the oldest first, each as the JSON that is kept.
    pub records: Vec<String>,
}
