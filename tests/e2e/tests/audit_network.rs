//! What the audit of the whole program says of ways out, sign-ins and of who is kept out at the door.

use std::collections::BTreeMap;

use deskhand_e2e::{FrontEnd, Service, Setup, Talk, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const FETCHES: &str = r#"
models: [claude-standin]
key: e2e-key
steps:
  - answer: { say: [{ tool: WebFetch, input: { url: "https://example.com/zinnober?q=4711" } }] }
  - answer: { say: [{ text: That host is closed. }] }
"#;

fn exported(setup: &Setup, format: &str) -> Vec<Value> {
    let done = setup.run(&["audit", "export", "--format", format]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let lines = done.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn of_kind<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["type"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_and_refused_and_the_sign_in_are_recorded_without_paths_and_queries() {
    let gateway = play(FETCHES).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("Read it");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    service.stop();

    let records = exported(&setup, "jsonl");
    let allowed = of_kind(&records, "egressAllowed");
    let first = allowed.first().expect("the connection to the gateway");
    let port = gateway
        .base_url()
        .rsplit(':')
        .next()
        .and_then(|port| port.trim_end_matches('/').parse().ok());
    assert_eq!(
        json!([
            first["destination"],
            first["host"],
            first["port"],
            first["key"],
            first["by"]
        ]),
        json!([
            "inference-gateway",
            "127.0.0.1",
            port.unwrap_or(0_u16),
            "inferenceGatewayBaseUrl",
            "service"
        ])
    );
    let refused = of_kind(&records, "egressRefused");
    let [refused] = refused.as_slice() else {
        panic!("one refusal: {refused:?}");
    };
    assert_eq!(
        json!([
            refused["destination"],
            refused["host"],
            refused["port"],
            refused["key"]
        ]),
        json!(["web-fetch", "example.com", 443, "coworkEgressAllowedHosts"])
    );
    let signed_in = of_kind(&records, "signInSucceeded");
    assert_eq!(signed_in.len(), 1);
    assert_eq!(signed_in[0]["provider"], "gateway");
    let text = Value::from(records.clone()).to_string();
    for word in ["zinnober", "4711", "e2e-key"] {
        assert!(!text.contains(word), "{word} is in {text}");
    }

    check_events(&setup);
    assert_eq!(setup.run(&["audit", "verify"]).code(), Some(0));
}

/// The same in the form for a security log.
fn check_events(setup: &Setup) {
    let events = exported(setup, "ocsf");
    let event = |code: &str| {
        let found = events
            .iter()
            .find(|event| event["metadata"]["event_code"] == code);
        found.unwrap_or_else(|| panic!("{code} is not exported"))
    };
    let refused = event("egressRefused");
    assert_eq!(
        json!([
            refused["class_uid"],
            refused["activity_id"],
            refused["status_id"],
            refused["dst_endpoint"]
        ]),
        json!([4001, 5, 2, { "hostname": "example.com", "port": 443 }])
    );
    assert_eq!(event("egressAllowed")["dst_endpoint"]["hostname"], "127.0.0.1");
    assert_eq!(event("signInSucceeded")["service"]["name"], "gateway");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_the_gateway_refuses_is_a_failed_sign_in_and_told_once() {
    let gateway = play(FETCHES).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("another-key");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    for _ in 0..2 {
        let prompt = talk.prompt("Read it");
        assert!(matches!(talk.say(prompt).await, TurnOutcome::Failed(_)));
    }
    service.stop();
    let records = exported(&setup, "jsonl");
    let failed = of_kind(&records, "signInFailed");
    let told: Vec<_> = failed
        .iter()
        .map(|record| (&record["provider"], &record["code"]))
        .collect();
    assert_eq!(told, [(&json!("gateway"), &json!("INF_AUTH"))]);
    assert_eq!(of_kind(&records, "signInSucceeded").len(), 0);
    assert!(!Value::from(records).to_string().contains("another-key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_kept_out_is_recorded_and_a_flood_is_counted() {
    let setup = Setup::empty();
    let service = Service::start(&setup, 0);
    let attachment = service.attachment(FrontEndKind::Terminal).await;
    for _ in 0..40 {
        let turned = FrontEnd::knock(&attachment, None, Some("https://example.com")).await;
        assert_eq!(turned.err(), Some(403), "another page's origin");
        let turned = FrontEnd::knock(&attachment, None, None).await;
        assert_eq!(
            turned.err(),
            Some(403),
            "neither a page nor a program of the user"
        );
    }
    let mut pane = FrontEnd::connect(&attachment, None, Some(service.address())).await;
    for _ in 0..3 {
        let refused = pane.hello(FrontEndKind::Excel, "no token at all", None).await;
        assert!(refused.is_err(), "a token that nobody gave out");
    }
    service.stop();

    let records = exported(&setup, "jsonl");
    // A minute may end in between: what counts is that nothing is lost and little is written.
    let (mut times, mut written) = (BTreeMap::<String, u64>::new(), 0);
    for record in &records {
        let count = match record["type"].as_str() {
            Some("frontEndRefused") => 1,
            Some("frontEndRefusedAgain") => record["count"].as_u64().expect("a number"),
            _ => continue,
        };
        written += 1;
        let who = record["by"].as_str().expect("who");
        let why = record["code"].as_str().expect("why");
        *times.entry(format!("{who} {why}")).or_default() += count;
    }
    let expected = [
        ("excel PAIR_REQUIRED", 3),
        ("unknown noOrigin", 40),
        ("unknown origin", 40),
    ];
    let expected: BTreeMap<String, u64> = expected.map(|(who, count)| (who.to_owned(), count)).into();
    assert_eq!(times, expected);
    assert!(written <= 12, "{written} records");
    let events = exported(&setup, "ocsf");
    let again = events
        .iter()
        .find(|event| event["metadata"]["event_code"] == "frontEndRefusedAgain")
        .expect("it is exported");
    assert_eq!(json!([again["class_uid"], again["status_id"]]), json!([3002, 2]));
}
