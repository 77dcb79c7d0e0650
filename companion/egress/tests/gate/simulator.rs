//! What the simulator of policies answers to "may this host be reached?", and what the gate does: the same, for any profile.

use std::collections::BTreeMap;
use std::path::Path;

use deskhand_egress::{Gate, Network};
use deskhand_policy::simulate::{Place, Question, simulate};
use deskhand_policy::{MemoryStore, Origin, Policy, Store as _};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// Values of a key, the absent one among them.
fn one_of(
    key: &'static str,
    values: Vec<Value>,
) -> impl Strategy<Value = (&'static str, Option<Value>)> + use<> {
    let values: Vec<Option<Value>> = std::iter::once(None)
        .chain(values.into_iter().map(Some))
        .collect();
    select(values).prop_map(move |value| (key, value))
}

fn listed(
    key: &'static str,
    entries: &[&'static str],
) -> impl Strategy<Value = (&'static str, Option<Value>)> + use<> {
    let some = subsequence(entries.to_vec(), 0..=3);
    proptest::option::of(some).prop_map(move |list| (key, list.map(|list| json!(list))))
}

fn profile() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    const ENTRIES: &[&str] = &[
        "gw.example.com",
        "*.example.com",
        "**.example.org",
        "otel.example.com:4318",
        "gw.example.com:8443",
        "10.0.0.1",
        "localhost",
        "*",
        "not a host",
    ];
    let keys = (
        one_of(
            "inferenceProvider",
            vec![json!("gateway"), json!("bedrock"), json!("vertex"), json!(7)],
        ),
        one_of(
            "inferenceGatewayBaseUrl",
            vec![
                json!("https://gw.example.com"),
                json!("https://gw.example.com:8443/v1"),
                json!("http://localhost:8080"),
                json!("https://10.0.0.1"),
            ],
        ),
        one_of("inferenceBedrockRegion", vec![json!("us-east-1")]),
        one_of("inferenceVertexRegion", vec![json!("global")]),
        listed("coworkEgressAllowedHosts", ENTRIES),
        listed(
            "deskhandEgressAllowPrivate",
            &["10.0.0.0/8", "localhost", "10.0.0.1"],
        ),
        one_of(
            "otlpEndpoint",
            vec![
                json!("https://otel.example.com:4318"),
                json!("https://otel.example.com"),
                json!("http://localhost:4318"),
            ],
        ),
        one_of("disabledBuiltinTools", vec![json!(["WebFetch"]), json!(["Bash"])]),
        one_of("deskhandEnabled", vec![json!(false), json!(true)]),
        one_of("deskhandAuditRequired", vec![json!(true)]),
    );
    keys.prop_map(|(a, b, c, d, e, f, g, h, i, j)| {
        let keys = [a, b, c, d, e, f, g, h, i, j].into_iter();
        keys.filter_map(|(key, value)| Some((key, value?))).collect()
    })
}

fn question() -> impl Strategy<Value = String> {
    let hosts = vec![
        "gw.example.com",
        "a.example.com",
        "example.com",
        "otel.example.com",
        "a.b.example.org",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "aiplatform.googleapis.com",
        "localhost",
        "10.0.0.1",
        "93.184.216.34",
        "GW.EXAMPLE.COM.",
    ];
    let ports = vec!["", ":80", ":443", ":4318", ":8080", ":8443", ":22"];
    (select(hosts), select(ports)).prop_map(|(host, port)| format!("{host}{port}"))
}

/// Whether the simulator says yes, and whether the gate does.
fn answers(profile: &[(&'static str, Value)], asked: &str) -> (bool, bool) {
    let store = MemoryStore::new(Origin::Managed("profile".into()), profile.to_vec());
    let policy = Policy::resolve(&store.read(), &[]);
    let entries = policy.entries().into_iter();
    let values: BTreeMap<_, _> = entries.map(|entry| (entry.name, entry.value)).collect();
    let gate = Gate::new(
        |key| values.get(key).cloned().unwrap_or_default(),
        Network::default(),
    );
    let place = Place {
        home: Path::new("/home/ada"),
        variable: &|_| None,
        added: &gate.added(),
    };
    let question = Question::parse(&format!("connect {asked}")).expect("a question");
    let verdict = simulate(&policy, &question, place);
    let explanation = gate.explain(asked).expect("a host");
    let is_asked = |destination: &str| ["web-fetch", "sandbox"].contains(&destination);
    let reached = explanation.reached_by.iter().any(|way| is_asked(way.destination));
    (verdict.allowed, reached && policy.stopping().is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn the_simulator_answers_what_the_gate_does(profile in profile(), asked in question()) {
        let (simulated, gated) = answers(&profile, &asked);
        prop_assert_eq!(simulated, gated);
    }
}

#[test]
fn what_is_compared_is_sometimes_open_and_sometimes_closed() {
    let gateway = [
        ("inferenceProvider", json!("gateway")),
        ("inferenceGatewayBaseUrl", json!("https://gw.example.com:8443")),
        ("otlpEndpoint", json!("https://otel.example.com:4318")),
    ];
    for (asked, open) in [
        ("gw.example.com:8443", true),
        ("gw.example.com", false),
        ("otel.example.com:4318", true),
        ("otel.example.com", false),
    ] {
        assert_eq!(answers(&gateway, asked), (open, open), "{asked}");
    }
}
