//! The proxy rules of the network, from policy, from the operating system or from the environment: the first that says
//! anything counts, whole. Values come in as arguments.

mod exceptions;
mod system;

use std::sync::Arc;

use base64::Engine as _;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::Origin;
use deskhand_policy::hosts::Host;

use exceptions::Exceptions;
pub use system::{SystemProxy, SystemSettings};

/// Why a proxy address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not an absolute URL with a host.
    #[error("the proxy is not a full address such as http://proxy:8080")]
    NotAnAddress,
    /// SOCKS or another scheme.
    #[error("only http and https proxies are used")]
    Scheme,
    /// Credentials in the managed address.
    #[error("the proxy address holds a user name or password")]
    Credentials,
    /// The proxy script of the operating system is at no http or https address.
    #[error("the address of the proxy script cannot be used: {0}")]
    Script(crate::OriginError),
    /// The operating system did not answer when it was asked for its proxies.
    #[error("the operating system did not say which proxies it is set to")]
    Untold,
}

/// Who says how connections leave the machine, the first that says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The policy key `egressProxyPacUrl`.
    PolicyScript,
    /// The policy key `egressProxyUrl`.
    PolicyAddress,
    /// The settings of the operating system.
    System,
    /// The variables of the environment.
    Environment,
    /// Nobody: connections go directly.
    Nobody,
}

impl std::fmt::Display for NamedBy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::PolicyScript => "policy key egressProxyPacUrl",
            Self::PolicyAddress => "policy key egressProxyUrl",
            Self::System => "the settings of the operating system",
            Self::Environment => "the environment",
            Self::Nobody => "nobody",
        })
    }
}

/// A proxy, with the credentials that the environment gives for it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) https: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// Whether the person at this machine is signed in there: not where anybody on the network could have named it.
    pub(crate) is_trusted: bool,
    /// The value of `Proxy-Authorization` (RFC 7617).
    pub(crate) authorization: Option<HeaderValue>,
}

impl Server {
    pub(crate) fn origin(&self) -> Origin {
        Origin::from_parts(self.https, &self.host, self.port)
    }

    fn of(url: &Url) -> Result<Self, ProxyError> {
        let host = url.host_str().and_then(Host::parse);
        Ok(Self {
            https: url.scheme() == "https",
            host: host.ok_or(ProxyError::NotAnAddress)?,
            port: url.port_or_known_default().ok_or(ProxyError::NotAnAddress)?,
            is_trusted: true,
            authorization: authorization(url),
        })
    }
}

/// Credentials do not show.
impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.origin())
    }
}

/// How connections leave the machine. A proxy that fails is an error: there is no falling back to a direct connection.
#[derive(Clone, Debug)]
pub struct Proxy {
    https: Exit,
    http: Exit,
    direct: Direct,
}

/// The proxy of one scheme, `None` for a direct connection. One that cannot be used is an error for its scheme alone.
type Exit = Result<Option<Server>, ProxyError>;

/// The proxy at an address, where there is one.
fn exit(address: Option<&str>) -> Exit {
    address.map(|address| Server::of(&parse(address)?)).transpose()
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            https: Ok(None),
            http: Ok(None),
            direct: Direct::default(),
        }
    }
}

/// A setting of the network that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// The proxy of https addresses: connections to them fail.
    Https(ProxyError),
    /// The proxy of http addresses: connections to them fail.
    Http(ProxyError),
    /// The proxy script of the operating system: the proxies beside it are in force, and where there is none, connections fail.
    Script(ProxyError),
}

impl Unusable {
    /// What is wrong with it.
    pub fn why(self) -> ProxyError {
        match self {
            Self::Https(why) | Self::Http(why) | Self::Script(why) => why,
        }
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Https(why) => write!(formatter, "the proxy for https addresses: {why}"),
            Self::Http(why) => write!(formatter, "the proxy for http addresses: {why}"),
            Self::Script(why) => write!(formatter, "the proxy script: {why}"),
        }
    }
}

/// Knows the hosts that go direct.
#[derive(Clone, Debug, Default)]
enum Direct {
    /// This machine and its local network's own names alone.
    #[default]
    Few,
    /// As in `NO_PROXY`.
    Variables(Arc<Matcher>),
    /// As the operating system has them.
    System(Arc<Exceptions>),
}

impl Direct {
    fn holds(&self, target: &Origin) -> bool {
        let listed = match self {
            Self::Few => false,
            // What is no address for the matcher goes through the proxy, which says so.
            Self::Variables(matcher) => target
                .to_string()
                .parse::<Uri>()
                .is_ok_and(|uri| matcher.intercept(&uri).is_none()),
            Self::System(exceptions) => exceptions.hold(target),
        };
        listed || goes_direct(target)
    }
}

impl Proxy {
    /// No proxy.
    pub fn direct() -> Self {
        Self::default()
    }

