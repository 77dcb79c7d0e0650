//! The rules of the Messages API that a request must keep, in the words of its error messages.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Fields that a request may have.
const FIELDS: [&str; 18] = [
    "model",
    "messages",
    "max_tokens",
    "system",
    "tools",
    "tool_choice",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "metadata",
    "thinking",
    "service_tier",
    "container",
    "context_management",
    "mcp_servers",
    "output_config",
];
/// The version of the API that came after 2023-06-01.
const NEWER: &str = "2026-10-21";
const MAX_CACHE_MARKERS: usize = 4;
/// Letters of base64 that a picture may have.
const MAX_IMAGE: usize = 5 << 20;
/// Pictures that the API takes, with their first bytes.
const IMAGES: [(&str, &[u8]); 4] = [
    ("image/png", b"\x89PNG"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
    ("image/webp", b"RIFF"),
];

/// A rule that is broken, as the API would say it.
pub(crate) type Broken = String;

/// The token that a request carries.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("authorization")?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}

/// Checks the header that names the version of the API.
pub(crate) fn check_version(headers: &HeaderMap) -> Result<(), Broken> {
    if headers.contains_key("anthropic-version") {
        Ok(())
    } else {
        Err("anthropic-version: header is required".to_owned())
    }
}

/// Takes from a body what clouds have there in the place of headers: the version, which a cloud names in its own way or as
/// the current libraries of the model do, and features. What only the newer version refuses is not refused here.
pub(crate) fn take_version(body: &Value, own: &str) -> Result<Value, Broken> {
    let mut request = body.clone();
    let fields = request.as_object_mut().ok_or("Input should be an object")?;
    let version = fields.remove("anthropic_version").unwrap_or_default();
    if version != own && version != NEWER {
        return Err(format!("anthropic_version: Input should be '{own}'"));
    }
    fields.remove("anthropic_beta");
    Ok(request)
}

/// Checks a request for a message, or for counting its tokens.
pub(crate) fn check(body: &Value, is_count: bool) -> Result<(), Broken> {
    let object = body.as_object().ok_or("Input should be an object")?;
    if let Some(field) = object.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(format!("{field}: Extra inputs are not permitted"));
    }
    if body["model"].as_str().is_none_or(str::is_empty) {
        return Err("model: Field required".to_owned());
    }
    if !is_count && body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Err("max_tokens: Input should be greater than or equal to 1".to_owned());
    }
    check_tools(&body["tools"])?;
    check_messages(body)?;
    let markers = count_markers(body);
    if markers > MAX_CACHE_MARKERS {
        return Err(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {markers}."
        ));
    }
    Ok(())
}

