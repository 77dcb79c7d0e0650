//! A request of Converse, as JSON (API reference of Amazon Bedrock, `ConverseStream`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_core::attached::Loaded;
use deskhand_core::model::{Content, ModelRequest, Role, ToolDefinition};
use deskhand_protocol::message::{Attachment, Block};
use serde::Serialize;
use serde_json::{Value, json};

use crate::messages::REDACTED;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Text<'a>>,
    messages: Vec<Message<'a>>,
    inference_config: InferenceConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<ServiceTier>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: Role,
    content: Vec<Piece<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    max_tokens: u32,
}

#[derive(Serialize)]
struct ServiceTier {
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct ToolConfig<'a> {
    tools: Vec<Tool<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    tool_spec: ToolSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: InputSchema<'a>,
}

#[derive(Serialize)]
struct InputSchema<'a> {
    json: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Piece<'a> {
    Text(&'a str),
    ReasoningContent(Reasoning<'a>),
    #[serde(rename_all = "camelCase")]
    ToolUse {
        tool_use_id: &'a str,
        name: &'a str,
        input: &'a Value,
    },
    #[serde(rename_all = "camelCase")]
    ToolResult {
        tool_use_id: &'a str,
        content: Vec<Shown<'a>>,
        status: &'static str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Reasoning<'a> {
    ReasoningText { text: &'a str, signature: &'a str },
    RedactedContent(&'a str),
}

/// What a tool answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Shown<'a> {
    Text(&'a str),
    Image {
        format: &'a str,
        source: Source,
    },
    Document {
        format: &'static str,
        name: String,
        source: Source,
    },
}

#[derive(Serialize)]
struct Source {
    bytes: String,
}

/// The body of a request. The model stands in the address.
pub(in crate::bedrock) fn encode(
    request: &ModelRequest,
    service_tier: Option<&'static str>,
) -> serde_json::Result<Vec<u8>> {
    let any_object = json!({ "type": "object" });
    let system = Some(request.system.as_str()).filter(|text| !text.trim().is_empty());
    let mut tools: Vec<Tool> = request.tools.iter().map(tool).collect();
    if tools.is_empty() {
        // Converse refuses calls in the conversation of a request that names no tools.
        tools = used(request, &any_object);
    }
    serde_json::to_vec(&Request {
        system: system.map(|text| Text { text }).into_iter().collect(),
        messages: messages(request),
        inference_config: InferenceConfig {
            max_tokens: request.max_tokens,
        },
        tool_config: (!tools.is_empty()).then_some(ToolConfig { tools }),
        service_tier: service_tier.map(|kind| ServiceTier { kind }),
    })
}

fn tool(tool: &ToolDefinition) -> Tool<'_> {
    Tool {
        tool_spec: ToolSpec {
            name: &tool.name,
            description: &tool.description,
            input_schema: InputSchema {
                json: &tool.input_schema,
            },
        },
    }
}

/// The tools that were called in the conversation, each once.
fn used<'a>(request: &'a ModelRequest, input: &'a Value) -> Vec<Tool<'a>> {
    let mut names: Vec<&str> = Vec::new();
    for content in request.messages.iter().flat_map(|message| &message.content) {
        if let Content::Said(Block::ToolUse { name, .. }) = content
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
    }
    let tool = |name| Tool {
        tool_spec: ToolSpec {
            name,
            description: "",
            input_schema: InputSchema { json: input },
        },
    };
    names.into_iter().map(tool).collect()
}

/// The conversation. Roles must take turns, so neighbours of one role become one message.
fn messages(request: &ModelRequest) -> Vec<Message<'_>> {
    let mut documents = 0;
    let mut messages: Vec<Message> = Vec::new();
    for message in &request.messages {
        let pieces = message.content.iter();
        let content: Vec<Piece> = pieces
            .filter_map(|content| piece(content, &request.loaded, &mut documents))
            .collect();
        match messages.last_mut() {
            _ if content.is_empty() => {}
            Some(last) if last.role == message.role => last.content.extend(content),
            _ => messages.push(Message {
                role: message.role,
                content,
            }),
        }
    }
    messages
}

/// A piece on the wire, where there is a form for it. Texts without a letter are refused. Reasoning goes back only where
/// the provider sealed it: some models refuse any other.
fn piece<'a>(content: &'a Content, loaded: &Loaded, documents: &mut usize) -> Option<Piece<'a>> {
    Some(match content {
        Content::Text(text) | Content::Asked(text) | Content::Said(Block::Text { text }) => {
            return (!text.trim().is_empty()).then_some(Piece::Text(text));
        }
        Content::Said(Block::Thinking { thinking, signature }) => {
            Piece::ReasoningContent(match signature.strip_prefix(REDACTED) {
                Some(data) => Reasoning::RedactedContent(data),
                None if signature.is_empty() => return None,
                None => Reasoning::ReasoningText {
                    text: thinking,
                    signature,
                },
            })
        }
        Content::Said(Block::ToolUse { id, name, input }) => Piece::ToolUse {
            tool_use_id: id.as_str(),
            name,
            input,
        },
        Content::ToolResult {
            call,
            text,
            is_error,
            attachments,
        } => Piece::ToolResult {
            tool_use_id: call.as_str(),
            content: shown(text, attachments, loaded, documents),
            status: if *is_error { "error" } else { "success" },
        },
    })
}

