//! What the model said and was told, in the form of the Messages API's content blocks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::CallId;

/// A piece of a message of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Block {
    /// Words for the person, Markdown.
    Text {
        /// The Markdown.
        text: String,
    },
    /// Reasoning that the provider wants back unchanged; never shown as an answer.
    Thinking {
        /// The text.
        thinking: String,
        /// The provider's seal.
        signature: String,
    },
    /// A call of a tool.
    ToolUse {
        /// The call.
        id: CallId,
        /// The tool.
        name: String,
        /// Its input, an object.
        #[ts(type = "unknown")]
        input: Value,
    },
}

/// A picture or PDF that a tool gave the model beside its text. Its bytes are in the journal of the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub content: String,
    /// `image/png`, `image/jpeg`, `image/gif`, `image/webp` or `application/pdf`.
    pub media_type: String,
    /// The file's name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Pages of a PDF; 0 for a picture.
    #[serde(default)]
    pub pages: u32,
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It waits for the results of tools.
    ToolUse,
    /// The answer reached its limit of tokens.
    MaxTokens,
    /// It declined.
    Refusal,
    /// Another reason, as the provider named it.
    Other(String),
}

/// Tokens counted by the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Read, outside the cache.
    pub input: u64,
    /// Written by the model.
    pub output: u64,
    /// Read from the prompt cache.
    #[serde(default)]
    pub cache_read: u64,
    /// Written to the prompt cache.
    #[serde(default)]
    pub cache_write: u64,
}

impl Usage {
    /// All of the conversation up to and with the answer.
    pub fn all(self) -> u64 {
        let read = self.input.saturating_add(self.cache_read);
        read.saturating_add(self.cache_write).saturating_add(self.output)
    }

    /// The sum of two counts.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
        }
    }
}
