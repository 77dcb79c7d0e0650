//! Reading the organisation's settings, and what the door out decides with them.

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::MetadataExt as _;
use std::time::Instant;

use bytes::Bytes;
use deskhand_egress::{Destination, Gate, Network};
use deskhand_policy::hosts::{Host, HostRule, HostRules};
use deskhand_policy::{ManagedFile, Policy, Store as _, definitions};
use serde_json::{Map, Value, json};

use crate::figure::{Aim, Report, quantile};

const KEYS: usize = 150;
const TIMES: usize = 300;
const DECISIONS: usize = 200_000;
/// As many hosts as `coworkEgressAllowedHosts` may have.
const HOSTS: usize = 1_000;

/// Every key of the table, with its default or a value of its own, as an administrator's JSON.
fn profile() -> Vec<u8> {
    let mut values: Map<String, Value> = definitions()
        .filter(|row| !(row.default)().is_null())
        .map(|row| (row.name.to_owned(), (row.default)()))
        .collect();
    let own = json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": "https://gateway.example.com",
        "coworkEgressAllowedHosts": hosts(50),
        "otlpEndpoint": "https://collector.example.com",
        "deploymentOrganizationUuid": "0d7d6a0e-4f2f-4d5f-9a70-2f1f0c6f9b11",
        "deskhandManagedContact": "Questions: it-help@example.com",
    });
    values.extend(own.as_object().cloned().unwrap_or_default());
    // Keys that have no value of their own are there as names that nobody knows: each is looked up and told.
    for number in values.len()..KEYS {
        values.insert(format!("unknownKey{number}"), json!(number));
    }
    serde_json::to_vec_pretty(&values).expect("JSON")
}

fn hosts(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("service-{number}.corp.example.com"))
        .collect()
}

/// Reading and resolving 150 keys from the administrator's file, beside parsing the same bytes; a decision of the gate.
pub(crate) fn settings(report: &mut Report) {
    let bytes = profile();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("managed-settings.json");
    fs::write(&file, &bytes).expect("a file");
    let owner = fs::metadata(&file).expect("a file").uid();
    let store = ManagedFile::at(&file, owner);
    let (mut parsed, mut resolved) = (Vec::with_capacity(TIMES), Vec::with_capacity(TIMES));
    for _ in 0..TIMES {
        let begun = Instant::now();
        let value: Value = serde_json::from_slice(&bytes).expect("JSON");
        parsed.push(begun.elapsed().as_secs_f64() * 1e3);
        assert_eq!(value.as_object().map(Map::len), Some(KEYS));
        let begun = Instant::now();
        let policy = Policy::resolve(&store.read(), &[]);
        resolved.push(begun.elapsed().as_secs_f64() * 1e3);
        assert!(policy.managed && policy.connection.inference_gateway_base_url.value.is_some());
    }
    let resolved = quantile(&resolved, 0.5);
    report.add(
        "policy: 150 keys read and resolved (ms)",
        resolved,
        "ms",
        Aim::Below(5.0),
    );
    report.add(
        "  parsing the same JSON (ms)",
        quantile(&parsed, 0.5),
        "ms",
        Aim::None,
    );
}

/// Microseconds of a decision about a host, and of a whole request that is refused.
pub(crate) async fn gate(report: &mut Report) {
    for count in [50, HOSTS] {
        let listed = hosts(count);
        let listed = listed.iter().map(|host| HostRule::parse(host).expect("a rule"));
        let rules = HostRules::new(listed.collect(), Vec::new());
        let asked: Vec<Host> = hosts(count * 2)
            .iter()
            .map(|host| Host::parse(host).expect("a host"))
            .collect();
        let begun = Instant::now();
        let named = (0..DECISIONS).filter(|number| {
            let host = black_box(&asked[number % asked.len()]);
            rules.naming(host, 443).is_some() && rules.admits(host)
        });
        assert_eq!(named.count(), DECISIONS / 2);
        let micros = begun.elapsed().as_secs_f64() / DECISIONS as f64 * 1e6;
        let name = format!("gate: a decision about a host, {count} listed (us)");
        report.add(&name, micros, "us", Aim::Below(2.0));
    }
    let settings = json!({ "coworkEgressAllowedHosts": hosts(HOSTS) });
    let gate = Gate::new(|key| settings[key].clone(), Network::default());
    let client = gate.client(Destination::WebFetch).expect("an open destination");
    let begun = Instant::now();
    for number in 0..DECISIONS / 10 {
        let address = format!("https://elsewhere-{number}.example.org/");
        let request = http::Request::get(address).body(Bytes::new()).expect("a request");
        client.send(request).await.expect_err("a refusal");
    }
    let micros = begun.elapsed().as_secs_f64() / (DECISIONS / 10) as f64 * 1e6;
    report.add("  a whole request, refused (us)", micros, "us", Aim::None);
}
