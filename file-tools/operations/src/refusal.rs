//! Why an operation was not done. Nothing was changed by a refused operation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The stable reason for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum RefusalCode {
    /// The input is not what the operation takes.
    BadInput,
    /// The sheet, range, slide, shape, table or layout is not there.
    NotFound,
    /// The name is taken.
    NameTaken,
    /// The target changed since it was read: its fingerprint is another.
    Changed,
    /// The target is protected, merged or part of an array.
    Protected,
    /// Above a limit; the message names it.
    TooLarge,
    /// This back end cannot do it; the message says why.
    Unsupported,
    /// Excel is editing a cell, or a dialog is open.
    Busy,
    /// The document is open elsewhere, or its lock file is there.
    InUse,
    /// The file is encrypted or rights-managed.
    Encrypted,
    /// The file is damaged, or not of the kind its name says.
    Corrupt,
    /// The back end failed for a reason of its own; the message carries it.
    Failed,
}

/// A refused operation: a code and one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Refusal {
    /// The stable reason.
    pub code: RefusalCode,
    /// One sentence for a person.
    pub message: String,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
