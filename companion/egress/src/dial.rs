//! Opens connections: finds the way, checks every address, and tells who failed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::error::innermost;
use crate::pac::ProxyScript;
use crate::proxy::{Server, goes_direct};
use crate::resolve::{Lookup, LookupError};
use crate::sign_in::{SignIn, SignInScheme};
use crate::tls::Tls;
use crate::watch::{Watch, version};
use crate::{
    Destination, EgressAudit, EgressDecision, EgressError, Exchange, Milestone, NamedBy, Origin, Outcome,
    Proxy, ProxyError, ProxyFault, Resolve, Step, Stream, WebRefusal, WebRules, tunnel,
};
use deskhand_policy::hosts::Host;

/// For everything until a connection stands: the proxy script, DNS, TCP, the tunnel and TLS.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// For one proxy of a list.
const PROXY_WITHIN: Duration = Duration::from_secs(5);
/// For a look at the addresses of a host that the proxy will resolve itself.
const LOOK_WITHIN: Duration = Duration::from_secs(2);
/// A peer that vanished without a word is noticed by the kernel's probes, not only by the caller's deadline.
const PROBE_SILENT_PEER: Duration = Duration::from_secs(30);
/// The pause between its probes, and how many may stay unanswered: after them the connection is dead.
const PROBE_AGAIN: Duration = Duration::from_secs(5);
const PROBES: u32 = 3;
/// How long what was sent may stay without a sign that it arrived: a network that was left takes nothing (RFC 5482).
#[cfg(target_os = "linux")]
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// How connections leave this machine.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) proxies: Proxies,
    pub(crate) tls: Tls,
    pub(crate) resolver: Arc<dyn Resolve>,
    /// Who says which proxy to use.
    pub(crate) named_by: NamedBy,
    /// Signs in to proxies, where this machine can.
    pub(crate) sign_in: Option<Arc<dyn SignIn>>,
}

/// Who says which proxy to use.
#[derive(Debug)]
pub(crate) enum Proxies {
    Rules(Proxy),
    Script(Box<ProxyScript>),
}

/// One way to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Direct,
    Through(Server),
}

impl Route {
    /// The proxy of the way, where there is one.
    fn proxy(&self) -> Option<Origin> {
        match self {
            Self::Direct => None,
            Self::Through(server) => Some(server.origin()),
        }
    }

    /// The way to a host under the rules of a source.
    pub(crate) fn under(rules: &Proxy, target: &Origin) -> Result<Self, ProxyError> {
        let server = rules.server(target)?;
        Ok(server.cloned().map_or(Self::Direct, Self::Through))
    }
}

/// Where a dialer may go.
#[derive(Clone, Debug)]
pub(crate) enum Scope {
    /// To these origins, whatever their addresses: an administrator named them.
    Origins(Arc<[Origin]>),
    /// Where the rules permit.
    Web(Arc<WebRules>),
    /// To this origin, https or not: networks serve their proxy scripts to machines that know no authority yet.
    Fetch(Origin),
}

/// The version of HTTP that a client speaks, named to the host by ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    Http1,
    /// HTTP/2 alone; in clear text with prior knowledge (RFC 9113, section 3.3).
    Http2,
}

impl Speech {
    fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// HTTP, under TLS where the origin is https.
    Http,
    /// Whatever the caller speaks.
    Raw,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DialError {
    #[error("{0}")]
    Refused(WebRefusal),
    #[error("{0}")]
    Failed(Exchange),
    #[error("{0}")]
    Setup(EgressError),
}

impl From<Exchange> for DialError {
    fn from(exchange: Exchange) -> Self {
        Self::Failed(exchange)
    }
}

/// Opens the connections of one destination.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    pub(crate) way: Arc<Way>,
    pub(crate) scope: Scope,
    pub(crate) destination: Destination,
    pub(crate) speech: Speech,
    pub(crate) audit: Option<Arc<dyn EgressAudit>>,
    pub(crate) watch: Watch,
}

