//! What is sent, and answers that come whole.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use deskhand_core::model::ModelEvent;
use deskhand_core::ports::Provider as _;
use deskhand_inference::{Place, ServiceTier};
use deskhand_protocol::message::{Block, StopReason, Usage};
use pretty_assertions::assert_eq;
use serde_json::json;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::answers::{USAGE, good};
use crate::line::{End, Line, Reply};
use crate::subject::{CLAUDE, REGION, TOKEN, ask, bedrock, keys, secret, token};
use crate::wire::{Came, chunk, event_frame};

#[tokio::test]
async fn claude_is_asked_in_its_own_words_and_every_answer_comes_whole() {
    for case in good() {
        let body = case.events.iter().flat_map(chunk).collect();
        let line = Line::play(vec![Reply::whole(body)]).await;
        let events = ask(&bedrock(&line.base, token(), |_| {}), CLAUDE).await;
        assert_eq!(events.last(), Some(&Ok(case.completed())), "{}", case.name);
        let came = Came::read(&line.requests()[0]);
        assert_eq!(came.method, "POST");
        assert_eq!(
            came.target,
            "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/invoke-with-response-stream"
        );
        assert_eq!(came.header("authorization"), format!("Bearer {TOKEN}"));
        assert_eq!(came.header("content-type"), "application/json");
        assert!(came.header("user-agent").starts_with("deskhand/"), "{came:?}");
        assert_eq!(came.header("x-amz-user-agent"), "");
        let sent = came.json();
        assert_eq!(sent["anthropic_version"], json!("bedrock-2023-05-31"));
        for absent in ["model", "stream", "anthropic_beta"] {
            assert_eq!(sent.get(absent), None, "{absent}");
        }
    }
}

#[tokio::test]
async fn an_answer_comes_whole_in_whatever_pieces() {
    let case = good().remove(0);
    let body: Vec<u8> = case.events.iter().flat_map(chunk).collect();
    let sizes = [1, 2, 3, 5, 7, 11, 13, 64, 1000];
    let replies = sizes.map(|size| Reply::of(body.chunks(size).map(<[u8]>::to_vec).collect(), End::Proper));
    let line = Line::play(replies.to_vec()).await;
    let provider = bedrock(&line.base, token(), |_| {});
    for size in sizes {
        assert_eq!(
            ask(&provider, CLAUDE).await.last(),
            Some(&Ok(case.completed())),
            "{size}"
        );
    }
}

#[tokio::test]
async fn other_models_are_asked_by_converse() {
    let body = [
        event_frame("messageStart", &json!({ "role": "assistant" })),
        event_frame(
            "contentBlockDelta",
            &json!({ "contentBlockIndex": 0, "delta": { "text": "Hello" } }),
        ),
        event_frame("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        event_frame(
            "contentBlockStart",
            &json!({ "contentBlockIndex": 1, "start": { "toolUse": { "toolUseId": "c1", "name": "range_read" } } }),
        ),
        event_frame(
            "contentBlockDelta",
            &json!({ "contentBlockIndex": 1, "delta": { "toolUse": { "input": "{\"range\":\"A1\"}" } } }),
        ),
        event_frame("contentBlockStop", &json!({ "contentBlockIndex": 1 })),
        event_frame("aFutureEvent", &json!({ "x": 1 })),
        event_frame("messageStop", &json!({ "stopReason": "tool_use" })),
        event_frame(
            "metadata",
            &json!({ "usage": { "inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cacheReadInputTokens": 4,
                "cacheWriteInputTokens": 5 }, "metrics": { "latencyMs": 9 } }),
        ),
    ];
    let line = Line::play(vec![Reply::whole(body.concat())]).await;
    let provider = bedrock(&line.base, keys(), |config| {
        config.place = Place::Bedrock {
            region: REGION.to_owned(),
            service_tier: Some(ServiceTier::Flex),
        };
    });
    let events = ask(&provider, "amazon.nova-pro-v1:0").await;
    let Some(Ok(ModelEvent::Completed { blocks, stop, usage })) = events.last() else {
        panic!("{events:?}");
    };
    let wanted = Usage {
        input: 1,
        output: 2,
        cache_read: 4,
        cache_write: 5,
        cost: None,
    };
    assert_eq!((stop, usage), (&StopReason::ToolUse, &wanted));
    assert!(matches!(&blocks[0], Block::Text { text } if text == "Hello"));
    assert!(matches!(&blocks[1], Block::ToolUse { input, .. } if *input == json!({ "range": "A1" })));
    let came = Came::read(&line.requests()[0]);
    assert_eq!(came.target, "/model/amazon.nova-pro-v1%3A0/converse-stream");
    assert_eq!(came.json()["serviceTier"], json!({ "type": "flex" }));
    assert!(
        came.json()["messages"][0]["content"][0]["text"].is_string(),
        "{came:?}"
    );
    assert_eq!(came.header("content-length"), came.body.len().to_string());
    assert_signed(&came);
}

