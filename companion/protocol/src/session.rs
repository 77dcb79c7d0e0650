//! Sessions: list, create, search, prompt, cancel, subscribe.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::event::SessionEvent;
use crate::{DocumentId, SessionId, Timestamp, TurnId};

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SessionStatus {
    /// Resting.
    Idle,
    /// A turn runs.
    Working,
    /// A permission request is open.
    Waiting,
    /// The last turn was stopped by a person or cut by a restart.
    Stopped,
    /// The last turn failed.
    Failed,
}

/// A line of the session list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// The id.
    pub id: SessionId,
    /// The title: the first words of the first prompt until it is renamed.
    pub title: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When its last event was written.
    pub updated_at: Timestamp,
    /// What it is doing.
    pub status: SessionStatus,
    /// The number of its last event.
    pub last_seq: u64,
    /// Kinds of its documents, for the glyphs: `workbook`, `deck`.
    pub documents: Vec<String>,
    /// How many change sets it made.
    pub changes: u32,
    /// How many commands run in the background.
    #[serde(default)]
    pub background: u32,
}

/// `session/list`: newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListParams {
    /// Only sessions last used before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub before: Option<Timestamp>,
    /// How many; at most 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// The answer to `session/list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ListAnswer {
    /// The sessions.
    pub sessions: Vec<SessionSummary>,
}

/// `session/create`. A repeated `clientId` answers the session that it made before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CreateParams {
    /// Chosen by the front end, so that a repeated call makes no second session.
    pub client_id: String,
    /// A title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub title: Option<String>,
}

/// A session alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SessionParams {
    /// The session.
    pub session: SessionId,
}

/// The answer to `session/create` and `session/show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SessionAnswer {
    /// The session.
    pub session: SessionSummary,
}

/// `session/rename`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RenameParams {
    /// The session.
    pub session: SessionId,
    /// The new title, at most 120 characters.
    pub title: String,
}

/// `session/search`: words in prompts, answers and titles of all sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SearchParams {
    /// The words; all must be there.
    pub text: String,
    /// How many hits; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub limit: Option<u32>,
}

/// One hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SearchHit {
    /// The session.
    pub session: SessionId,
    /// Its title.
    pub title: String,
    /// The event that holds the words.
    pub seq: u64,
    /// Some words around the hit.
    pub excerpt: String,
    /// When.
    pub at: Timestamp,
}

/// The answer to `session/search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SearchAnswer {
    /// The hits, newest first.
    pub hits: Vec<SearchHit>,
}

/// `session/subscribe`: events with `seq > after`, then live ones, as `session/update` notifications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SubscribeParams {
    /// The session.
    pub session: SessionId,
    /// The last number that the front end has; 0 for all.
    pub after: u64,
}

/// The answer to `session/subscribe`, sent before the first event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SubscribeAnswer {
    /// The number of the last event at this moment.
    pub last_seq: u64,
}

/// `session/update`, from the service: events in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct UpdateParams {
    /// The session.
    pub session: SessionId,
    /// The events.
    pub events: Vec<SessionEvent>,
}

/// How much the agent may do without asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum PermissionMode {
    /// Ask before anything existing is changed.
    #[default]
    Ask,
    /// Act; risky actions still ask.
    Act,
    /// Change nothing.
    ReadOnly,
}

/// `session/prompt`. Answered once the prompt is safe on disk. While a turn runs the text joins it at its next step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PromptParams {
    /// The session.
    pub session: SessionId,
    /// Chosen by the front end: a repeated call with the same id is answered with the first one's answer.
    pub client_id: String,
    /// The person's words, at most 200,000 characters.
    pub text: String,
    /// Documents that the person chose as context.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<DocumentId>>")]
    pub documents: Vec<DocumentId>,
    /// What is selected in the front end's document, `Summary!B4:D7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub selection: Option<String>,
    /// The model; the default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub model: Option<String>,
    /// How much may be done without asking.
    #[serde(default)]
    #[ts(optional, as = "Option<PermissionMode>")]
    pub mode: PermissionMode,
    /// Tokens that the turn may use, in and out and those of the provider's cache: it ends before the step that comes once they are used.
    /// One of the settings counts beside it, the smaller of both. A prompt that joins a turn sets it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub budget: Option<NonZeroU64>,
}

/// The answer to `session/prompt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct PromptAnswer {
    /// The turn that takes the prompt.
    pub turn: TurnId,
    /// The number of the prompt's event.
    pub seq: u64,
}

/// `session/export`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ExportAnswer {
    /// The session.
    pub session: SessionSummary,
    /// Every event.
    pub events: Vec<SessionEvent>,
}

/// `session/open`, from the service: a pane joins this session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RemovedParams {
    /// The session that is gone.
    pub session: SessionId,
}

/// Nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Nothing {}

/// What becomes of sessions from before the deployment had its name (`deploymentOrganizationUuid`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum EarlierSessions {
    /// They become sessions of the deployment, under its rules for keeping and auditing.
    TakeOver,
    /// They stay in their own database and are not shown.
    Leave,
}

/// The parameters of `history/choose`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct EarlierSessionsParams {
    /// What the person chose.
    pub choice: EarlierSessions,
}
