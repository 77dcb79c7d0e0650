//! The proxy rules of the network, from policy, from the environment or from the operating system. Values come in as
//! arguments, except where the operating system keeps them.

use std::sync::Arc;

use base64::Engine as _;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::Origin;
use deskhand_policy::hosts::Host;

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
}

/// Hosts that never go to a proxy.
const ALWAYS_DIRECT: &str = "localhost,127.0.0.0/8,::1,.local";

/// A proxy, with the credentials that the environment gives for it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) https: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
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
#[derive(Clone, Debug, Default)]
pub struct Proxy {
    https: Option<Server>,
    http: Option<Server>,
    /// Knows the hosts that go direct, as in `NO_PROXY`.
    filter: Option<Arc<Matcher>>,
}

impl Proxy {
    /// No proxy.
    pub fn direct() -> Self {
        Self::default()
    }

    /// The proxy of the policy key `egressProxyUrl`, which wins over the environment.
    pub fn from_policy(address: &str) -> Result<Self, ProxyError> {
        let url = parse(address)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ProxyError::Credentials);
        }
        let server = Server::of(&url)?;
        Ok(Self::new(Some(server.clone()), Some(server), ""))
    }

    /// The proxy of the usual environment variables (`HTTPS_PROXY`, then `ALL_PROXY`; `http_proxy` for plain pages;
    /// `NO_PROXY` for exceptions; the lower-case spelling first, as curl has it). `variable` looks one up.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let named = |name: &str| variable(name).filter(|value| !value.is_empty());
        let either = |lower: &str| named(lower).or_else(|| named(&lower.to_uppercase()));
        let server =
            |address: Option<String>| address.map(|address| Server::of(&parse(&address)?)).transpose();
        let https = server(either("https_proxy").or_else(|| either("all_proxy")))?;
        // The upper-case spelling is a header of a request where a program runs under CGI.
        let http = server(named("http_proxy").or_else(|| either("all_proxy")))?;
        Ok(Self::new(https, http, &either("no_proxy").unwrap_or_default()))
    }

    /// The proxy that the operating system is set to: its own settings on Windows and macOS, and the variables that
    /// [`Self::from_environment`] reads before them. On Linux there are only the variables.
    pub fn of_system() -> Self {
        let matcher = Matcher::from_system();
        let server = |probe: &'static str| {
            let found = matcher.intercept(&Uri::from_static(probe))?;
            let url = Url::parse(&found.uri().to_string()).ok()?;
            let server = Server::of(&url).ok().filter(|_| is_http(&url))?;
            Some(Server {
                authorization: found.basic_auth().cloned(),
                ..server
            })
        };
        Self {
            https: server("https://probe.invalid/"),
            http: server("http://probe.invalid/"),
            filter: Some(Arc::new(matcher)),
        }
    }

    fn new(https: Option<Server>, http: Option<Server>, bypass: &str) -> Self {
        let filter = Matcher::builder()
            .all("http://proxy.invalid")
            .no(format!("{ALWAYS_DIRECT},{bypass}"))
            .build();
        Self {
            https,
            http,
            filter: Some(Arc::new(filter)),
        }
    }

    /// The proxy's own origin, without the credentials that an environment may give.
    pub fn origin(&self) -> Option<Origin> {
        self.https.as_ref().map(Server::origin)
    }

    /// The proxy for a host, `None` for a direct connection. This machine is never asked for through a proxy.
    pub(crate) fn server(&self, target: &Origin) -> Option<&Server> {
        let server = if target.is_https() {
            &self.https
        } else {
            &self.http
        };
        let server = server.as_ref().filter(|_| !goes_direct(target))?;
        let asks = target.to_string().parse::<Uri>().ok();
        let filter = self.filter.as_ref()?;
        asks.and_then(|uri| filter.intercept(&uri)).map(|_| server)
    }

    /// The same rules, with the credentials that another source gives for the same proxy.
    pub(crate) fn with_credentials_of(mut self, other: &Self) -> Self {
        for server in [&mut self.https, &mut self.http].into_iter().flatten() {
            server.authorization = other.credentials_for(&server.host, server.port);
        }
        self
    }

    /// The proxy that a script names as `host:port`, with the credentials that this source gives for it.
    pub(crate) fn named(&self, scheme: &str, place: &str) -> Option<Server> {
        let url = Url::parse(&format!("{scheme}://{place}")).ok()?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let server = Server::of(&url)
            .ok()
            .filter(|server| plain && server.authorization.is_none())?;
        let authorization = self.credentials_for(&server.host, server.port);
        Some(Server {
            authorization,
            ..server
        })
    }

    /// The credentials for the proxy at this place, if this source gives any.
    pub(crate) fn credentials_for(&self, host: &Host, port: u16) -> Option<HeaderValue> {
        let known = [&self.https, &self.http].into_iter().flatten();
        let mut same = known.filter(|server| server.host == *host && server.port == port);
        same.find_map(|server| server.authorization.clone())
    }
}