impl Dialer {
    /// Opens a connection to an origin that the caller has checked.
    pub(crate) async fn dial(&self, target: &Origin, used: Use) -> Result<Stream, DialError> {
        let unfinished = Unfinished { dialer: self, target };
        let dialed = timeout(CONNECT_WITHIN, self.by_some_route(target, used)).await;
        std::mem::forget(unfinished);
        let stream = dialed
            .map_err(|_| Exchange::TimedOut)
            .map_err(DialError::from)
            .flatten();
        let named_by = self.destination.row().named_by;
        let (outcome, key) = match &stream {
            Ok(_) => (Outcome::Opened, named_by),
            Err(DialError::Refused(why)) => (Outcome::Refused, why.key()),
            Err(DialError::Failed(exchange)) => (Outcome::Failed(exchange.into()), named_by),
            Err(DialError::Setup(EgressError::Proxy(_))) => (Outcome::Failed(Step::Proxy), named_by),
            Err(DialError::Setup(_)) => (Outcome::Failed(Step::Tls), named_by),
        };
        self.record(target.host(), target.port(), outcome, key);
        stream
    }

    /// Tells the audit port.
    pub(crate) fn record(&self, host: &str, port: u16, outcome: Outcome, key: &'static str) {
        if let Some(audit) = &self.audit {
            audit.record(EgressDecision {
                destination: self.destination,
                host: host.to_owned(),
                port,
                outcome,
                key,
            });
        }
    }

    /// The credentials for a proxy that reads requests itself. A script's proxies are known only to the connection.
    pub(crate) fn plain_authorization(&self, target: &Origin) -> Option<http::HeaderValue> {
        match &self.way.proxies {
            Proxies::Rules(proxy) if !target.is_https() => proxy.server(target).ok()??.authorization.clone(),
            Proxies::Rules(_) | Proxies::Script(_) => None,
        }
    }

    /// Tries the routes in their order. The next one is tried only where a proxy was not there at all.
    async fn by_some_route(&self, target: &Origin, used: Use) -> Result<Stream, DialError> {
        let mut last = DialError::from(Exchange::Unreachable("no way leads there".to_owned()));
        for route in self.routes(target).await? {
            last = match self.by(&route, target, used).await {
                Ok(stream) => return Ok(stream),
                Err(DialError::Failed(Exchange::Proxy { proxy, fault })) if fault.is_absent() => {
                    Exchange::Proxy { proxy, fault }.into()
                }
                Err(error) => return Err(error),
            };
        }
        Err(last)
    }

    async fn routes(&self, target: &Origin) -> Result<Vec<Route>, DialError> {
        match &self.way.proxies {
            Proxies::Rules(proxy) => {
                let route = Route::under(proxy, target).map_err(EgressError::Proxy);
                Ok(vec![route.map_err(DialError::Setup)?])
            }
            Proxies::Script(_) if goes_direct(target) => Ok(vec![Route::Direct]),
            Proxies::Script(script) => {
                let asked = script.routes(target, &self.way).await;
                asked.map_err(|fault| at(&script.origin(), fault))
            }
        }
    }

    async fn by(&self, route: &Route, target: &Origin, used: Use) -> Result<Stream, DialError> {
        self.watch.tell(|| Milestone::Way(route.proxy()));
        let stream = match route {
            Route::Direct => self.direct(target).await?,
            Route::Through(server) => {
                self.look(target).await?;
                let there = self.way.reach(server, &self.watch).await?;
                if used == Use::Http && !target.is_https() {
                    return Ok(there.read_by_the_proxy());
                }
                let tunnel = self.tunnel(there, server, target).await?;
                self.watch.tell(|| Milestone::Tunnel);
                tunnel
            }
        };
        if used == Use::Http && target.is_https() {
            return Ok(self
                .way
                .secure(stream, target.host(), self.speech, &self.watch)
                .await?
                .map_err(Exchange::Tls)?);
        }
        Ok(stream)
    }

