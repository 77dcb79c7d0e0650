//! Azure AI Foundry: the model's SDK talks to the stand-in, and the identity library of Microsoft signs in to its Entra.

use deskhand_standins::foundry::{CLIENT, Foundry, SCOPES, TENANT};
use deskhand_standins::gateway::Outcome;
use deskhand_standins::{Device, script::Script};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::oracle::{GREETING, Oracle, TALK, faults};

/// Where the documents of Entra say that it is: its library takes https alone.
const LOGIN: &str = "https://login.example.com";

async fn play(yaml: &str) -> Foundry {
    let script = Script::from_yaml(yaml).expect("a script");
    Foundry::start(script, Some(LOGIN), 0).await.expect("a free port")
}

fn oracle(stand_in: &Foundry) -> Oracle {
    let known = json!({
        "base": stand_in.base_url(), "login": LOGIN, "tenant": TENANT, "client": CLIENT, "scope": SCOPES[0],
    });
    Oracle::start("foundry.py", &known)
}

#[tokio::test]
async fn the_official_sdk_talks_with_a_key() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(library.ask("key").await, *TALK);
    let outcomes: Vec<Outcome> = stand_in.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)]);
    let log = format!("{:?}", stand_in.log());
    assert!(!log.contains("standin-key"), "{log}");
}

#[tokio::test]
async fn refuses_a_wrong_key_no_key_and_a_deployment_that_is_not_there() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("refusals").await,
        json!({
            "wrong key": [401, "401"], "no key": [401, "401"], "unknown token": [401, "401"],
            "unknown deployment": [404, "DeploymentNotFound"], "broken request": [400, "invalid_request_error"],
        })
    );
}

#[tokio::test]
async fn takes_no_key_at_all_where_the_script_names_none() {
    let stand_in = play(&GREETING.replace("key: standin-key", "")).await;
    let mut library = oracle(&stand_in);
    assert_eq!(library.ask("refusals").await["wrong key"], json!([401, "401"]));
}

#[tokio::test]
async fn signs_in_with_a_device_code_and_says_how_far_the_person_is() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    for (device, said) in [
        (Device::Pending, ["authorization_pending", "70016"]),
        (Device::SlowDown, ["slow_down", "0"]),
        (Device::Denied, ["authorization_declined", "70017"]),
        (Device::Expired, ["expired_token", "70020"]),
    ] {
        stand_in.person(device);
        assert_eq!(library.ask("device").await, json!(said), "{device:?}");
    }
    stand_in.person(Device::Granted);
    assert_eq!(library.ask("device").await, *TALK);
    assert_eq!(
        stand_in.sign_ins().last().map(String::as_str),
        Some("token device_code 200")
    );
}

#[tokio::test]
async fn signs_in_with_a_code_whose_proof_fits_and_refreshes_with_rotation() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    assert_eq!(
        library.ask("browser").await,
        json!({
            "name": "person@example.com", "signed by": "standin-entra-key", "refreshed": true, "talks": 200,
            "code again": "invalid_grant", "wrong verifier": "invalid_grant", "refresh again": "invalid_grant",
            "plain challenge": "invalid_request", "other redirect": "invalid_request",
            "other client": "unauthorized_client", "other tenant": "invalid_tenant",
        })
    );
    stand_in.person(Device::Denied);
    assert_eq!(library.ask("declined").await, json!("access_denied"));
}

#[tokio::test]
async fn refuses_a_token_for_another_audience_and_one_that_ended() {
    let stand_in = play(GREETING).await;
    let mut library = oracle(&stand_in);
    stand_in.person(Device::Granted);
    assert_eq!(library.ask("audience").await, json!([401, "401"]));
    let token = library.ask("token").await;
    let token = token.as_str().expect("a token");
    let used = library.ask_with("use", &json!(token)).await;
    assert_eq!(used, json!([200, ""]));
    assert!(stand_in.secrets().contains(&token.to_owned()));
    stand_in.end_access();
    let used = library.ask_with("use", &json!(token)).await;
    assert_eq!(used, json!([401, "401"]));
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
}
