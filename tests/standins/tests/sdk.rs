//! The stand-in gateway is known to speak the real protocols: the official Python SDKs of both its formats talk to it, with
//! streaming, tools, models and refusals.

use std::path::Path;
use std::process::Stdio;

use deskhand_standins::gateway::{Gateway, Outcome, Part};
use deskhand_standins::script::Script;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::process::Command;

/// A gateway that plays the greeting.
async fn greeting() -> Gateway {
    let script = Script::from_yaml(include_str!("../scripts/greeting.yaml")).expect("a script");
    let started = Gateway::start(Part::Script(Box::new(script)), 0).await;
    started.expect("a free port")
}

/// What a program of this folder heard from a gateway.
async fn heard(program: &str, gateway: &Gateway) -> Value {
    let talk = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(program);
    let mut python = Command::new(deskhand_test_support::python());
    python
        .arg(talk)
        .arg(gateway.base_url())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = python.output().await.expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("one JSON object")
}

fn outcomes(gateway: &Gateway) -> Vec<Outcome> {
    gateway.log().into_iter().map(|entry| entry.outcome).collect()
}

#[tokio::test]
async fn the_official_sdk_accepts_the_stand_in() {
    let gateway = greeting().await;
    assert_eq!(
        heard("talk.py", &gateway).await,
        json!({
            "deltas": ["I look", " at the ", "forecast – für Zürich ☀."],
            "kinds": ["content_block_delta", "content_block_start", "content_block_stop", "input_json", "message_delta",
                "message_start", "message_stop", "text"],
            "stop": ["tool_use", "end_turn"],
            "call": {"name": "forecast", "input": {"place": "Zürich", "days": 2}},
            "second": "It will be clear, 21 degrees.",
            "whole": "It will be clear, 21 degrees.",
            "usage": {"input_tokens": 40, "output_tokens": 12, "cache_read_input_tokens": 30},
            "models": ["claude-standin"],
            "counted": true,
            "refusal": "not_found_error"
        })
    );
    let steps = [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)];
    assert_eq!(outcomes(&gateway)[..3], steps);
}

#[tokio::test]
async fn the_sdk_of_chat_completions_accepts_the_stand_in() {
    let gateway = greeting().await;
    assert_eq!(
        heard("chat.py", &gateway).await,
        json!({
            "deltas": ["I look", " at the ", "forecast – für Zürich ☀."],
            "stop": ["tool_calls", "stop", "stop"],
            "call": {"name": "forecast", "input": {"place": "Zürich", "days": 2}},
            "second": "It will be clear, 21 degrees.",
            "whole": "It will be clear, 21 degrees.",
            "usage": {"prompt": 70, "completion": 12, "cached": 30},
            "not asked for": null,
            "refusals": {
                "model": [404, "not_found_error"], "key": [401, "authentication_error"],
                "field": [400, "Unrecognized request argument supplied: top_k"],
                "result": [400, "messages.2: unexpected `tool_use_id` found in `tool_result` blocks: call_0"],
            },
        })
    );
    let steps = [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)];
    assert_eq!(outcomes(&gateway)[..3], steps);
}
