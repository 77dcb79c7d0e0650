//! What the operating system says of proxies.

use std::sync::Arc;

use url::Url;

use super::{Direct, Exceptions, Proxy, ProxyError, Server, parse};
use crate::Origin;

/// The texts of the operating system's settings, as it keeps them.
#[derive(Clone, Copy, Default)]
#[expect(missing_debug_implementations, reason = "addresses may hold a password")]
pub struct SystemSettings<'a> {
    /// The proxy of https addresses: `host`, `host:port` or an address.
    pub https: Option<&'a str>,
    /// The proxy of http addresses.
    pub http: Option<&'a str>,
    /// Hosts that go direct: names, addresses, patterns with `*` or networks; each with a scheme or a port or without.
    pub exceptions: &'a [String],
    /// Names without a dot go direct.
    pub simple_names_direct: bool,
    /// The address of a script, which goes before the proxies.
    pub script: Option<&'a str>,
}

/// The proxies of the operating system, checked.
#[derive(Clone, Debug)]
pub struct SystemProxy {
    pub(crate) script: Option<Url>,
    /// The proxies beside the script: in force where there is none, or where its server is not there.
    pub(crate) rules: Proxy,
}

impl SystemProxy {
    /// Checks the settings; `None` where they name neither a proxy nor a script.
    pub fn new(settings: &SystemSettings<'_>) -> Result<Option<Self>, ProxyError> {
        let script = settings.script.map(|address| {
            let url = Url::parse(address).map_err(|_| crate::OriginError::NotAnAddress)?;
            Origin::of_web_url(&url).map(|_| url)
        });
        let script = script.transpose().map_err(ProxyError::Script)?;
        let server = |address: Option<&str>| address.map(|address| Server::of(&parse(address)?)).transpose();
        let rules = Proxy {
            https: server(settings.https)?,
            http: server(settings.http)?,
            direct: Direct::System(Arc::new(Exceptions::new(
                settings.exceptions,
                settings.simple_names_direct,
            ))),
        };
        let says = script.is_some() || !rules.is_direct();
        Ok(says.then_some(Self { script, rules }))
    }
}
