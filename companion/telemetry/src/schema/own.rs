//! Deskhand's own rows: panes, documents, permissions, policy, egress, the sandbox, the audit trail and the log.

use super::table::table;

table! {
    /// A pane or another front end connected.
    own Event "pane_connected" PaneConnected {
        /// `window`, `excel`, `powerpoint` or `terminal`.
        front_end: &'static str = "front_end" always,
        /// The version of its page or program.
        version: String = "front_end.version" always,
    }
    /// A front end is gone.
    own Event "pane_disconnected" PaneDisconnected {
        /// `window`, `excel`, `powerpoint` or `terminal`.
        front_end: &'static str = "front_end" always,
        /// Milliseconds that it was connected.
        duration_ms: u64 = "duration_ms" always,
    }
    /// The title of a session changed.
    own Event "session_renamed" SessionRenamed {
        /// The title: a person's words.
        title: String = "session.title" redacted(UserPrompts),
    }
    /// A document became part of the session, or changed its state.
    own Event "document_attached" DocumentAttached {
        /// Its id.
        document: String = "document.id" always,
        /// `workbook`, `deck`, `document`, `pdf`, `csv`, `legacy` or `file`.
        kind: String = "document.kind" always,
        /// `live`, `closed` or `gone`.
        state: String = "document.state" always,
        /// Its title.
        title: String = "document.title" only(ToolDetails),
    }
    /// A document left the session.
    own Event "document_detached" DocumentDetached {
        /// Its id.
        document: String = "document.id" always,
    }
    /// A folder became part of the session.
    own Event "folder_attached" FolderAttached {
        /// Whether it may be read only.
        read_only: bool = "folder.read_only" always,
    }
    /// A folder left the session.
    own Event "folder_detached" FolderDetached {
        /// How many are left.
        left: u64 = "folder.count" always,
    }
    /// A document or a file was changed, and the way back is in the journal. One for each part of a change set.
    own Event "document_changed" DocumentChanged {
        /// The change set.
        change_set: String = "change_set.id" always,
        /// The call that made it.
        call: String = "tool_use_id" always,
        /// Its kind, as in `document_attached`.
        kind: String = "document.kind" always,
        /// Cells, shapes or lines.
        count: u64 = "change.count" always,
        /// Figures whose source was recorded.
        sources: u64 = "change.sources" always,
        /// The document; for a file its path.
        document: String = "document.id" only(ToolDetails),
        /// Where.
        target: String = "change.target" only(ToolDetails),
    }
    /// A person changed something that a change set wrote.
    own Event "document_changed_since" DocumentChangedByPerson {
        /// The change set.
        change_set: String = "change_set.id" always,
        /// Places.
        count: u64 = "change.count" always,
    }
    /// A change set was undone.
    own Event "change_set_undone" ChangeSetUndone {
        /// The change set.
        change_set: String = "change_set.id" always,
        /// Places that were left alone because a person changed them since.
        kept: u64 = "change.kept" always,
    }
    /// An undone change set was done again.
    own Event "change_set_redone" ChangeSetRedone {
        /// The change set.
        change_set: String = "change_set.id" always,
    }
    /// A person is asked.
    own Event "permission_asked" PermissionAsked {
        /// The request.
        permission: String = "permission.id" always,
        /// The call that waits.
        call: String = "tool_use_id" always,
        /// The tool; `custom` for one that Deskhand does not ship, unless tool details are on.
        tool_name: String = "tool_name" always,
        /// Why, as in the protocol: `overwrites`, `removes`, and so on.
        reason: String = "permission.reason" always,
        /// Cells or lines it is about.
        count: u64 = "permission.count" always,
        /// Things to weigh that were shown.
        risks: u64 = "permission.risks" always,
        /// What was read before the question.
        read_before: u64 = "permission.read_before" always,
    }
    /// The provider will be asked again.
    own Event "request_retried" RequestRetried {
        /// The stable code of the error.
        error: &'static str = "error" always,
        /// The number of the next try, from 2.
        attempt: u64 = "attempt" always,
        /// Milliseconds until it.
        wait_ms: u64 = "wait_ms" always,
    }
    /// A turn goes on after a restart of the service.
    own Event "turn_resumed" TurnResumed {
        /// The turn.
        turn: String = "turn.id" always,
    }
    /// A person asked to stop the turn.
    own Event "turn_cancel_requested" TurnCancelRequested {
        /// The turn.
        turn: String = "turn.id" always,
        /// Where: `window`, `excel`, `powerpoint` or `terminal`.
        front_end: &'static str = "front_end" always,
    }
    /// The agent rests.
    own Event "turn_ended" TurnEnded {
        /// The turn.
        turn: String = "turn.id" always,
        /// `completed`, `cancelled` or `failed`.
        outcome: &'static str = "outcome" always,
        /// The stable code of the error, where it failed.
        error: Option<&'static str> = "error" always,
        /// Milliseconds since its prompt.
        duration_ms: u64 = "duration_ms" always,
        /// Tokens of the turn, all kinds together.
        tokens: u64 = "tokens" always,
        /// Calls of tools.
        calls: u64 = "tool_calls" always,
    }
    /// Settings are others than when the service last ran; it starts anew where they change.
    own Event "policy_changed" PolicyChanged {
        /// The keys whose values changed, at most 64, without their values.
        keys: Vec<String> = "policy.keys" always,
        /// Where they come from, with commas between: `registry`, `managedPreferences`, `file`, `bootstrap`, `user`, `default`.
        source: String = "policy.source" always,
        /// Values that could not be read.
        invalid: u64 = "policy.invalid" always,
    }
    /// The door out let a connection pass, refused it, or let it pass and it did not come about.
    own Event "egress_decision" EgressDecision {
        /// The destination, as in the egress list.
        destination: String = "egress.destination" always,
        /// Its host, without path and query.
        host: String = "server.address" always,
        /// `accept`, `reject` or `fail`.
        decision: &'static str = "decision" always,
        /// The policy key that opens or closes it.
        key: Option<String> = "policy.key" always,
    }
    /// The sandbox started, stopped or became unavailable.
    own Event "sandbox_changed" SandboxChanged {
        /// `vm`, `vmEmulated` or `processes` once a machine began, `ended` once it is gone, `unavailable` or `notNeeded`.
        state: &'static str = "sandbox.state" always,
        /// Why a machine ended: `idle`, `room`, `changed`, `over` or `failed`.
        why: Option<&'static str> = "sandbox.reason" always,
        /// Whether a machine went on from a kept state.
        resumed: Option<bool> = "sandbox.resumed" always,
        /// The stable code of the error, where there is one.
        error: Option<&'static str> = "error" always,
        /// Milliseconds that the change took.
        duration_ms: u64 = "duration_ms" always,
    }
    /// A program was started in the sandbox, as its guest says.
    own Event "sandbox_program_started" SandboxProgramStarted {
        /// The call that ran meanwhile.
        call: Option<String> = "tool_use_id" always,
        /// The process, as the guest counts.
        process: u64 = "process.pid" always,
        /// The process that started it.
        parent: u64 = "process.parent_pid" always,
        /// Its user in the guest.
        user: u64 = "process.user.id" always,
        /// The program and its arguments, at most 64.
        arguments: Vec<String> = "process.command_args" only(ToolDetails),
    }
    /// A program ended in the sandbox, as its guest says.
    own Event "sandbox_program_ended" SandboxProgramEnded {
        /// The call that ran meanwhile.
        call: Option<String> = "tool_use_id" always,
        /// The process, as the guest counts.
        process: u64 = "process.pid" always,
        /// Its exit code, or the signal that ended it as a negative number.
        code: i64 = "process.exit.code" always,
    }
    /// A file or folder of this computer was changed out of the sandbox, or the change was refused.
    own Event "sandbox_file_changed" SandboxFileChanged {
        /// The call that ran meanwhile.
        call: Option<String> = "tool_use_id" always,
        /// `created`, `written`, `removed`, `renamed`, `metadata`, `conflict`, `discarded` or `refused`.
        change: String = "file.change" always,
        /// Bytes that it has, or had.
        bytes: Option<u64> = "file.size" always,
        /// Its path.
        path: String = "file.path" only(ToolDetails),
        /// Its new path, or the one of the sandbox's version.
        to: Option<String> = "file.path.to" only(ToolDetails),
    }
    /// A connection out of the sandbox ended, or was refused.
    own Event "sandbox_connection" SandboxConnection {
        /// The call that ran meanwhile.
        call: Option<String> = "tool_use_id" always,
        /// `accept` or `reject`; what was accepted and failed is `reject`, too, and `error` says it.
        decision: &'static str = "decision" always,
        /// The code of the refusal or the failure.
        error: Option<String> = "error" always,
        /// The port; 0 where none was understood.
        port: u64 = "server.port" always,
        /// Bytes sent.
        sent: u64 = "network.sent_bytes" always,
        /// Bytes received.
        received: u64 = "network.received_bytes" always,
        /// Milliseconds.
        duration_ms: u64 = "duration_ms" always,
        /// The host. A program in the sandbox wrote it, and could write anything.
        host: String = "server.address" only(ToolDetails),
    }
    /// Something that happened in the sandbox is not told: its kernel lost it, or it is beyond what is kept of a session.
    own Event "sandbox_unseen" SandboxUnseen {
        /// The call that ran meanwhile.
        call: Option<String> = "tool_use_id" always,
        /// `lost` by the guest, or `left_out`.
        why: &'static str = "sandbox.reason" always,
        /// How much.
        count: u64 = "sandbox.count" always,
    }
    /// The newest record of the audit trail. Kept at the collector, it shows whether older records were changed later.
    own Event "audit_anchor" AuditAnchor {
        /// The number of the record.
        number: u64 = "audit.number" always,
        /// Its link: lower-case hexadecimal.
        link: String = "audit.link" always,
        /// When it was the newest, Unix milliseconds.
        at: u64 = "audit.at" always,
        /// The chain it belongs to.
        chain: String = "audit.chain" always,
    }
    /// A line of the program's own log, scrubbed, at or above `otlpDesktopLogLevel`.
    own Event "log" Log {
        /// The part of the program.
        part: String = "log.part" always,
        /// The line.
        message: String = "log.message" always,
    }
    /// Records that did not reach the collector, or not whole.
    own Counter("{record}") "export.lost" ExportLost {
        /// `queue`, `spool`, `rejected`, `refused`, `too_large`, `cut` (sent without the end of its long texts, as it was too large), `altered`
        /// or `elsewhere` (it waited for another collector).
        reason: &'static str = "reason" always,
        /// `logs`, `metrics` or `traces`; `unknown` for a file that could not be read.
        signal: &'static str = "signal" always,
    }
}
