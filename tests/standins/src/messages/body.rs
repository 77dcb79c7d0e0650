//! Answers as bodies: the events of a wire with the faults of a script among them.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::answer::error;
use crate::script::Fault;

/// How a provider puts things on the wire. Where nothing else is said: server-sent events of the Messages API.
pub(crate) trait Wire {
    /// The media type of a stream.
    fn media_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    /// The events of an answer.
    fn events(&self, events: &[Value]) -> Vec<Bytes> {
        events.iter().map(event).collect()
    }

    /// A message that comes whole.
    fn whole(&self, message: Value) -> Value {
        message
    }

    /// An error in the middle of a stream.
    fn error_event(&self, kind: &str, message: &str) -> Bytes {
        event(&error(kind, message))
    }

    /// What comes in the place of this event where the stream is spoiled.
    fn spoiled(&self, _event: Bytes, _how: Spoil) -> Bytes {
        Bytes::from_static(b"data: {\"type\":\n\n")
    }

    /// A refusal. The kind is one of the Messages API, or what a script names.
    fn refusal(&self, code: StatusCode, kind: Option<&str>, message: &str) -> Response;

    /// The script does not fit the request: no answer of a model, and nothing to retry.
    fn unexpected(&self, why: &str) -> Response {
        let mut response = self.refusal(StatusCode::INTERNAL_SERVER_ERROR, Some("api_error"), why);
        let never = HeaderValue::from_static("false");
        response.headers_mut().insert("x-should-retry", never);
        response
    }
}

/// How a stream is spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// Bytes that are no event.
    Garbage,
    /// A checksum that is not of its bytes.
    Checksum,
    /// A length beyond every bound.
    Length,
}

/// One server-sent event.
pub(crate) fn event(data: &Value) -> Bytes {
    let kind = data["type"].as_str().unwrap_or_default();
    format!("event: {kind}\ndata: {data}\n\n").into()
}

/// What comes next in a body.
enum Frame {
    Bytes(Bytes),
    Pause(Duration),
    /// The connection breaks.
    Cut,
    /// Nothing more comes, and the connection stays open.
    Stall,
}

/// A streaming answer of these events, with a pause between two, up to where the fault stops it.
pub(super) fn streamed(wire: &dyn Wire, events: &[Value], pace: Duration, fault: Option<&Fault>) -> Response {
    let frames = frames(wire, &wire.events(events), pace, fault);
    let body = stream::unfold(frames, |mut frames| async {
        loop {
            match frames.pop_front()? {
                Frame::Bytes(bytes) => return Some((Ok(bytes), frames)),
                Frame::Pause(pause) => sleep(pause).await,
                Frame::Cut => {
                    // What came before goes out first.
                    yield_now().await;
                    return Some((Err("cut by the script"), VecDeque::new()));
                }
                Frame::Stall => std::future::pending::<()>().await,
            }
        }
    });
    (
        [(header::CONTENT_TYPE, wire.media_type())],
        Body::from_stream(body),
    )
        .into_response()
}

fn frames(wire: &dyn Wire, events: &[Bytes], pace: Duration, fault: Option<&Fault>) -> VecDeque<Frame> {
    let next = |count: usize| events.get(count).cloned().unwrap_or_default();
    let spoiled = |count: usize, how| (count, vec![Frame::Bytes(wire.spoiled(next(count), how))]);
    let (kept, ending) = match fault {
        Some(Fault::CutAfter(count)) => (*count, vec![Frame::Cut]),
        Some(Fault::CutInside(count)) => {
            let inside = next(*count);
            let half = inside.slice(..inside.len() / 2);
            (*count, vec![Frame::Bytes(half), Frame::Cut])
        }
        Some(Fault::StallAfter(count)) => (*count, vec![Frame::Stall]),
        Some(Fault::EndAfter(count)) => (*count, Vec::new()),
        Some(Fault::GarbageAfter(count)) => spoiled(*count, Spoil::Garbage),
        Some(Fault::ChecksumAfter(count)) => spoiled(*count, Spoil::Checksum),
        Some(Fault::LengthAfter(count)) => spoiled(*count, Spoil::Length),
        Some(Fault::ErrorAfter { events, kind }) => {
            (*events, vec![Frame::Bytes(wire.error_event(kind, "scripted"))])
        }
        None | Some(Fault::Status { .. } | Fault::DelayMs(_) | Fault::NotStreamed) => {
            (events.len(), Vec::new())
        }
    };
    let mut frames = VecDeque::new();
    if let Some(Fault::DelayMs(wait)) = fault {
        frames.push_back(Frame::Pause(Duration::from_millis(*wait)));
    }
    for (index, event) in events.iter().take(kept).enumerate() {
        if index > 0 && !pace.is_zero() {
            frames.push_back(Frame::Pause(pace));
        }
        frames.push_back(Frame::Bytes(event.clone()));
    }
    frames.extend(ending);
    frames
}
