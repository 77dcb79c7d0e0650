//! A request in the form of chat completions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_core::attached::Loaded;
use deskhand_core::model::{Content, Message, ModelRequest, Role};
use deskhand_protocol::message::{Attachment, Block};
use serde_json::{Value, json};

/// What stands for a PDF.
const NO_PDF: &str = "(A PDF stands here. This gateway's format takes none; read its text instead.)";

/// The body of a streaming request for this model.
pub fn encode(request: &ModelRequest, model: &str) -> serde_json::Result<Vec<u8>> {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    for message in &request.messages {
        match message.role {
            Role::Assistant => messages.extend(said(message)),
            Role::User => asked(message, &request.loaded, &mut messages),
        }
    }
    let mut body = json!({
        "model": model, "messages": messages, "max_tokens": request.max_tokens,
        "stream": true, "stream_options": { "include_usage": true },
    });
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            let function = json!({
                "name": tool.name, "description": tool.description, "parameters": tool.input_schema,
            });
            json!({ "type": "function", "function": function })
        });
        body["tools"] = tools.collect();
    }
    serde_json::to_vec(&body)
}

/// What the model said: its words in one piece, and its calls.
fn said(message: &Message) -> Option<Value> {
    let (mut words, mut calls) = (String::new(), Vec::new());
    for content in &message.content {
        match content {
            Content::Said(Block::ToolUse { id, name, input }) => {
                let function = json!({ "name": name, "arguments": input.to_string() });
                calls.push(json!({ "id": id.as_str(), "type": "function", "function": function }));
            }
            Content::Said(Block::Text { text }) | Content::Text(text) | Content::Asked(text) => {
                words.push_str(text);
            }
            Content::Said(Block::Thinking { .. }) | Content::ToolResult { .. } => {}
        }
    }
    if words.is_empty() && calls.is_empty() {
        return None;
    }
    let mut said = json!({ "role": "assistant", "content": words });
    if !calls.is_empty() {
        said["tool_calls"] = calls.into();
    }
    Some(said)
}

/// What the model is told: results first, since they must follow their calls, then what is shown behind them, then words.
fn asked(message: &Message, loaded: &Loaded, messages: &mut Vec<Value>) {
    let mut parts = Vec::new();
    for content in &message.content {
        match content {
            Content::ToolResult {
                call,
                text,
                attachments,
                ..
            } => {
                messages.push(json!({ "role": "tool", "tool_call_id": call.as_str(), "content": text }));
                parts.extend(
                    attachments
                        .iter()
                        .filter_map(|attachment| shown(attachment, loaded)),
                );
            }
            Content::Text(text) | Content::Asked(text) | Content::Said(Block::Text { text }) => {
                if !text.trim().is_empty() {
                    parts.push(json!({ "type": "text", "text": text }));
                }
            }
            Content::Said(Block::Thinking { .. } | Block::ToolUse { .. }) => {}
        }
    }
    if !parts.is_empty() {
        messages.push(json!({ "role": "user", "content": parts }));
    }
}

fn shown(attachment: &Attachment, loaded: &Loaded) -> Option<Value> {
    if attachment.media_type == "application/pdf" {
        return Some(json!({ "type": "text", "text": NO_PDF }));
    }
    let bytes = STANDARD.encode(loaded.bytes(attachment)?);
    let url = format!("data:{};base64,{bytes}", attachment.media_type);
    Some(json!({ "type": "image_url", "image_url": { "url": url } }))
}

#[cfg(test)]
mod tests {
    use deskhand_core::model::ToolDefinition;
    use deskhand_protocol::CallId;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a whole conversation, and what it becomes")]
    fn a_conversation_with_tools_keeps_its_order_and_results_follow_their_calls() {
        let call = CallId::from_text("call-1");
        let thinking = Block::Thinking {
            thinking: "hm".to_owned(),
            signature: "s".to_owned(),
        };
        let used = Block::ToolUse {
            id: call.clone(),
            name: "range_read".to_owned(),
            input: json!({ "range": "A1" }),
        };
        let text = |text: &str| Block::Text {
            text: text.to_owned(),
        };
        let message = |role, content| Message { role, content };
        let request = ModelRequest {
            model: String::new(),
            system: "Be exact.".to_owned(),
            messages: vec![
                message(
                    Role::User,
                    vec![Content::Asked("Sum?".to_owned()), Content::Text(" ".to_owned())],
                ),
                message(
                    Role::Assistant,
                    vec![
                        Content::Said(thinking),
                        Content::Said(text("I look.")),
                        Content::Said(used),
                    ],
                ),
                message(
                    Role::User,
                    vec![
                        Content::Text("Sheet1 is open.".to_owned()),
                        Content::ToolResult {
                            call,
                            text: "7".to_owned(),
                            is_error: false,
                            attachments: Vec::new(),
                        },
                    ],
                ),
            ],
            tools: vec![ToolDefinition {
                name: "range_read".to_owned(),
                description: "Reads.".to_owned(),
                input_schema: json!({ "type": "object" }),
            }],
            max_tokens: 9,
            loaded: Loaded::default(),
        };
        let body: Value = serde_json::from_slice(&encode(&request, "m").expect("a body")).expect("JSON");
        assert_eq!(
            body,
            json!({
                "model": "m", "max_tokens": 9, "stream": true, "stream_options": { "include_usage": true },
                "tools": [{ "type": "function", "function": {
                    "name": "range_read", "description": "Reads.", "parameters": { "type": "object" } } }],
                "messages": [
                    { "role": "system", "content": "Be exact." },
                    { "role": "user", "content": [{ "type": "text", "text": "Sum?" }] },
                    { "role": "assistant", "content": "I look.", "tool_calls": [{ "id": "call-1", "type": "function",
                        "function": { "name": "range_read", "arguments": "{\"range\":\"A1\"}" } }] },
                    { "role": "tool", "tool_call_id": "call-1", "content": "7" },
                    { "role": "user", "content": [{ "type": "text", "text": "Sheet1 is open." }] },
                ],
            })
        );
    }
}