    /// A tunnel through a proxy, with the sign-in of the person at this machine where the proxy asks for one.
    async fn tunnel(&self, there: Stream, server: &Server, target: &Origin) -> Result<Stream, DialError> {
        let proxy = server.origin();
        let tunnel = match tunnel::open(there, server, target).await {
            Err(ProxyFault::SignIn(offers)) => match SignInScheme::of(&offers, server, &self.way) {
                Some((scheme, sign_in)) => {
                    // Many proxies end the connection on which they ask.
                    let there = self.way.reach(server, &Watch::default()).await?;
                    tunnel::sign_in(there, server, target, scheme, sign_in).await
                }
                None => Err(ProxyFault::SignIn(offers)),
            },
            tunnel => tunnel,
        };
        tunnel.map_err(|fault| at(&proxy, fault))
    }

    async fn direct(&self, target: &Origin) -> Result<Stream, DialError> {
        let rules = match &self.scope {
            Scope::Origins(_) | Scope::Fetch(_) => None,
            Scope::Web(rules) => Some(Arc::clone(rules)),
        };
        self.way.connect(target, rules, &self.watch).await
    }

    /// Looks at the addresses of a host that the proxy will resolve. Where this machine cannot resolve it, the proxy's
    /// own rules are all there is.
    async fn look(&self, target: &Origin) -> Result<(), DialError> {
        let (Scope::Web(rules), Some(Host::Name(name))) = (&self.scope, Host::parse(target.host())) else {
            return Ok(());
        };
        let lookup = self.way.lookup(Some(Arc::clone(rules)), &Watch::default());
        match timeout(LOOK_WITHIN, lookup.addresses(&name)).await {
            Ok(Err(LookupError::Refused(why))) => Err(DialError::Refused(why)),
            Ok(Ok(_) | Err(LookupError::Dns(_))) | Err(_) => Ok(()),
        }
    }
}

/// A connection that is being opened. Dropped, it is one that nobody waited for: a name may have been asked for, and a host or
/// proxy talked to.
struct Unfinished<'a> {
    dialer: &'a Dialer,
    target: &'a Origin,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let (host, port) = (self.target.host(), self.target.port());
        let named_by = self.dialer.destination.row().named_by;
        self.dialer
            .record(host, port, Outcome::Failed(Step::Stopped), named_by);
    }
}

impl Way {
    fn lookup(&self, rules: Option<Arc<WebRules>>, watch: &Watch) -> Lookup {
        Lookup {
            resolver: Arc::clone(&self.resolver),
            rules,
            watch: watch.clone(),
        }
    }

    /// A TCP connection, to one of the addresses that the name was resolved to here.
    pub(crate) async fn connect(
        &self,
        target: &Origin,
        rules: Option<Arc<WebRules>>,
        watch: &Watch,
    ) -> Result<Stream, DialError> {
        let mut connector = HttpConnector::new_with_resolver(self.lookup(rules, watch));
        notice_lost_peers(&mut connector);
        let place = format!("http://{}:{}/", target.host(), target.port());
        let place: Uri = place
            .parse()
            .map_err(|_| Exchange::Unreachable("no such place".to_owned()))?;
        let socket = connector.call(place).await.map_err(|error| sorted(&error))?;
        watch.tell(|| Milestone::Connected);
        Ok(Stream::new(socket.into_inner()))
    }

    /// A connection to a proxy, under TLS where it is an https proxy.
    async fn reach(&self, server: &Server, watch: &Watch) -> Result<Stream, DialError> {
        let there = timeout(PROXY_WITHIN, self.reach_at_leisure(server, watch)).await;
        there.map_err(|_| at(&server.origin(), ProxyFault::TimedOut))?
    }

    async fn reach_at_leisure(&self, server: &Server, watch: &Watch) -> Result<Stream, DialError> {
        let proxy = server.origin();
        let stream = self.connect(&proxy, None, watch).await;
        let stream = stream.map_err(|error| match error {
            DialError::Failed(Exchange::Unresolved(why)) => at(&proxy, ProxyFault::Unresolved(why)),
            DialError::Failed(Exchange::Unreachable(why)) => at(&proxy, ProxyFault::Unreachable(why)),
            other => other,
        })?;
        if !server.https {
            return Ok(stream);
        }
        let secured = self
            .secure(stream, proxy.host(), Speech::Http1, &Watch::default())
            .await?;
        secured.map_err(|why| at(&proxy, ProxyFault::Tls(why)))
    }

