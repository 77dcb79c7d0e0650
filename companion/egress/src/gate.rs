//! The gate: what the table allows under the current settings, and the only maker of HTTP clients and connections.

use std::sync::Arc;

use deskhand_policy::hosts::{ALLOWED, PRIVATE};
use rustls::pki_types::CertificateDer;
use serde_json::Value;

use crate::client::Door;
use crate::dial::{Dialer, Proxies, Scope, Speech, Way};
use crate::hosts::{self, DISABLED_TOOLS, Hosts, Tool, inference_in_force, tool_is_disabled};
use crate::settings::Settings;
use crate::tls::Tls;
use crate::watch::Watch;
use crate::way::{PROXY_KEY, SCRIPT_KEY, SIGN_IN_KEY, proxies};
use crate::{
    Client, Destination, Directive, EgressAudit, EgressDecision, EgressError, OpenedBy, Origin, Outcome,
    Proxy, Resolve, Row, SignIn, SystemProxy, SystemResolver, WebRules,
};

/// The policy key that switches Deskhand off.
const ENABLED: &str = "deskhandEnabled";
/// The policy key of the address that hands out settings.
const BOOTSTRAP_KEY: &str = "bootstrapUrl";

/// What the machine's network asks for. It comes from the service's composition root; nothing here reads it.
#[derive(Clone, Debug)]
pub struct Network {
    /// How connections leave the machine where no policy key says it.
    pub proxy: Proxy,
    /// The proxies of the operating system, which go before the environment's.
    pub system: Option<SystemProxy>,
    /// Signs in to proxies as the person at this machine, where the system can and the policy key `deskhandProxySignIn` is on.
    pub sign_in: Option<Arc<dyn SignIn>>,
    /// Authorities to trust besides those of the operating system, as DER: see [`crate::authorities_of_pem`].
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Turns names into addresses.
    pub resolver: Arc<dyn Resolve>,
    /// Takes what was opened and refused.
    pub audit: Option<Arc<dyn EgressAudit>>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            proxy: Proxy::default(),
            system: None,
            sign_in: None,
            extra_roots: Vec::new(),
            resolver: Arc::new(SystemResolver),
            audit: None,
        }
    }
}

/// The destinations as the settings open them. Cheap to make anew when a setting changes; clients made before keep the
/// settings they were made with.
#[derive(Clone, Debug)]
pub struct Gate {
    access: Vec<Access>,
    pub(crate) way: Result<Arc<Way>, EgressError>,
    pub(crate) network: Network,
    tls: Tls,
}

/// What the settings make of one row.
#[derive(Clone, Debug)]
struct Access {
    scope: Result<Scope, EgressError>,
    /// Addresses and entries that open nothing, beside others that do.
    faults: Vec<EgressError>,
}

impl Access {
    fn closed(destination: Destination, key: &'static str) -> Self {
        EgressError::Closed { destination, key }.into()
    }
}

impl From<EgressError> for Access {
    fn from(error: EgressError) -> Self {
        Self {
            scope: Err(error),
            faults: Vec::new(),
        }
    }
}

impl From<Vec<Origin>> for Access {
    fn from(origins: Vec<Origin>) -> Self {
        Self {
            scope: Ok(Scope::Origins(origins.into())),
            faults: Vec::new(),
        }
    }
}

impl Gate {
    /// A gate under these settings. `setting` gives the effective value of a policy key as JSON, `Null` where it is not
    /// set; of a secret it is enough to say that it is there.
    pub fn new(setting: impl Fn(&str) -> Value, network: Network) -> Self {
        let tls = Tls::trusting(network.extra_roots.clone());
        Self::build(Settings(&setting), network, tls)
    }

    /// The same network under changed settings; the loaded trust store is kept.
    #[must_use]
    pub fn under(&self, setting: impl Fn(&str) -> Value) -> Self {
        Self::build(Settings(&setting), self.network.clone(), self.tls.clone())
    }

    /// The same gate while the settings are not all known: what fetches them is open, and the way to it, and nothing else.
    #[must_use]
    pub fn before_settings(mut self) -> Self {
        for row in Destination::TABLE
            .iter()
            .filter(|row| row.is_closed_when_switched_off())
        {
            self.access[row.destination as usize] = Access::closed(row.destination, BOOTSTRAP_KEY);
        }
        self
    }

