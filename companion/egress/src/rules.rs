//! Which hosts the web tools and the sandbox may reach: the one matcher of `coworkEgressAllowedHosts` and
//! `deskhandEgressAllowPrivate`. A host is judged by its name before anything is resolved, and by each address after.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::Origin;
use crate::host::{Host, is_private_network, is_public};

/// The policy key of the hosts that the web tools and the sandbox may reach.
pub(crate) const ALLOWED: &str = "coworkEgressAllowedHosts";
/// The policy key of the private hosts among them.
pub(crate) const PRIVATE: &str = "deskhandEgressAllowPrivate";

/// Ports of an entry that names none, except for `*`.
const WEB_PORTS: [u16; 2] = [443, 80];

/// An entry of a list of hosts that says nothing usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not text.
    #[error("it is not text")]
    NotText,
    /// Not a host, a host with a port, `*.` before a host, or `*`.
    #[error(
        "it is neither a host, `*.` before a host, nor `*`; addresses with https:// or a path are no hosts"
    )]
    NotAHost,
    /// `*` somewhere else than alone or as the first label.
    #[error("`*` stands alone or for the whole first label")]
    Wildcard,
}

/// One entry of a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostRule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hosts {
    /// `*`
    Every,
    /// `*.example.com`: names with exactly one more label, and not the name itself.
    OneLabelBelow(String),
    /// Exactly this one.
    Exactly(Host),
}

impl HostRule {
    /// Reads an entry: `host`, `*.host` or `*`, each with a port or without.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        let (host, port) = split_port(text)?;
        let hosts = if host == "*" {
            Hosts::Every
        } else if let Some(parent) = host.strip_prefix("*.") {
            match Host::parse(parent) {
                _ if parent.contains('*') => return Err(RuleError::Wildcard),
                Some(Host::Name(parent)) => Hosts::OneLabelBelow(parent),
                Some(Host::Address(_)) | None => return Err(RuleError::NotAHost),
            }
        } else if host.contains('*') {
            return Err(RuleError::Wildcard);
        } else {
            Hosts::Exactly(Host::parse(host).ok_or(RuleError::NotAHost)?)
        };
        Ok(Self { hosts, port })
    }

    /// Whether the entry names this host and port. Without a port it means 443 and 80; `*` alone means every port.
    pub fn matches(&self, host: &Host, port: u16) -> bool {
        self.ports_hold(port) && self.names(host)
    }

    fn names(&self, host: &Host) -> bool {
        match (&self.hosts, host) {
            (Hosts::Every, _) => true,
            (Hosts::Exactly(named), host) => named == host,
            (Hosts::OneLabelBelow(parent), Host::Name(name)) => {
                let label = name.strip_suffix(parent.as_str());
                let label = label.and_then(|rest| rest.strip_suffix('.'));
                label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
            }
            (Hosts::OneLabelBelow(_), Host::Address(_)) => false,
        }
    }

    fn ports_hold(&self, port: u16) -> bool {
        match self.port {
            Some(only) => port == only,
            None => self.hosts == Hosts::Every || WEB_PORTS.contains(&port),
        }
    }

    /// The host, or the pattern of hosts, without the port.
    pub fn host(&self) -> String {
        let every_port = Self {
            port: None,
            ..self.clone()
        };
        every_port.to_string()
    }

    /// The port, where the entry names one; otherwise 80 and 443 are meant.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The entry as a firewall has it, one host and port each.
    pub(crate) fn for_firewall(&self) -> Vec<String> {
        let host = match &self.hosts {
            Hosts::Every => "*".to_owned(),
            Hosts::OneLabelBelow(parent) => format!("*.{parent}"),
            Hosts::Exactly(host) => host.to_string(),
        };
        match (self.port, &self.hosts) {
            (Some(port), _) => vec![format!("{host}:{port}")],
            (None, Hosts::Every) => vec![format!("{host}:*")],
            (None, _) => WEB_PORTS.iter().map(|port| format!("{host}:{port}")).collect(),
        }
    }

    /// Whether the only host of the entry is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match &self.hosts {
            Hosts::Exactly(Host::Address(address)) => address.is_loopback(),
            Hosts::Exactly(name) => name.is_localhost(),
            Hosts::Every | Hosts::OneLabelBelow(_) => false,
        }
    }
}

impl std::fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.hosts {
            Hosts::Every => formatter.write_str("*")?,
            Hosts::OneLabelBelow(parent) => write!(formatter, "*.{parent}")?,
            Hosts::Exactly(host) => host.fmt(formatter)?,
        }
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

/// The port at the end of an entry. An IPv6 address with a port stands in brackets.
fn split_port(text: &str) -> Result<(&str, Option<u16>), RuleError> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok((text, None));
    }
    let Some((host, port)) = text.rsplit_once(':').filter(|(_, port)| !port.contains(']')) else {
        return Ok((text, None));
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|port| digits && *port != 0);
    port.map(|port| (host, Some(port))).ok_or(RuleError::NotAHost)
}

