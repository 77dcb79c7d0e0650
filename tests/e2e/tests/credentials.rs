//! Credentials that a program prints, in the whole program: it is run when it is needed, once more when the provider refuses what it
//! printed, and what goes wrong with it is told by name.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::{ErrorCode, UserError};
use pretty_assertions::assert_eq;
use serde_json::json;

const WRONG: &str = "a-key-of-yesterday";

/// A script that answers as often as it is asked.
fn script(answers: usize) -> String {
    let answer = json!({ "answer": { "say": [{ "text": "Done." }] } });
    json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": vec![answer; answers] }).to_string()
}

fn runs(at: &Path) -> Vec<String> {
    let noted = std::fs::read_to_string(at).unwrap_or_default();
    noted.lines().map(str::to_owned).collect()
}

/// A home whose gateway gets its key from this helper alone.
fn setup(gateway: &str, lines: &str) -> (Setup, PathBuf) {
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "gateway");
    setup.configure("inferenceGatewayBaseUrl", gateway);
    // It notes why it is run, each time.
    let runs = setup.path().join("runs");
    let note = format!("echo \"$CLAUDE_HELPER_CONTEXT\" >> '{}'", runs.display());
    let program = setup.program("helper", &format!("{note}\n{lines}"));
    setup.configure("inferenceCredentialHelper", &program.display().to_string());
    (setup, runs)
}

fn failure(outcome: &TurnOutcome) -> &UserError {
    match outcome {
        TurnOutcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_helper_is_run_for_the_first_turn_and_what_it_printed_serves_the_next_ones() {
    let gateway = play(&script(2)).await;
    let (setup, noted) = setup(&gateway.base_url(), "echo e2e-key");
    setup.configure("inferenceModels", &json!(["claude-standin"]).to_string());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    for _ in 0..2 {
        let prompt = talk.prompt("What is left?");
        assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    }
    assert_eq!(runs(&noted), ["interactive"]);
}

#[tokio::test]
async fn a_key_that_the_provider_refuses_is_replaced_in_the_same_turn() {
    let gateway = play(&script(1)).await;
    let (setup, noted) = setup(
        &gateway.base_url(),
        &format!("if [ \"$CLAUDE_HELPER_CONTEXT\" = interactive ]; then echo {WRONG}; else echo e2e-key; fi"),
    );
    setup.configure("inferenceModels", &json!(["claude-standin"]).to_string());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    assert_eq!(runs(&noted), ["interactive", "mid-session-refresh"]);
}

#[tokio::test]
async fn a_helper_that_fails_ends_the_turn_by_name_and_nothing_is_sent() {
    let gateway = play(&script(1)).await;
    let (setup, _) = setup(&gateway.base_url(), &format!("echo {WRONG}; exit 3"));
    setup.configure("inferenceModels", &json!(["claude-standin"]).to_string());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    let outcome = talk.say(prompt).await;
    let error = failure(&outcome);
    assert_eq!(error.code, ErrorCode::InferenceAuth);
    let told = format!("{error:?}");
    assert!(told.contains("code 3"), "{told}");
    assert!(!told.contains(WRONG) && !service.errors().contains(WRONG));
    assert!(gateway.log().is_empty(), "the gateway was asked without a key");
}
