//! A request in the wire format, with the markers for the prompt cache.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_core::attached::Loaded;
use deskhand_core::model::{Content, Message, ModelRequest, Role, ToolDefinition};
use deskhand_protocol::message::{Attachment, Block};
use serde::Serialize;
use serde_json::Value;

use super::REDACTED;

/// What the providers want to read in a body, beside what they all do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dialect<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anthropic_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    anthropic_beta: &'a [String],
}

impl<'a> Dialect<'a> {
    /// As the API itself has it: the model and that the answer streams.
    pub fn model(model: &'a str) -> Self {
        Self {
            model: Some(model),
            stream: Some(true),
            ..Self::default()
        }
    }

    /// Where the address names the model: the version of the API and that the answer streams.
    pub fn version(version: &'a str) -> Self {
        Self {
            anthropic_version: Some(version),
            stream: Some(true),
            ..Self::default()
        }
    }

    /// Where the address names the model and says that the answer streams: the version of the API, and what stands
    /// elsewhere in the header `anthropic-beta`.
    pub fn version_alone(version: &'a str, betas: &'a [String]) -> Self {
        Self {
            anthropic_version: Some(version),
            anthropic_beta: betas,
            ..Self::default()
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(flatten)]
    dialect: Dialect<'a>,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<WireBlock<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    messages: Vec<WireMessage<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: Role,
    content: Vec<WireBlock<'a>>,
}

#[derive(Serialize)]
struct WireBlock<'a> {
    #[serde(flatten)]
    kind: WireKind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireKind<'a> {
    Text {
        text: &'a str,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a Value,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Told<'a>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

/// What a tool answered: its words alone, or with what is shown behind them.
#[derive(Serialize)]
#[serde(untagged)]
enum Told<'a> {
    Words(&'a str),
    Blocks(Vec<Shown<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Shown<'a> {
    Text { text: &'a str },
    Image { source: Source<'a> },
    Document { source: Source<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "base64")]
struct Source<'a> {
    media_type: &'a str,
    data: String,
}

/// Everything up to the marked block is kept in the prompt cache.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename = "ephemeral")]
struct CacheControl {}

/// The body of a request in a dialect. Markers stand where a prefix ends that calls repeat: after
/// the instructions, the tools and the newest message of the person, which the next call repeats; and after the one before,
/// which the last call kept. A cache looks back no more than some twenty blocks from a marker, and one step can have more.
pub fn encode(request: &ModelRequest, dialect: Dialect<'_>) -> serde_json::Result<Vec<u8>> {
    let mut system = Vec::new();
    if !request.system.is_empty() {
        system.push(WireBlock {
            kind: WireKind::Text {
                text: &request.system,
            },
            cache_control: Some(CacheControl {}),
        });
    }
    let mut tools: Vec<Tool> = request.tools.iter().map(tool).collect();
    if let Some(last) = tools.last_mut() {
        last.cache_control = Some(CacheControl {});
    }
    let mut messages: Vec<WireMessage> = request
        .messages
        .iter()
        .map(|one| message(one, &request.loaded))
        .filter(|message| !message.content.is_empty())
        .collect();
    let users = messages
        .iter_mut()
        .rev()
        .filter(|message| message.role == Role::User);
    for last in users.take(2).filter_map(|message| message.content.last_mut()) {
        last.cache_control = Some(CacheControl {});
    }
    serde_json::to_vec(&Request {
        dialect,
        max_tokens: request.max_tokens,
        system,
        tools,
        messages,
    })
}

fn tool(tool: &ToolDefinition) -> Tool<'_> {
    Tool {
        name: &tool.name,
        description: &tool.description,
        input_schema: &tool.input_schema,
        cache_control: None,
    }
}

fn message<'a>(message: &'a Message, loaded: &Loaded) -> WireMessage<'a> {
    let kinds = message.content.iter().filter_map(|content| kind(content, loaded));
    let content = kinds.map(|kind| WireBlock {
        kind,
        cache_control: None,
    });
    WireMessage {
        role: message.role,
        content: content.collect(),
    }
}

/// The block on the wire; the API refuses texts without a letter, so they stay out.
fn kind<'a>(content: &'a Content, loaded: &Loaded) -> Option<WireKind<'a>> {
    Some(match content {
        Content::Text(text) | Content::Asked(text) | Content::Said(Block::Text { text }) => {
            return (!text.trim().is_empty()).then_some(WireKind::Text { text });
        }
        Content::Said(Block::Thinking { thinking, signature }) => match signature.strip_prefix(REDACTED) {
            Some(data) => WireKind::RedactedThinking { data },
            None => WireKind::Thinking { thinking, signature },
        },
        Content::Said(Block::ToolUse { id, name, input }) => WireKind::ToolUse {
            id: id.as_str(),
            name,
            input,
        },
        Content::ToolResult {
            call,
            text,
            is_error,
            attachments,
        } => WireKind::ToolResult {
            tool_use_id: call.as_str(),
            content: told(text, attachments, loaded),
            is_error: *is_error,
        },
    })
}