/// An entry of `deskhandEgressAllowPrivate`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PrivateRule {
    /// These addresses, whatever they are for.
    Network(IpNet),
    /// Names whose addresses may lie in an organisation's own networks, and `localhost`.
    Named(HostRule),
}

impl PrivateRule {
    fn parse(text: &str) -> Result<Self, RuleError> {
        let text = text.trim();
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        let rule = HostRule::parse(text)?;
        match (&rule.hosts, rule.port) {
            (Hosts::Exactly(Host::Address(address)), None) => Ok(Self::Network((*address).into())),
            // Every private address at once would undo the rule without a sign of it: networks are listed one by one.
            (Hosts::Every, _) => Err(RuleError::Wildcard),
            (_, Some(_)) => Err(RuleError::NotAHost),
            (Hosts::OneLabelBelow(_) | Hosts::Exactly(_), None) => Ok(Self::Named(rule)),
        }
    }

    /// Whether the rule lets a connection to `host` go to `address`. A name is not enough for loopback, link-local and
    /// metadata addresses: whoever runs the name's DNS zone would choose them.
    fn admits(&self, host: &Host, address: IpAddr) -> bool {
        match self {
            Self::Network(network) => network.contains(&address.to_canonical()),
            Self::Named(rule) => {
                let own = is_private_network(address) || host.is_localhost() && address.is_loopback();
                own && rule.names(host)
            }
        }
    }
}

/// Why the web tools and the sandbox may not reach a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebRefusal {
    /// No entry of `coworkEgressAllowedHosts` names it.
    #[error("the host is not listed")]
    NotListed,
    /// It is, or leads to, an address that is not public.
    #[error("the address is private, local or reserved")]
    NotPublic,
}

impl WebRefusal {
    /// The policy key that would open it.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotListed => ALLOWED,
            Self::NotPublic => PRIVATE,
        }
    }
}

/// What the web tools or the sandbox may reach.
#[derive(Clone, Debug, Default)]
pub struct WebRules {
    listed: Vec<HostRule>,
    /// Reached without being listed: the host of inference where there is no list, the collector.
    added: Vec<Origin>,
    private: Vec<PrivateRule>,
}

impl WebRules {
    /// The rules of two lists; entries that cannot be used open nothing and come back with their reasons.
    pub(crate) fn new(
        listed: &[serde_json::Value],
        private: &[serde_json::Value],
        added: Vec<Origin>,
    ) -> (Self, Vec<(&'static str, RuleError)>) {
        let mut faults = Vec::new();
        let listed = read(listed, ALLOWED, HostRule::parse, &mut faults);
        let private = read(private, PRIVATE, PrivateRule::parse, &mut faults);
        let rules = Self {
            listed,
            added,
            private,
        };
        (rules, faults)
    }

    /// Judges a host and port by name, before anything is resolved.
    pub fn permits(&self, host: &Host, port: u16) -> Result<(), WebRefusal> {
        let added = || {
            let mut added = self.added.iter().filter(|origin| origin.port() == port);
            added.any(|origin| Host::parse(origin.host()).as_ref() == Some(host))
        };
        if !self.listed.iter().any(|rule| rule.matches(host, port)) && !added() {
            return Err(WebRefusal::NotListed);
        }
        match host {
            Host::Address(address) => self.permits_address(host, *address),
            Host::Name(_) if host.is_localhost() => self.permits_address(host, IpAddr::from([127, 0, 0, 1])),
            Host::Name(_) => Ok(()),
        }
    }

    /// Judges an address that a permitted host leads to.
    pub fn permits_address(&self, host: &Host, address: IpAddr) -> Result<(), WebRefusal> {
        let admitted = || self.private.iter().any(|rule| rule.admits(host, address));
        if is_public(address) || admitted() {
            Ok(())
        } else {
            Err(WebRefusal::NotPublic)
        }
    }

    /// Whether nothing can be reached at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.added.is_empty()
    }

    pub(crate) fn listed(&self) -> &[HostRule] {
        &self.listed
    }

    pub(crate) fn added(&self) -> &[Origin] {
        &self.added
    }
}

fn read<T>(
    list: &[serde_json::Value],
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, RuleError>,
    faults: &mut Vec<(&'static str, RuleError)>,
) -> Vec<T> {
    let mut rules = Vec::new();
    for entry in list {
        match entry.as_str().ok_or(RuleError::NotText).and_then(&parse) {
            Ok(rule) => rules.push(rule),
            Err(why) => faults.push((key, why)),
        }
    }
    rules
}

#[cfg(test)]
mod tests;
