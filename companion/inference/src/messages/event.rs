//! The events of a streaming answer, as they stand on the wire. Unknown events, blocks and deltas are kept apart from
//! broken ones: the API may grow, and what grows must not stop a turn.

use std::borrow::Cow;

use deskhand_protocol::message::Usage;
use serde::Deserialize;
use serde_json::Value;

use crate::fault::WireError;

/// One event.
#[derive(Debug)]
pub enum StreamEvent<'a> {
    /// The answer begins.
    MessageStart(Option<WireUsage>),
    /// A block begins at this place.
    BlockStart(u64, StartedBlock),
    /// A block at this place goes on.
    BlockDelta(u64, Delta<'a>),
    /// The block at this place is whole.
    BlockStop(u64),
    /// Why the model stopped, and what was counted.
    MessageDelta(Option<String>, Option<WireUsage>),
    /// The answer is whole.
    MessageStop,
    /// A sign of life.
    Ping,
    /// The server gave up.
    Error(WireError),
    /// An event that this version does not know.
    Unknown,
}

/// What begins with a block.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StartedBlock {
    /// Words.
    Text {
        /// Mostly empty.
        #[serde(default)]
        text: String,
    },
    /// Reasoning.
    Thinking {
        /// Mostly empty.
        #[serde(default)]
        thinking: String,
        /// Mostly empty.
        #[serde(default)]
        signature: String,
    },
    /// Reasoning that only the provider can read.
    RedactedThinking {
        /// Sealed.
        data: String,
    },
    /// A call of a tool.
    ToolUse {
        /// The call.
        id: String,
        /// The tool.
        name: String,
        /// Mostly empty while it streams.
        #[serde(default)]
        input: Value,
    },
    /// A block that this version does not know.
    #[serde(other)]
    Unknown,
}

/// How a block goes on.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Delta<'a> {
    /// More words.
    TextDelta {
        /// The words.
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
    /// More of a tool's input, as a piece of JSON text.
    InputJsonDelta {
        /// The piece.
        #[serde(borrow)]
        partial_json: Cow<'a, str>,
    },
    /// More reasoning.
    ThinkingDelta {
        /// The text.
        #[serde(borrow)]
        thinking: Cow<'a, str>,
    },
    /// The seal of the reasoning.
    SignatureDelta {
        /// The seal.
        #[serde(borrow)]
        signature: Cow<'a, str>,
    },
    /// A delta that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Token counts; each later one replaces the earlier.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct WireUsage {
    /// Read, outside the cache.
    pub input_tokens: Option<u64>,
    /// Written.
    pub output_tokens: Option<u64>,
    /// Read from the cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Written to the cache.
    pub cache_creation_input_tokens: Option<u64>,
}

impl WireUsage {
    /// Takes the counts that are there over the earlier ones.
    pub fn update(self, usage: &mut Usage) {
        usage.input = self.input_tokens.unwrap_or(usage.input);
        usage.output = self.output_tokens.unwrap_or(usage.output);
        usage.cache_read = self.cache_read_input_tokens.unwrap_or(usage.cache_read);
        usage.cache_write = self.cache_creation_input_tokens.unwrap_or(usage.cache_write);
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct MessageStart {
    message: StartedMessage,
}

#[derive(Deserialize)]
struct StartedMessage {
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct BlockStart {
    index: u64,
    content_block: StartedBlock,
}

#[derive(Deserialize)]
struct BlockDelta<'a> {
    index: u64,
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct BlockStop {
    index: u64,
}

#[derive(Deserialize)]
struct MessageDelta {
    delta: StopDelta,
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct StopDelta {
    stop_reason: Option<String>,
}

impl<'a> StreamEvent<'a> {
    /// Reads the data of one event. An error object without a type is an error event of a gateway that forgot it.
    pub fn read(data: &'a str) -> serde_json::Result<Self> {
        let head: Head = serde_json::from_str(data)?;
        Ok(match (head.kind.as_deref(), head.error) {
            (Some("message_start"), _) => {
                Self::MessageStart(serde_json::from_str::<MessageStart>(data)?.message.usage)
            }
            (Some("content_block_start"), _) => {
                let start: BlockStart = serde_json::from_str(data)?;
                Self::BlockStart(start.index, start.content_block)
            }
            (Some("content_block_delta"), _) => {
                let delta: BlockDelta = serde_json::from_str(data)?;
                Self::BlockDelta(delta.index, delta.delta)
            }
            (Some("content_block_stop"), _) => {
                Self::BlockStop(serde_json::from_str::<BlockStop>(data)?.index)
            }
            (Some("message_delta"), _) => {
                let delta: MessageDelta = serde_json::from_str(data)?;
                Self::MessageDelta(delta.delta.stop_reason, delta.usage)
            }
            (Some("message_stop"), _) => Self::MessageStop,
            (Some("ping"), _) => Self::Ping,
            (Some("error") | None, Some(_)) => {
                Self::Error(WireError::read(data.as_bytes()).unwrap_or_default())
            }
            _ => Self::Unknown,
        })
    }
}