    fn build(settings: Settings<'_>, network: Network, tls: Tls) -> Self {
        let signs_in = settings.is(SIGN_IN_KEY, true);
        let way = proxies(settings, &network).map(|(named_by, proxies)| {
            Arc::new(Way {
                proxies,
                tls: tls.clone(),
                resolver: Arc::clone(&network.resolver),
                named_by,
                sign_in: network.sign_in.clone().filter(|_| signs_in),
            })
        });
        let access = Destination::TABLE
            .iter()
            .map(|row| access(row, settings, &way))
            .collect();
        Self {
            access,
            way,
            network,
            tls,
        }
    }

    pub(crate) fn scope(&self, destination: Destination) -> Result<&Scope, &EgressError> {
        self.access[destination as usize].scope.as_ref()
    }

    /// The origins of an open destination, or why it is closed. Of what a list of hosts opens only those origins are here
    /// that need no entry in the list.
    pub fn origins(&self, destination: Destination) -> Result<&[Origin], &EgressError> {
        self.scope(destination).map(|scope| match scope {
            Scope::Origins(origins) => origins,
            Scope::Fetch(origin) => std::slice::from_ref(origin),
            Scope::Web(rules) => rules.added(),
        })
    }

    /// Addresses and entries in the settings that open nothing, for the configuration report.
    pub fn faults(&self) -> Vec<EgressError> {
        let told = |access: &Access| {
            let closed = access.scope.as_ref().err();
            let broken = closed.filter(|error| !matches!(error, EgressError::Closed { .. }));
            broken
                .into_iter()
                .chain(&access.faults)
                .cloned()
                .collect::<Vec<_>>()
        };
        self.access.iter().flat_map(told).collect()
    }

    /// A client for one destination. With [`Self::sandbox`] it is the only way to reach another machine, and reaches no
    /// other host.
    ///
    /// The first call reads the operating system's trust store (milliseconds, on this thread), unless only plain http on
    /// this machine can be reached.
    pub fn client(&self, destination: Destination) -> Result<Client, EgressError> {
        if destination.row().opened_by != OpenedBy::Service {
            return Err(EgressError::NotOurs(destination));
        }
        Ok(Client::new(self.dialer(destination, None)?))
    }

    /// A client that speaks HTTP/2 alone, as gRPC does, for a destination whose hosts the administrator names: over TLS where
    /// the host agrees to it (ALPN), in clear text on this machine with prior knowledge.
    pub fn http2_client(&self, destination: Destination) -> Result<Client, EgressError> {
        let row = destination.row();
        if row.opened_by != OpenedBy::Service || matches!(row.hosts, Hosts::Web(_)) {
            return Err(EgressError::NotOurs(destination));
        }
        let dialer = self.dialer(destination, None)?;
        Ok(Client::new(Dialer {
            speech: Speech::Http2,
            ..dialer
        }))
    }

    /// A client for one of a destination's addresses, for destinations with several: what holds a credential for one
    /// server reaches no other.
    pub fn client_at(&self, destination: Destination, address: &str) -> Result<Client, EgressError> {
        if destination.row().opened_by != OpenedBy::Service {
            return Err(EgressError::NotOurs(destination));
        }
        let origin = self.named(destination, address)?;
        Ok(Client::new(self.dialer(destination, Some(origin))?))
    }

    /// Whether a person's browser may be sent to this page of a destination.
    pub fn page(&self, destination: Destination, address: &str) -> Result<(), EgressError> {
        self.named(destination, address).map(drop)
    }

    /// The origin of an address, if it is one of the destination's.
    fn named(&self, destination: Destination, address: &str) -> Result<Origin, EgressError> {
        let key = destination.row().named_by;
        let origin = Origin::of_address(address).map_err(|why| EgressError::Address {
            destination,
            key,
            why,
        })?;
        if self.origins(destination).map_err(Clone::clone)?.contains(&origin) {
            return Ok(origin);
        }
        self.record(destination, &origin, key);
        Err(EgressError::Refused {
            destination,
            origin: origin.to_string(),
            key,
        })
    }

    /// The way out of the sandbox: connections that carry what they like, to the hosts that the rules permit.
    pub fn sandbox(&self) -> Result<Door, EgressError> {
        Ok(Door::new(self.dialer(Destination::Sandbox, None)?))
    }

    fn dialer(&self, destination: Destination, only: Option<Origin>) -> Result<Dialer, EgressError> {
        let scope = match (self.scope(destination), only) {
            (Ok(_), Some(only)) => Scope::Origins([only].into()),
            (Ok(scope), None) => scope.clone(),
            (Err(error), _) => {
                self.record_closed(destination, error);
                return Err(error.clone());
            }
        };
        if !matches!(&scope, Scope::Origins(origins) if !origins.iter().any(Origin::is_https)) {
            self.tls.config()?;
        }
        Ok(Dialer {
            way: self.way.clone()?,
            scope,
            destination,
            speech: Speech::Http1,
            audit: self.network.audit.clone(),
            watch: Watch::default(),
        })
    }