fn check_tools(tools: &Value) -> Result<(), Broken> {
    let mut names = BTreeSet::new();
    for (index, tool) in tools.as_array().into_iter().flatten().enumerate() {
        let name = tool["name"].as_str().unwrap_or_default();
        let is_name = (1..=128).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !is_name {
            return Err(format!(
                "tools.{index}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            ));
        }
        if !names.insert(name) {
            return Err("tools: Tool names must be unique.".to_owned());
        }
        if tool["input_schema"]["type"] != "object" {
            return Err(format!("tools.{index}.input_schema.type: Field required"));
        }
    }
    Ok(())
}

fn check_messages(body: &Value) -> Result<(), Broken> {
    let messages = body["messages"]
        .as_array()
        .filter(|messages| !messages.is_empty());
    let messages = messages.ok_or("messages: at least one message is required")?;
    if messages[0]["role"] != "user" {
        return Err("messages: first message must use the \"user\" role".to_owned());
    }
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (index, message) in messages.iter().enumerate() {
        let blocks = blocks(message, index)?;
        let results = answered(blocks, index)?;
        if let Some(missing) = open.difference(&results).next() {
            return Err(format!(
                "messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}"
            ));
        }
        if let Some(foreign) = results.difference(&open).next() {
            return Err(format!(
                "messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: {foreign}"
            ));
        }
        open = match message["role"].as_str() {
            Some("assistant") => called(blocks),
            Some("user") => BTreeSet::new(),
            _ => {
                return Err(format!(
                    "messages.{index}.role: Input should be 'user' or 'assistant'"
                ));
            }
        };
    }
    match open.first() {
        Some(call) => Err(format!(
            "messages: `tool_use` ids were found without `tool_result` blocks: {call}"
        )),
        None => Ok(()),
    }
}

/// The blocks of a message; a message of one string has none to check.
fn blocks(message: &Value, index: usize) -> Result<&[Value], Broken> {
    let empty = || format!("messages.{index}: all messages must have non-empty content");
    let blocks = match &message["content"] {
        Value::String(text) if text.is_empty() => return Err(empty()),
        Value::String(_) => return Ok(&[]),
        Value::Array(blocks) if !blocks.is_empty() => blocks,
        _ => return Err(empty()),
    };
    for block in blocks {
        match block["type"].as_str() {
            Some("text") if block["text"].as_str().is_none_or(|text| text.trim().is_empty()) => {
                return Err("messages: text content blocks must contain non-whitespace text".to_owned());
            }
            Some("tool_use") if !block["input"].is_object() => {
                return Err(format!(
                    "messages.{index}: tool_use.input: Input should be a valid dictionary"
                ));
            }
            Some("thinking") if !block["signature"].is_string() => {
                return Err(format!("messages.{index}: thinking.signature: Field required"));
            }
            Some(
                "text" | "image" | "document" | "thinking" | "redacted_thinking" | "tool_use" | "tool_result",
            ) => check_shown(block, index)?,
            other => {
                return Err(format!(
                    "messages.{index}.content: Input tag '{other:?}' found using 'type'"
                ));
            }
        }
    }
    Ok(blocks)
}

/// Checks pictures and PDFs, also within the result of a tool.
fn check_shown(block: &Value, index: usize) -> Result<(), Broken> {
    let at = |what: &str| format!("messages.{index}.content: {what}");
    if block["type"] == "tool_result" {
        for inner in block["content"].as_array().into_iter().flatten() {
            match inner["type"].as_str() {
                Some("text") if inner["text"].as_str().is_none_or(|text| text.trim().is_empty()) => {
                    return Err(at("tool_result: text content blocks must be non-empty"));
                }
                Some("text" | "image" | "document" | "search_result") => check_shown(inner, index)?,
                _ => {
                    return Err(at(
                        "tool_result: Input tag does not match any of the expected tags",
                    ));
                }
            }
        }
        return Ok(());
    }
    let kinds: &[(&str, &[u8])] = match block["type"].as_str() {
        Some("image") => &IMAGES,
        Some("document") => &[("application/pdf", b"%PDF-")],
        _ => return Ok(()),
    };
    let source = &block["source"];
    if source["type"] != "base64" {
        return Ok(());
    }
    let kind = kinds.iter().find(|(kind, _)| source["media_type"] == *kind);
    let (_, begins) = kind.ok_or_else(|| at("source.base64.media_type: Input should be a known type"))?;
    let data = source["data"].as_str().unwrap_or_default();
    if block["type"] == "image" && data.len() > MAX_IMAGE {
        return Err(at("image exceeds 5 MB maximum"));
    }
    match STANDARD.decode(data) {
        Ok(bytes) if bytes.starts_with(begins) => Ok(()),
        Ok(_) => Err(at(
            "Could not process image: it is not of the specified media type",
        )),
        Err(_) => Err(at("source.base64.data: Input should be valid base64")),
    }
}

/// The calls that the results of a message answer. Results must stand first.
fn answered(blocks: &[Value], index: usize) -> Result<BTreeSet<&str>, Broken> {
    let is_result = |block: &&Value| block["type"] == "tool_result";
    let first = blocks.iter().take_while(is_result).count();
    if blocks.iter().filter(is_result).count() > first {
        return Err(format!(
            "messages.{index}: `tool_result` blocks must come before other content"
        ));
    }
    let results: Vec<&str> = blocks[..first]
        .iter()
        .filter_map(|block| block["tool_use_id"].as_str())
        .collect();
    let unique: BTreeSet<&str> = results.iter().copied().collect();
    if unique.len() < first {
        return Err(format!(
            "messages.{index}: each tool_use must have a single result"
        ));
    }
    Ok(unique)
}

fn called(blocks: &[Value]) -> BTreeSet<&str> {
    let calls = blocks.iter().filter(|block| block["type"] == "tool_use");
    calls.filter_map(|block| block["id"].as_str()).collect()
}

fn count_markers(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count_markers).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| match key.as_str() {
                "cache_control" => 1,
                // A tool's input or schema may have a field of that name.
                "input" | "input_schema" => 0,
                _ => count_markers(field),
            })
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(messages: &Value) -> String {
        let body = json!({"model": "m", "max_tokens": 1, "messages": messages});
        check(&body, false).err().unwrap_or_default()
    }

    #[test]
    fn refuses_what_the_real_api_refuses() {
        let ask = json!({"role": "user", "content": "hello"});
        let call = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "t", "input": {}}]});
        let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": "ok"});
        let text = json!({"type": "text", "text": "x"});
        let shows = |kind: &str, media_type: &str, bytes: &[u8]| {
            let source = json!({"type": "base64", "media_type": media_type, "data": STANDARD.encode(bytes)});
            let shown = [text.clone(), json!({"type": kind, "source": source})];
            let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": shown});
            json!([ask, call, {"role": "user", "content": [result]}])
        };
        let table = [
            (json!([]), "at least one message"),
            (json!([call]), "first message must use"),
            (json!([ask, call]), "without `tool_result`"),
            (
                json!([ask, call, ask]),
                "without `tool_result` blocks immediately after: c1",
            ),
            (
                json!([ask, call, {"role": "user", "content": [text, result]}]),
                "must come before other content",
            ),
            (
                json!([ask, call, {"role": "user", "content": [result, result]}]),
                "single result",
            ),
            (
                json!([ask, {"role": "user", "content": [result]}]),
                "unexpected `tool_use_id`",
            ),
            (json!([{"role": "user", "content": []}]), "non-empty content"),
            (
                json!([{"role": "user", "content": [{"type": "text", "text": " "}]}]),
                "non-whitespace",
            ),
            (
                json!([ask, {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}]}]),
                "signature",
            ),
            (
                json!([ask, call, {"role": "user", "content": [result, text]}]),
                "",
            ),
            (shows("image", "image/gif", b"GIF89a"), ""),
            (shows("document", "application/pdf", b"%PDF-1.7"), ""),
            (
                shows("image", "image/png", b"GIF89a"),
                "not of the specified media type",
            ),
            (shows("image", "image/tiff", b"II*"), "media_type"),
            (shows("video", "video/mp4", b""), "tool_result: Input tag"),
        ];
        for (messages, wanted) in table {
            let refusal = refusal(&messages);
            assert!(
                refusal.contains(wanted) && refusal.is_empty() == wanted.is_empty(),
                "{messages}: {refusal}"
            );
        }
    }
}
