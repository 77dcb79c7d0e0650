//! Messages API and Bedrock, in both directions: a request of `converse` in the words of the Messages API, and answers
//! of a script as the chunks of `invoke` or in the words of `converse`.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::frame::event;

/// Tokens of an answer where the request names no bound.
const MAX_TOKENS: u64 = 4096;
/// Fields that a request may have.
const FIELDS: [&str; 11] = [
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "guardrailConfig",
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "requestMetadata",
    "performanceConfig",
    "serviceTier",
    "outputConfig",
];

/// A rule that is broken.
type Broken = String;

/// The events of an answer as chunks of `invoke`: each holds an event of the Messages API, in base64.
pub(super) fn chunks(events: &[Value]) -> Vec<Bytes> {
    let mut usage = Value::Null;
    let spoken = events.iter().filter(|event| event["type"] != "ping");
    spoken
        .map(|spoken| {
            let mut spoken = spoken.clone();
            if spoken["type"] == "message_delta" {
                usage = spoken["usage"].clone();
            }
            if spoken["type"] == "message_stop" {
                spoken["amazon-bedrock-invocationMetrics"] = json!({
                    "inputTokenCount": usage["input_tokens"], "outputTokenCount": usage["output_tokens"],
                    "cacheReadInputTokenCount": usage["cache_read_input_tokens"],
                    "cacheWriteInputTokenCount": usage["cache_creation_input_tokens"],
                    "invocationLatency": 5, "firstByteLatency": 2,
                });
            }
            event("chunk", json!({ "bytes": STANDARD.encode(spoken.to_string()) }))
        })
        .collect()
}

/// The events of an answer in the words of `converse`.
pub(super) fn events(events: &[Value]) -> Vec<Bytes> {
    let mut usage = Value::Null;
    let mut said = Vec::new();
    for spoken in events {
        let index = &spoken["index"];
        match spoken["type"].as_str().unwrap_or_default() {
            "message_start" => said.push(event("messageStart", json!({ "role": "assistant" }))),
            // Only a call of a tool is announced.
            "content_block_start" if spoken["content_block"]["type"] == "tool_use" => {
                let block = &spoken["content_block"];
                let start = json!({ "toolUse": { "toolUseId": block["id"], "name": block["name"] } });
                said.push(event(
                    "contentBlockStart",
                    json!({ "contentBlockIndex": index, "start": start }),
                ));
            }
            "content_block_delta" => {
                let delta = delta(&spoken["delta"]);
                said.push(event(
                    "contentBlockDelta",
                    json!({ "contentBlockIndex": index, "delta": delta }),
                ));
            }
            "content_block_stop" => {
                said.push(event("contentBlockStop", json!({ "contentBlockIndex": index })));
            }
            "message_delta" => {
                usage = spoken["usage"].clone();
                let stop = &spoken["delta"]["stop_reason"];
                said.push(event("messageStop", json!({ "stopReason": stop })));
            }
            "message_stop" => {
                let metadata = json!({ "usage": tokens(&usage), "metrics": { "latencyMs": 5 } });
                said.push(event("metadata", metadata));
            }
            _ => {}
        }
    }
    said
}

fn delta(delta: &Value) -> Value {
    match delta["type"].as_str().unwrap_or_default() {
        "thinking_delta" => json!({ "reasoningContent": { "text": delta["thinking"] } }),
        "signature_delta" => json!({ "reasoningContent": { "signature": delta["signature"] } }),
        "input_json_delta" => json!({ "toolUse": { "input": delta["partial_json"] } }),
        _ => json!({ "text": delta["text"] }),
    }
}

fn tokens(usage: &Value) -> Value {
    let (input, output) = (
        usage["input_tokens"].as_u64().unwrap_or(0),
        usage["output_tokens"].as_u64().unwrap_or(0),
    );
    let (read, written) = (
        usage["cache_read_input_tokens"].as_u64().unwrap_or(0),
        usage["cache_creation_input_tokens"].as_u64().unwrap_or(0),
    );
    json!({
        "inputTokens": input, "outputTokens": output, "totalTokens": input + output + read + written,
        "cacheReadInputTokens": read, "cacheWriteInputTokens": written,
    })
}

/// A message in the words of `converse`.
pub(super) fn answer(message: &Value) -> Value {
    let blocks = message["content"].as_array().into_iter().flatten();
    let content: Vec<Value> = blocks
        .map(|block| match block["type"].as_str().unwrap_or_default() {
            "tool_use" => json!({
                "toolUse": { "toolUseId": block["id"], "name": block["name"], "input": block["input"] },
            }),
            "thinking" => json!({ "reasoningContent": {
                "reasoningText": { "text": block["thinking"], "signature": block["signature"] },
            } }),
            _ => json!({ "text": block["text"] }),
        })
        .collect();
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": message["stop_reason"], "usage": tokens(&message["usage"]), "metrics": { "latencyMs": 5 },
    })
}