#[tokio::test]
async fn what_arrives_is_what_was_signed_with_the_extra_headers_in_it() {
    let case = good().remove(0);
    let body: Vec<u8> = case.events.iter().flat_map(chunk).collect();
    let models = [
        CLAUDE,
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
        "anthropic.a b?c#d%2F/../é",
    ];
    for model in models {
        let line = Line::play(vec![Reply::whole(body.clone())]).await;
        let mut credential = keys();
        credential.headers = vec![("X-Team".to_owned(), secret("helper"))];
        let provider = bedrock(&line.base, credential, |config| {
            config.headers = vec![
                ("X-Team".to_owned(), secret("settings")),
                ("X-Cost-Centre".to_owned(), secret("42")),
            ];
        });
        let events = ask(&provider, model).await;
        assert_eq!(events.last(), Some(&Ok(case.completed())), "{model}");
        let came = Came::read(&line.requests()[0]);
        assert_eq!(came.header("x-team"), "helper");
        assert_eq!(came.header("x-amz-security-token"), "session-token-1");
        let signed = came.header("authorization").to_owned();
        for name in [
            "host",
            "x-team",
            "x-cost-centre",
            "x-amz-date",
            "x-amz-security-token",
        ] {
            assert!(signed.contains(name), "{name}: {signed}");
        }
        assert!(signed.contains("/us-east-1/bedrock/aws4_request"), "{signed}");
        assert_signed(&came);
    }
}

#[tokio::test]
async fn headers_that_are_ours_or_the_signers_are_dropped_and_told() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(case.events.iter().flat_map(chunk).collect())]).await;
    let names = [
        "Authorization",
        "Host",
        "X-Amz-Date",
        "x-amz-security-token",
        "X-Amz-Content-Sha256",
    ];
    let provider = bedrock(&line.base, keys(), |config| {
        let evil = |name: &str| (name.to_owned(), secret("evil"));
        config.headers = names.map(evil).to_vec();
        config.place = Place::Bedrock {
            region: REGION.to_owned(),
            service_tier: Some(ServiceTier::Priority),
        };
        let betas = ("anthropic-beta".to_owned(), secret("one-2025, two-2025"));
        config.headers.push(betas);
    });
    let dropped: Vec<&str> = provider
        .dropped_headers()
        .iter()
        .map(|header| header.name.as_str())
        .collect();
    assert_eq!(dropped, names);
    ask(&provider, CLAUDE).await;
    let came = Came::read(&line.requests()[0]);
    assert!(came.headers.values().all(|value| value != "evil"), "{came:?}");
    assert_eq!(came.header("x-amzn-bedrock-service-tier"), "priority");
    assert_eq!(came.header("anthropic-beta"), "");
    assert_eq!(came.json()["anthropic_beta"], json!(["one-2025", "two-2025"]));
    assert_signed(&came);
}

