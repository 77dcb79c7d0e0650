//! Rules of hosts and what they let through. A host is judged by its name before anything is resolved, and by each
//! address after.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::host::{Host, is_private_network, is_public};

/// Ports of a rule that names none, except for `*`.
const WEB_PORTS: [u16; 2] = [80, 443];

/// Why a text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not a host, a host with a port, `*.` before a host, or `*`.
    #[error("expected a host, `*.` before a host, or `*`; an address with https:// or a path is no host")]
    NotAHost,
    /// `*` somewhere else than alone or as the first label, or alone where every private address would be meant.
    #[error("`*` stands alone or for the whole first label, and private addresses are listed by network")]
    Wildcard,
    /// Not a host, an address or a block of addresses.
    #[error("expected a host, an address, or a block such as `10.0.0.0/8`")]
    NotPrivate,
}

/// A host, `*.` before a host, or `*`; each with a port or without.
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
    /// The rule that is every host.
    pub fn any() -> Self {
        Self {
            hosts: Hosts::Every,
            port: None,
        }
    }

    /// Reads a rule.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let (host, port) = split_port(text)?;
        let hosts = if host == "*" {
            Hosts::Every
        } else if let Some(parent) = host.strip_prefix("*.") {
            match plain_host(parent)? {
                Host::Name(parent) => Hosts::OneLabelBelow(parent),
                Host::Address(_) => return Err(RuleError::NotAHost),
            }
        } else {
            Hosts::Exactly(plain_host(host)?)
        };
        Ok(Self { hosts, port })
    }

    /// Whether the rule names this host and port. Without a port it means 443 and 80; `*` alone means every port.
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

    /// Whether everything that `other` names is named by this rule too.
    pub fn names_all_of(&self, other: &Self) -> bool {
        let hosts = match (&self.hosts, &other.hosts) {
            (Hosts::Every, _) => true,
            (_, Hosts::Exactly(host)) => self.names(host),
            (mine, theirs) => mine == theirs,
        };
        let ports = match other.port {
            Some(port) => self.ports_hold(port),
            None if other.hosts == Hosts::Every => self.port.is_none(),
            None => WEB_PORTS.iter().all(|port| self.ports_hold(*port)),
        };
        hosts && ports
    }

    /// The host, or the pattern of hosts, without the port.
    pub fn host(&self) -> String {
        let any_port = Self {
            port: None,
            ..self.clone()
        };
        any_port.to_string()
    }

    /// The ports that the rule means: the one that it names, or 80 and 443; of `*` without one every port, which is told by
    /// none.
    pub fn ports(&self) -> Vec<u16> {
        match (self.port, &self.hosts) {
            (Some(port), _) => vec![port],
            (None, Hosts::Every) => Vec::new(),
            (None, _) => WEB_PORTS.to_vec(),
        }
    }

    /// The rule as a firewall has it, one host and port each.
    pub fn for_firewall(&self) -> Vec<String> {
        let host = self.hosts.to_string();
        match self.ports().as_slice() {
            [] => vec![format!("{host}:*")],
            ports => ports.iter().map(|port| format!("{host}:{port}")).collect(),
        }
    }

    /// Whether the only host of the rule is this machine.
    pub fn is_loopback(&self) -> bool {
        match &self.hosts {
            Hosts::Exactly(Host::Address(address)) => address.is_loopback(),
            Hosts::Exactly(name) => name.is_localhost(),
            Hosts::Every | Hosts::OneLabelBelow(_) => false,
        }
    }
}

impl std::fmt::Display for Hosts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Every => formatter.write_str("*"),
            Self::OneLabelBelow(parent) => write!(formatter, "*.{parent}"),
            Self::Exactly(host) => host.fmt(formatter),
        }
    }
}

impl std::fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.hosts.fmt(formatter)?;
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

/// A host with the port behind it, if there is one. An IPv6 address with a port stands in brackets.
pub(crate) fn host_and_port(text: &str) -> Option<(Host, Option<u16>)> {
    let (host, port) = split_port(text).ok()?;
    Some((Host::parse(host)?, port))
}

fn split_port(text: &str) -> Result<(&str, Option<u16>), RuleError> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    let Some((host, port)) = text.rsplit_once(':').filter(|(_, port)| !port.contains(']')) else {
        return Ok((text, None));
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|port| digits && *port != 0);
    port.map(|port| (host, Some(port))).ok_or(RuleError::NotAHost)
}

/// A host without any of the signs by which one text may be read in two ways.
fn plain_host(text: &str) -> Result<Host, RuleError> {
    if text.contains('*') {
        return Err(RuleError::Wildcard);
    }
    let host = Host::parse(text).filter(|_| !text.contains('%'));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    host.filter(|host| match host {
        Host::Name(name) => name.bytes().all(plain),
        Host::Address(_) => true,
    })
    .ok_or(RuleError::NotAHost)
}

