//! What the web tools and the sandbox may reach: the lists of hosts, by the matcher of the policy crate, and what needs no
//! entry in them.

use std::net::IpAddr;

use deskhand_policy::hosts::{ALLOWED, Host, HostRule, HostRules, PRIVATE, PrivateRule, RuleError};

use crate::Origin;

/// An entry of a list of hosts that says nothing usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not text.
    #[error("it is not text")]
    NotText,
    /// Text that is no rule.
    #[error(transparent)]
    NotARule(#[from] RuleError),
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
    rules: HostRules,
    /// Reached without being listed: the host of inference where there is no list, the collector.
    added: Vec<Origin>,
}

impl WebRules {
    /// The rules of two lists; entries that cannot be used open nothing and come back with their reasons.
    pub(crate) fn new(
        listed: &[serde_json::Value],
        private: &[serde_json::Value],
        added: Vec<Origin>,
    ) -> (Self, Vec<(&'static str, EntryError)>) {
        let mut faults = Vec::new();
        let listed = read(listed, ALLOWED, HostRule::parse, &mut faults);
        let private = read(private, PRIVATE, PrivateRule::parse, &mut faults);
        let rules = HostRules::new(listed, private);
        (Self { rules, added }, faults)
    }

    /// Judges a host and port by name, before anything is resolved.
    pub fn permits(&self, host: &Host, port: u16) -> Result<(), WebRefusal> {
        let added = || {
            let mut added = self.added.iter().filter(|origin| origin.port() == port);
            added.any(|origin| Host::parse(origin.host()).as_ref() == Some(host))
        };
        if self.rules.naming(host, port).is_none() && !added() {
            return Err(WebRefusal::NotListed);
        }
        public(self.rules.admits(host))
    }

    /// Judges an address that a permitted host leads to.
    pub fn permits_address(&self, host: &Host, address: IpAddr) -> Result<(), WebRefusal> {
        public(self.rules.admits_address(host, address))
    }

    /// Whether nothing can be reached at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.listed().is_empty() && self.added.is_empty()
    }

    pub(crate) fn listed(&self) -> &[HostRule] {
        self.rules.listed()
    }

    pub(crate) fn added(&self) -> &[Origin] {
        &self.added
    }
}

fn public(admitted: bool) -> Result<(), WebRefusal> {
    admitted.then_some(()).ok_or(WebRefusal::NotPublic)
}

fn read<T>(
    list: &[serde_json::Value],
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, RuleError>,
    faults: &mut Vec<(&'static str, EntryError)>,
) -> Vec<T> {
    let mut rules = Vec::new();
    for entry in list {
        let text = entry.as_str().ok_or(EntryError::NotText);
        match text.and_then(|text| Ok(parse(text)?)) {
            Ok(rule) => rules.push(rule),
            Err(why) => faults.push((key, why)),
        }
    }
    rules
}

#[cfg(test)]
mod tests;
