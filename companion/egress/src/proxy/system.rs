//! What the operating system says of proxies.

use std::sync::Arc;

use url::Url;

use super::{Direct, Exceptions, Proxy, ProxyError, Unusable, exit};
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

/// The proxies of the operating system, checked, each for itself.
#[derive(Clone, Debug)]
pub struct SystemProxy {
    pub(crate) script: Result<Option<Url>, ProxyError>,
    /// The proxies beside the script: in force where there is none, or where its server is not there.
    pub(crate) rules: Proxy,
}

impl SystemProxy {
    /// Checks the settings; `None` where they name neither a proxy nor a script.
    pub fn new(settings: &SystemSettings<'_>) -> Option<Self> {
        let script = settings.script.map(|address| {
            let url = Url::parse(address).map_err(|_| crate::OriginError::NotAnAddress)?;
            Origin::of_web_url(&url).map(|_| url)
        });
        let script = script.transpose().map_err(ProxyError::Script);
        // Without a proxy of its own a scheme rests on the script.
        let beside = |address: Option<&str>| match (address, &script) {
            (None, Err(error)) => Err(*error),
            _ => exit(address),
        };
        let rules = Proxy {
            https: beside(settings.https),
            http: beside(settings.http),
            direct: Direct::System(Arc::new(Exceptions::new(
                settings.exceptions,
                settings.simple_names_direct,
            ))),
        };
        let says = script != Ok(None) || !rules.is_direct();
        says.then_some(Self { script, rules })
    }

    /// The proxies of a system that did not answer when it was asked: no connection to another machine is made.
    pub fn untold() -> Self {
        Self {
            script: Ok(None),
            rules: Proxy {
                https: Err(ProxyError::Untold),
                http: Err(ProxyError::Untold),
                direct: Direct::Few,
            },
        }
    }

    /// What cannot be used.
    pub fn unusable(&self) -> Vec<Unusable> {
        match self.script {
            // Schemes that fail for the script's sake do not have it told twice.
            Err(error) => {
                let beside = self.rules.unusable().into_iter();
                let own = beside.filter(|unusable| unusable.why() != error);
                std::iter::once(Unusable::Script(error)).chain(own).collect()
            }
            Ok(_) => self.rules.unusable(),
        }
    }
}
