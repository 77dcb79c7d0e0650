//! The gateway provider against a gateway that nobody here wrote: LiteLLM's proxy, in front of the stand-in, and with its
//! own mock answer, which it sends whole however it was asked.

#![expect(clippy::disallowed_methods, reason = "waits until the gateway listens")]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::model::{Content, Message, ModelEvent, ModelRequest, Role, ToolDefinition};
use deskhand_core::ports::Provider;
use deskhand_egress::{Gate, Network};
use deskhand_inference::credential::Fixed;
use deskhand_inference::retry::Pauses;
use deskhand_inference::{AuthScheme, Connection, Format, Place, ProviderConfig, Secret};
use deskhand_protocol::message::{Block, StopReason};
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_standins::gateway::{Outcome, Part};
use deskhand_standins::script::Script;
use deskhand_test_support::{Child, eventually, free_port, python};
use futures_util::StreamExt;
use pretty_assertions::assert_eq;
use serde_json::json;

/// A fresh proxy on a busy machine needs most of a minute.
const START: Duration = Duration::from_mins(3);
const MASTER_KEY: &str = "sk-standin-master";
const MOCK: &str = "All quiet.";

struct Proxy {
    base: String,
    _config: tempfile::TempDir,
    _child: Child,
}

impl Proxy {
    async fn in_front_of(upstream: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config.yaml");
        let models = json!({
            "model_list": [
                {"model_name": "claude-standin", "litellm_params":
                    {"model": "anthropic/claude-standin", "api_base": upstream, "api_key": "standin-key"}},
                {"model_name": "claude-mock", "litellm_params":
                    {"model": "anthropic/claude-mock", "api_key": "unused", "mock_response": MOCK}},
            ],
            "general_settings": {"master_key": MASTER_KEY},
            "router_settings": {"num_retries": 0},
        });
        std::fs::write(&config, models.to_string()).expect("a file");
        let port = free_port();
        let program = python().with_file_name("litellm");
        let mut command = Command::new(program);
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(config);
        // Without this it would fetch its list of prices from the network first.
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        let child = Child::spawn(&mut command);
        let address = format!("127.0.0.1:{port}");
        eventually("the proxy", START, async || {
            tokio::net::TcpStream::connect(&address).await.ok()
        })
        .await;
        Self {
            base: format!("http://{address}"),
            _config: folder,
            _child: child,
        }
    }

    fn provider(&self, key: &str, scheme: AuthScheme, format: Format) -> Connection {
        let base = self.base.clone();
        let setting = move |key: &str| match key {
            "inferenceProvider" => json!("gateway"),
            "inferenceGatewayBaseUrl" => json!(base),
            _ => json!(null),
        };
        let mut config = ProviderConfig::new(Place::Gateway {
            base_url: self.base.clone(),
            scheme,
            format,
        });
        config.credential = Arc::new(Fixed::new(Secret::new(key.to_owned())));
        config.manner.pauses = Pauses {
            first: Duration::ZERO,
            longest: Duration::ZERO,
        };
        Connection::new(config, &Gate::new(setting, Network::default())).expect("a provider")
    }
}

fn request(model: &str, messages: Vec<Message>) -> ModelRequest {
    ModelRequest {
        model: model.to_owned(),
        system: "Be exact.".to_owned(),
        messages,
        tools: vec![ToolDefinition {
            name: "forecast".to_owned(),
            description: "The weather of the next days.".to_owned(),
            input_schema: json!({"type": "object", "properties": {"place": {"type": "string"}}}),
        }],
        max_tokens: 100,
        loaded: deskhand_core::attached::Loaded::default(),
    }
}

fn asked() -> Vec<Message> {
    vec![Message {
        role: Role::User,
        content: vec![Content::Text("What will the weather be?".to_owned())],
    }]
}

async fn ask(
    provider: &Connection,
    request: ModelRequest,
) -> (Vec<String>, Result<(Vec<Block>, StopReason), UserError>) {
    let mut words = Vec::new();
    let mut stream = provider.stream(request);
    while let Some(event) = stream.next().await {
        match event {
            Ok(ModelEvent::TextDelta(text)) => words.push(text),
            Ok(ModelEvent::Completed { blocks, stop, usage }) => {
                assert!(usage.output > 0, "usage is counted");
                return (words, Ok((blocks, stop)));
            }
            Ok(ModelEvent::Reset | ModelEvent::Retrying { .. }) => words.clear(),
            Ok(ModelEvent::Begun | ModelEvent::Body(_)) => {}
            Err(error) => return (words, Err(error)),
        }
    }
    panic!("the stream ended without an end");
}

