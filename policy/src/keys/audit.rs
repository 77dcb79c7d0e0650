//! Section "Audit and retention" of the table of keys.

use super::prelude::*;

policy_section! {
    /// What is kept on the machine, for how long, and what must reach the organisation.
    Audit "audit" "Audit and retention" on Telemetry

    /// What the audit keeps of content: `hashed` (hashes and sizes) or `full`.
    deskhand_audit_content "deskhandAuditContent": AuditContent {
        default: AuditContent::Hashed,
        invalid: AuditContent::Hashed, UsesValue, "content that is not kept cannot leak",
        opens: false,
        forbids: &[("hashed", "keeping prompts, answers and tool inputs in the audit; it holds their hashes and sizes")],
        since: "0.1.0",
    }

    /// Days that records of the audit are kept. Absent: for ever.
    deskhand_audit_retention_days "deskhandAuditRetentionDays": Option<Whole<1, 3_650>> {
        default: None,
        invalid: None, UsesValue, "a record that is dropped does not come back",
        opens: false,
        forbids: &[("any", "keeping records of the audit longer than {} days")],
        since: "0.1.0",
    }

    /// Whether sessions need a collector that takes the audit: `otlpEndpoint` must be there and work. While the collector takes no
    /// records, no session begins and no prompt is taken. A turn that is open ends the step that it is in, and waits before the
    /// next one: before the model is asked, and before a tool looks or acts; after a restart and after an answer, too. It says so
    /// in the session, goes on by itself, and can be stopped. That the collector took records counts for a minute.
    deskhand_audit_required "deskhandAuditRequired": bool {
        default: false,
        invalid: true, StopsSessions, "who writes this key wants no session without its audit",
        opens: false,
        forbids: &[("true", "sessions and prompts while no collector takes the audit")],
        since: "0.1.0",
    }

    /// Days that a session is kept after its last turn; then it is deleted with its journal. Absent: until somebody deletes
    /// it.
    deskhand_session_retention_days "deskhandSessionRetentionDays": Option<Whole<1, 3_650>> {
        default: None,
        invalid: None, StopsSessions, "neither keeping for ever nor deleting at once is what the key is written for",
        order: Order::Less,
        forbids: &[("any", "keeping a session longer than {} days after its last turn")],
        since: "0.1.0",
    }
}
