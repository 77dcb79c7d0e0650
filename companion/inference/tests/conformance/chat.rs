//! The gateway in the form of chat completions: answers in every split, cut, whole, noisy and broken, and what is sent.

use std::sync::Arc;

use deskhand_core::model::ModelEvent;
use deskhand_core::ports::Provider;
use deskhand_inference::credential::Fixed;
use deskhand_inference::{AuthScheme, Connection, Format, Place, ProviderConfig, Secret};
use deskhand_protocol::message::{Block, StopReason};
use deskhand_protocol::{CallId, ErrorCode, UserError};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::answers::request;
use crate::line::{End, Line, Reply};
use crate::subject::{KEY, NO_PAUSES, gate};
use crate::{ask, outcome};

const WORDS: &str = "Zürich ☀: 7";

fn provider(line: &Line) -> Connection {
    let mut config = ProviderConfig::new(Place::Gateway {
        base_url: format!("{}/v1", line.base),
        scheme: AuthScheme::Bearer,
        format: Format::ChatCompletions,
    });
    config.credential = Arc::new(Fixed::new(Secret::new(KEY.to_owned())));
    config.manner.pauses = NO_PAUSES;
    Connection::new(config, &gate(&line.base)).expect("a gateway")
}

fn piece(delta: &Value, reason: Option<&str>) -> Value {
    json!({ "id": "chat-1", "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] })
}

/// Words, then two calls whose inputs come in pieces that mix.
fn pieces() -> Vec<Value> {
    let call = |index: u64, id: &str, name: &str, arguments: &str| {
        json!({ "tool_calls": [{ "index": index, "id": id, "type": "function",
            "function": { "name": name, "arguments": arguments } }] })
    };
    let more = |index: u64, arguments: &str| json!({ "tool_calls": [{ "index": index, "function": { "arguments": arguments } }] });
    let counted = json!({ "prompt_tokens": 17, "completion_tokens": 34, "prompt_tokens_details": { "cached_tokens": 5 } });
    vec![
        piece(&json!({ "role": "assistant", "content": "" }), None),
        piece(&json!({ "content": "Zürich " }), None),
        piece(&json!({ "content": "☀: 7" }), None),
        piece(&call(0, "c1", "range_read", ""), None),
        piece(&call(1, "c2", "sheet_add", "{\"na"), None),
        piece(&more(0, "{\"range\":\"A1\"}"), None),
        piece(&more(1, "me\":\"Sum\"}"), None),
        piece(&json!({}), Some("tool_calls")),
        json!({ "id": "chat-1", "choices": [], "usage": counted }),
    ]
}

fn framed(pieces: &[Value], end: &str) -> Vec<u8> {
    let lines = pieces.iter().map(|piece| format!("data: {piece}\n\n"));
    (lines.collect::<String>() + end).into_bytes()
}

const DONE: &str = "data: [DONE]\n\n";

fn assert_good(events: &[Result<ModelEvent, UserError>], how: &str) {
    let (words, last) = outcome(events);
    assert_eq!(words, WORDS, "{how}");
    let Ok(ModelEvent::Completed { blocks, stop, usage }) = last else {
        panic!("{how}: {last:?}");
    };
    let call = |id: &str, name: &str, input: Value| Block::ToolUse {
        id: CallId::from_text(id),
        name: name.to_owned(),
        input,
    };
    let wanted = [
        Block::Text {
            text: WORDS.to_owned(),
        },
        call("c1", "range_read", json!({ "range": "A1" })),
        call("c2", "sheet_add", json!({ "name": "Sum" })),
    ];
    assert_eq!(blocks, &wanted, "{how}");
    assert_eq!(stop, &StopReason::ToolUse, "{how}");
    assert_eq!(
        (usage.input, usage.cache_read, usage.output),
        (12, 5, 34),
        "{how}"
    );
}

#[tokio::test]
async fn an_answer_is_read_split_at_every_byte_with_and_without_the_mark_of_its_end() {
    for end in [DONE, ""] {
        let body = framed(&pieces(), end);
        let halves = (1..body.len()).map(|cut| vec![body[..cut].to_vec(), body[cut..].to_vec()]);
        let line = Line::play(halves.map(|halves| Reply::of(halves, End::Proper)).collect()).await;
        let provider = provider(&line);
        for cut in 1..body.len() {
            assert_good(&ask(&provider, request()).await, &format!("split at {cut}"));
        }
    }
}

#[tokio::test]
async fn a_stream_cut_before_its_reason_to_stop_is_asked_for_again() {
    let whole = Reply::whole(framed(&pieces(), DONE));
    for kept in 0..7 {
        let cut = Reply::of(vec![framed(&pieces()[..kept], "")], End::Cut);
        let line = Line::play(vec![cut, whole.clone()]).await;
        assert_good(
            &ask(&provider(&line), request()).await,
            &format!("cut behind {kept}"),
        );
        assert_eq!(line.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_comes_whole_is_taken_too() {
    let message = json!({ "role": "assistant", "content": WORDS, "tool_calls": [
        { "id": "c1", "type": "function", "function": { "name": "range_read", "arguments": "{\"range\":\"A1\"}" } },
        { "id": "c2", "type": "function", "function": { "name": "sheet_add", "arguments": "{\"name\":\"Sum\"}" } } ] });
    let usage = json!({ "prompt_tokens": 17, "completion_tokens": 34, "prompt_tokens_details": { "cached_tokens": 5 } });
    let body = json!({ "id": "chat-1", "choices": [{ "message": message, "finish_reason": "tool_calls" }], "usage": usage });
    let line = Line::play(vec![Reply::whole(body.to_string().into_bytes())]).await;
    assert_good(&ask(&provider(&line), request()).await, "whole");
}

#[tokio::test]
async fn what_is_no_answer_is_named_and_no_half_call_is_believed() {
    let half = [
        piece(
            &json!({ "tool_calls": [{ "index": 0, "id": "c1", "function": { "name": "a", "arguments": "{\"x" } }] }),
            None,
        ),
        piece(&json!({}), Some("tool_calls")),
    ];
    let nameless = [piece(
        &json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "{}" } }] }),
        None,
    )];
    let table = [
        ("half a call", framed(&half, DONE)),
        ("a call without a tool", framed(&nameless, DONE)),
        ("no JSON", b"data: {\n\n".to_vec()),
        ("a web page", b"<!doctype html>".to_vec()),
        ("another object", b"{\"hello\": 1}".to_vec()),
    ];
    for (name, body) in table {
        let line = Line::play(vec![Reply::whole(body)]).await;
        let events = ask(&provider(&line), request()).await;
        let error = events.last().expect("an event").as_ref().expect_err(name);
        assert_eq!(error.code, ErrorCode::InferenceBadAnswer, "{name}");
    }
}

