//! The events of an answer of Converse as those of the Messages API. Converse tells the beginning of calls only, and its
//! count of tokens behind the end: both are put where the Messages API has them.

use std::collections::VecDeque;

use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamMetadataEvent, ConverseStreamOutput,
    ReasoningContentBlockDelta,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

/// Turns the events of one answer.
#[derive(Debug, Default)]
pub(in crate::bedrock) struct Events {
    ready: VecDeque<Bytes>,
    /// The blocks that have begun. They come in order, so the newest is nearly always the one asked for.
    begun: Vec<i32>,
    stop_reason: Option<String>,
    is_over: bool,
}

impl Events {
    /// The next event that is ready.
    pub(in crate::bedrock) fn pop(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// Takes an event of Converse.
    pub(in crate::bedrock) fn take(&mut self, event: &ConverseStreamOutput) {
        match event {
            ConverseStreamOutput::MessageStart(_) => {
                self.push(&json!({ "type": "message_start", "message": { "usage": null } }));
            }
            ConverseStreamOutput::ContentBlockStart(event) => {
                if let Some(ContentBlockStart::ToolUse(call)) = &event.start {
                    let block = json!({ "type": "tool_use", "id": call.tool_use_id, "name": call.name });
                    self.begin(event.content_block_index, &block);
                }
            }
            ConverseStreamOutput::ContentBlockDelta(event) => {
                if let Some(delta) = &event.delta {
                    self.go_on(event.content_block_index, delta);
                }
            }
            ConverseStreamOutput::ContentBlockStop(event) => {
                self.push(&json!({ "type": "content_block_stop", "index": event.content_block_index }));
            }
            ConverseStreamOutput::MessageStop(event) => {
                self.stop_reason = Some(event.stop_reason.as_str().to_owned());
            }
            ConverseStreamOutput::Metadata(metadata) => self.finish(Some(metadata)),
            // An event that came later than this version: as good as a sign of life.
            _ => self.push(&json!({ "type": "ping" })),
        }
    }

    /// The stream ended. The answer is whole once it told why it stopped, though it may not have counted.
    pub(in crate::bedrock) fn end(&mut self) {
        self.finish(None);
    }

    fn finish(&mut self, metadata: Option<&ConverseStreamMetadataEvent>) {
        if self.is_over {
            return;
        }
        let Some(reason) = self.stop_reason.take() else {
            return;
        };
        self.is_over = true;
        let usage = metadata.and_then(|metadata| metadata.usage.as_ref());
        let usage = usage.map(|usage| {
            json!({
                "input_tokens": count(Some(usage.input_tokens)),
                "output_tokens": count(Some(usage.output_tokens)),
                "cache_read_input_tokens": count(usage.cache_read_input_tokens),
                "cache_creation_input_tokens": count(usage.cache_write_input_tokens),
            })
        });
        let delta = json!({ "stop_reason": stop_reason(&reason) });
        self.push(&json!({ "type": "message_delta", "delta": delta, "usage": usage }));
        self.push(&json!({ "type": "message_stop" }));
    }

    fn go_on(&mut self, index: i32, delta: &ContentBlockDelta) {
        let (block, delta) = match delta {
            ContentBlockDelta::Text(text) => (
                json!({ "type": "text" }),
                json!({ "type": "text_delta", "text": text }),
            ),
            ContentBlockDelta::ToolUse(more) => {
                let delta = json!({ "type": "input_json_delta", "partial_json": more.input });
                return self.push_delta(index, &delta);
            }
            ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text(text)) => (
                json!({ "type": "thinking" }),
                json!({ "type": "thinking_delta", "thinking": text }),
            ),
            ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Signature(signature)) => (
                json!({ "type": "thinking" }),
                json!({ "type": "signature_delta", "signature": signature }),
            ),
            ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::RedactedContent(data)) => {
                let block = json!({ "type": "redacted_thinking", "data": STANDARD.encode(data) });
                return self.begin(index, &block);
            }
            // Citations, pictures and what came later than this version.
            _ => return self.push(&json!({ "type": "ping" })),
        };
        if !self.begun.iter().rev().any(|begun| *begun == index) {
            self.begin(index, &block);
        }
        self.push_delta(index, &delta);
    }

    fn begin(&mut self, index: i32, block: &Value) {
        self.begun.push(index);
        self.push(&json!({ "type": "content_block_start", "index": index, "content_block": block }));
    }

    fn push_delta(&mut self, index: i32, delta: &Value) {
        self.push(&json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    }

    fn push(&mut self, event: &Value) {
        self.ready.push_back(Bytes::from(event.to_string()));
    }
}

fn count(tokens: Option<i32>) -> Option<u64> {
    tokens.and_then(|tokens| u64::try_from(tokens).ok())
}

/// The reason in the words of the Messages API, where it has some.
fn stop_reason(reason: &str) -> &str {
    match reason {
        "content_filtered" | "guardrail_intervened" => "refusal",
        reason => reason,
    }
}

#[cfg(test)]
mod tests;
