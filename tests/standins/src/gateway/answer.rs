//! Answers on the wire: as events with their faults, or as one JSON object.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::script::{Answer, Chunks, Fault, Said, Usage};

/// Characters of one piece of a tool's input.
const INPUT_PIECE: usize = 24;

/// What comes next in a body.
pub(super) enum Frame {
    Bytes(Bytes),
    Pause(Duration),
    /// The connection breaks.
    Cut,
    /// Nothing more comes, and the connection stays open.
    Stall,
}

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
    pub(super) fn events(&self) -> Vec<Bytes> {
        let mut start = self.whole();
        let usage = start["usage"].clone();
        start["content"] = json!([]);
        start["stop_reason"] = Value::Null;
        start["usage"]["output_tokens"] = json!(1);
        let mut events = vec![
            event(&json!({"type": "message_start", "message": start})),
            event(&json!({"type": "ping"})),
        ];
        for (index, said) in self.said.iter().enumerate() {
            let block = self.block(index, said, false);
            events.push(event(
                &json!({"type": "content_block_start", "index": index, "content_block": block}),
            ));
            for delta in deltas(said) {
                events.push(event(
                    &json!({"type": "content_block_delta", "index": index, "delta": delta}),
                ));
            }
            events.push(event(&json!({"type": "content_block_stop", "index": index})));
        }
        let stop = json!({"stop_reason": self.stop(), "stop_sequence": null});
        events.push(event(
            &json!({"type": "message_delta", "delta": stop, "usage": usage}),
        ));
        events.push(event(&json!({"type": "message_stop"})));
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

/// One event of a stream.
pub(super) fn event(data: &Value) -> Bytes {
    format!(
        "event: {}\ndata: {data}\n\n",
        data["type"].as_str().unwrap_or_default()
    )
    .into()
}

/// An error as the API puts it.
pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

/// The frames of an answer, with a pause between two events, up to where the fault stops it.
pub(super) fn frames(events: Vec<Bytes>, pace: Duration, fault: Option<&Fault>) -> VecDeque<Frame> {
    let (kept, ending) = match fault {
        Some(Fault::CutAfter(count)) => (*count, Some(Frame::Cut)),
        Some(Fault::StallAfter(count)) => (*count, Some(Frame::Stall)),
        Some(Fault::EndAfter(count)) => (*count, None),
        Some(Fault::GarbageAfter(count)) => (
            *count,
            Some(Frame::Bytes(Bytes::from_static(b"data: {\"type\":\n\n"))),
        ),
        Some(Fault::ErrorAfter { events, kind }) => {
            (*events, Some(Frame::Bytes(event(&error(kind, "scripted")))))
        }
        _ => (events.len(), None),
    };
    let mut frames = VecDeque::new();
    for (index, event) in events.into_iter().take(kept).enumerate() {
        if index > 0 && !pace.is_zero() {
            frames.push_back(Frame::Pause(pace));
        }
        frames.push_back(Frame::Bytes(event));
    }
    if let Some(Fault::DelayMs(wait)) = fault {
        frames.push_front(Frame::Pause(Duration::from_millis(*wait)));
    }
    frames.extend(ending);
    frames
}

/// A streaming answer of these frames.
pub(super) fn streamed(frames: VecDeque<Frame>) -> Response {
    let body = stream::unfold(frames, |mut frames| async {
        loop {
            match frames.pop_front()? {
                Frame::Bytes(bytes) => return Some((Ok(bytes), frames)),
                Frame::Pause(pause) => sleep(pause).await,
                Frame::Cut => return Some((Err("cut by the script"), VecDeque::new())),
                Frame::Stall => std::future::pending::<()>().await,
            }
        }
    });
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, kind)],
        Body::from_stream(body),
    )
        .into_response()
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
