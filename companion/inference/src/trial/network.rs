//! The first three steps: name, proxy and TLS, told from the milestones of one connection of the gate.

use std::net::IpAddr;
use std::pin::pin;
use std::time::{Duration, Instant};

use deskhand_egress::{EgressError, Exchange, Host, Issuers, Milestone, NamedBy, Origin, ProxyFault};
use deskhand_protocol::provider::TestStep;
use tokio::sync::mpsc;

use super::{Door, Ended, Trial, remedy};
use crate::fault::Fault;

/// Milestones that may wait to be told.
const MILESTONES: usize = 64;
/// Addresses of a name that are told one by one.
const MAX_ADDRESSES: usize = 4;

impl Trial<'_> {
    /// Opens one connection as a call does, within the deadline of every connection.
    pub(super) async fn network(&mut self) -> Result<(), Ended> {
        let door = &self.shared.door;
        let address = door.origin.to_string();
        let (told, mut heard) = mpsc::channel(MILESTONES);
        let probe = door.client.probe(&address, move |milestone| {
            // They are taken out whenever the connection waits for something; more than have room come at once from nobody.
            told.try_send((Instant::now(), milestone)).ok();
        });
        let mut probe = pin!(probe);
        let mut walk = Walk::new(door);
        let ended = loop {
            tokio::select! {
                biased;
                Some((at, milestone)) = heard.recv() => self.met(&mut walk, at, milestone),
                ended = &mut probe => break ended,
            }
        };
        while let Ok((at, milestone)) = heard.try_recv() {
            self.met(&mut walk, at, milestone);
        }
        match ended {
            Ok(()) => {
                self.arrived(&walk);
                Ok(())
            }
            Err(error) => Err(self.lost(&walk, &error)),
        }
    }

    fn met(&mut self, walk: &mut Walk<'_>, at: Instant, milestone: Milestone) {
        let took = at.saturating_duration_since(walk.since);
        match milestone {
            Milestone::Way(through) => {
                walk.through = through;
                walk.finding += took;
            }
            Milestone::Certificate(issuers) => {
                walk.issuers = Some(issuers);
                return;
            }
            Milestone::Resolved { name, addresses } if !self.has(TestStep::Name) => {
                self.pass(TestStep::Name, took, walk.resolved(&name, &addresses));
            }
            // Of a further proxy in a script's list.
            Milestone::Resolved { .. } => {}
            Milestone::Connected => {
                self.before_tls(walk);
                // With a proxy the connection is a part of its step.
                return;
            }
            Milestone::Tunnel => self.pass(TestStep::Proxy, took + walk.finding, walk.tunnel()),
            Milestone::Secured(version) => self.pass(TestStep::Tls, took, walk.secured(version)),
        }
        walk.since = at;
    }

    /// What a connection that stands did not need.
    fn before_tls(&mut self, walk: &Walk<'_>) {
        if !self.has(TestStep::Name) {
            self.not_needed(TestStep::Name, None, walk.no_name());
        }
        if walk.through.is_none() && !self.has(TestStep::Proxy) {
            self.not_needed(TestStep::Proxy, None, walk.directly());
        }
    }

    fn arrived(&mut self, walk: &Walk<'_>) {
        self.before_tls(walk);
        if !self.has(TestStep::Proxy) {
            self.pass(TestStep::Proxy, walk.since.elapsed(), walk.tunnel());
        }
        if !self.has(TestStep::Tls) {
            let seen = format!(
                "Connected with {} over http, which does not leave this computer.",
                walk.place()
            );
            self.not_needed(TestStep::Tls, Some(walk.since.elapsed()), seen);
        }
    }

    /// The step at which the way ended. What is not told of those before it was not needed.
    fn lost(&mut self, walk: &Walk<'_>, error: &EgressError) -> Ended {
        let took = walk.since.elapsed();
        let next = if !self.has(TestStep::Name) && !walk.is_to_an_address() {
            TestStep::Name
        } else if walk.through.is_some() && !self.has(TestStep::Proxy) {
            TestStep::Proxy
        } else {
            TestStep::Tls
        };
        let step = step_of(error, next).max(next).min(TestStep::Tls);
        if step > TestStep::Name && !self.has(TestStep::Name) {
            self.not_needed(TestStep::Name, None, walk.no_name());
        }
        if step > TestStep::Proxy && !self.has(TestStep::Proxy) {
            self.not_needed(TestStep::Proxy, None, walk.directly());
        }
        let issued = walk.issuers.as_ref().filter(|_| step == TestStep::Tls);
        let more = issued.map(|issuers| format!("{}.", issued_by(issuers)));
        let remedy = remedy::of_network(step, error, walk.door, &self.shared.config.place);
        let error = self.shared.told(Fault::of_egress(error));
        self.fail_with(step, took, &error, remedy, more)
    }
}

