//! What the agent sends to a model and what comes back, in the canonical form: Messages API content blocks, which all
//! four providers speak. Providers translate.

use deskhand_protocol::CallId;
use deskhand_protocol::UserError;
use deskhand_protocol::message::{Attachment, Block, StopReason, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attached::Loaded;

/// What ends the id of a model where it is asked with room for a million tokens: a variant, which costs more. Providers know the
/// id without it.
pub const LONG: &str = "[1m]";
/// Tokens that such a variant takes in at once.
pub const LONG_TOKENS: u64 = 1_000_000;

/// The id that the provider knows, and whether room for a million tokens is asked for.
pub fn variant(model: &str) -> (&str, bool) {
    model.strip_suffix(LONG).map_or((model, false), |id| (id, true))
}

/// One call of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRequest {
    /// The model's id, with [`LONG`] at its end for that variant; empty for the provider's default.
    pub model: String,
    /// The instructions. Stable across the turns of a session, so that a prompt cache can hold them.
    pub system: String,
    /// The conversation, ending with what the model must answer. The first message is the person's.
    pub messages: Vec<Message>,
    /// Tools the model may call, in a stable order.
    pub tools: Vec<ToolDefinition>,
    /// Tokens the answer may have at the most.
    pub max_tokens: u32,
    /// The bytes of pictures and PDFs that the conversation refers to, as far as they were loaded.
    pub loaded: Loaded,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person, and results of tools.
    User,
    /// The model.
    Assistant,
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; never empty.
    pub content: Vec<Content>,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// What the model itself said, given back unchanged.
    Said(Block),
    /// Words of the person.
    Asked(String),
    /// Words of the service about the state of things.
    Text(String),
    /// The result of a tool.
    ToolResult {
        /// The call it answers.
        call: CallId,
        /// The text; document content in it is marked as data (Invariant 9).
        text: String,
        /// True when the tool failed or was denied.
        is_error: bool,
        /// Pictures and PDFs that stand behind the text.
        attachments: Vec<Attachment>,
    },
}

/// A tool the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolDefinition {
    /// The name: letters, digits and `_`.
    pub name: String,
    /// When to use it and what it answers.
    pub description: String,
    /// JSON Schema of its input, an object.
    pub input_schema: Value,
}

/// What happens while a model answers. A stream of these ends with `Completed`, or with an error instead.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// The provider took the request and begins to answer: from here on, it is paid for. Once for each try that comes so far.
    Begun,
    /// Some words of the answer.
    TextDelta(String),
    /// All words so far are void: the call is made again from its start.
    Reset,
    /// The call is made again after a pause.
    Retrying {
        /// Why.
        error: UserError,
        /// The number of the next try, from 2.
        attempt: u32,
        /// Milliseconds until it.
        wait_ms: u64,
    },
    /// A body travelled, where they are recorded. The agent itself needs none.
    Body(Box<Body>),
    /// The answer is whole. Tool calls come only here, so that none is ever seen in half.
    Completed {
        /// All of it.
        blocks: Vec<Block>,
        /// Why it stopped.
        stop: StopReason,
        /// Tokens.
        usage: Usage,
    },
}

/// The body of a request to the provider, or of its answer, as it travelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// True for a request.
    pub sent: bool,
    /// Its beginning, bounded by the provider, without credentials.
    pub text: String,
    /// Bytes of the whole.
    pub length: u64,
    /// The text is not all of it.
    pub truncated: bool,
    /// The model that was asked.
    pub model: String,
    /// The provider's id of the request, where it named one.
    pub request_id: Option<String>,
}

/// What a provider and its models can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Streams while it answers.
    pub streaming: bool,
    /// Calls tools.
    pub tools: bool,
    /// Takes cache markers.
    pub prompt_caching: bool,
    /// Lists its models.
    pub model_discovery: bool,
    /// Takes pictures and PDFs.
    pub attachments: bool,
}
