//! The gate: what the table allows under the current settings, and the only maker of HTTP clients.

use rustls::pki_types::CertificateDer;

use crate::tls::Tls;
use crate::{Client, Destination, Directive, EgressError, Hosts, OpenedBy, Origin, Proxy, Row};

/// The policy key of the proxy.
const PROXY_KEY: &str = "egressProxyUrl";

/// What the machine's network asks for. It comes from the service's composition root; nothing here reads it.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// How connections leave the machine where no policy key says it.
    pub proxy: Proxy,
    /// Authorities to trust besides those of the operating system, as DER.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// The destinations as the settings open them. Cheap to make anew when a setting changes; clients made before keep the
/// settings they were made with.
#[derive(Clone, Debug)]
pub struct Gate {
    access: Vec<Result<Vec<Origin>, EgressError>>,
    proxy: Result<Proxy, EgressError>,
    network: Network,
    tls: Tls,
}

impl Gate {
    /// A gate under these settings. `setting` gives the effective value of a policy key as text.
    pub fn new(setting: impl Fn(&str) -> Option<String>, network: Network) -> Self {
        let tls = Tls::trusting(network.extra_roots.clone());
        Self::build(&setting, network, tls)
    }

    /// The same network under changed settings; the loaded trust store is kept.
    #[must_use]
    pub fn under(&self, setting: impl Fn(&str) -> Option<String>) -> Self {
        Self::build(&setting, self.network.clone(), self.tls.clone())
    }

    fn build(setting: &dyn Fn(&str) -> Option<String>, network: Network, tls: Tls) -> Self {
        let proxy = match setting(PROXY_KEY).filter(|address| !address.is_empty()) {
            Some(address) => Proxy::from_policy(&address).map_err(EgressError::from),
            None => Ok(network.proxy.clone()),
        };
        let access = Destination::TABLE
            .iter()
            .map(|row| access(row, setting, &proxy))
            .collect();
        Self {
            access,
            proxy,
            network,
            tls,
        }
    }

    /// The origins of an open destination, or why it is closed.
    pub fn origins(&self, destination: Destination) -> Result<&[Origin], &EgressError> {
        self.access[destination as usize].as_deref()
    }

    /// A client for one destination. It is the only way to reach another machine, and reaches no other host.
    ///
    /// For an https origin the first call reads the operating system's trust store (milliseconds, on this thread).
    pub fn client(&self, destination: Destination) -> Result<Client, EgressError> {
        if destination.row().opened_by != OpenedBy::Service {
            return Err(EgressError::NotOurs(destination));
        }
        let origins = self.origins(destination).map_err(Clone::clone)?;
        let proxy = self.proxy.clone()?;
        let needs_tls = origins.iter().any(Origin::is_https);
        let tls = if needs_tls {
            self.tls.config()?
        } else {
            Tls::none()?
        };
        Client::new(destination, origins.to_vec(), &proxy, tls)
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

/// The origins that a row has under these settings.
fn access(
    row: &Row,
    setting: &dyn Fn(&str) -> Option<String>,
    proxy: &Result<Proxy, EgressError>,
) -> Result<Vec<Origin>, EgressError> {
    let destination = row.destination;
    let closed = |key| EgressError::Closed { destination, key };
    let opens = row.opens.holds(setting(row.opens.key()).as_deref());
    match row.hosts {
        // A proxy of the environment is in force without the key.
        Hosts::ProxyInForce(key) => proxy
            .clone()?
            .origin()
            .map(|origin| vec![origin])
            .ok_or(closed(key)),
        _ if !opens => Err(closed(row.opens.key())),
        Hosts::Fixed(origins) => Ok(origins
            .iter()
            .filter_map(|text| Origin::of_address(text).ok())
            .collect()),
        Hosts::FromKey(key) => {
            let address = setting(key).filter(|text| !text.is_empty()).ok_or(closed(key))?;
            let origin = Origin::of_address(&address);
            Ok(vec![origin.map_err(|why| EgressError::Address {
                destination,
                key,
                why,
            })?])
        }
    }
}