#[tokio::test]
async fn works_with_a_gateway_that_nobody_here_wrote() {
    let script =
        Script::from_yaml(include_str!("../../../tests/standins/scripts/greeting.yaml")).expect("a script");
    let upstream = deskhand_standins::gateway::Gateway::start(Part::Script(Box::new(script)), 0)
        .await
        .expect("a port");
    let proxy = Proxy::in_front_of(&upstream.base_url()).await;
    // The same conversation in each of the two formats.
    for format in [Format::Messages, Format::ChatCompletions] {
        let provider = proxy.provider(MASTER_KEY, AuthScheme::Bearer, format);
        streams_words_and_calls_tools(&provider).await;
    }
    let steps: Vec<Outcome> = upstream.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(steps, [1, 2, 1, 2].map(Outcome::Step));
    takes_an_answer_that_does_not_stream(&proxy).await;
    tells_refusals_apart(&proxy).await;
}

async fn streams_words_and_calls_tools(provider: &Connection) {
    let mut messages = asked();
    let (words, answer) = ask(provider, request("claude-standin", messages.clone())).await;
    let (blocks, stop) = answer.expect("an answer");
    assert!(words.len() > 1, "it streams");
    assert_eq!(words.concat(), "I look at the forecast – für Zürich ☀.");
    assert_eq!(stop, StopReason::ToolUse);
    let Block::ToolUse { id, name, input } = blocks[1].clone() else {
        panic!("a call, got {blocks:?}")
    };
    assert_eq!(
        (name.as_str(), input),
        ("forecast", json!({"place": "Zürich", "days": 2}))
    );
    messages.push(Message {
        role: Role::Assistant,
        content: blocks.into_iter().map(Content::Said).collect(),
    });
    let result = json!({"sky": "clear", "high": 21}).to_string();
    messages.push(Message {
        role: Role::User,
        content: vec![Content::ToolResult {
            call: id,
            text: result,
            is_error: false,
            attachments: Vec::new(),
        }],
    });
    let (words, answer) = ask(provider, request("claude-standin", messages)).await;
    assert_eq!(words.concat(), "It will be clear, 21 degrees.");
    assert_eq!(answer.expect("an answer").1, StopReason::EndTurn);
}

/// The proxy's own mock comes whole, although streaming was asked for.
async fn takes_an_answer_that_does_not_stream(proxy: &Proxy) {
    let ways = [
        (AuthScheme::Bearer, Format::Messages),
        (AuthScheme::ApiKey, Format::Messages),
        (AuthScheme::Bearer, Format::ChatCompletions),
    ];
    for (scheme, format) in ways {
        let provider = proxy.provider(MASTER_KEY, scheme, format);
        let (words, answer) = ask(&provider, request("claude-mock", asked())).await;
        assert_eq!(words.concat(), MOCK);
        let blocks = vec![Block::Text {
            text: MOCK.to_owned(),
        }];
        assert_eq!(answer.expect("an answer"), (blocks, StopReason::EndTurn));
    }
    let models = proxy
        .provider(MASTER_KEY, AuthScheme::Bearer, Format::Messages)
        .models()
        .await
        .expect("models");
    let ids: Vec<String> = models.into_iter().map(|model| model.id).collect();
    assert_eq!(ids, ["claude-standin", "claude-mock"]);
}

async fn tells_refusals_apart(proxy: &Proxy) {
    let table = [
        (MASTER_KEY, "claude-none", ErrorCode::InferenceModelUnknown),
        ("sk-wrong-key-0123456789", "claude-mock", ErrorCode::InferenceAuth),
    ];
    for (key, model, code) in table {
        let provider = proxy.provider(key, AuthScheme::Bearer, Format::Messages);
        let (_, answer) = ask(&provider, request(model, asked())).await;
        let error = answer.expect_err(model);
        assert_eq!(error.code, code, "{model}: {error:?}");
        assert!(!format!("{error:?}").contains(key), "{model}: the key shows");
    }
}