/// The words stand first: they say where what follows comes from, and that it is data. What is not there is left out.
fn told<'a>(text: &'a str, attachments: &'a [Attachment], loaded: &Loaded) -> Told<'a> {
    let shown = attachments.iter().filter_map(|attachment| {
        let source = Source {
            media_type: &attachment.media_type,
            data: STANDARD.encode(loaded.bytes(attachment)?),
        };
        Some(match attachment.media_type.as_str() {
            "application/pdf" => Shown::Document { source },
            _ => Shown::Image { source },
        })
    });
    let mut shown: Vec<Shown> = shown.collect();
    if shown.is_empty() {
        return Told::Words(text);
    }
    if !text.trim().is_empty() {
        shown.insert(0, Shown::Text { text });
    }
    Told::Blocks(shown)
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::CallId;
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn user(content: Vec<Content>) -> Message {
        Message {
            role: Role::User,
            content,
        }
    }

    fn conversation() -> ModelRequest {
        ModelRequest {
            model: String::new(),
            system: "Be exact.".to_owned(),
            messages: vec![
                user(vec![
                    Content::Text("sum it".to_owned()),
                    Content::Text(" ".to_owned()),
                ]),
                Message {
                    role: Role::Assistant,
                    content: vec![
                        Content::Said(Block::Thinking {
                            thinking: "hm".to_owned(),
                            signature: "seal".to_owned(),
                        }),
                        Content::Said(Block::Thinking {
                            thinking: String::new(),
                            signature: format!("{REDACTED}xyz"),
                        }),
                        Content::Said(Block::ToolUse {
                            id: CallId::from_text("c1"),
                            name: "range_read".to_owned(),
                            input: json!({"range": "A1"}),
                        }),
                    ],
                },
                user(vec![Content::ToolResult {
                    call: CallId::from_text("c1"),
                    text: "7".to_owned(),
                    is_error: true,
                    attachments: Vec::new(),
                }]),
            ],
            tools: vec![ToolDefinition {
                name: "range_read".to_owned(),
                description: "Reads.".to_owned(),
                input_schema: json!({"type": "object"}),
            }],
            max_tokens: 100,
            loaded: Loaded::default(),
        }
    }

    #[test]
    fn encodes_a_conversation_with_its_cache_markers() {
        let request = conversation();
        let body: Value =
            serde_json::from_slice(&encode(&request, Dialect::model("model-1")).expect("a body"))
                .expect("json");
        let marker = json!({"type": "ephemeral"});
        assert_eq!(
            body,
            json!({
                "model": "model-1", "max_tokens": 100, "stream": true,
                "system": [{"type": "text", "text": "Be exact.", "cache_control": marker}],
                "tools": [{"name": "range_read", "description": "Reads.", "input_schema": {"type": "object"}, "cache_control": marker}],
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "sum it", "cache_control": marker}]},
                    {"role": "assistant", "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "seal"},
                        {"type": "redacted_thinking", "data": "xyz"},
                        {"type": "tool_use", "id": "c1", "name": "range_read", "input": {"range": "A1"}}
                    ]},
                    {"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": "c1", "content": "7", "is_error": true, "cache_control": marker}
                    ]}
                ]
            })
        );
    }

    #[test]
    fn pictures_and_pdfs_stand_within_the_result_behind_its_words() {
        let mut request = conversation();
        let attached = |content: &str, media_type: &str| Attachment {
            content: content.to_owned(),
            media_type: media_type.to_owned(),
            name: "x".to_owned(),
            size: 3,
            pages: 0,
        };
        let (picture, report) = (attached("a", "image/png"), attached("b", "application/pdf"));
        request.loaded.put(&picture, *b"png");
        request.loaded.put(&report, *b"pdf");
        let Some(Content::ToolResult { attachments, .. }) = request.messages[2].content.first_mut() else {
            panic!("a result");
        };
        attachments.extend([picture, report, attached("c", "image/gif")]);
        let body: Value =
            serde_json::from_slice(&encode(&request, Dialect::model("m")).expect("a body")).expect("json");
        assert_eq!(
            body["messages"][2]["content"],
            json!([{
                "type": "tool_result", "tool_use_id": "c1", "is_error": true, "cache_control": {"type": "ephemeral"},
                "content": [
                    {"type": "text", "text": "7"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "cG5n"}},
                    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "cGRm"}}
                ]
            }])
        );
    }

    #[test]
    fn leaves_out_what_is_empty() {
        let request = ModelRequest {
            model: String::new(),
            system: String::new(),
            messages: vec![user(vec![Content::Text("hello".to_owned())])],
            tools: Vec::new(),
            max_tokens: 1,
            loaded: Loaded::default(),
        };
        let body: Value =
            serde_json::from_slice(&encode(&request, Dialect::model("m")).expect("a body")).expect("json");
        assert!(body.get("system").is_none() && body.get("tools").is_none());
    }
}
