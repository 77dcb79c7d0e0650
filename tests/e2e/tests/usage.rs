//! The limit of tokens in the whole program: what answers cost is counted, shown, kept over a restart, and ends turns by name.

use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::event::TurnOutcome;
use pretty_assertions::assert_eq;
use serde_json::json;

/// The code of a turn that failed.
fn failed(outcome: &TurnOutcome) -> Option<ErrorCode> {
    match outcome {
        TurnOutcome::Failed(error) => Some(error.code),
        _ => None,
    }
}

#[tokio::test]
async fn a_turn_ends_by_name_once_the_tokens_are_used_and_a_restart_brings_none_back() {
    let answer = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let script = json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": [answer, answer] });
    let gateway = play(&script.to_string()).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("inferenceMaxTokensPerWindow", "1");
    setup.configure("inferenceTokenWindowHours", "5");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let prompt = talk.prompt("And now?");
    assert_eq!(failed(&talk.say(prompt).await), Some(ErrorCode::UsageLimit));
    service.stop();

    let service = Service::start(&setup, 0);
    let status = setup.run(&["status", "--json"]).out;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let usage = &status["view"]["usage"];
    assert!(usage["tokens"].as_u64() >= usage["limit"].as_u64(), "{usage}");
    assert!(usage["endsAt"].is_u64(), "{usage}");
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("And after a restart?");
    assert_eq!(failed(&talk.say(prompt).await), Some(ErrorCode::UsageLimit));
}

#[tokio::test]
async fn a_limit_without_its_window_starts_no_session_and_says_what_is_missing() {
    let gateway =
        play(&json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": [] }).to_string()).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("inferenceMaxTokensPerWindow", "1");
    let told = setup.run(&["status"]);
    assert!(told.out.contains("inferenceTokenWindowHours"), "{}", told.out);
}