#[tokio::test]
async fn an_error_in_a_stream_and_a_refusal_end_the_call_by_name_without_the_key() {
    let error = json!({ "error": { "message": format!("no: {KEY}"), "type": "rate_limit_error" } });
    let line = Line::play(vec![Reply::whole(framed(&[pieces()[1].clone(), error], ""))]).await;
    let events = ask(&provider(&line), request()).await;
    let told = events.last().expect("an event").as_ref().expect_err("an error");
    assert_eq!(told.code, ErrorCode::InferenceRateLimited);
    assert!(!format!("{events:?}").contains(KEY));
    let refusal = r#"{"error":{"message":"This model's maximum context length is 8192 tokens","type":"invalid_request_error"}}"#;
    let line = Line::play(vec![Reply::status("400 Bad Request", "", refusal)]).await;
    let events = ask(&provider(&line), request()).await;
    let told = events.last().expect("an event").as_ref().expect_err("an error");
    assert_eq!(told.code, ErrorCode::InferenceTooLong);
}

#[tokio::test]
async fn requests_go_to_the_path_of_the_format_and_every_listed_model_is_offered() {
    let list = r#"{"object":"list","data":[{"id":"llama-standin","object":"model"},{"id":"claude-a","object":"model"}]}"#;
    let line = Line::play(vec![
        Reply::whole(list.as_bytes().to_vec()),
        Reply::whole(framed(&pieces(), DONE)),
    ])
    .await;
    let provider = provider(&line);
    let models = provider.models().await.expect("models");
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["llama-standin", "claude-a"]);
    ask(&provider, request()).await;
    let asked = &line.requests()[1];
    assert!(asked.starts_with("POST /v1/chat/completions HTTP/1.1"), "{asked}");
    assert!(!asked.to_lowercase().contains("anthropic-version"), "{asked}");
    assert!(asked.contains("\"include_usage\":true"), "{asked}");
}
