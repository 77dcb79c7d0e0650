//! What only the gateway provider does: its requests, answers that do not stream, models, connections.

use deskhand_core::ports::Provider;
use std::sync::Arc;

use deskhand_inference::credential::Fixed;
use deskhand_inference::{AuthScheme, Connection, Place, ProviderConfig, Secret, Unconfigured};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::ModelView;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::answers::{end, good, request};
use crate::line::{Line, Reply};
use crate::subject::{KEY, OverGateway, Subject, at_gateway, gate, gateway};
use crate::{ask, assert_good, hear};

#[tokio::test]
async fn an_answer_that_does_not_stream_is_taken_too() {
    for case in good()
        .into_iter()
        .filter(|case| !case.name.contains("future") && !case.name.contains("within a call"))
    {
        let blocks: Vec<Value> = case.blocks.iter().map(wire_block).collect();
        let stop = end("")[0].clone();
        let reason = case.events[case.events.len() - 2]["delta"]["stop_reason"].clone();
        let mut usage = case.events[0]["message"]["usage"].clone();
        usage["output_tokens"] = stop["usage"]["output_tokens"].clone();
        let body = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": blocks,
            "stop_reason": reason, "stop_sequence": null, "usage": usage});
        let (events, _) = hear(
            &OverGateway,
            vec![Reply::whole(format!(" \n{body}").into_bytes())],
        )
        .await;
        assert_good(&case, &events, "whole");
    }
}

fn wire_block(block: &deskhand_protocol::message::Block) -> Value {
    use deskhand_protocol::message::Block;
    match block {
        Block::Text { text } => json!({"type": "text", "text": text}),
        Block::Thinking { signature, .. } if signature.starts_with("redacted") => {
            json!({"type": "redacted_thinking", "data": signature.trim_start_matches("redacted_thinking:")})
        }
        Block::Thinking { thinking, signature } => {
            json!({"type": "thinking", "thinking": thinking, "signature": signature})
        }
        Block::ToolUse { id, name, input } => {
            json!({"type": "tool_use", "id": id, "name": name, "input": input})
        }
    }
}

#[tokio::test]
async fn an_error_that_comes_with_a_good_status_is_an_error() {
    let body = r#"{"error": {"message": "quota is used up", "type": "rate_limit_error"}}"#;
    let (events, line) = hear(&OverGateway, vec![Reply::whole(body.as_bytes().to_vec())]).await;
    let error = events.last().expect("an event").as_ref().expect_err("an error");
    assert_eq!(error.code, ErrorCode::InferenceRateLimited);
    assert_eq!(line.requests().len(), 5);
}

#[tokio::test]
async fn sends_the_request_to_the_configured_path_with_the_configured_headers() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(OverGateway.encode(&case.events))]).await;
    for base in ["", "/", "/v1", "/v1/", "/team/llm/"] {
        let provider = gateway(&format!("{}{base}", line.base), |config| {
            if let Place::Gateway { scheme, .. } = &mut config.place {
                *scheme = AuthScheme::ApiKey;
            }
            config.headers = vec![("X-Team".to_owned(), Secret::new("finance".to_owned()))];
        });
        ask(&provider, request()).await;
    }
    let paths: Vec<String> = line
        .requests()
        .iter()
        .map(|text| text.split(' ').nth(1).unwrap_or("").to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "/v1/messages",
            "/v1/messages",
            "/v1/messages",
            "/v1/messages",
            "/team/llm/v1/messages"
        ]
    );
    let sent = line.requests().remove(0);
    let head = sent.split_once("\r\n\r\n").expect("a head").0.to_lowercase();
    for wanted in [
        &format!("x-api-key: {KEY}"),
        "x-team: finance",
        "anthropic-version: 2023-06-01",
        "content-type: application/json",
        "accept: text/event-stream, application/json",
        "user-agent: deskhand/",
    ] {
        assert!(head.contains(wanted), "{wanted} is not in {head}");
    }
    assert!(!head.contains("authorization"));
}

#[tokio::test]
async fn room_for_a_million_tokens_is_asked_for_in_a_header_beside_those_of_the_settings() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(OverGateway.encode(&case.events))]).await;
    let provider = gateway(&line.base, |config| {
        config.headers = vec![("anthropic-beta".to_owned(), Secret::new("one-2025".to_owned()))];
    });
    for model in ["claude-test[1m]", "claude-test"] {
        let asked = deskhand_core::model::ModelRequest {
            model: model.to_owned(),
            ..request()
        };
        ask(&provider, asked).await;
    }
    let betas: Vec<_> = line.requests().iter().map(|sent| beta_of(sent)).collect();
    assert_eq!(betas, ["one-2025,context-1m-2025-08-07", "one-2025"]);
    for sent in line.requests() {
        assert!(sent.contains(r#""model":"claude-test""#), "{sent}");
    }
}

/// The header of a request as it travelled.
fn beta_of(sent: &str) -> String {
    let line = sent
        .lines()
        .find_map(|line| line.strip_prefix("anthropic-beta: "));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn one_connection_serves_call_after_call() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(OverGateway.encode(&case.events))]).await;
    let provider = gateway(&line.base, |_| {});
    for _ in 0..3 {
        assert_good(&case, &ask(&provider, request()).await, "again");
    }
    assert_eq!((line.requests().len(), line.connections()), (3, 1));
}

