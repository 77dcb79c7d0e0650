//! Models, tokens and what they cost in the whole program: what is offered is listed and nothing else is asked; what answers cost is
//! counted, shown, kept over a restart, and ends turns by name.

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

#[tokio::test(flavor = "multi_thread")]
async fn models_are_listed_with_their_variants_and_each_answer_says_what_it_cost() {
    let answer = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let script = json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": [answer, answer] });
    let gateway = play(&script.to_string()).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let models = json!([{ "name": "claude-standin", "labelOverride": "Stand-in", "supports1m": true }]);
    setup.configure("inferenceModels", &models.to_string());
    setup.configure("inferenceModelPricingEnabled", "true");
    let price = json!([{ "name": "claude-standin", "inputPerMtok": 3.0, "outputPerMtok": 15.0 }]);
    setup.configure("inferenceModelPricing", &price.to_string());
    let service = Service::start(&setup, 0);
    let listed = setup.run(&["models"]).out;
    assert!(
        listed.starts_with("Prompts and what Deskhand reads go to the gateway"),
        "{listed}"
    );
    let lines: Vec<String> = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert!(
        lines.contains(&"* claude-standin Stand-in; 200,000 tokens".to_owned()),
        "{listed}"
    );
    assert!(
        lines.contains(&"claude-standin[1m] Stand-in (1M); 1,000,000 tokens".to_owned()),
        "{listed}"
    );
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let asked = setup.run(&["ask", "--model", "stand-in (1m)", "And now?"]);
    assert!(asked.err.contains("USD 0."), "{}", asked.err);
    let log = gateway.log();
    let beta = |headers: &[(String, String)]| {
        let found = headers.iter().find(|(name, _)| name == "anthropic-beta");
        found.map(|(_, value)| value.clone())
    };
    let betas: Vec<_> = log.iter().map(|request| beta(&request.headers)).collect();
    assert_eq!(betas, [None, Some("context-1m-2025-08-07".to_owned())]);
    let status: serde_json::Value =
        serde_json::from_str(&setup.run(&["status", "--json"]).out).expect("JSON");
    let day = &status["view"]["lastDay"];
    assert!(day["cost"]["nanodollars"].as_u64() > Some(0), "{day}");
    assert_eq!(day["cost"]["partial"], json!(false), "{day}");
    let shown = setup.run(&["status"]).out;
    assert!(
        shown.contains("Content     Prompts and what Deskhand reads"),
        "{shown}"
    );
    assert!(shown.contains("in the last 24 hours: "), "{shown}");
    let refused = setup.run(&["ask", "--model", "claude-other", "And this?"]);
    assert!(
        refused.err.contains("The settings do not offer this model."),
        "{}",
        refused.err
    );
    assert_eq!(gateway.log().len(), 2, "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_is_given_along_or_stands_in_the_settings_ends_the_turn_before_its_next_step() {
    let steps = json!([{ "title": "Look", "state": "active" }]);
    let step = json!({ "answer": { "usage": { "input": 700, "output": 500 }, "say": [{ "tool": "plan_update", "input": { "steps": steps } }] } });
    let done = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let steps = [step.clone(), step.clone(), done.clone(), step, done];
    let script = json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": steps });
    let gateway = play(&script.to_string()).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let given = setup.run(&["ask", "--new", "--budget", "1", "Look into it"]);
    assert_ne!(given.code(), Some(0));
    assert!(
        given
            .err
            .contains("The turn used its budget of 1 tokens and was ended.")
            && given.err.contains("TURN_BUDGET"),
        "{}",
        given.err
    );
    let free = setup.run(&["ask", "--new", "--budget", "900000", "Look into it"]);
    assert_eq!((free.code(), free.out.trim()), (Some(0), "Done."), "{}", free.err);

    setup.configure("deskhandMaxTokensPerTurn", "1000");
    let of_settings = setup.run(&["ask", "--new", "--budget", "900000", "Look into it"]);
    assert!(
        of_settings.err.contains("its budget of 1000 tokens"),
        "{}",
        of_settings.err
    );
    let none = setup.run(&["ask", "--new", "--budget", "0", "Look into it"]);
    assert!(none.err.contains("--budget"), "{}", none.err);
}