/// What is known of the connection that is being opened.
struct Walk<'a> {
    door: &'a Door,
    through: Option<Origin>,
    issuers: Option<Issuers>,
    /// How long it took to find the way: a script may have to be fetched.
    finding: Duration,
    /// When the last step ended.
    since: Instant,
}

impl<'a> Walk<'a> {
    fn new(door: &'a Door) -> Self {
        Self {
            door,
            through: None,
            issuers: None,
            finding: Duration::ZERO,
            since: Instant::now(),
        }
    }

    /// Whether whoever is connected to has no name.
    fn is_to_an_address(&self) -> bool {
        let host = self.through.as_ref().unwrap_or(&self.door.origin).host();
        matches!(Host::parse(host), Some(Host::Address(_)))
    }

    fn place(&self) -> String {
        format!("{}:{}", self.door.origin.host(), self.door.origin.port())
    }

    fn resolved(&self, name: &str, addresses: &[IpAddr]) -> String {
        let mut told: Vec<String> = addresses
            .iter()
            .take(MAX_ADDRESSES)
            .map(ToString::to_string)
            .collect();
        if addresses.len() > MAX_ADDRESSES {
            told.push(format!("{} more", addresses.len() - MAX_ADDRESSES));
        }
        let told = told.join(", ");
        match &self.through {
            None => format!("{name} is {told}."),
            Some(_) => format!("The proxy's name {name} is {told}; {}", self.resolves_itself()),
        }
    }

    fn resolves_itself(&self) -> String {
        format!("the proxy resolves {} itself.", self.door.origin.host())
    }

    fn no_name(&self) -> String {
        match &self.through {
            _ if !self.is_to_an_address() => "No name was resolved: the way was not known yet.".to_owned(),
            None => format!(
                "{} is an address: there is no name to resolve.",
                self.door.origin.host()
            ),
            Some(_) => format!("The proxy is named by its address; {}", self.resolves_itself()),
        }
    }

    fn directly(&self) -> String {
        let host = self.door.origin.host();
        match self.door.named_by {
            NamedBy::Nobody => "No proxy is in force: connections go directly.".to_owned(),
            _ if self.door.origin.is_loopback() => {
                "This computer is reached directly, whatever proxy is in force.".to_owned()
            }
            named_by => {
                format!("{host} is reached directly by the rules for proxies, which come from {named_by}.")
            }
        }
    }

    fn tunnel(&self) -> String {
        let proxy = self.through.as_ref().map(ToString::to_string);
        let proxy = proxy.unwrap_or_default();
        format!(
            "{proxy} lets the connection through. It is named by {}.",
            self.door.named_by
        )
    }

    fn secured(&self, version: &str) -> String {
        let issued = self.issuers.as_ref().map(issued_by);
        let issued = issued.map(|issued| format!(" {issued}.")).unwrap_or_default();
        format!("{version} with {}.{issued}", self.place())
    }
}

/// Who issued the certificate: behind a proxy that inspects TLS, the proxy's own authority.
fn issued_by(issuers: &Issuers) -> String {
    let root = issuers.root.as_ref();
    let root = root.map(|root| format!(", under {root}")).unwrap_or_default();
    match issuers.direct.as_str() {
        "" => "The certificate does not say who issued it".to_owned(),
        direct => format!("The certificate was issued by {direct}{root}"),
    }
}

/// The step that an error of the way names; `next` where it names none.
fn step_of(error: &EgressError, next: TestStep) -> TestStep {
    match error {
        EgressError::Proxy(_) => TestStep::Proxy,
        EgressError::Setup(_) => TestStep::Tls,
        EgressError::Failed { exchange, .. } => match exchange {
            Exchange::Proxy {
                fault: ProxyFault::Unresolved(_),
                ..
            }
            | Exchange::Unresolved(_) => TestStep::Name,
            Exchange::Proxy { .. } => TestStep::Proxy,
            Exchange::TimedOut => next,
            Exchange::Tls(_) | Exchange::Unreachable(_) | Exchange::Cut(_) | Exchange::TooLong(_) => {
                TestStep::Tls
            }
        },
        _ => next,
    }
}
