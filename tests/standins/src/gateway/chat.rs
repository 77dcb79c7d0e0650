//! Chat completions, the other format of gateways: a request of it in the words of the Messages API, and the answer of a
//! script in the words of chat completions. Reasoning has no place there.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::messages::Wire;

/// Fields that a request may have.
const FIELDS: [&str; 12] = [
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "stop",
];
/// Tokens of an answer where the request names no bound.
const MAX_TOKENS: u64 = 4096;

/// A rule that is broken, as the API would say it.
type Broken = String;

/// The wire of chat completions.
pub(super) struct Chat {
    /// Whether the last piece of a stream tells what it cost.
    counts: bool,
}

impl Chat {
    /// The wire as a request wants it.
    pub(super) fn of(asked: &Value) -> Self {
        Self {
            counts: asked["stream_options"]["include_usage"] == true,
        }
    }
}

impl Wire for Chat {
    fn events(&self, events: &[Value]) -> Vec<Bytes> {
        let pieces = pieces(events, self.counts);
        let pieces = pieces.iter().map(|piece| format!("data: {piece}\n\n").into());
        pieces.chain([Bytes::from_static(b"data: [DONE]\n\n")]).collect()
    }

    fn whole(&self, message: Value) -> Value {
        whole(&message)
    }

    fn error_event(&self, kind: &str, message: &str) -> Bytes {
        format!("data: {}\n\n", error(kind, message)).into()
    }

    fn refusal(&self, code: StatusCode, kind: Option<&str>, message: &str) -> Response {
        let body = error(kind.unwrap_or("server_error"), message);
        (code, [("x-request-id", "req_standin")], Json(body)).into_response()
    }
}

fn error(kind: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
}

/// The pieces of a stream, without the mark of its end.
fn pieces(events: &[Value], counts: bool) -> Vec<Value> {
    let message = &events.first().unwrap_or(&Value::Null)["message"];
    let piece = |choices: Value| {
        json!({ "id": message["id"], "object": "chat.completion.chunk", "created": 0, "model": message["model"],
            "choices": choices })
    };
    let said =
        |delta: Value, reason: Value| piece(json!([{ "index": 0, "delta": delta, "finish_reason": reason }]));
    let mut pieces = vec![said(json!({ "role": "assistant", "content": "" }), Value::Null)];
    // Calls are numbered apart from what else is said.
    let mut calls = 0;
    for event in events {
        let (block, delta) = (&event["content_block"], &event["delta"]);
        let (kind, part) = (event["type"].as_str(), delta["type"].as_str());
        let delta = match (kind, part) {
            (Some("content_block_start"), _) if block["type"] == "tool_use" => {
                calls += 1;
                let function = json!({ "name": block["name"], "arguments": "" });
                json!({ "tool_calls": [{ "index": calls - 1, "id": block["id"], "type": "function", "function": function }] })
            }
            (_, Some("text_delta")) => json!({ "content": delta["text"] }),
            (_, Some("input_json_delta")) => {
                let function = json!({ "arguments": delta["partial_json"] });
                json!({ "tool_calls": [{ "index": calls - 1, "function": function }] })
            }
            (Some("message_delta"), _) => {
                pieces.push(said(json!({}), reason(&delta["stop_reason"])));
                if counts {
                    let mut last = piece(json!([]));
                    last["usage"] = tokens(&event["usage"]);
                    pieces.push(last);
                }
                continue;
            }
            _ => continue,
        };
        pieces.push(said(delta, Value::Null));
    }
    pieces
}

/// A message that comes whole.
fn whole(message: &Value) -> Value {
    let (mut words, mut calls) = (String::new(), Vec::new());
    for block in list(&message["content"]) {
        match block["type"].as_str() {
            Some("text") => words.push_str(block["text"].as_str().unwrap_or_default()),
            Some("tool_use") => {
                let function = json!({ "name": block["name"], "arguments": block["input"].to_string() });
                calls.push(json!({ "id": block["id"], "type": "function", "function": function }));
            }
            _ => {}
        }
    }
    let words = Some(words).filter(|words| !words.is_empty());
    let mut said = json!({ "role": "assistant", "content": words });
    if !calls.is_empty() {
        said["tool_calls"] = json!(calls);
    }
    json!({
        "id": message["id"], "object": "chat.completion", "created": 0, "model": message["model"],
        "choices": [{ "index": 0, "message": said, "finish_reason": reason(&message["stop_reason"]) }],
        "usage": tokens(&message["usage"]),
    })
}

fn reason(stop: &Value) -> Value {
    json!(match stop.as_str().unwrap_or_default() {
        "tool_use" => "tool_calls",
        "max_tokens" => "length",
        "refusal" => "content_filter",
        _ => "stop",
    })
}