/// Whether a host is this machine or one of its local network's own names.
pub(crate) fn goes_direct(target: &Origin) -> bool {
    target.is_loopback() || target.host().rsplit('.').next() == Some("local")
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
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
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Proxy, ProxyError> {
        Proxy::from_environment(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn used(proxy: &Proxy, target: &str) -> Option<String> {
        let target = Origin::of_web_url(&Url::parse(target).expect("an address")).expect("an origin");
        proxy.server(&target).map(|server| server.origin().to_string())
    }

    #[test]
    fn reads_the_usual_variables_in_curls_order() {
        let table = [
            (&[][..], None),
            (
                &[
                    ("HTTPS_PROXY", "http://upper:1"),
                    ("https_proxy", "http://lower:2"),
                ],
                Some("http://lower:2"),
            ),
            (
                &[("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "http://https:2")][..],
                Some("http://https:2"),
            ),
            (&[("ALL_PROXY", "proxy:3128")][..], Some("http://proxy:3128")),
            (&[("HTTP_PROXY", "http://plain:1")][..], None),
            (
                &[("https_proxy", "http://user:secret@proxy:3128")][..],
                Some("http://proxy:3128"),
            ),
        ];
        for (variables, wanted) in table {
            let proxy = of(variables).expect("a valid proxy");
            let origin = proxy.origin().map(|origin| origin.to_string());
            assert_eq!(origin.as_deref(), wanted, "{variables:?}");
            assert_eq!(
                used(&proxy, "https://example.com").as_deref(),
                wanted,
                "{variables:?}"
            );
            assert!(!format!("{proxy:?}").contains("secret"));
        }
    }

    #[test]
    fn some_hosts_never_go_to_a_proxy() {
        let proxy =
            of(&[("all_proxy", "proxy:1"), ("no_proxy", "corp.example,10.0.0.0/8")]).expect("a proxy");
        let table = [
            ("https://example.com", true),
            ("http://example.com", true),
            ("https://corp.example", false),
            ("https://a.corp.example", false),
            ("https://notcorp.example", true),
            ("https://10.1.2.3", false),
            ("https://11.1.2.3", true),
            ("https://localhost", false),
            ("http://127.0.0.1:8080", false),
            ("https://[::1]", false),
            ("https://printer.local", false),
        ];
        for (target, wanted) in table {
            assert_eq!(used(&proxy, target).is_some(), wanted, "{target}");
        }
    }

    #[test]
    fn credentials_go_to_the_proxy_that_they_were_given_for_and_to_no_other() {
        let environment = of(&[("https_proxy", "http://us%40er:p%3Aw@proxy:3128")]).expect("a proxy");
        let managed = |address| {
            let proxy = Proxy::from_policy(address)
                .expect("a proxy")
                .with_credentials_of(&environment);
            proxy.https.and_then(|server| server.authorization)
        };
        let sent = managed("http://PROXY:3128").expect("credentials");
        assert_eq!(sent, "Basic dXNAZXI6cDp3");
        assert!(sent.is_sensitive());
        assert_eq!(managed("http://proxy:3129"), None);
        assert_eq!(managed("http://other:3128"), None);
    }

    #[test]
    fn refuses_socks_and_managed_credentials() {
        let table = [
            ("socks5://proxy:1080", ProxyError::Scheme),
            ("http://user:secret@proxy", ProxyError::Credentials),
            ("http://user@proxy", ProxyError::Credentials),
            ("http://", ProxyError::NotAnAddress),
        ];
        for (address, wanted) in table {
            assert_eq!(Proxy::from_policy(address).err(), Some(wanted), "{address}");
        }
        assert_eq!(
            of(&[("all_proxy", "socks5h://proxy:1080")]).err(),
            Some(ProxyError::Scheme)
        );
    }
}
