//! The audit, as far as the service has a say in it: the terminal reads, checks and exports it by itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::SessionId;

/// `audit/note`: what was done with the audit, for the record of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AuditNote {
    /// It was given out.
    Exported {
        /// The form.
        format: ExportFormat,
        /// Records.
        records: u64,
        /// Of this session alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        session: Option<SessionId>,
    },
    /// It was checked.
    Verified {
        /// Records that hold.
        records: u64,
        /// Faults, those of anchors included.
        faults: u64,
        /// Anchors that agree.
        anchors: u64,
    },
}

/// The form of an export of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// JSON lines.
    Jsonl,
    /// A table.
    Csv,
    /// Events of the Open Cybersecurity Schema Framework.
    Ocsf,
}
