//! Providers under test. A new provider implements [`Subject`] and passes the same suite.

use std::time::Duration;

use deskhand_core::ports::Provider;
use deskhand_egress::{Gate, Network};
use deskhand_inference::retry::Pauses;
use std::sync::Arc;

use deskhand_inference::credential::Fixed;
use deskhand_inference::{AuthScheme, Connection, Place, ProviderConfig, Secret};
use serde_json::{Value, json};

/// A provider and the wire format it reads.
pub(crate) trait Subject {
    /// The body of an answer of these Messages API events.
    fn encode(&self, events: &[Value]) -> Vec<u8>;

    /// Bodies that mean the same, in every form the wire allows.
    fn variants(&self, events: &[Value]) -> Vec<Vec<u8>>;

    /// The provider, without pauses and this patience for signs of life.
    fn provider(&self, base: &str, stall_after: Duration) -> Box<dyn Provider>;
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

    fn provider(&self, base: &str, stall_after: Duration) -> Box<dyn Provider> {
        Box::new(gateway(base, |config| config.manner.stall_after = stall_after))
    }
}

/// A gateway without pauses.
pub(crate) fn gateway(base: &str, change: impl FnOnce(&mut ProviderConfig)) -> Connection {
    let mut config = ProviderConfig::new(at_gateway(base));
    config.credential = Arc::new(Fixed(Some(Secret::new(KEY.to_owned()))));
    config.manner.pauses = Pauses {
        first: Duration::ZERO,
        longest: Duration::ZERO,
    };
    change(&mut config);
    Connection::new(config, &gate(base)).expect("a gateway")
}

/// A gateway that takes bearer tokens.
pub(crate) fn at_gateway(base: &str) -> Place {
    Place::Gateway {
        base_url: base.to_owned(),
        scheme: AuthScheme::Bearer,
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

fn framed(events: &[Value], line_end: &str, before: impl Fn(&Value) -> String) -> Vec<u8> {
    let events = events
        .iter()
        .map(|event| format!("{}data: {event}{line_end}{line_end}", before(event)));
    events.collect::<String>().into_bytes()
}
