//! The HTTP client of one destination. It checks every request and every redirect against what the destination may reach,
//! and reads answers only up to a size the caller names.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use url::Url;

use crate::dial::{DialError, Dialer, Scope, Speech, Use};
use crate::watch::Watch;
use crate::{Destination, EgressError, Exchange, Milestone, Origin, Outcome, Stream, WebRefusal};
use deskhand_policy::hosts::Host;

/// Redirects followed before the exchange is given up.
pub const MAX_REDIRECTS: usize = 5;

const KEEP_IDLE_CONNECTION: Duration = Duration::from_secs(90);
/// An HTTP/2 connection is shared: one whose peer is gone would take every request until TCP gives up, minutes later. While
/// an answer is awaited it is asked for a sign of life.
const ASK_SILENT_PEER: Duration = Duration::from_secs(5);
const SIGN_OF_LIFE_WITHIN: Duration = Duration::from_secs(3);
const USER_AGENT: &str = concat!("deskhand/", env!("CARGO_PKG_VERSION"));

/// Sends requests to what one destination may reach and to nothing else.
#[derive(Clone, Debug)]
pub struct Client {
    inner: legacy::Client<Dialer, Full<Bytes>>,
    dialer: Dialer,
    follows: bool,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "this is where clients are made")]
    pub(crate) fn new(dialer: Dialer) -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_idle_timeout(KEEP_IDLE_CONNECTION)
            .pool_timer(TokioTimer::new());
        if dialer.speech == Speech::Http2 {
            builder
                .http2_only(true)
                .timer(TokioTimer::new())
                .http2_keep_alive_interval(ASK_SILENT_PEER)
                .http2_keep_alive_timeout(SIGN_OF_LIFE_WITHIN);
        }
        let inner = builder.build(dialer.clone());
        Self {
            inner,
            dialer,
            follows: true,
        }
    }

    /// The same client, for what must not be sent twice: a redirect is an answer like any other.
    #[must_use]
    pub fn without_redirects(self) -> Self {
        Self {
            follows: false,
            ..self
        }
    }

    /// The destination this client belongs to.
    pub fn destination(&self) -> Destination {
        self.dialer.destination
    }

    /// Opens a new connection to an address as a request would, tells of each milestone on the way, and ends it. Nothing is
    /// sent to the host beyond the handshake.
    pub async fn probe(
        &self,
        address: &str,
        told: impl Fn(Milestone) + Send + Sync + 'static,
    ) -> Result<(), EgressError> {
        let url = Url::parse(address).map_err(|error| EgressError::Request(error.to_string()));
        let origin = self.admit(&mut url?)?;
        let dialer = Dialer {
            watch: Watch::by(told),
            ..self.dialer.clone()
        };
        let dialed = dialer.dial(&origin, Use::Http).await;
        dialed
            .map(drop)
            .map_err(|error| dial_error(dialer.destination, &origin, error))
    }

    /// Sends a request and waits for the head of the answer. There is no deadline after the connection stands: the
    /// caller knows how long an answer may take, and dropping the future ends the exchange.
    ///
    /// Redirects are followed within the origin of the request; those of a web page within its host, without the
    /// request's own headers. One that leads on is judged like a request, and not followed: whoever asked decides anew.
    pub async fn send(&self, request: http::Request<Bytes>) -> Result<Response, EgressError> {
        let mut hop = Hop::first(request)?;
        let mut origin = self.admit(&mut hop.url)?;
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.exchange(&hop, &origin).await?;
            let Some(next) = hop.redirected(&answer).filter(|_| self.follows) else {
                return Ok(Response::new(answer, origin, &hop.url));
            };
            hop.follow(next, answer.status());
            let target = self.admit(&mut hop.url)?;
            if target != origin {
                self.leave(&mut hop, &origin, &target)?;
            }
            origin = target;
        }
        Err(EgressError::Request(format!(
            "redirected more than {MAX_REDIRECTS} times"
        )))
    }

    async fn exchange(&self, hop: &Hop, origin: &Origin) -> Result<http::Response<Incoming>, EgressError> {
        let request = hop.request(self.dialer.plain_authorization(origin))?;
        self.inner
            .request(request)
            .await
            .map_err(|error| self.failed(&error, origin))
    }

    /// The origin of an address, if the destination reaches it. The address is brought to the spelling that was judged.
    fn admit(&self, url: &mut Url) -> Result<Origin, EgressError> {
        match &self.dialer.scope {
            Scope::Origins(origins) => {
                let origin = Origin::of_machine(url).or_else(|| Origin::of_url(url).ok());
                let origin = origin.filter(|origin| origins.contains(origin));
                origin.ok_or_else(|| self.refusal(url))
            }
            Scope::Fetch(only) => {
                let origin = Origin::of_web_url(url).ok().filter(|origin| origin == only);
                origin.ok_or_else(|| self.refusal(url))
            }
            Scope::Web(rules) => {
                let origin =
                    Origin::of_web_url(url).map_err(|error| EgressError::Request(error.to_string()))?;
                let host = Host::parse(origin.host()).ok_or_else(|| self.refusal(url))?;
                let judged = rules.permits(&host, origin.port());
                judged.map_err(|why| self.web_refusal(&origin, why))?;
                url.set_host(Some(origin.host()))
                    .map_err(|error| EgressError::Request(error.to_string()))?;
                Ok(origin)
            }
        }
    }

    /// What happens to a request that is led to another origin. A key sent as `x-api-key` would travel along.
    fn leave(&self, hop: &mut Hop, origin: &Origin, target: &Origin) -> Result<(), EgressError> {
        match self.dialer.scope {
            Scope::Origins(_) | Scope::Fetch(_) => {
                Err(self.refusal_of(target.to_string(), target.host(), target.port()))
            }
            // A person was asked about one host, and what goes to it over TLS does not go on in the clear.
            Scope::Web(_) if target.host() != origin.host() || origin.is_https() && !target.is_https() => {
                Err(EgressError::Elsewhere {
                    address: hop.url.to_string(),
                })
            }
            Scope::Web(_) => {
                hop.headers.clear();
                Ok(())
            }
        }
    }

    fn refusal(&self, url: &Url) -> EgressError {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        self.refusal_of(url.origin().ascii_serialization(), host, port)
    }

    fn refusal_of(&self, origin: String, host: &str, port: u16) -> EgressError {
        let destination = self.dialer.destination;
        let key = destination.row().named_by;
        self.dialer.record(host, port, Outcome::Refused, key);
        EgressError::Refused {
            destination,
            origin,
            key,
        }
    }

    fn web_refusal(&self, origin: &Origin, why: WebRefusal) -> EgressError {
        self.dialer
            .record(origin.host(), origin.port(), Outcome::Refused, why.key());
        web_error(self.dialer.destination, origin, why)
    }

    fn failed(&self, error: &legacy::Error, origin: &Origin) -> EgressError {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(inner) = cause {
            if let Some(dial) = inner.downcast_ref::<DialError>() {
                return dial_error(self.dialer.destination, origin, dial.clone());
            }
            cause = inner.source();
        }
        EgressError::Failed {
            exchange: Exchange::broken(error),
            origin: origin.clone(),
        }
    }
}

