//! Hosts as lists of rules name them. Only the syntax: what a rule lets through is decided where connections are made.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Value, json};
use url::Host;

use super::list::Item;
use crate::value::{Invalid, text};

/// Bytes that an entry may have: a name of 253 (RFC 1035), `*.` and a port.
const CAP: usize = 262;

/// A host, `*.` before a host, or `*`; each with a port or without. Written in lower case, names in their ASCII form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostRule(String);

impl HostRule {
    /// The rule that is every host.
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// The rule as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(written: &str) -> Option<Self> {
        let (host, port) = split_port(written)?;
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => "*".to_owned(),
            Some(parent) => match host_text(parent)? {
                Host::Domain(name) => format!("*.{name}"),
                Host::Ipv4(_) | Host::Ipv6(_) => return None,
            },
            None => host_text(host)?.to_string(),
        };
        Some(Self(match port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }))
    }
}

/// The port at the end of an entry. An IPv6 address with a port stands in brackets.
fn split_port(written: &str) -> Option<(&str, Option<u16>)> {
    if written.parse::<Ipv6Addr>().is_ok() {
        return Some((written, None));
    }
    match written.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        None => Some((written, None)),
        Some((host, port)) => {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse::<u16>().ok().filter(|port| digits && *port != 0)?;
            Some((host, Some(port)))
        }
    }
}

/// A name or address; no name holds a `*`, a space or a sign of an address with a path.
fn host_text(written: &str) -> Option<Host> {
    if let Ok(address) = written.parse::<Ipv6Addr>() {
        return Some(Host::Ipv6(address));
    }
    if written.contains(['*', '%']) {
        return None;
    }
    let host = Host::parse(written.strip_suffix('.').unwrap_or(written)).ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(plain);
    match &host {
        Host::Domain(name) if name.len() > 253 || !name.split('.').all(label) => None,
        _ => Some(host),
    }
}

impl Item for HostRule {
    const WHAT: &str = "hosts";

    fn read(value: &Value) -> Result<Self, Invalid> {
        let expected =
            "expected a host, `*.` before a host, or `*`; an address with https:// or a path is no host";
        Self::parse(text(value, CAP)?).ok_or_else(|| Invalid(expected.to_owned()))
    }

    fn json(&self) -> Value {
        json!(self.0)
    }

    fn form() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP, "pattern": "^[^ /@?#%]+$" })
    }
}

/// Whether everything that `inner` names is named by `outer`, both as a list shows them.
pub(crate) fn names_all_of(outer: &Value, inner: &Value) -> bool {
    let (Some(outer), Some(inner)) = (outer.as_str(), inner.as_str()) else {
        return false;
    };
    let below = |parent: &str| {
        let label = inner.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.'));
        label.is_some_and(|label| !label.is_empty() && !label.contains(['.', '*']))
    };
    outer == "*" || outer == inner || outer.strip_prefix("*.").is_some_and(below)
}

/// A host, an address or a block of addresses (`10.0.0.0/8`) in a private network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateRule(String);

impl PrivateRule {
    /// The rule as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Item for PrivateRule {
    const WHAT: &str = "hosts, addresses or blocks of addresses";

    fn read(value: &Value) -> Result<Self, Invalid> {
        let written = text(value, CAP)?;
        let expected = || Invalid("expected a host, an address, or a block such as `10.0.0.0/8`".to_owned());
        let Some((address, prefix)) = written.split_once('/') else {
            // `*` would open every private address without a sign of it, and a private host is open as a whole or not.
            let whole = split_port(written).is_some_and(|(_, port)| port.is_none()) && written != "*";
            let rule = HostRule::parse(written).filter(|_| whole);
            return rule.map(|rule| Self(rule.0)).ok_or_else(expected);
        };
        let address: IpAddr = address.parse().map_err(|_| expected())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = prefix.parse().map_err(|_| expected())?;
        if digits && prefix <= bits {
            Ok(Self(format!("{address}/{prefix}")))
        } else {
            Err(expected())
        }
    }

    fn json(&self) -> Value {
        json!(self.0)
    }

    fn form() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": CAP })
    }
}