/// What the cache read counts among the prompt's tokens here.
fn tokens(usage: &Value) -> Value {
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    let (read, written) = (
        count("cache_read_input_tokens"),
        count("cache_creation_input_tokens"),
    );
    let prompt = count("input_tokens") + read + written;
    json!({
        "prompt_tokens": prompt, "completion_tokens": count("output_tokens"),
        "total_tokens": prompt + count("output_tokens"), "prompt_tokens_details": { "cached_tokens": read },
    })
}

/// A request in the words of the Messages API.
pub(super) fn request(asked: &Value) -> Result<Value, Broken> {
    let fields = asked.as_object().ok_or("The request is not an object.")?;
    if let Some(other) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("Unrecognized request argument supplied: {other}"));
    }
    let (mut system, mut messages) = (String::new(), Vec::new());
    for message in list(&asked["messages"]) {
        match message["role"].as_str() {
            Some("system" | "developer") => {
                system.push_str(message["content"].as_str().unwrap_or_default());
            }
            Some("assistant") => messages.push(said(message)?),
            Some("user") => add(&mut messages, parts(&message["content"])?),
            Some("tool") => {
                let (call, text) = (&message["tool_call_id"], &message["content"]);
                let result = json!({ "type": "tool_result", "tool_use_id": call, "content": text });
                add(&mut messages, vec![result]);
            }
            other => {
                return Err(format!(
                    "Invalid value: {other:?}. Supported values are: 'system', 'assistant', 'user', and 'tool'."
                ));
            }
        }
    }
    let bound = ["max_completion_tokens", "max_tokens"].map(|name| asked[name].as_u64());
    let mut request = json!({
        "model": asked["model"], "messages": messages, "stream": asked["stream"] == true,
        "max_tokens": bound.into_iter().flatten().next().unwrap_or(MAX_TOKENS),
    });
    if !system.is_empty() {
        request["system"] = json!(system);
    }
    if !asked["tools"].is_null() {
        request["tools"] = list(&asked["tools"]).map(offered).collect::<Result<_, _>>()?;
    }
    Ok(request)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Puts blocks behind those of the person, as results and words stand in one message there.
fn add(messages: &mut Vec<Value>, blocks: Vec<Value>) {
    let last = messages.last_mut().filter(|last| last["role"] == "user");
    match last.and_then(|last| last["content"].as_array_mut()) {
        Some(before) => before.extend(blocks),
        None => messages.push(json!({ "role": "user", "content": blocks })),
    }
}

/// The parts of a person's message.
fn parts(content: &Value) -> Result<Vec<Value>, Broken> {
    if content.is_string() {
        return Ok(vec![json!({ "type": "text", "text": content })]);
    }
    let parts = list(content).map(|part| match part["type"].as_str() {
        Some("text") => Ok(json!({ "type": "text", "text": part["text"] })),
        Some("image_url") => shown(&part["image_url"]["url"]),
        other => Err(format!("{other:?}: such a part is not supported")),
    });
    parts.collect()
}

/// A picture, which stands in its address.
fn shown(url: &Value) -> Result<Value, Broken> {
    let given = url.as_str().and_then(|url| url.strip_prefix("data:"));
    let (kind, data) = given
        .and_then(|given| given.split_once(";base64,"))
        .ok_or("Invalid image data.")?;
    Ok(json!({ "type": "image", "source": { "type": "base64", "media_type": kind, "data": data } }))
}

/// What the model said: words and calls.
fn said(message: &Value) -> Result<Value, Broken> {
    let words = message["content"].as_str().filter(|words| !words.is_empty());
    let words = words.map(|words| Ok(json!({ "type": "text", "text": words })));
    let calls = list(&message["tool_calls"]).map(|call| {
        let function = &call["function"];
        let input: Value = serde_json::from_str(function["arguments"].as_str().unwrap_or_default())
            .map_err(|error| format!("tool_calls: arguments are no JSON: {error}"))?;
        Ok(json!({ "type": "tool_use", "id": call["id"], "name": function["name"], "input": input }))
    });
    let blocks: Vec<Value> = words.into_iter().chain(calls).collect::<Result<_, Broken>>()?;
    Ok(json!({ "role": "assistant", "content": blocks }))
}

/// A tool that is offered.
fn offered(tool: &Value) -> Result<Value, Broken> {
    let function = &tool["function"];
    if tool["type"] != "function" {
        return Err("tools: Missing or unknown required parameter: 'type'.".to_owned());
    }
    Ok(json!({
        "name": function["name"], "description": function["description"], "input_schema": function["parameters"],
    }))
}
