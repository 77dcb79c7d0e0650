//! The HTTP client of one destination. It checks every request and every redirect against the destination's origins,
//! and reads answers only up to a size the caller names.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use reqwest::redirect::{Attempt, Policy};
use rustls::ClientConfig;

use crate::{Destination, EgressError, Exchange, Hosts, Origin, Proxy};

/// Redirects followed within one origin before the exchange is given up.
pub const MAX_REDIRECTS: usize = 5;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const KEEP_IDLE_CONNECTION: Duration = Duration::from_secs(90);
/// A peer that vanished without a word is noticed by the kernel's probes, not only by the caller's deadline.
const PROBE_SILENT_PEER: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("deskhand/", env!("CARGO_PKG_VERSION"));

/// Sends requests to the hosts of one destination and to no other.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    destination: Destination,
    origins: Arc<[Origin]>,
}

impl Client {
    pub(crate) fn new(
        destination: Destination,
        origins: Vec<Origin>,
        proxy: &Proxy,
        tls: ClientConfig,
    ) -> Result<Self, EgressError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::custom(within_one_origin))
            // Retrying is the caller's decision: only it knows what a repeated request would do.
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_WITHIN)
            .pool_idle_timeout(KEEP_IDLE_CONNECTION)
            .tcp_keepalive(PROBE_SILENT_PEER);
        if let Some(proxy) = proxy.for_client() {
            builder = builder.proxy(proxy.map_err(|error| EgressError::Setup(error.to_string()))?);
        }
        let inner = builder
            .build()
            .map_err(|error| EgressError::Setup(error.to_string()))?;
        Ok(Self {
            inner,
            destination,
            origins: origins.into(),
        })
    }

    /// The destination this client belongs to.
    pub fn destination(&self) -> Destination {
        self.destination
    }

    /// Sends a request and waits for the head of the answer. There is no deadline after the connection stands: the
    /// caller knows how long an answer may take, and dropping the future ends the exchange.
    pub async fn send(&self, request: http::Request<Bytes>) -> Result<Response, EgressError> {
        let mut request =
            reqwest::Request::try_from(request).map_err(|error| EgressError::Request(error.to_string()))?;
        let origin = self.admit(request.url())?;
        // The host is the one that was checked, whatever the caller's headers say.
        request.headers_mut().remove(header::HOST);
        match self.inner.execute(request).await {
            Ok(inner) => Ok(Response { inner, origin }),
            Err(error) if error.is_redirect() => Err(self.refused_redirect(&error)),
            Err(error) => Err(EgressError::Failed {
                exchange: Exchange::of(&error),
                origin,
            }),
        }
    }

    /// The origin of an address, if it is one of the destination's.
    fn admit(&self, url: &reqwest::Url) -> Result<Origin, EgressError> {
        let origin = Origin::of_url(url)
            .ok()
            .filter(|origin| self.origins.contains(origin));
        origin.ok_or_else(|| self.refusal(url.origin().ascii_serialization()))
    }

    fn refusal(&self, origin: String) -> EgressError {
        let row = self.destination.row();
        let key = match row.hosts {
            Hosts::FromKey(key) | Hosts::ProxyInForce(key) => key,
            Hosts::Fixed(_) => row.opens.key(),
        };
        EgressError::Refused {
            destination: self.destination,
            origin,
            key,
        }
    }

    fn refused_redirect(&self, error: &reqwest::Error) -> EgressError {
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = cause {
            if let Some(Elsewhere(origin)) = error.downcast_ref() {
                return self.refusal(origin.clone());
            }
            cause = error.source();
        }
        EgressError::Request(format!("redirected more than {MAX_REDIRECTS} times"))
    }
}

/// The answer to a request: its head is here, its body still on the way.
#[derive(Debug)]
pub struct Response {
    inner: reqwest::Response,
    origin: Origin,
}

impl Response {
    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// HTTP headers.
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// The next bytes of the body as they arrive, `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, EgressError> {
        self.inner
            .chunk()
            .await
            .map_err(|error| self.failed(Exchange::of(&error)))
    }

    /// The whole body, if it has at most `limit` bytes.
    pub async fn body_up_to(mut self, limit: usize) -> Result<Bytes, EgressError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Err(self.failed(Exchange::TooLong(limit)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn failed(&self, exchange: Exchange) -> EgressError {
        EgressError::Failed {
            origin: self.origin.clone(),
            exchange,
        }
    }
}

/// Where a refused redirect wanted to go.
#[derive(Debug, thiserror::Error)]
#[error("redirected to {0}")]
struct Elsewhere(String);

/// Follows redirects within the origin of the first request. A key sent as `x-api-key` would travel along with any
/// other redirect.
fn within_one_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let target = attempt.url().origin();
    let first = attempt.previous().first().map(reqwest::Url::origin);
    if first.as_ref() != Some(&target) {
        return attempt.error(Elsewhere(target.ascii_serialization()));
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("too many redirects");
    }
    attempt.follow()
}