    /// TLS with whoever is at the other end of a stream; the inner error is a failed handshake.
    async fn secure(
        &self,
        stream: Stream,
        host: &str,
        speech: Speech,
        watch: &Watch,
    ) -> Result<Result<Stream, String>, DialError> {
        let config = if watch.is_anybody() {
            self.tls.watched(watch)
        } else {
            self.tls.config()
        };
        let mut config = config.map_err(DialError::Setup)?;
        config.alpn_protocols = vec![speech.alpn().to_vec()];
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let Ok(name) = ServerName::try_from(bare) else {
            return Ok(Err(
                "the host has no name that a certificate could hold".to_owned()
            ));
        };
        let secured = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        let secured = match secured {
            Ok(secured) => secured,
            Err(error) => return Ok(Err(innermost(&error))),
        };
        // A host that knows no ALPN speaks HTTP/1.1.
        if speech == Speech::Http2 && secured.get_ref().1.alpn_protocol() != Some(speech.alpn()) {
            return Ok(Err("the host does not speak HTTP/2".to_owned()));
        }
        watch.tell(|| Milestone::Secured(version(secured.get_ref().1.protocol_version())));
        Ok(Ok(Stream::new(secured)))
    }
}

fn at(proxy: &Origin, fault: ProxyFault) -> DialError {
    let proxy = proxy.to_string();
    Exchange::Proxy { proxy, fault }.into()
}

/// Sorts an error of the connector by its causes.
fn sorted(error: &(dyn std::error::Error + 'static)) -> DialError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<LookupError>() {
            Some(LookupError::Refused(why)) => return DialError::Refused(*why),
            Some(LookupError::Dns(why)) => return Exchange::Unresolved(why.clone()).into(),
            None => cause = error.source(),
        }
    }
    Exchange::Unreachable(innermost(error)).into()
}

/// The connector of the HTTP client.
impl Service<Uri> for Dialer {
    type Response = TokioIo<Stream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move {
            let target = url::Url::parse(&uri.to_string()).ok();
            let target = target.and_then(|url| Origin::of_web_url(&url).ok());
            let target = target.ok_or_else(|| Exchange::Unreachable("no such place".to_owned()))?;
            dialer.dial(&target, Use::Http).await.map(TokioIo::new)
        })
    }
}

/// Has the kernel end a connection whose peer or network is gone, within a minute.
fn notice_lost_peers<R>(connector: &mut HttpConnector<R>) {
    connector.set_nodelay(true);
    connector.set_keepalive(Some(PROBE_SILENT_PEER));
    connector.set_keepalive_interval(Some(PROBE_AGAIN));
    connector.set_keepalive_retries(Some(PROBES));
    #[cfg(target_os = "linux")]
    connector.set_tcp_user_timeout(Some(TAKEN_WITHIN));
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::net::sockopt::{tcp_keepcnt, tcp_keepidle, tcp_keepintvl, tcp_user_timeout};

    use super::*;

    #[tokio::test]
    async fn a_connection_whose_network_is_gone_is_ended_within_a_minute() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let place = format!("http://{}/", listener.local_addr().expect("an address"));
        let mut connector = HttpConnector::new();
        notice_lost_peers(&mut connector);
        let called = connector.call(place.parse().expect("an address")).await;
        let socket = called.expect("a connection").into_inner();
        let silent = tcp_keepidle(&socket).expect("a time");
        let again = tcp_keepintvl(&socket).expect("a time") * tcp_keepcnt(&socket).expect("a number");
        assert!(silent + again < Duration::from_mins(1));
        let taken = tcp_user_timeout(&socket).expect("milliseconds");
        assert!(taken > 0 && taken < 60_000, "{taken}");
    }
}