#[tokio::test]
async fn room_for_a_million_tokens_is_asked_for_in_the_body() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(case.events.iter().flat_map(chunk).collect())]).await;
    let provider = bedrock(&line.base, token(), |config| {
        config.headers = vec![("anthropic-beta".to_owned(), secret("one-2025"))];
    });
    ask(&provider, &format!("{CLAUDE}[1m]")).await;
    let came = Came::read(&line.requests()[0]);
    assert_eq!(
        came.target,
        "/model/us.anthropic.claude-sonnet-4-20250514-v1%3A0/invoke-with-response-stream"
    );
    assert_eq!(
        came.json()["anthropic_beta"],
        json!(["one-2025", "context-1m-2025-08-07"])
    );
}

#[tokio::test]
async fn a_private_endpoint_that_signs_by_itself_is_asked_without_a_credential() {
    let case = good().remove(0);
    let line = Line::play(vec![Reply::whole(case.events.iter().flat_map(chunk).collect())]).await;
    let mut nothing = token();
    nothing.secret = secret("");
    let events = ask(&bedrock(&line.base, nothing, |_| {}), CLAUDE).await;
    assert_eq!(events.last(), Some(&Ok(case.completed())));
    assert_eq!(Came::read(&line.requests()[0]).header("authorization"), "");
}

#[tokio::test]
async fn what_follows_the_end_of_an_answer_changes_nothing() {
    let case = good().remove(0);
    for tail in [&b"garbage garbage"[..], &[0xff; 64]] {
        let mut body: Vec<u8> = case.events.iter().flat_map(chunk).collect();
        body.extend(tail);
        let line = Line::play(vec![Reply::of(vec![body], End::Cut)]).await;
        let events = ask(&bedrock(&line.base, token(), |_| {}), CLAUDE).await;
        assert_eq!(events.last(), Some(&Ok(case.completed())));
        assert_eq!(line.requests().len(), 1);
    }
}

#[test]
fn bedrock_offers_what_the_agent_needs() {
    let provider = bedrock("http://127.0.0.1:1", token(), |_| {});
    let can = provider.capabilities();
    assert!(can.streaming && can.tools && can.prompt_caching && can.attachments);
    // A token opens the runtime alone, so there is nobody to ask for models.
    assert!(!can.model_discovery);
    assert_eq!(USAGE.input, 12);
}

/// Signs again what came, with the headers that its signature names, and compares.
fn assert_signed(came: &Came) {
    let stated = came.header("authorization");
    let named = stated
        .split("SignedHeaders=")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    let named: Vec<&str> = named.expect("signed headers").split(';').collect();
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = PrimitiveDateTime::parse(came.header("x-amz-date"), &format).expect("a date");
    let at = SystemTime::from(at.assume_utc());
    let apart = OffsetDateTime::now_utc() - OffsetDateTime::from(at);
    assert!(apart.unsigned_abs() < Duration::from_mins(1));
    let identity = Credentials::new(
        "ASIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        Some("session-token-1".to_owned()),
        None,
        "test",
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("bedrock")
        .time(at)
        .settings(SigningSettings::default())
        .build()
        .expect("params")
        .into();
    let by_signer = ["x-amz-date", "x-amz-security-token"];
    let headers = named.iter().filter(|name| !by_signer.contains(name));
    let headers: Vec<(&str, &str)> = headers.map(|name| (*name, came.header(name))).collect();
    let address = format!("http://{}{}", came.header("host"), came.target);
    let body = SignableBody::Bytes(came.body.as_bytes());
    let request = SignableRequest::new(&came.method, address, headers.into_iter(), body).expect("a request");
    let (instructions, _) = sign(request, &params).expect("a signature").into_parts();
    let own = instructions.headers().find(|(name, _)| *name == "authorization");
    assert_eq!(own.map(|(_, value)| value), Some(stated));
}