/// A destination whose connections speak what they like: what the sandbox reaches.
#[derive(Clone, Debug)]
pub struct Door {
    dialer: Dialer,
}

impl Door {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer }
    }

    /// A connection to a host that the rules permit, through the proxy where one is in force. `host` is a name or an
    /// address literal in any spelling. Refused before a name is resolved, and again for each address it has.
    pub async fn connect(&self, host: &str, port: u16) -> Result<Stream, EgressError> {
        let parsed = Host::parse(host).ok_or_else(|| EgressError::Request("it names no host".to_owned()))?;
        let origin = Origin::from_parts(true, &parsed, port);
        let destination = self.dialer.destination;
        if let Scope::Web(rules) = &self.dialer.scope {
            rules.permits(&parsed, port).map_err(|why| {
                self.dialer
                    .record(origin.host(), port, Outcome::Refused, why.key());
                web_error(destination, &origin, why)
            })?;
        }
        let dialed = self.dialer.dial(&origin, Use::Raw).await;
        dialed.map_err(|error| dial_error(destination, &origin, error))
    }
}

fn web_error(destination: Destination, origin: &Origin, why: WebRefusal) -> EgressError {
    let host = format!("{}:{}", origin.host(), origin.port());
    EgressError::Web {
        destination,
        host,
        why,
    }
}

