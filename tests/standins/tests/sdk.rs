//! The stand-in gateway is known to speak the real protocol: the official Python SDK talks to it, with streaming, tools,
//! models and refusals.

use std::path::Path;
use std::process::Stdio;

use deskhand_standins::gateway::{Gateway, Outcome, Part};
use deskhand_standins::script::Script;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::process::Command;

#[tokio::test]
async fn the_official_sdk_accepts_the_stand_in() {
    let script = Script::from_yaml(include_str!("../scripts/greeting.yaml")).expect("a script");
    let gateway = Gateway::start(Part::Script(Box::new(script)), 0)
        .await
        .expect("a free port");
    let talk = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/talk.py");
    let mut python = Command::new(deskhand_test_support::python());
    python
        .arg(talk)
        .arg(gateway.base_url())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = python.output().await.expect("python runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let heard: Value = serde_json::from_slice(&done.stdout).expect("one JSON object");
    assert_eq!(
        heard,
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
    let outcomes: Vec<Outcome> = gateway.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(
        outcomes[..3],
        [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)]
    );
}
