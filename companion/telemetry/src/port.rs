//! What the exporter needs from others: a way out, and headers that somebody else knows.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// Bytes of an answer's body that are read; a transport gives up on longer ones.
pub const MAX_ANSWER: usize = 64 * 1024;

/// The way to the collector. The one that is built in goes through the door for the destination `otlp`.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and reads the whole answer, up to [`MAX_ANSWER`]. A request with the version HTTP/2 must go over
    /// HTTP/2, in clear text with prior knowledge, and its answer must keep the trailers: gRPC has its status there. The
    /// deadline is the caller's.
    fn post(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<Answer, TransportError>> + Send;
}

/// The answer of a collector.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// What came behind the body; empty for HTTP/1.1.
    pub trailers: HeaderMap,
}

/// Why there is no answer. Each says how far the request came (DNS, TLS, a proxy), and holds nothing of its headers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The collector cannot be reached, or the connection broke. It is tried again.
    #[error("the collector could not be reached: {0}")]
    Unreachable(String),
    /// The organisation's settings close this way, or the request cannot be sent at all. It is not tried again.
    #[error("the way to the collector is closed: {0}")]
    Closed(String),
}

/// Headers that change: what a helper program prints, or the credential for the model provider.
pub trait HeaderSource: fmt::Debug + Send + Sync + 'static {
    /// The headers for a request that is sent now. Values must be marked as sensitive.
    fn headers(&self) -> HeadersFuture<'_>;

    /// The collector did not accept them: the next ones should be new.
    fn refused(&self);
}

/// What [`HeaderSource::headers`] gives.
pub type HeadersFuture<'a> = Pin<Box<dyn Future<Output = Result<HeaderMap, HeaderError>> + Send + 'a>>;

/// Why there are no headers. Says nothing of what a program printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The path is not absolute.
    #[error("the path of the helper for headers is not absolute")]
    NotAbsolute,
    /// Others could have changed it, and the organisation named it.
    #[error("the helper for headers is not run: {0}")]
    Open(&'static str),
    /// It could not be started.
    #[error("the helper for headers could not be started")]
    NotStarted,
    /// It did not end in time.
    #[error("the helper for headers did not end in time")]
    TooSlow,
    /// It reported a failure.
    #[error("the helper for headers failed")]
    Failed,
    /// What it printed is no JSON object of headers, or is too long.
    #[error("the helper for headers printed no JSON object of headers")]
    Unreadable,
    /// There is no credential now.
    #[error("there is no credential for the collector")]
    NoCredential,
}
