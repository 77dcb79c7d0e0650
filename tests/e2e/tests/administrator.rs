//! What an administrator finds out at the command line: `deskhand doctor`, and who decided what.

use deskhand_e2e::{Service, Setup, play};
use deskhand_test_support::free_port;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const GATEWAY: &str =
    "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: Hello. }] } }]";

/// The findings of `deskhand doctor`, by step, and its exit code.
fn doctor(setup: &Setup) -> (Value, Option<i32>) {
    let done = setup.run(&["doctor", "--json"]);
    let findings: Value =
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    (findings, done.code())
}

fn step<'a>(findings: &'a Value, name: &str) -> &'a Value {
    let all = findings.as_array().expect("a list");
    all.iter()
        .find(|one| one["step"] == name)
        .expect("every step is told")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_who_finds_nothing_bad_ends_with_0() {
    let gateway = play(GATEWAY).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let (findings, code) = doctor(&setup);
    assert_eq!(code, Some(0), "{findings:#}");
    assert_eq!(
        step(&findings, "provider")["finding"],
        "The gateway answers and lists one model."
    );
    let port = step(&findings, "port")["finding"].as_str().unwrap_or_default();
    assert!(port.contains(service.address()), "{port}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_tells_a_refused_key_from_a_gateway_that_is_not_there_and_ends_with_1() {
    let gateway = play(GATEWAY).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("another-key");
    let (findings, code) = doctor(&setup);
    let found = step(&findings, "provider");
    assert_eq!((code, &found["state"]), (Some(1), &json!("bad")));
    assert!(
        found["finding"]
            .as_str()
            .is_some_and(|text| text.contains("[INF_AUTH]")),
        "{found}"
    );
    assert!(
        found["remedy"].as_str().is_some_and(|text| !text.is_empty()),
        "{found}"
    );
    assert!(!findings.to_string().contains("another-key"));

    let setup = Setup::with_gateway(&format!("http://127.0.0.1:{}", free_port()));
    let (findings, code) = doctor(&setup);
    let found = step(&findings, "provider");
    assert_eq!(code, Some(1));
    assert!(
        found["finding"]
            .as_str()
            .is_some_and(|text| text.contains("[INF_UNREACHABLE]")),
        "{found}"
    );
}

#[test]
fn a_doctor_says_what_a_new_user_has_to_do_and_ends_with_0() {
    let (findings, code) = doctor(&Setup::empty());
    assert_eq!(code, Some(0), "{findings:#}");
    for name in ["provider", "port"] {
        let found = step(&findings, name);
        assert_eq!(found["state"], "note", "{found}");
        assert!(
            found["remedy"].as_str().is_some_and(|text| !text.is_empty()),
            "{found}"
        );
    }
}

#[test]
fn a_doctor_names_an_invalid_setting() {
    let setup = Setup::empty();
    let settings = json!({ "inferenceGatewayBaseUrl": "ftp://gateway.example.com" });
    let file = setup.path().join("data/settings.json");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(&file, settings.to_string()).expect("a file");
    let (findings, code) = doctor(&setup);
    assert_eq!(code, Some(1));
    let found = step(&findings, "policy");
    assert!(
        found["finding"]
            .as_str()
            .is_some_and(|text| text.contains("inferenceGatewayBaseUrl")),
        "{found}"
    );
}
