//! Azure AI Foundry: the model's SDK talks to the stand-in, and the identity library of Microsoft signs in to its Entra.

use deskhand_standins::foundry::{CLIENT, Foundry, SCOPES, TENANT};
use deskhand_standins::gateway::Outcome;
use deskhand_standins::{Device, script::Script};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::oracle::{GREETING, TALK, faults, run};

/// Where the documents of Entra say that it is: its library takes https alone.
const LOGIN: &str = "https://login.example.com";

async fn play(yaml: &str) -> Foundry {
    let script = Script::from_yaml(yaml).expect("a script");
    Foundry::start(script, Some(LOGIN), 0).await.expect("a free port")
}

async fn foundry(foundry: &Foundry, what: &str) -> Value {
    let scope = SCOPES[0];
    let url = foundry.base_url();
    run("foundry.py", &[what, &url, LOGIN, TENANT, CLIENT, scope]).await
}

#[tokio::test]
async fn the_official_sdk_talks_with_a_key() {
    let stand_in = play(GREETING).await;
    assert_eq!(foundry(&stand_in, "key").await, *TALK);
    let outcomes: Vec<Outcome> = stand_in.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)]);
    let log = format!("{:?}", stand_in.log());
    assert!(!log.contains("standin-key"), "{log}");
}

#[tokio::test]
async fn refuses_a_wrong_key_no_key_and_a_deployment_that_is_not_there() {
    let stand_in = play(GREETING).await;
    assert_eq!(
        foundry(&stand_in, "refusals").await,
        json!({
            "wrong key": [401, "401"], "no key": [401, "401"], "unknown token": [401, "401"],
            "unknown deployment": [404, "DeploymentNotFound"], "broken request": [400, "invalid_request_error"],
        })
    );
}

#[tokio::test]
async fn takes_no_key_at_all_where_the_script_names_none() {
    let stand_in = play(&GREETING.replace("key: standin-key", "")).await;
    assert_eq!(
        foundry(&stand_in, "refusals").await["wrong key"],
        json!([401, "401"])
    );
}

#[tokio::test]
async fn signs_in_with_a_device_code_and_says_how_far_the_person_is() {
    let stand_in = play(GREETING).await;
    for (device, said) in [
        (Device::Pending, ["authorization_pending", "70016"]),
        (Device::SlowDown, ["slow_down", "0"]),
        (Device::Denied, ["authorization_declined", "70017"]),
        (Device::Expired, ["expired_token", "70020"]),
    ] {
        stand_in.person(device);
        assert_eq!(foundry(&stand_in, "device").await, json!(said), "{device:?}");
    }
    stand_in.person(Device::Granted);
    assert_eq!(foundry(&stand_in, "device").await, *TALK);
    assert_eq!(
        stand_in.sign_ins().last().map(String::as_str),
        Some("token device_code 200")
    );
}

#[tokio::test]
async fn signs_in_with_a_code_whose_proof_fits_and_refreshes_with_rotation() {
    let stand_in = play(GREETING).await;
    assert_eq!(
        foundry(&stand_in, "browser").await,
        json!({
            "name": "person@example.com", "signed by": "standin-entra-key", "refreshed": true, "talks": 200,
            "code again": "invalid_grant", "wrong verifier": "invalid_grant", "refresh again": "invalid_grant",
            "plain challenge": "invalid_request", "other redirect": "invalid_request",
            "other client": "unauthorized_client", "other tenant": "invalid_tenant",
        })
    );
    stand_in.person(Device::Denied);
    assert_eq!(foundry(&stand_in, "declined").await, json!("access_denied"));
}

#[tokio::test]
async fn refuses_a_token_for_another_audience_and_one_that_ended() {
    let stand_in = play(GREETING).await;
    stand_in.person(Device::Granted);
    assert_eq!(foundry(&stand_in, "audience").await, json!([401, "401"]));
    let token = foundry(&stand_in, "token").await;
    let token = token.as_str().expect("a token");
    let url = stand_in.base_url();
    assert_eq!(run("foundry.py", &["use", &url, token]).await, json!([200, ""]));
    assert!(stand_in.secrets().contains(&token.to_owned()));
    stand_in.end_access();
    assert_eq!(
        run("foundry.py", &["use", &url, token]).await,
        json!([401, "401"])
    );
}

#[tokio::test]
async fn every_fault_of_a_script_reaches_the_official_sdk() {
    let stand_in = play(&faults("claude-standin", 4)).await;
    assert_eq!(
        foundry(&stand_in, "faults").await,
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
