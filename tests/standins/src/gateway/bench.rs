//! Deltas that carry the time they were sent, for measuring the delay that a path adds.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::messages::event;

/// How many deltas, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bench {
    /// Deltas of an answer.
    pub deltas: u32,
    /// Deltas a second; 0 sends them as fast as they are taken.
    pub rate: u32,
}

/// An answer of timed deltas. The text of each is the time it was sent, in nanoseconds since 1970, and a space.
pub(super) fn streamed(bench: Bench, model: &str) -> Response {
    let message = json!({"id": "msg_bench", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}});
    let head = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let tail = [
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {"output_tokens": bench.deltas}}),
        json!({"type": "message_stop"}),
    ];
    let parts = (
        Vec::from(head.each_ref().map(event)).concat(),
        Vec::from(tail.each_ref().map(event)).concat(),
    );
    let (head, tail) = (Bytes::from(parts.0), Bytes::from(parts.1));
    let begun = Instant::now();
    let state = (VecDeque::from([head]), 0, Some(tail));
    let body = stream::unfold(state, move |(mut ready, sent, tail)| async move {
        if let Some(bytes) = ready.pop_front() {
            return Some((Ok::<_, std::convert::Infallible>(bytes), (ready, sent, tail)));
        }
        if sent == bench.deltas {
            return Some((Ok(tail?), (ready, sent, None)));
        }
        if bench.rate > 0 {
            sleep_until(begun + Duration::from_secs(1) * (sent + 1) / bench.rate).await;
        }
        Some((Ok(delta()), (ready, sent + 1, tail)))
    });
    (
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")],
        Body::from_stream(body),
    )
        .into_response()
}

fn delta() -> Bytes {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let delta = json!({"type": "text_delta", "text": format!("{now} ")});
    event(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}