/// The words stand first: they say where what follows comes from, and that it is data. What is not there is left out.
fn shown<'a>(
    text: &'a str,
    attachments: &'a [Attachment],
    loaded: &Loaded,
    documents: &mut usize,
) -> Vec<Shown<'a>> {
    let mut shown = Vec::new();
    if !text.trim().is_empty() {
        shown.push(Shown::Text(text));
    }
    for attachment in attachments {
        let Some(bytes) = loaded.bytes(attachment) else {
            continue;
        };
        let source = Source {
            bytes: STANDARD.encode(bytes),
        };
        match attachment.media_type.strip_prefix("image/") {
            Some(format) => shown.push(Shown::Image { format, source }),
            None if attachment.media_type == "application/pdf" => {
                // The name may hold few characters and must be a document's own; the words tell the file's.
                *documents += 1;
                let name = format!("document-{documents}");
                shown.push(Shown::Document {
                    format: "pdf",
                    name,
                    source,
                });
            }
            None => {}
        }
    }
    if shown.is_empty() {
        shown.push(Shown::Text("(nothing)"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use deskhand_core::model::Message;
    use deskhand_protocol::CallId;
    use pretty_assertions::assert_eq;

    use super::*;

    fn message(role: Role, content: Vec<Content>) -> Message {
        Message { role, content }
    }

    fn thinking(thinking: &str, signature: &str) -> Content {
        Content::Said(Block::Thinking {
            thinking: thinking.to_owned(),
            signature: signature.to_owned(),
        })
    }

    fn call(id: &str) -> Content {
        Content::Said(Block::ToolUse {
            id: CallId::from_text(id),
            name: "range_read".to_owned(),
            input: json!({ "range": "A1" }),
        })
    }

    fn result(id: &str, text: &str, is_error: bool, attachments: Vec<Attachment>) -> Content {
        Content::ToolResult {
            call: CallId::from_text(id),
            text: text.to_owned(),
            is_error,
            attachments,
        }
    }

    fn attached(content: &str, media_type: &str) -> Attachment {
        Attachment {
            content: content.to_owned(),
            media_type: media_type.to_owned(),
            name: "Q3 (final).pdf".to_owned(),
            size: 3,
            pages: 0,
        }
    }

    fn conversation() -> ModelRequest {
        let (picture, report) = (attached("a", "image/png"), attached("b", "application/pdf"));
        let mut loaded = Loaded::default();
        loaded.put(&picture, *b"png");
        loaded.put(&report, *b"pdf");
        let files = vec![picture, report.clone(), attached("not loaded", "image/gif")];
        ModelRequest {
            model: String::new(),
            system: "Be exact.".to_owned(),
            messages: vec![
                message(Role::User, vec![Content::Asked("sum it".to_owned())]),
                message(Role::User, vec![Content::Text(" ".to_owned())]),
                message(Role::User, vec![Content::Text("open: book".to_owned())]),
                message(
                    Role::Assistant,
                    vec![
                        thinking("hm", "seal"),
                        thinking("unsealed", ""),
                        thinking("", &format!("{REDACTED}eHl6")),
                        call("c1"),
                        call("c2"),
                    ],
                ),
                message(
                    Role::User,
                    vec![
                        result("c1", "7", false, files),
                        result("c2", "", true, vec![report]),
                    ],
                ),
            ],
            tools: vec![ToolDefinition {
                name: "range_read".to_owned(),
                description: "Reads.".to_owned(),
                input_schema: json!({ "type": "object" }),
            }],
            max_tokens: 100,
            loaded,
        }
    }

    fn encoded(request: &ModelRequest, service_tier: Option<&'static str>) -> Value {
        serde_json::from_slice(&encode(request, service_tier).expect("a body")).expect("json")
    }

    #[test]
    fn encodes_a_conversation_with_calls_reasoning_pictures_and_documents() {
        let use_of =
            |id| json!({ "toolUse": { "toolUseId": id, "name": "range_read", "input": { "range": "A1" } } });
        let document =
            |name| json!({ "document": { "format": "pdf", "name": name, "source": { "bytes": "cGRm" } } });
        assert_eq!(
            encoded(&conversation(), Some("flex")),
            json!({
                "system": [{ "text": "Be exact." }],
                "messages": [
                    { "role": "user", "content": [{ "text": "sum it" }, { "text": "open: book" }] },
                    { "role": "assistant", "content": [
                        { "reasoningContent": { "reasoningText": { "text": "hm", "signature": "seal" } } },
                        { "reasoningContent": { "redactedContent": "eHl6" } },
                        use_of("c1"),
                        use_of("c2"),
                    ] },
                    { "role": "user", "content": [
                        { "toolResult": { "toolUseId": "c1", "status": "success", "content": [
                            { "text": "7" },
                            { "image": { "format": "png", "source": { "bytes": "cG5n" } } },
                            document("document-1"),
                        ] } },
                        { "toolResult": { "toolUseId": "c2", "status": "error", "content": [document("document-2")] } },
                    ] },
                ],
                "inferenceConfig": { "maxTokens": 100 },
                "toolConfig": { "tools": [{ "toolSpec": {
                    "name": "range_read", "description": "Reads.", "inputSchema": { "json": { "type": "object" } },
                } }] },
                "serviceTier": { "type": "flex" },
            })
        );
    }

    #[test]
    fn names_the_tools_of_the_conversation_where_the_request_has_none() {
        let mut request = conversation();
        request.tools.clear();
        assert_eq!(
            encoded(&request, None)["toolConfig"],
            json!({ "tools": [{ "toolSpec": {
                "name": "range_read", "inputSchema": { "json": { "type": "object" } },
            } }] })
        );
    }

    #[test]
    fn leaves_out_what_is_empty() {
        let mut request = conversation();
        request.system = String::new();
        request.tools.clear();
        request.messages.truncate(1);
        assert_eq!(
            encoded(&request, None),
            json!({
                "messages": [{ "role": "user", "content": [{ "text": "sum it" }] }],
                "inferenceConfig": { "maxTokens": 100 },
            })
        );
    }
}
