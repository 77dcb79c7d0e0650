//! What the audit port hears.

use std::sync::{Arc, Mutex};

use axum::Router;
use deskhand_egress::{Destination, EgressAudit, EgressDecision, Gate, Network, Outcome};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::party::{Names, Party};
use crate::request;

#[derive(Debug, Default)]
struct Record(Mutex<Vec<EgressDecision>>);

impl EgressAudit for Record {
    fn record(&self, decision: EgressDecision) {
        self.0.lock().expect("no panic").push(decision);
    }
}

impl Record {
    /// What was heard, with `N` for a port of the test.
    fn heard(&self) -> Vec<String> {
        let heard = self.0.lock().expect("no panic");
        let line = |one: &EgressDecision| {
            let EgressDecision {
                destination,
                host,
                port,
                outcome,
                key,
            } = one;
            let outcome = match outcome {
                Outcome::Opened => "opened",
                Outcome::Refused => "refused",
                Outcome::Failed(step) => step.as_str(),
            };
            let port = if [0, 443].contains(port) {
                port.to_string()
            } else {
                "N".to_owned()
            };
            format!("{destination} {host}:{port} {outcome} {key}")
        };
        heard.iter().map(line).collect()
    }
}

#[tokio::test]
async fn the_audit_port_hears_of_each_connection_and_refusal_and_of_no_path() {
    let party = Party::serve(Router::new().fallback(|| async { "hello" })).await;
    let place = party.base.trim_start_matches("http://127.0.0.1").to_owned();
    let record = Arc::new(Record::default());
    let network = Network {
        audit: Some(Arc::<Record>::clone(&record)),
        resolver: Names::answering(&[&["127.0.0.1"]]),
        ..Network::default()
    };
    let settings = json!({
        "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": party.base,
        "coworkEgressAllowedHosts": [format!("pages.example{place}")],
    });
    let gate = Gate::new(move |key| settings[key].clone(), network);
    let inference = gate
        .client(Destination::InferenceGateway)
        .expect("an open gateway");
    // Two requests over one connection.
    for _ in 0..2 {
        let answer = inference
            .send(request(format!("{}/secret?q=1", party.base)))
            .await;
        answer.expect("an answer").body_up_to(10).await.expect("a body");
    }
    inference
        .send(request("https://evil.example/secret"))
        .await
        .expect_err("a refusal");
    let web = gate.client(Destination::WebFetch).expect("an open destination");
    web.send(request("https://evil.example/secret"))
        .await
        .expect_err("a refusal");
    web.send(request(format!("http://pages.example{place}/secret")))
        .await
        .expect_err("a refusal");
    gate.client(Destination::Collector)
        .expect_err("a closed destination");
    assert_eq!(
        record.heard(),
        [
            "inference-gateway 127.0.0.1:N opened inferenceGatewayBaseUrl",
            "inference-gateway evil.example:443 refused inferenceGatewayBaseUrl",
            "web-fetch evil.example:443 refused coworkEgressAllowedHosts",
            "web-fetch pages.example:N refused deskhandEgressAllowPrivate",
            "collector :0 refused otlpEndpoint",
        ]
    );
}

#[tokio::test]
async fn the_audit_port_hears_of_a_page_that_was_read_under_the_key_that_lists_its_host() {
    let party = Party::serve(Router::new().fallback(|| async { "hello" })).await;
    let port = party.base.rsplit(':').next().expect("a port");
    let record = Arc::new(Record::default());
    let settings = json!({
        "coworkEgressAllowedHosts": [format!("127.0.0.1:{port}")],
        "deskhandEgressAllowPrivate": ["127.0.0.1"],
    });
    let network = Network {
        audit: Some(Arc::<Record>::clone(&record)),
        ..Network::default()
    };
    let gate = Gate::new(move |key| settings[key].clone(), network);
    let web = gate.client(Destination::WebFetch).expect("an open destination");
    web.send(request(&party.base)).await.expect("a page");
    assert_eq!(
        record.heard(),
        ["web-fetch 127.0.0.1:N opened coworkEgressAllowedHosts"]
    );
}

#[tokio::test]
async fn the_audit_port_hears_of_a_connection_that_nobody_waited_for() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let record = Arc::new(Record::default());
    let settings = json!({
        "coworkEgressAllowedHosts": [format!("127.0.0.1:{port}")],
        "deskhandEgressAllowPrivate": ["127.0.0.1"],
    });
    let network = Network {
        audit: Some(Arc::<Record>::clone(&record)),
        ..Network::default()
    };
    let gate = Gate::new(move |key| settings[key].clone(), network);
    let web = gate.client(Destination::WebFetch).expect("an open destination");
    tokio::select! {
        answered = web.send(request(format!("https://127.0.0.1:{port}/"))) => panic!("{answered:?}"),
        // It is connected, and its TLS hello is not answered: whoever asked goes away.
        accepted = silent.accept() => drop(accepted.expect("a connection").0.readable().await),
    }
    assert_eq!(
        record.heard(),
        ["web-fetch 127.0.0.1:N stopped coworkEgressAllowedHosts"]
    );
}

#[tokio::test]
async fn the_audit_port_hears_of_what_was_allowed_and_failed_and_at_which_step() {
    let party = Party::serve(Router::new().fallback(|| async { "hello" })).await;
    let port = party.base.rsplit(':').next().expect("a port");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let record = Arc::new(Record::default());
    let settings = json!({
        "coworkEgressAllowedHosts": ["*"],
        "deskhandEgressAllowPrivate": ["127.0.0.1"],
    });
    let network = Network {
        audit: Some(Arc::<Record>::clone(&record)),
        resolver: Names::answering(&[&[]]),
        ..Network::default()
    };
    let gate = Gate::new(move |key| settings[key].clone(), network);
    let web = gate.client(Destination::WebFetch).expect("an open destination");
    for address in [
        "https://nowhere.example/".to_owned(),
        format!("https://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{closed}/"),
    ] {
        web.send(request(address)).await.expect_err("no connection");
    }
    assert_eq!(
        record.heard(),
        [
            "web-fetch nowhere.example:443 name coworkEgressAllowedHosts",
            "web-fetch 127.0.0.1:N tls coworkEgressAllowedHosts",
            "web-fetch 127.0.0.1:N connection coworkEgressAllowedHosts",
        ]
    );
}
