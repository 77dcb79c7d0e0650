//! What of a bootstrap answer counts: an address that hands out settings may not name programs of the machine, sign-in
//! targets or services elsewhere without somebody else's word for it.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::Value;
use url::Url;

use crate::definition::{Consequence, Scope};
use crate::hosts::{ALLOWED, Host, PRIVATE, host_and_port};
use crate::keys::{Bootstrap, definition};
use crate::resolve::{Layers, Sources};
use crate::source::{Origin, Problem, ProblemKind, Reading, Values};
use crate::store::{FILE_CAP, json_reading};
use crate::types::HttpsUrl;

/// Keys whose addresses must have the origin of the bootstrap address.
const PINNED: [&str; 3] = [
    "inferenceBedrockBaseUrl",
    "inferenceGatewayBaseUrl",
    "inferenceVertexBaseUrl",
];

/// Lists of hosts, which hold names and addresses alone.
const HOST_LISTS: [&str; 2] = [ALLOWED, PRIVATE];

/// An answer of a bootstrap address as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct BootstrapAnswer {
    /// Its settings.
    pub reading: Reading,
    /// Unix milliseconds at which it ends; `None` where it does not say so. One that says so in a way that cannot be read
    /// is over.
    pub expires_at: Option<u64>,
}

/// Reads the body of an answer, in the flat or the nested form. `origin` is the origin of its address.
pub fn bootstrap_answer(origin: &str, body: &[u8]) -> BootstrapAnswer {
    let origin = Origin::Bootstrap(origin.into());
    if body.len() as u64 > FILE_CAP {
        let reason = format!("the answer is larger than {FILE_CAP} bytes");
        return BootstrapAnswer {
            reading: Reading::Unusable(origin, reason),
            expires_at: None,
        };
    }
    let mut reading = json_reading(origin, body);
    let expires_at = match &mut reading {
        Reading::Present(values) => values.entries.remove("expiresAt"),
        Reading::Absent | Reading::Unusable(..) => None,
    };
    BootstrapAnswer {
        reading,
        expires_at: expires_at.map(|said| milliseconds(said.ok().as_ref())),
    }
}

/// Seconds or milliseconds since 1970 as milliseconds; what is no number of either is over.
fn milliseconds(said: Option<&Value>) -> u64 {
    /// Seconds until the year 5138, milliseconds since 1973.
    const SECONDS_END: u64 = 100_000_000_000;
    match said.and_then(Value::as_u64) {
        None => 0,
        Some(seconds) if seconds < SECONDS_END => seconds * 1_000,
        Some(milliseconds) => milliseconds,
    }
}

/// A bootstrap answer as far as it counts.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reading: Reading,
    /// What was taken out of it, and why.
    pub(crate) refused: Vec<Problem>,
    /// Keys that wait for the user's consent.
    pub(crate) awaiting: Vec<&'static str>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            reading: Reading::Absent,
            refused: Vec::new(),
            awaiting: Vec::new(),
        }
    }
}

/// What counts of the answer in `layers`; `sources` are the others.
pub(crate) fn answer(layers: Layers<'_>, sources: &mut Sources<'_>) -> Answer {
    if matches!(layers.bootstrap, Reading::Absent) {
        return Answer::default();
    }
    let keys = Bootstrap::read(sources);
    let Some(address) = keys.bootstrap_url.value.filter(|_| keys.bootstrap_enabled.value) else {
        return Answer::default();
    };
    let machine = matches!(keys.bootstrap_url.origin, Origin::Managed(_));
    let trusted = layers.consented || machine || keys.trust_bootstrap_delivery.value;
    match layers.bootstrap {
        Reading::Present(values) => filtered(values, &address, trusted),
        other => Answer {
            reading: other.clone(),
            ..Answer::default()
        },
    }
}

fn filtered(values: &Values, address: &HttpsUrl, trusted: bool) -> Answer {
    let mut kept = values.clone();
    let mut refused = Vec::new();
    let mut awaiting = Vec::new();
    kept.entries.retain(|key, said| {
        let Some(row) = definition(key) else { return true };
        let reason = match row.scope {
            Scope::Managed => "is not taken from a bootstrap answer",
            Scope::ManagedOrBootstrapWithConsent if !trusted => {
                awaiting.push(row.name);
                "waits for the user's consent"
            }
            Scope::ManagedOrBootstrapWithConsent | Scope::ManagedOrBootstrap => {
                if let Some(reason) = said
                    .as_ref()
                    .ok()
                    .and_then(|value| foreign(row.name, value, address))
                {
                    *said = Err(reason.to_owned());
                }
                return true;
            }
        };
        refused.push(Problem {
            key: row.name.to_owned(),
            origin: values.origin.clone(),
            kind: ProblemKind::Refused,
            reason: reason.to_owned(),
            consequence: Consequence::UsesValue,
        });
        false
    });
    Answer {
        reading: Reading::Present(kept),
        refused,
        awaiting,
    }
}

/// Why a value names an address that an answer may not name.
fn foreign(key: &str, value: &Value, address: &HttpsUrl) -> Option<&'static str> {
    if names_loopback(value) || (HOST_LISTS.contains(&key) && lists_this_machine(value)) {
        return Some("addresses of this machine are not taken from a bootstrap answer");
    }
    let elsewhere = |text: &str| Url::parse(text).is_ok_and(|url| url.origin() != address.url().origin());
    (PINNED.contains(&key) && value.as_str().is_some_and(elsewhere))
        .then_some("its address must have the same origin as `bootstrapUrl`")
}

/// Whether a list of hosts names this machine or what only it reaches: loopback, link-local and metadata addresses, alone or
/// in a block.
fn lists_this_machine(value: &Value) -> bool {
    let entries = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    let own: [IpNet; 5] = [
        Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8).into(),
        Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16).into(),
        Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 32).into(),
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128).into(),
        Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10).into(),
    ];
    entries.into_iter().any(|entry| {
        let block = entry.parse::<IpNet>().ok();
        let host = host_and_port(entry)
            .map(|(host, _)| host)
            .or_else(|| Host::parse(entry));
        let block = block.or(match &host {
            Some(Host::Address(address)) => Some(IpNet::from(*address)),
            Some(Host::Name(_)) | None => None,
        });
        let overlaps = |block: IpNet| own.iter().any(|own| own.contains(&block) || block.contains(own));
        host.is_some_and(|host| host.is_localhost()) || block.is_some_and(overlaps)
    })
}

fn names_loopback(value: &Value) -> bool {
    match value {
        Value::String(text) => Url::parse(text).is_ok_and(|url| match url.host() {
            Some(url::Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
            Some(url::Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
            Some(url::Host::Ipv6(address)) => {
                let mapped = address.to_ipv4_mapped();
                address.is_loopback() || address.is_unspecified() || mapped.is_some_and(|v4| v4.is_loopback())
            }
            None => false,
        }),
        Value::Array(entries) => entries.iter().any(names_loopback),
        Value::Object(entries) => entries.values().any(names_loopback),
        _ => false,
    }
}