/// A host, an address or a block of addresses (`10.0.0.0/8`) in a private network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateRule(Private);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Private {
    /// This address, whatever it is for.
    Address(IpAddr),
    /// These addresses, whatever they are for.
    Network(IpNet),
    /// Names whose addresses may lie in an organisation's own networks, and `localhost`.
    Named(HostRule),
}

impl PrivateRule {
    /// Reads a rule.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.contains('/') {
            let network = text.parse().map_err(|_| RuleError::NotPrivate)?;
            return Ok(Self(Private::Network(network)));
        }
        let rule = HostRule::parse(text).map_err(|_| RuleError::NotPrivate)?;
        match (&rule.hosts, rule.port) {
            // Every private address at once would undo the rule without a sign of it: networks are listed one by one.
            (Hosts::Every, _) => Err(RuleError::Wildcard),
            // A private host is open as a whole or not.
            (_, Some(_)) => Err(RuleError::NotPrivate),
            (Hosts::Exactly(Host::Address(address)), None) => Ok(Self(Private::Address(*address))),
            (Hosts::OneLabelBelow(_) | Hosts::Exactly(_), None) => Ok(Self(Private::Named(rule))),
        }
    }

    /// Whether the rule lets a connection to `host` go to `address`. A name is not enough for loopback, link-local and
    /// metadata addresses: whoever runs the name's DNS zone would choose them.
    fn admits(&self, host: &Host, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match &self.0 {
            Private::Address(named) => *named == address,
            Private::Network(network) => network.contains(&address),
            Private::Named(rule) => {
                let own = is_private_network(address) || host.is_localhost() && address.is_loopback();
                own && rule.names(host)
            }
        }
    }
}

impl std::fmt::Display for PrivateRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Private::Address(address) => Host::Address(*address).fmt(formatter),
            Private::Network(network) => network.fmt(formatter),
            Private::Named(rule) => rule.fmt(formatter),
        }
    }
}

/// Both lists together. What names a host is found without a look at the rest of the list.
#[derive(Clone, Debug, Default)]
pub struct HostRules {
    listed: Vec<HostRule>,
    private: Vec<PrivateRule>,
    /// Places in the list, in its order: of `*`, of each host, and of `*.` before each name.
    every: Vec<usize>,
    exactly: HashMap<Host, Vec<usize>>,
    below: HashMap<String, Vec<usize>>,
}

impl HostRules {
    /// The rules of what is named at all, and of where an address that is not public may be reached.
    pub fn new(listed: Vec<HostRule>, private: Vec<PrivateRule>) -> Self {
        let mut rules = Self {
            private,
            ..Self::default()
        };
        for (place, rule) in listed.iter().enumerate() {
            let places = match &rule.hosts {
                Hosts::Every => &mut rules.every,
                Hosts::Exactly(host) => rules.exactly.entry(host.clone()).or_default(),
                Hosts::OneLabelBelow(parent) => rules.below.entry(parent.clone()).or_default(),
            };
            places.push(place);
        }
        rules.listed = listed;
        rules
    }

    /// What is named at all.
    pub fn listed(&self) -> &[HostRule] {
        &self.listed
    }

    /// The first rule of the list that names a host and port.
    pub fn naming(&self, host: &Host, port: u16) -> Option<&HostRule> {
        let parent = match host {
            Host::Name(name) => name.split_once('.').filter(|(label, _)| !label.is_empty()),
            Host::Address(_) => None,
        };
        let below = parent.and_then(|(_, parent)| self.below.get(parent));
        let places = [Some(&self.every), self.exactly.get(host), below];
        let first = |places: &Vec<usize>| {
            let mut places = places.iter().copied();
            places.find(|place| self.listed[*place].ports_hold(port))
        };
        let place = places.into_iter().flatten().filter_map(first).min()?;
        self.listed.get(place)
    }

    /// Whether a host may be reached as far as its name, or the address that it is, tells.
    pub fn admits(&self, host: &Host) -> bool {
        match host {
            Host::Address(address) => self.admits_address(host, *address),
            Host::Name(_) if host.is_localhost() => self.admits_address(host, IpAddr::from([127, 0, 0, 1])),
            Host::Name(_) => true,
        }
    }

    /// Whether an address that a host leads to may be reached.
    pub fn admits_address(&self, host: &Host, address: IpAddr) -> bool {
        is_public(address) || self.private.iter().any(|rule| rule.admits(host, address))
    }
}
