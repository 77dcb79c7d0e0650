//! What the audit port hears.

use std::sync::{Arc, Mutex};

use axum::Router;
use deskhand_egress::{Destination, EgressAudit, EgressDecision, Gate, Network};
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
                allowed,
                key,
            } = one;
            let port = if [0, 443].contains(port) {
                port.to_string()
            } else {
                "N".to_owned()
            };
            format!("{destination} {host}:{port} {allowed} {key}")
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
            "inference-gateway 127.0.0.1:N true inferenceGatewayBaseUrl",
            "inference-gateway evil.example:443 false inferenceGatewayBaseUrl",
            "web-fetch evil.example:443 false coworkEgressAllowedHosts",
            "web-fetch pages.example:N false deskhandEgressAllowPrivate",
            "collector :0 false otlpEndpoint",
        ]
    );
}
