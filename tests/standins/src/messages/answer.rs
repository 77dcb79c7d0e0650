//! What a script answers in the words of the Messages API: as events, or as one message.

use serde_json::{Value, json};

use crate::script::{Answer, Chunks, Said, Usage};

/// Characters of one piece of a tool's input.
const INPUT_PIECE: usize = 24;

/// An answer whose templates are filled in.
pub(super) struct Filled<'a> {
    pub(super) answer: &'a Answer,
    pub(super) said: Vec<Said>,
    pub(super) model: &'a str,
    /// Distinguishes the ids of this answer within its conversation.
    pub(super) number: usize,
    /// Tokens that the request may have had.
    pub(super) counted: Usage,
}

impl Filled<'_> {
    fn stop(&self) -> &str {
        let calls = self.said.iter().any(|said| matches!(said, Said::Tool { .. }));
        self.answer
            .stop
            .as_deref()
            .unwrap_or(if calls { "tool_use" } else { "end_turn" })
    }

    fn usage(&self) -> Usage {
        let written: usize = self.said.iter().map(|said| said_chars(said).div_ceil(4)).sum();
        let estimate = Usage {
            output: written as u64,
            ..self.counted
        };
        self.answer.usage.unwrap_or(estimate)
    }

    /// The answer as one JSON object, as it is without streaming.
    pub(super) fn whole(&self) -> Value {
        let blocks: Vec<Value> = self
            .said
            .iter()
            .enumerate()
            .map(|(index, said)| self.block(index, said, true))
            .collect();
        let Usage {
            input,
            output,
            cache_read,
            cache_write,
        } = self.usage();
        json!({
            "id": format!("msg_standin_{:04}", self.number), "type": "message", "role": "assistant", "model": self.model,
            "content": blocks, "stop_reason": self.stop(), "stop_sequence": null,
            "usage": {"input_tokens": input, "output_tokens": output,
                "cache_read_input_tokens": cache_read, "cache_creation_input_tokens": cache_write}
        })
    }

    /// The answer as events in their order.
    pub(super) fn events(&self) -> Vec<Value> {
        let mut start = self.whole();
        let usage = start["usage"].clone();
        start["content"] = json!([]);
        start["stop_reason"] = Value::Null;
        start["usage"]["output_tokens"] = json!(1);
        let mut events = vec![
            json!({"type": "message_start", "message": start}),
            json!({"type": "ping"}),
        ];
        for (index, said) in self.said.iter().enumerate() {
            let block = self.block(index, said, false);
            events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
            for delta in deltas(said) {
                events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            events.push(json!({"type": "content_block_stop", "index": index}));
        }
        let stop = json!({"stop_reason": self.stop(), "stop_sequence": null});
        events.push(json!({"type": "message_delta", "delta": stop, "usage": usage}));
        events.push(json!({"type": "message_stop"}));
        events
    }

    fn block(&self, index: usize, said: &Said, is_whole: bool) -> Value {
        let text = |text: String| if is_whole { text } else { String::new() };
        match said {
            Said::Text { text: chunks } => json!({"type": "text", "text": text(pieces(chunks).concat())}),
            Said::Thinking { thinking } => {
                json!({"type": "thinking", "thinking": text(thinking.clone()), "signature": text(seal(thinking))})
            }
            Said::Tool { tool, input } => {
                let id = format!("toolu_{:04}_{index}", self.number);
                json!({"type": "tool_use", "id": id, "name": tool, "input": if is_whole { input.clone() } else { json!({}) }})
            }
        }
    }
}

/// An error as the API puts it.
pub(crate) fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

fn deltas(said: &Said) -> Vec<Value> {
    match said {
        Said::Text { text } => pieces(text)
            .into_iter()
            .map(|text| json!({"type": "text_delta", "text": text}))
            .collect(),
        Said::Thinking { thinking } => vec![
            json!({"type": "thinking_delta", "thinking": thinking}),
            json!({"type": "signature_delta", "signature": seal(thinking)}),
        ],
        Said::Tool { input, .. } => {
            let text: Vec<char> = input.to_string().chars().collect();
            let pieces = text
                .chunks(INPUT_PIECE)
                .map(|piece| piece.iter().collect::<String>());
            pieces
                .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                .collect()
        }
    }
}

/// Words with the space before them, or the pieces that the script names.
fn pieces(chunks: &Chunks) -> Vec<String> {
    let text = match chunks {
        Chunks::Split(pieces) => return pieces.clone(),
        Chunks::Whole(text) => text,
    };
    text.split_inclusive(' ').map(str::to_owned).collect()
}

fn said_chars(said: &Said) -> usize {
    match said {
        Said::Text { text } => pieces(text).concat().len(),
        Said::Thinking { thinking } => thinking.len(),
        Said::Tool { input, .. } => input.to_string().len(),
    }
}

/// A seal that shows whether it came back unchanged.
fn seal(thinking: &str) -> String {
    format!("seal-of-{}-bytes", thinking.len())
}