    /// The proxy of the policy key `egressProxyUrl`, which wins over every other source but a script of policy.
    pub fn from_policy(address: &str) -> Result<Self, ProxyError> {
        let url = parse(address)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProxyError::Credentials);
        }
        let server = Server::of(&url)?;
        Ok(Self {
            https: Ok(Some(server.clone())),
            http: Ok(Some(server)),
            direct: Direct::Few,
        })
    }

    /// The proxy of the usual environment variables (`HTTPS_PROXY`, then `ALL_PROXY`; `http_proxy` for plain pages;
    /// `NO_PROXY` for exceptions; the lower-case spelling first, as curl has it). `variable` looks one up.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| variable(name).filter(|value| !value.is_empty());
        let either = |lower: &str| named(lower).or_else(|| named(&lower.to_uppercase()));
        let https = exit(either("https_proxy").or_else(|| either("all_proxy")).as_deref());
        // The upper-case spelling is a header of a request where a program runs under CGI.
        let http = exit(named("http_proxy").or_else(|| either("all_proxy")).as_deref());
        let bypass = either("no_proxy").unwrap_or_default();
        // Its own proxies do not matter: it is asked which hosts have one at all.
        let matcher = Matcher::builder().all("http://proxy.invalid").no(bypass).build();
        Self {
            https,
            http,
            direct: Direct::Variables(Arc::new(matcher)),
        }
    }

    /// Whether every connection goes directly.
    pub fn is_direct(&self) -> bool {
        self.https == Ok(None) && self.http == Ok(None)
    }

    /// What cannot be used.
    pub fn unusable(&self) -> Vec<Unusable> {
        let https = self.https.as_ref().err().copied().map(Unusable::Https);
        let http = self.http.as_ref().err().copied().map(Unusable::Http);
        https.into_iter().chain(http).collect()
    }

    /// The proxies that can be used.
    fn servers(&self) -> impl Iterator<Item = &Server> {
        [&self.https, &self.http].into_iter().flatten().flatten()
    }

    /// The origins of the proxies, each once, without the credentials that an environment may give.
    pub fn origins(&self) -> Vec<Origin> {
        let mut origins: Vec<Origin> = self.servers().map(Server::origin).collect();
        origins.dedup();
        origins
    }

    /// The proxy for a host, `None` for a direct connection. This machine is never asked for through a proxy.
    pub(crate) fn server(&self, target: &Origin) -> Result<Option<&Server>, ProxyError> {
        let exit = if target.is_https() {
            &self.https
        } else {
            &self.http
        };
        match exit {
            Ok(None) => Ok(None),
            Ok(_) | Err(_) if self.direct.holds(target) => Ok(None),
            Ok(server) => Ok(server.as_ref()),
            Err(error) => Err(*error),
        }
    }

    /// The same rules, with the credentials that another source gives for the same proxy.
    pub(crate) fn with_credentials_of(mut self, other: &Self) -> Self {
        for server in [&mut self.https, &mut self.http].into_iter().flatten().flatten() {
            let given = other.credentials_for(server);
            server.authorization = given.or_else(|| server.authorization.take());
        }
        self
    }

    /// The proxy that a script names as `host:port`. `is_trusted` says whether the script came on a way that nobody could change
    /// it on: then the proxy gets the credentials that this source gives for it.
    pub(crate) fn named(&self, scheme: &str, place: &str, is_trusted: bool) -> Option<Server> {
        let url = Url::parse(&format!("{scheme}://{place}")).ok()?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let server = Server::of(&url)
            .ok()
            .filter(|server| plain && server.authorization.is_none())?;
        let authorization = is_trusted.then(|| self.credentials_for(&server)).flatten();
        Some(Server {
            is_trusted,
            authorization,
            ..server
        })
    }

    /// The credentials for this proxy, if this source gives any. What was given for a proxy under TLS goes to none in clear.
    fn credentials_for(&self, server: &Server) -> Option<HeaderValue> {
        let place = |server: &Server| (server.https, server.host.clone(), server.port);
        let mut same = self.servers().filter(|known| place(known) == place(server));
        same.find_map(|known| known.authorization.clone())
    }
}

/// Whether a host is this machine, its own metadata server or one of its local network's own names.
pub(crate) fn goes_direct(target: &Origin) -> bool {
    target.is_loopback() || *target == Origin::machine() || target.host().rsplit('.').next() == Some("local")
}

/// Basic credentials (RFC 7617) of the user information of an address.
fn authorization(url: &Url) -> Option<HeaderValue> {
    let plain = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = plain(url.username());
    pair.push(b':');
    pair.extend(plain(url.password().unwrap_or_default()));
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn parse(address: &str) -> Result<Url, ProxyError> {
    // Environments often give `proxy:8080` without a scheme, which means http.
    let full = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let url = Url::parse(&full).map_err(|_| ProxyError::NotAnAddress)?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err(ProxyError::NotAnAddress),
        _ => Err(ProxyError::Scheme),
    }
}

#[cfg(test)]
mod tests;