    fn record_closed(&self, destination: Destination, error: &EgressError) {
        let key = match error {
            EgressError::Closed { key, .. } | EgressError::Address { key, .. } => key,
            _ => destination.row().closed_by,
        };
        self.tell(destination, String::new(), 0, key);
    }

    fn record(&self, destination: Destination, origin: &Origin, key: &'static str) {
        self.tell(destination, origin.host().to_owned(), origin.port(), key);
    }

    fn tell(&self, destination: Destination, host: String, port: u16, key: &'static str) {
        if let Some(audit) = &self.network.audit {
            audit.record(EgressDecision {
                destination,
                host,
                port,
                outcome: Outcome::Refused,
                key,
            });
        }
    }

    /// The foreign origins that a pane's Content-Security-Policy must name in a directive.
    pub fn pane_sources(&self, directive: Directive) -> Vec<&Origin> {
        let named = Destination::TABLE.iter().filter(
            |row| matches!(row.opened_by, OpenedBy::Pane(directives) if directives.contains(&directive)),
        );
        named
            .flat_map(|row| self.origins(row.destination).unwrap_or_default())
            .collect()
    }
}

/// What a row is under these settings.
fn access(row: &Row, settings: Settings<'_>, way: &Result<Arc<Way>, EgressError>) -> Access {
    let destination = row.destination;
    if settings.value(ENABLED) == Some(Value::Bool(false)) && row.is_closed_when_switched_off() {
        return Access::closed(destination, ENABLED);
    }
    match (row.hosts, way) {
        (Hosts::Of(hosts), _) => found(destination, hosts(settings)),
        (Hosts::Web(tool), _) => web(destination, tool, settings),
        (Hosts::ProxyInForce | Hosts::ProxyScript, Err(error)) => error.clone().into(),
        (Hosts::ProxyInForce, Ok(way)) => {
            let (rules, key) = match &way.proxies {
                Proxies::Rules(rules) => (Some(rules), PROXY_KEY),
                Proxies::Script(script) => (script.otherwise(), SCRIPT_KEY),
            };
            let origins = rules.map(Proxy::origins).unwrap_or_default();
            if origins.is_empty() {
                Access::closed(destination, key)
            } else {
                origins.into()
            }
        }
        (Hosts::ProxyScript, Ok(way)) => match &way.proxies {
            Proxies::Rules(_) => Access::closed(destination, SCRIPT_KEY),
            Proxies::Script(script) => Access {
                scope: Ok(Scope::Fetch(script.origin())),
                faults: Vec::new(),
            },
        },
    }
}

fn found(destination: Destination, answer: hosts::Answer) -> Access {
    let found = match answer {
        Ok(found) => found,
        Err(key) => return Access::closed(destination, key),
    };
    let fault = |(key, why)| EgressError::Address {
        destination,
        key,
        why,
    };
    let mut faults = found.faults.into_iter().map(fault);
    if found.origins.is_empty() {
        // The first fault is why it is closed; the others are told beside it.
        return match faults.next() {
            Some(error) => Access {
                scope: Err(error),
                faults: faults.collect(),
            },
            None => Access::closed(destination, destination.row().closed_by),
        };
    }
    Access {
        faults: faults.collect(),
        ..Access::from(found.origins)
    }
}

/// What the lists of hosts open to a tool.
fn web(destination: Destination, tool: Tool, settings: Settings<'_>) -> Access {
    if tool == Tool::Fetch && tool_is_disabled(settings, "WebFetch") {
        return Access::closed(destination, DISABLED_TOOLS);
    }
    let origins = |answer: hosts::Answer| answer.map(|found| found.origins).unwrap_or_default();
    let mut added = match settings.value(ALLOWED) {
        Some(_) => Vec::new(),
        None => origins(inference_in_force(settings)),
    };
    if tool == Tool::Sandbox {
        added.extend(origins(hosts::collector(settings)));
    }
    let listed = settings.list(ALLOWED).unwrap_or_default();
    let private = settings.list(PRIVATE).unwrap_or_default();
    let (rules, faults) = WebRules::new(&listed, &private, added);
    let faults = faults.into_iter().map(|(key, why)| EgressError::Entry {
        destination,
        key,
        why,
    });
    let scope = if rules.is_empty() {
        Err(EgressError::Closed {
            destination,
            key: ALLOWED,
        })
    } else {
        Ok(Scope::Web(Arc::new(rules)))
    };
    Access {
        scope,
        faults: faults.collect(),
    }
}