fn dial_error(destination: Destination, origin: &Origin, error: DialError) -> EgressError {
    match error {
        DialError::Refused(why) => web_error(destination, origin, why),
        DialError::Setup(error) => error,
        DialError::Failed(exchange) => EgressError::Failed {
            origin: origin.clone(),
            exchange,
        },
    }
}

/// A request on its way through redirects.
struct Hop {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Hop {
    fn first(request: http::Request<Bytes>) -> Result<Self, EgressError> {
        let (parts, body) = request.into_parts();
        let url =
            Url::parse(&parts.uri.to_string()).map_err(|error| EgressError::Request(error.to_string()))?;
        let mut headers = parts.headers;
        // The host is the one that was checked, whatever the caller's headers say.
        headers.remove(header::HOST);
        headers.remove(header::PROXY_AUTHORIZATION);
        Ok(Self {
            method: parts.method,
            url,
            headers,
            body,
        })
    }

    fn request(&self, proxy: Option<HeaderValue>) -> Result<http::Request<Full<Bytes>>, EgressError> {
        let mut address = self.url.clone();
        address.set_fragment(None);
        let unusable = |error: http::uri::InvalidUri| EgressError::Request(error.to_string());
        let uri: Uri = address.as_str().parse().map_err(unusable)?;
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.extend(self.headers.clone());
        if let Some(authorization) = proxy {
            headers.insert(header::PROXY_AUTHORIZATION, authorization);
        }
        Ok(request)
    }

    /// Where an answer leads, if it is a redirect that can be followed.
    fn redirected(&self, answer: &http::Response<Incoming>) -> Option<Url> {
        let follow = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = answer.headers().get(header::LOCATION).filter(|_| follow)?;
        self.url.join(std::str::from_utf8(location.as_bytes()).ok()?).ok()
    }

    /// The next request (RFC 9110, section 15.4): 303, and what was a POST before 301 and 302, becomes a GET.
    fn follow(&mut self, url: Url, status: StatusCode) {
        let rewritten = match status.as_u16() {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if rewritten {
            self.method = Method::GET;
            self.body = Bytes::new();
            for name in [
                header::CONTENT_TYPE,
                header::CONTENT_LENGTH,
                header::CONTENT_ENCODING,
            ] {
                self.headers.remove(name);
            }
        }
        self.url = url;
    }
}

/// The answer to a request: its head is here, its body still on the way.
#[derive(Debug)]
pub struct Response {
    inner: http::Response<Incoming>,
    origin: Origin,
    address: String,
}

impl Response {
    fn new(inner: http::Response<Incoming>, origin: Origin, url: &Url) -> Self {
        Self {
            inner,
            origin,
            address: url.to_string(),
        }
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The address that answered, after redirects.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The next bytes of the body as they arrive, `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        while let Some(frame) = self.inner.body_mut().frame().await {
            let frame = frame.map_err(|error| self.failed(Exchange::broken(&error)))?;
            // Trailers are no part of the body.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The whole body, if it has at most `limit` bytes.
    pub async fn body_up_to(self, limit: usize) -> Result<Bytes, EgressError> {
        self.body_and_trailers_up_to(limit).await.map(|(body, _)| body)
    }

    /// The whole body, if it has at most `limit` bytes, and the fields behind it.
    pub async fn body_and_trailers_up_to(mut self, limit: usize) -> Result<(Bytes, HeaderMap), EgressError> {
        let (mut body, mut trailers) = (BytesMut::new(), HeaderMap::new());
        while let Some(frame) = self.inner.body_mut().frame().await {
            let frame = frame.map_err(|error| self.failed(Exchange::broken(&error)))?;
            match frame.into_data() {
                Ok(chunk) if body.len() + chunk.len() > limit => {
                    return Err(self.failed(Exchange::TooLong(limit)));
                }
                Ok(chunk) => body.extend_from_slice(&chunk),
                // A frame is data or trailers; what is neither is not known yet and of no use.
                Err(other) => trailers.extend(other.into_trailers().unwrap_or_default()),
            }
        }
        Ok((body.freeze(), trailers))
    }

    fn failed(&self, exchange: Exchange) -> EgressError {
        EgressError::Failed {
            origin: self.origin.clone(),
            exchange,
        }
    }
}
