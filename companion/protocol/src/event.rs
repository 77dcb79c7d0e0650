//! The events of a session, the truth about it (Invariant 1).
//!
//! A new kind of event is a new variant; fields are only added, with a default. `version` rises when the meaning of a
//! stored field changes, and old events stay readable.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::change::ChangeSet;
use crate::command::{BackgroundCommand, CommandEnd};
use crate::document::DocumentView;
use crate::error::UserError;
use crate::hello::FrontEndKind;
use crate::message::{Attachment, Block, StopReason, Usage};
use crate::permission::{Choice, PermissionRequest, SettledBy};
use crate::sandbox::{SandboxTier, Sight};
use crate::session::PermissionMode;
use crate::{CallId, ChangeSetId, CommandId, DocumentId, MessageId, PermissionId, Timestamp, TurnId};

/// The version that new events get.
pub const EVENT_VERSION: u16 = 1;

/// One event with its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionEvent {
    /// Its number in the session, from 1, never reused.
    pub seq: u64,
    /// The first number it stands for, where the deltas of a finished message were folded into it. A front end that
    /// has seen some of them replaces the message by this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub first_seq: Option<u64>,
    /// When it was written.
    pub at: Timestamp,
    /// The version of its fields.
    pub version: u16,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened, tagged with `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EventBody {
    /// The session began.
    SessionCreated {
        /// Its title.
        title: String,
        /// True in the tour.
        tour: bool,
    },
    /// It got another title.
    SessionRenamed {
        /// The title.
        title: String,
    },
    /// A document became part of the session, or changed its state.
    DocumentAttached {
        /// The document.
        document: DocumentView,
    },
    /// A document left the session.
    DocumentDetached {
        /// The document.
        document: DocumentId,
    },
    /// A folder became part of the session.
    FolderAttached {
        /// Its path.
        path: String,
        /// True where the folder may be read only.
        #[serde(default)]
        read_only: bool,
    },
    /// A folder left the session: nothing in it is reached any more.
    FolderDetached {
        /// Its path.
        path: String,
    },
    /// A prompt is safe on disk.
    PromptAccepted {
        /// The turn that takes it.
        turn: TurnId,
        /// The front end's id for it.
        client_id: String,
        /// The person's words.
        text: String,
        /// Where they were typed.
        from: FrontEndKind,
        /// The chosen documents.
        documents: Vec<DocumentId>,
        /// What was selected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        selection: Option<String>,
        /// The model; empty for the default.
        #[serde(default)]
        model: String,
        /// How much may be done without asking.
        #[serde(default)]
        mode: PermissionMode,
        /// Tokens that the person lets the turn use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional, type = "number")]
        budget: Option<NonZeroU64>,
        /// True when it joins a turn that runs.
        steering: bool,
    },
    /// What the model is told about the documents of the session before it answers a prompt.
    ContextGiven {
        /// The turn.
        turn: TurnId,
        /// The text.
        text: String,
    },
    /// The service was restarted in the middle of this turn and goes on with it.
    TurnResumed {
        /// The turn.
        turn: TurnId,
    },
    /// A person asked to stop the turn.
    CancelRequested {
        /// The turn.
        turn: TurnId,
        /// Where.
        from: FrontEndKind,
    },
    /// The model began to answer.
    MessageStarted {
        /// The turn.
        turn: TurnId,
        /// The message.
        message: MessageId,
    },
    /// Some words of the model.
    TextDelta {
        /// The message.
        message: MessageId,
        /// The words.
        text: String,
    },
    /// What a message said so far is void; it is asked again from its start.
    MessageReset {
        /// The message.
        message: MessageId,
    },
    /// A message is whole. Folded: takes the place of its deltas.
    MessageCompleted {
        /// The turn.
        turn: TurnId,
        /// The message.
        message: MessageId,
        /// All it said.
        blocks: Vec<Block>,
        /// Why it stopped.
        stop: StopReason,
        /// Tokens.
        usage: Usage,
    },
    /// The conversation nears what the model can take in at once: it is asked for a summary.
    CompactionStarted {
        /// The turn.
        turn: TurnId,
        /// The message that is to be the summary.
        message: MessageId,
    },
    /// From here on the model gets a summary in place of the earlier conversation. The events before stay as they are.
    ContextCompacted {
        /// The turn.
        turn: TurnId,
        /// The message that is the summary.
        message: MessageId,
        /// The model's words; empty where it could give none.
        summary: String,
        /// How many of the newest messages the model still gets word for word.
        kept: u32,
        /// Bytes at which results of tools in those messages are cut, where they alone are too much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        cut_at: Option<u32>,
        /// Tokens of the conversation before, about.
        before: u64,
        /// Tokens that the summary took.
        usage: Usage,
    },
    /// The plan that the person sees.
    PlanUpdated {
        /// The turn.
        turn: TurnId,
        /// The call by which the model set it.
        call: CallId,
        /// At most seven steps.
        steps: Vec<PlanStep>,
    },
    /// A tool begins. On disk before anything is done.
    ToolCallStarted {
        /// The turn.
        turn: TurnId,
        /// The call.
        call: CallId,
        /// The tool.
        name: String,
        /// Its input.
        #[ts(type = "unknown")]
        input: Value,
        /// What the card says: `Reading`, `Writing formulas to`.
        title: String,
        /// The document it works on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        document: Option<DocumentId>,
        /// Where in it: an address, or `slide:<id>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        target: Option<String>,
    },
    /// A tool waits for something: a cell that is being edited, a pane that is reloading.
    ToolCallWaiting {
        /// The call.
        call: CallId,
        /// What it waits for.
        error: UserError,
    },
    /// What a running tool writes: the output of a command. Taken out of the log once the tool has ended.
    ToolCallOutput {
        /// The call.
        call: CallId,
        /// Some lines.
        text: String,
    },
    /// What was seen in the sandbox, in its order. The model is not told.
    SandboxSeen {
        /// The call that ran meanwhile; none where only what was left to run in the background did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        call: Option<CallId>,
        /// At most 200.
        seen: Vec<Sight>,
        /// How many were left out, beyond what is kept of a session.
        #[serde(default)]
        left_out: u64,
    },
    /// A command was left to run in the background. In the log before the call that left it ends.
    BackgroundStarted {
        /// The command.
        command: BackgroundCommand,
    },
    /// A command that was left to run ended, or one that a call waits for was ended by somebody.
    CommandEnded {
        /// The command.
        command: CommandId,
        /// The call that started it.
        call: CallId,
        /// Who ended it.
        by: CommandEnd,
        /// How, in a few words: `ended with code 1`.
        how: String,
    },
    /// A tool ended.
    ToolCallCompleted {
        /// The turn.
        turn: TurnId,
        /// The call.
        call: CallId,
        /// How.
        outcome: ToolOutcome,
        /// What the card says: `Read`, `Wrote 8 formulas`.
        title: String,
        /// What the model is told.
        output: String,
        /// Pictures and PDFs that it is shown.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<Attachment>>")]
        attachments: Vec<Attachment>,
        /// Where it ran, for code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        tier: Option<SandboxTier>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A person is asked.
    PermissionRequested {
        /// The question.
        request: PermissionRequest,
    },
    /// The question is settled.
    PermissionSettled {
        /// The request.
        permission: PermissionId,
        /// The answer.
        choice: Choice,
        /// By whom.
        by: SettledBy,
        /// The folder that a person allowed, where the model asked for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        folder: Option<String>,
    },
    /// A call that would ask was allowed without a question.
    CallAllowed {
        /// The call.
        call: CallId,
        /// By what.
        by: SettledBy,
        /// The grant, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        grant: Option<PermissionId>,
    },
    /// A person took a grant of this session back.
    GrantRevoked {
        /// The grant.
        grant: PermissionId,
    },
    /// Documents were changed, and the way back is in the journal.
    ChangeSetApplied {
        /// The change set.
        change_set: ChangeSet,
    },
    /// A change set was undone.
    ChangeSetUndone {
        /// The change set.
        change_set: ChangeSetId,
        /// Places left alone because a person changed them since.
        kept: Vec<String>,
    },
    /// An undone change set was done again.
    ChangeSetRedone {
        /// The change set.
        change_set: ChangeSetId,
    },
    /// A person changed something that a change set wrote.
    ChangedSince {
        /// The change set.
        change_set: ChangeSetId,
        /// The places.
        targets: Vec<String>,
    },
    /// A file was made or saved.
    FileSaved {
        /// The document.
        document: DocumentId,
        /// Its path.
        path: String,
        /// Bytes.
        size: u64,
        /// What was done, in a few words.
        title: String,
    },
    /// The provider is asked again after a pause.
    RetryScheduled {
        /// The turn.
        turn: TurnId,
        /// Why.
        error: UserError,
        /// The number of the next try, from 2.
        attempt: u32,
        /// Milliseconds until it.
        wait_ms: u64,
    },
    /// Something a person should know.
    Notice {
        /// One sentence.
        text: String,
        /// A code, where it is of the registry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        error: Option<UserError>,
    },
    /// The agent rests.
    TurnEnded {
        /// The turn.
        turn: TurnId,
        /// How.
        outcome: TurnOutcome,
        /// Tokens of the whole turn.
        usage: Usage,
    },
}

/// How a tool ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ToolOutcome {
    /// Done.
    Done,
    /// Failed; the output says why.
    Failed,
    /// A person said no.
    Denied,
    /// It was stopped before it was done, alone or with its turn; what it did until then stays and is in the journal.
    Stopped,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TurnOutcome {
    /// The agent was done.
    Completed,
    /// A person stopped it.
    Cancelled,
    /// It could not go on.
    Failed(UserError),
}

/// A step of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct PlanStep {
    /// A few words.
    pub title: String,
    /// How far it is.
    pub state: PlanState,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum PlanState {
    /// Not begun.
    Pending,
    /// In work.
    Active,
    /// Done.
    Done,
}
