//! Vertex AI: the model's SDK talks to the stand-in with credentials of Google's own library.

use deskhand_standins::gateway::Outcome;
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::oracle::{GREETING, Oracle, TALK, faults};

async fn play(yaml: &str) -> Vertex {
    let script = Script::from_yaml(yaml).expect("a script");
    Vertex::start(script, 0).await.expect("a free port")
}

fn oracle(stand_in: &Vertex) -> Oracle {
    let known = json!({
        "base": stand_in.base_url(), "project": vertex::PROJECT, "region": vertex::REGION,
        "account": stand_in.service_account(), "user": stand_in.authorized_user(), "target": vertex::TARGET,
        "workloads": vertex::WORKLOADS, "workforce": vertex::WORKFORCE, "user_project": vertex::USER_PROJECT,
        "subject": vertex::SUBJECT, "client": vertex::CLIENT.0, "secret": vertex::CLIENT.1, "scope": vertex::SCOPE,
    });
    Oracle::start("vertex.py", &known)
}

#[tokio::test]
async fn the_official_sdk_talks_with_every_kind_of_credential() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    for what in [
        "account",
        "user",
        "workload",
        "workforce",
        "impersonated",
        "machine",
    ] {
        assert_eq!(library.ask(what).await, *TALK, "{what}");
    }
    let outcomes: Vec<Outcome> = stand_in.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(
        outcomes[..3],
        [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)]
    );
    let sign_ins = stand_in.sign_ins();
    for done in [
        "token jwt-bearer 200",
        "token refresh_token 200",
        "exchange 200",
        "impersonate 200",
        "metadata token 200",
    ] {
        assert!(
            sign_ins.iter().any(|sign_in| sign_in == done),
            "{done}: {sign_ins:?}"
        );
    }
    let log = format!("{:?}", stand_in.log());
    assert!(!stand_in.secrets().iter().any(|secret| log.contains(secret)));
}

#[tokio::test]
async fn counts_tokens_and_lets_a_browser_bring_a_code() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(library.ask("count").await, json!(true));
    assert_eq!(
        library.ask("browser").await,
        json!({
            "talks": 200, "refreshes": 200, "code again": "invalid_grant", "wrong verifier": "invalid_grant",
            "wrong secret": "invalid_client", "plain challenge": "invalid_request",
            "other redirect": "invalid_request", "no offline access": false,
        })
    );
}

#[tokio::test]
async fn refuses_assertions_that_do_not_hold() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("assertions").await,
        json!({
            "right": "", "own audience": "", "wrong key": "Invalid JWT Signature.",
            "other algorithm": "the token is not signed with RS256",
            "wrong audience": "Invalid JWT: Failed audience check.",
            "other account": "Invalid grant: account not found",
            "expired": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            "not yet": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            "two hours": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            "no scope": "Invalid OAuth scope or ID token audience provided.",
        })
    );
}

#[tokio::test]
async fn refuses_exchanges_machines_and_accounts_that_are_not_known() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("exchanges").await,
        json!({
            "wrong token": "invalid_grant", "wrong audience": "invalid_target", "wrong type": "invalid_request",
            "no user project": "invalid_request", "wrong user project": "invalid_request",
            "user project of a workload": "invalid_request",
            "no flavor": 403, "forwarded": 403, "other account": 404,
            "impersonates nobody": [401, "UNAUTHENTICATED"], "impersonates another": [403, "PERMISSION_DENIED"],
            "for two hours": [400, "INVALID_ARGUMENT"], "ended refresh": "invalid_grant",
        })
    );
}

#[tokio::test]
async fn refuses_requests_for_models_as_google_or_the_model_would() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("refusals").await,
        json!({
            "no token": [401, "UNAUTHENTICATED"], "unknown token": [401, "UNAUTHENTICATED"],
            "other scope": [403, "PERMISSION_DENIED"], "other project": [404, "NOT_FOUND"],
            "other region": [404, "NOT_FOUND"], "other model": [404, "NOT_FOUND"],
            "broken request": [400, "invalid_request_error"], "model in the body": [400, "invalid_request_error"],
            "its own version": [200, ""], "other version": [400, "invalid_request_error"], "stream without its method": [400, "invalid_request_error"],
            "method without a stream": [400, "invalid_request_error"], "in a list where it streams": true,
        })
    );
    let token = library.ask("token").await;
    assert_eq!(library.ask_with("use", &token).await, json!([200, ""]));
    stand_in.end_access();
    let used = library.ask_with("use", &token).await;
    assert_eq!(used, json!([401, "UNAUTHENTICATED"]));
}

#[tokio::test]
async fn every_fault_of_a_script_reaches_the_official_sdk() {
    let stand_in = play(&faults("claude-standin", 4)).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("faults").await,
        json!([
            "429 retry-after 7",
            "cut after one ",
            "cut after one ",
            "ended after one ",
            // The library skips what is no event.
            "ended after one ",
            "ended after one ",
            "ended after one ",
            "overloaded_error after one ",
            "silence after one ",
            "one two three",
            "one two three",
        ])
    );
    let quota = "
models: [claude-standin]
key: standin-key
steps: [{ faults: [{ status: { code: 429 } }], answer: { say: [{ text: one }] } }]
";
    let stand_in = play(quota).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("quota").await,
        json!([{"error": {"code": 429, "message": "scripted", "status": "RESOURCE_EXHAUSTED"}}])
    );
}
