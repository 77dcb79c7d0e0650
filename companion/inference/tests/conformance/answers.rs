//! Answers of a model as the events of the Messages API, and what must come of them.

use deskhand_core::model::{Content, Message, ModelEvent, ModelRequest, Role};
use deskhand_protocol::CallId;
use deskhand_protocol::message::{Block, StopReason, Usage};
use serde_json::{Value, json};

/// Events, and the answer that they make.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) events: Vec<Value>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) stop: StopReason,
}

pub(crate) const USAGE: Usage = Usage {
    input: 12,
    output: 34,
    cache_read: 5,
    cache_write: 6,
    cost: None,
};

impl Case {
    /// A case of blocks: each with its start, its deltas and what it makes.
    fn of(
        name: &'static str,
        stop: (&str, StopReason),
        parts: &[(Value, Vec<Value>, Option<Block>)],
    ) -> Self {
        let mut events = vec![start()];
        for (index, (block, deltas, _)) in parts.iter().enumerate() {
            events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
            for delta in deltas {
                events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            events.push(json!({"type": "content_block_stop", "index": index}));
        }
        events.extend(end(stop.0));
        Self {
            name,
            events,
            blocks: parts.iter().filter_map(|part| part.2.clone()).collect(),
            stop: stop.1,
        }
    }

    /// The words of the answer.
    pub(crate) fn words(&self) -> String {
        let words = self.blocks.iter().filter_map(|block| match block {
            Block::Text { text } => Some(text.as_str()),
            _ => None,
        });
        words.collect()
    }

    /// The event that ends the stream.
    pub(crate) fn completed(&self) -> ModelEvent {
        ModelEvent::Completed {
            blocks: self.blocks.clone(),
            stop: self.stop.clone(),
            usage: USAGE,
        }
    }
}

pub(crate) fn start() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 12, "output_tokens": 1, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 6}}})
}

pub(crate) fn end(stop: &str) -> [Value; 2] {
    let delta = json!({"stop_reason": stop, "stop_sequence": null});
    [
        json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 34}}),
        json!({"type": "message_stop"}),
    ]
}

pub(crate) fn text(words: &[&str]) -> (Value, Vec<Value>, Option<Block>) {
    let deltas = words
        .iter()
        .map(|text| json!({"type": "text_delta", "text": text}))
        .collect();
    let block = (!words.concat().is_empty()).then(|| Block::Text { text: words.concat() });
    (json!({"type": "text", "text": ""}), deltas, block)
}

pub(crate) fn call(id: &str, pieces: &[&str], input: Value) -> (Value, Vec<Value>, Option<Block>) {
    let deltas = pieces
        .iter()
        .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
        .collect();
    let block = Block::ToolUse {
        id: CallId::from_text(id),
        name: "range_read".to_owned(),
        input,
    };
    (
        json!({"type": "tool_use", "id": id, "name": "range_read", "input": {}}),
        deltas,
        Some(block),
    )
}

fn thinking() -> (Value, Vec<Value>, Option<Block>) {
    let deltas = vec![
        json!({"type": "thinking_delta", "thinking": "Let me "}),
        json!({"type": "thinking_delta", "thinking": "see."}),
        json!({"type": "signature_delta", "signature": "c2VhbA=="}),
    ];
    let block = Block::Thinking {
        thinking: "Let me see.".to_owned(),
        signature: "c2VhbA==".to_owned(),
    };
    (
        json!({"type": "thinking", "thinking": "", "signature": ""}),
        deltas,
        Some(block),
    )
}

/// Good answers of every kind.
pub(crate) fn good() -> Vec<Case> {
    let ended = || ("end_turn", StopReason::EndTurn);
    let called = || ("tool_use", StopReason::ToolUse);
    let mixed = [
        thinking(),
        redacted_thinking(),
        text(&["Reading both."]),
        call("c1", &["{\"a\":1}"], json!({"a": 1})),
        call("c2", &["{\"b\":", "[2,{}]}"], json!({"b": [2, {}]})),
    ];
    let pieces = ["{\"ran", "ge\": \"", "Ünï!A1\"", "}"];
    vec![
        Case::of(
            "words",
            ended(),
            &[text(&["Hello", ", wor", "ld \"q\" \n", "grüße 🌍"])],
        ),
        Case::of("nothing", ended(), &[text(&[])]),
        Case::of("two texts", ended(), &[text(&["one "]), text(&["two"])]),
        Case::of(
            "a call",
            called(),
            &[call("c1", &pieces, json!({"range": "Ünï!A1"}))],
        ),
        Case::of("a call without input", called(), &[call("c1", &[], json!({}))]),
        Case::of(
            "a call with an empty piece",
            called(),
            &[call("c1", &["", "{}"], json!({}))],
        ),
        Case::of("thinking, words and two calls", called(), &mixed),
        Case::of(
            "a block and a delta of the future",
            ended(),
            &[of_the_future(), text(&["still here"])],
        ),
        Case::of("a refusal", ("refusal", StopReason::Refusal), &[text(&["No."])]),
        Case::of(
            "another reason",
            ("pause_turn", StopReason::Other("pause_turn".to_owned())),
            &[text(&["Hm"])],
        ),
        Case::of(
            "the limit within words",
            ("max_tokens", StopReason::MaxTokens),
            &[text(&["Once upon"])],
        ),
        Case::of(
            "the limit within a call",
            ("max_tokens", StopReason::MaxTokens),
            &[text(&["I write"]), half_a_call()],
        ),
    ]
}

fn redacted_thinking() -> (Value, Vec<Value>, Option<Block>) {
    let block = Block::Thinking {
        thinking: String::new(),
        signature: "redacted_thinking:abc".to_owned(),
    };
    (
        json!({"type": "redacted_thinking", "data": "abc"}),
        vec![],
        Some(block),
    )
}

fn of_the_future() -> (Value, Vec<Value>, Option<Block>) {
    let deltas = vec![
        json!({"type": "input_json_delta", "partial_json": "{\"q\""}),
        json!({"type": "future_delta"}),
    ];
    (
        json!({"type": "server_tool_use", "id": "s", "name": "search", "input": {}}),
        deltas,
        None,
    )
}

fn half_a_call() -> (Value, Vec<Value>, Option<Block>) {
    let deltas = vec![json!({"type": "input_json_delta", "partial_json": "{\"cells\": [[1"})];
    (
        json!({"type": "tool_use", "id": "c1", "name": "range_write", "input": {}}),
        deltas,
        None,
    )
}

/// A request; what is in it does not matter to the reading of answers.
pub(crate) fn request() -> ModelRequest {
    ModelRequest {
        model: "claude-test".to_owned(),
        system: "Be exact.".to_owned(),
        messages: vec![Message {
            role: Role::User,
            content: vec![Content::Text("hello".to_owned())],
        }],
        tools: Vec::new(),
        max_tokens: 1000,
        loaded: deskhand_core::attached::Loaded::default(),
    }
}
