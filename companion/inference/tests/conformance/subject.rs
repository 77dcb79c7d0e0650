//! Providers under test. A new provider implements [`Subject`] and passes the same suite.

use std::time::Duration;

use deskhand_core::ports::{BoxFuture, Provider};
use deskhand_egress::{Gate, Network};
use deskhand_inference::retry::Pauses;
use std::sync::Arc;

use deskhand_inference::credential::Fixed;
use deskhand_inference::{AuthScheme, Connection, Format, Place, ProviderConfig, Secret};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::ModelView;
use deskhand_standins::Tunnel;
use serde_json::{Value, json};

/// A provider and the wire format it reads.
pub(crate) trait Subject {
    /// The body of an answer of these Messages API events.
    fn encode(&self, events: &[Value]) -> Vec<u8>;

    /// Bodies that mean the same, in every form the wire allows.
    fn variants(&self, events: &[Value]) -> Vec<Vec<u8>>;

    /// The provider at a line, without pauses and with this patience for signs of life.
    fn provider<'a>(&'a self, base: &'a str, stall_after: Duration) -> BoxFuture<'a, Box<dyn Provider>>;

    /// What is told where nobody listens.
    fn with_nobody_there(&self) -> ErrorCode {
        ErrorCode::InferenceUnreachable
    }
}

/// The gateway provider, over event streams.
pub(crate) struct OverGateway;

/// The key that must never show.
pub(crate) const KEY: &str = "company-key-1";

impl Subject for OverGateway {
    fn encode(&self, events: &[Value]) -> Vec<u8> {
        framed(events, "\n", |_| String::new())
    }

    fn variants(&self, events: &[Value]) -> Vec<Vec<u8>> {
        every_form(events)
    }

    fn provider<'a>(&'a self, base: &'a str, stall_after: Duration) -> BoxFuture<'a, Box<dyn Provider>> {
        let provider = gateway(base, |config| config.manner.stall_after = stall_after);
        Box::pin(async { Box::new(provider) as Box<dyn Provider> })
    }
}

/// Vertex AI, at a private endpoint.
pub(crate) struct OverVertex;

impl Subject for OverVertex {
    fn encode(&self, events: &[Value]) -> Vec<u8> {
        OverGateway.encode(events)
    }

    fn variants(&self, events: &[Value]) -> Vec<Vec<u8>> {
        every_form(events)
    }

    fn provider<'a>(&'a self, base: &'a str, stall_after: Duration) -> BoxFuture<'a, Box<dyn Provider>> {
        let place = Place::Vertex {
            project: "project-1".to_owned(),
            region: "us-east5".to_owned(),
        };
        let base = base.to_owned();
        let setting = move |key: &str| match key {
            "inferenceProvider" => json!("vertex"),
            "inferenceVertexBaseUrl" => json!(base),
            _ => json!(null),
        };
        let gate = Gate::new(setting, Network::default());
        Box::pin(async move { connected(place, stall_after, &gate) })
    }
}

/// Azure AI Foundry, at its public name: over TLS, through the tunnel of a proxy.
pub(crate) struct OverFoundry;

impl Subject for OverFoundry {
    fn encode(&self, events: &[Value]) -> Vec<u8> {
        OverGateway.encode(events)
    }

    fn variants(&self, events: &[Value]) -> Vec<Vec<u8>> {
        every_form(events)
    }

    /// The proxy tells that it reached nobody.
    fn with_nobody_there(&self) -> ErrorCode {
        ErrorCode::InferenceProxy
    }

    fn provider<'a>(&'a self, base: &'a str, stall_after: Duration) -> BoxFuture<'a, Box<dyn Provider>> {
        let place = Place::Foundry {
            scheme: AuthScheme::ApiKey,
        };
        Box::pin(async move {
            let tunnel = Tunnel::to(base, &["resource-1.services.ai.azure.com"]).await;
            let proxy = tunnel.proxy;
            let setting = move |key: &str| match key {
                "inferenceProvider" => json!("foundry"),
                "inferenceFoundryResource" => json!("resource-1"),
                "egressProxyUrl" => json!(proxy),
                _ => json!(null),
            };
            let network = Network {
                extra_roots: vec![tunnel.authority],
                ..Network::default()
            };
            connected(place, stall_after, &Gate::new(setting, network))
        })
    }
}

/// A provider without pauses.
fn connected(place: Place, stall_after: Duration, gate: &Gate) -> Box<dyn Provider> {
    let mut config = ProviderConfig::new(place);
    config.credential = Arc::new(Fixed::new(Secret::new(KEY.to_owned())));
    config.manner.pauses = NO_PAUSES;
    config.manner.stall_after = stall_after;
    config.models = vec![ModelView::new("claude-a", "A")];
    Box::new(Connection::new(config, gate).expect("a provider"))
}

pub(crate) const NO_PAUSES: Pauses = Pauses {
    first: Duration::ZERO,
    longest: Duration::ZERO,
};

/// A gateway without pauses.
pub(crate) fn gateway(base: &str, change: impl FnOnce(&mut ProviderConfig)) -> Connection {
    let mut config = ProviderConfig::new(at_gateway(base));
    config.credential = Arc::new(Fixed::new(Secret::new(KEY.to_owned())));
    config.manner.pauses = NO_PAUSES;
    change(&mut config);
    Connection::new(config, &gate(base)).expect("a gateway")
}

/// A gateway that takes bearer tokens.
pub(crate) fn at_gateway(base: &str) -> Place {
    Place::Gateway {
        base_url: base.to_owned(),
        scheme: AuthScheme::Bearer,
        format: Format::Messages,
    }
}

/// A gate that lets a gateway at this address through.
pub(crate) fn gate(base: &str) -> Gate {
    let base = base.to_owned();
    let setting = move |key: &str| match key {
        "inferenceProvider" => json!("gateway"),
        "inferenceGatewayBaseUrl" => json!(base),
        _ => json!(null),
    };
    Gate::new(setting, Network::default())
}

/// Every form that an event stream may have.
fn every_form(events: &[Value]) -> Vec<Vec<u8>> {
    let named = |event: &Value| format!("event: {}\n", event["type"].as_str().unwrap_or_default());
    let crlf = |event: &Value| format!("event: {}\r\n", event["type"].as_str().unwrap_or_default());
    let noisy = |_: &Value| ": keep-alive\nid: 7\nretry: 10\nfuture: field\n".to_owned();
    let mut with_mark = "\u{feff}".as_bytes().to_vec();
    with_mark.extend(framed(events, "\n", named));
    let mut with_done = framed(events, "\n", named);
    with_done.extend(b"data: [DONE]\n\n");
    vec![
        framed(events, "\n", named),
        framed(events, "\r\n", crlf),
        framed(events, "\r", |_| "event: x\r".to_owned()),
        framed(events, "\n", noisy),
        with_mark,
        with_done,
    ]
}

fn framed(events: &[Value], line_end: &str, before: impl Fn(&Value) -> String) -> Vec<u8> {
    let events = events
        .iter()
        .map(|event| format!("{}data: {event}{line_end}{line_end}", before(event)));
    events.collect::<String>().into_bytes()
}
