//! What can go wrong on the way out, told apart by what a person can do about it.

use crate::{Destination, Origin, OriginError, ProxyError};

/// A connection that was refused or did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// Policy or settings do not open the destination.
    #[error("{destination} is closed: policy key {key} does not open it")]
    Closed {
        /// The destination asked for.
        destination: Destination,
        /// The key that would open it.
        key: &'static str,
    },
    /// The address in a policy key cannot be used.
    #[error("{destination} is closed: the address in policy key {key} cannot be used: {why}")]
    Address {
        /// The destination asked for.
        destination: Destination,
        /// The key that holds the address.
        key: &'static str,
        /// What is wrong with it.
        why: OriginError,
    },
    /// A web view opens this destination by itself; the service never does.
    #[error("{0} is opened by the pane's web view, not by the service")]
    NotOurs(Destination),
    /// A request or a redirect names a host that is not the destination's.
    #[error("{origin} is not a host of {destination}; policy key {key} names its host")]
    Refused {
        /// The destination whose client was used.
        destination: Destination,
        /// Where the request wanted to go.
        origin: String,
        /// The key that names the destination's hosts or opens it.
        key: &'static str,
    },
    /// The request is not one that can be sent.
    #[error("the request cannot be sent: {0}")]
    Request(String),
    /// The proxy settings cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// No trust store, or the client could not be set up.
    #[error("TLS could not be set up: {0}")]
    Setup(String),
    /// The exchange began and failed.
    #[error("{origin}: {exchange}")]
    Failed {
        /// The other side.
        origin: Origin,
        /// How far it came.
        exchange: Exchange,
    },
}

/// How an exchange with a destination failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exchange {
    /// The name could not be resolved or no connection could be made, to the host or to the proxy.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The certificate or the handshake was refused.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// A deadline passed.
    #[error("no answer in time")]
    TimedOut,
    /// The connection ended in the middle.
    #[error("the connection broke: {0}")]
    Cut(String),
    /// The body is longer than the caller takes, in bytes.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

impl Exchange {
    /// Sorts an error of the HTTP client by its causes.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if let Some(tls) = tls_cause(error) {
            return Self::Tls(tls.to_string());
        }
        let cause = innermost(error);
        if error.is_timeout() {
            Self::TimedOut
        } else if error.is_connect() {
            Self::Unreachable(cause)
        } else {
            Self::Cut(cause)
        }
    }
}

/// The first TLS error among the causes. `io::Error` hides the error it wraps from `source`, so it is opened by hand.
fn tls_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        let wrapped = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The text of the last cause: the only one that says more than "error sending request", and without the address.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