/// A request in the words of the Messages API.
pub(super) fn request(asked: &Value) -> Result<Value, Broken> {
    let fields = asked.as_object().ok_or("The request is not an object.")?;
    if let Some(other) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(format!("{other}: extraneous key is not permitted"));
    }
    let messages = list(&asked["messages"]).map(message);
    let messages: Vec<Value> = messages.collect::<Result<_, _>>()?;
    let alternates = messages.windows(2).all(|two| two[0]["role"] != two[1]["role"]);
    if !alternates {
        return Err("A conversation must alternate between user and assistant roles.".to_owned());
    }
    let tools = &asked["toolConfig"];
    let calls = list(&asked["messages"]).flat_map(|message| list(&message["content"]));
    let has_calls = calls
        .clone()
        .any(|block| block["toolUse"].is_object() || block["toolResult"].is_object());
    if has_calls && tools.is_null() {
        return Err(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
                .to_owned(),
        );
    }
    let limits = &asked["inferenceConfig"];
    let mut request = json!({
        "messages": messages, "max_tokens": limits["maxTokens"].as_u64().unwrap_or(MAX_TOKENS),
    });
    if !asked["system"].is_null() {
        request["system"] = json!(blocks(&asked["system"])?);
    }
    if !tools.is_null() {
        request["tools"] = json!(offered(tools)?);
    }
    Ok(request)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> + Clone {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// The tools that are offered, with the marks of the cache on them.
fn offered(tools: &Value) -> Result<Vec<Value>, Broken> {
    let mut offered: Vec<Value> = Vec::new();
    for tool in list(&tools["tools"]) {
        let (kind, tool) = only(tool)?;
        match kind {
            "toolSpec" => offered.push(json!({
                "name": tool["name"], "description": tool["description"], "input_schema": tool["inputSchema"]["json"],
            })),
            "cachePoint" => mark(offered.last_mut())?,
            other => return Err(format!("{other}: such a tool is not supported")),
        }
    }
    if offered.is_empty() {
        return Err("toolConfig.tools: must have at least one tool".to_owned());
    }
    Ok(offered)
}

fn message(message: &Value) -> Result<Value, Broken> {
    let content = blocks(&message["content"])?;
    let is_of_document = |block: &Value| !block["document"].is_null();
    let is_of_text = |block: &Value| !block["text"].is_null();
    let given = list(&message["content"]);
    if given.clone().any(is_of_document) && !given.clone().any(is_of_text) {
        return Err("A message with a document must also have a text.".to_owned());
    }
    Ok(json!({ "role": message["role"], "content": content }))
}

/// The blocks of a message, of the instructions or of a result.
fn blocks(content: &Value) -> Result<Vec<Value>, Broken> {
    let mut blocks: Vec<Value> = Vec::new();
    for given in list(content) {
        let (kind, given) = only(given)?;
        if kind == "cachePoint" {
            mark(blocks.last_mut())?;
        } else {
            blocks.push(block(kind, given)?);
        }
    }
    Ok(blocks)
}

fn block(kind: &str, given: &Value) -> Result<Value, Broken> {
    Ok(match kind {
        "text" => json!({ "type": "text", "text": given }),
        "json" => json!({ "type": "text", "text": given.to_string() }),
        "image" => shown("image", "image", given),
        "document" => {
            let name = given["name"].as_str().unwrap_or_default();
            let is_name = !name.is_empty()
                && !name.contains("  ")
                && name
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || " -()[]".contains(letter));
            if !is_name {
                return Err(format!(
                    "document.name: {name:?} has other letters than alphanumeric ones, single blanks, hyphens, brackets"
                ));
            }
            if given["format"] == "pdf" {
                shown("document", "application", given)
            } else {
                json!({ "type": "text", "text": name })
            }
        }
        "toolUse" => json!({
            "type": "tool_use", "id": given["toolUseId"], "name": given["name"], "input": given["input"],
        }),
        "toolResult" => json!({
            "type": "tool_result", "tool_use_id": given["toolUseId"], "content": blocks(&given["content"])?,
            "is_error": given["status"] == "error",
        }),
        "reasoningContent" if given["redactedContent"].is_string() => {
            json!({ "type": "redacted_thinking", "data": given["redactedContent"] })
        }
        "reasoningContent" => {
            let text = &given["reasoningText"];
            json!({ "type": "thinking", "thinking": text["text"], "signature": text["signature"] })
        }
        other => return Err(format!("{other}: such a block is not supported")),
    })
}

/// A picture or a PDF with its bytes in base64.
fn shown(kind: &str, family: &str, given: &Value) -> Value {
    let format = given["format"].as_str().unwrap_or_default();
    json!({ "type": kind, "source": {
        "type": "base64", "media_type": format!("{family}/{format}"), "data": given["source"]["bytes"],
    } })
}

/// The one field of a union.
fn only(union: &Value) -> Result<(&str, &Value), Broken> {
    let fields = union.as_object().filter(|fields| fields.len() == 1);
    let first = fields.and_then(|fields| Map::iter(fields).next());
    let (kind, value) = first.ok_or("A block must have exactly one of its fields.")?;
    Ok((kind, value))
}

/// Marks for the cache what stands before.
fn mark(before: Option<&mut Value>) -> Result<(), Broken> {
    let before = before.ok_or("A cachePoint must stand behind something.")?;
    before["cache_control"] = json!({ "type": "ephemeral" });
    Ok(())
}