fn model(id: &str) -> ModelView {
    ModelView::new(id, id)
}

#[tokio::test]
async fn asks_for_models_only_where_the_settings_leave_them_open() {
    let list = r#"{"data": [{"id": "claude-a"}, {"id": "claude-b"}, {"id": "tts-1"}]}"#;
    let table = [
        (None, vec![], vec!["claude-a", "claude-b"], 1),
        (None, vec!["own"], vec!["own"], 0),
        (Some(true), vec!["claude-b"], vec!["claude-b", "claude-a"], 1),
        (Some(false), vec![], vec![], 0),
    ];
    for (discovery, configured, wanted, requests) in table {
        let line = Line::play(vec![Reply::whole(list.as_bytes().to_vec())]).await;
        let provider = gateway(&line.base, |config| {
            config.discovery = discovery;
            config.models = configured.iter().map(|id| model(id)).collect();
        });
        for _ in 0..2 {
            let ids: Vec<String> = provider
                .models()
                .await
                .expect("models")
                .into_iter()
                .map(|model| model.id)
                .collect();
            assert_eq!(ids, wanted, "{discovery:?} {configured:?}");
        }
        assert_eq!(line.requests().len(), requests, "{discovery:?} {configured:?}");
    }
}

#[tokio::test]
async fn a_gateway_without_a_list_of_models_works_with_the_configured_ones() {
    for reply in [
        Reply::status("404 Not Found", "", ""),
        Reply::status("500 Oops", "", ""),
    ] {
        let line = Line::play(vec![reply]).await;
        let provider = gateway(&line.base, |config| {
            config.discovery = Some(true);
            config.models = vec![model("own")];
        });
        assert_eq!(provider.models().await, Ok(vec![model("own")]));
    }
}

#[tokio::test]
async fn a_call_without_a_model_takes_the_first_one() {
    let case = good().remove(0);
    let list = Reply::whole(br#"{"data": [{"id": "claude-first"}, {"id": "claude-b"}]}"#.to_vec());
    let line = Line::play(vec![list, Reply::whole(OverGateway.encode(&case.events))]).await;
    let provider = gateway(&line.base, |_| {});
    let mut request = request();
    request.model.clear();
    assert_good(&case, &ask(&provider, request).await, "default model");
    assert!(line.requests()[1].contains("\"model\":\"claude-first\""));
}

#[tokio::test]
async fn a_list_that_is_refused_fails_the_call_with_its_own_code() {
    let line = Line::play(vec![Reply::status("401 Unauthorized", "", "")]).await;
    let provider = gateway(&line.base, |_| {});
    let mut request = request();
    request.model.clear();
    let error = ask(&provider, request)
        .await
        .pop()
        .expect("an event")
        .expect_err("an error");
    assert_eq!(error.code, ErrorCode::InferenceAuth);
}

#[test]
fn a_closed_gate_gives_no_provider_and_says_which_key() {
    let closed = deskhand_egress::Gate::new(|_| serde_json::Value::Null, deskhand_egress::Network::default());
    let error = Connection::new(
        ProviderConfig::new(at_gateway("https://gateway.example.com")),
        &closed,
    )
    .expect_err("no provider");
    assert_eq!(error.code, ErrorCode::InferenceNotConfigured);
    assert!(error.detail.expect("a detail").contains("inferenceProvider"));
    let base = "https://gateway.example.com/?x=1";
    let error = Connection::new(ProviderConfig::new(at_gateway(base)), &gate(base)).expect_err("no provider");
    assert_eq!(error.code, ErrorCode::InferenceNotConfigured);
}

#[tokio::test]
async fn without_a_provider_every_call_says_so() {
    let events = ask(&Unconfigured::default(), request()).await;
    let error = events[0].as_ref().expect_err("an error");
    assert_eq!((events.len(), error.code), (1, ErrorCode::InferenceNotConfigured));
}

#[test]
fn settings_do_not_print_their_secrets() {
    let mut config = ProviderConfig::new(at_gateway("https://gateway.example.com"));
    config.credential = Arc::new(Fixed::new(Secret::new(KEY.to_owned())));
    config.headers = vec![("x-team".to_owned(), Secret::new("header-secret".to_owned()))];
    let provider = Connection::new(config.clone(), &gate("https://gateway.example.com")).expect("a provider");
    let printed = format!("{config:?} {provider:?}");
    assert!(
        !printed.contains(KEY) && !printed.contains("header-secret"),
        "{printed}"
    );
}
