//! What can go wrong on the way out, told apart by what a person can do about it.

use crate::{Destination, EntryError, Origin, OriginError, ProxyError, SignInScheme, WebRefusal};

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
    /// An entry of a list of hosts cannot be used.
    #[error("{destination}: an entry of policy key {key} opens nothing: {why}")]
    Entry {
        /// The destination that has the list.
        destination: Destination,
        /// The key that holds the list.
        key: &'static str,
        /// What is wrong with the entry.
        why: EntryError,
    },
    /// A browser, a web view or a stream opens this destination; there is no HTTP client for it.
    #[error("{0} is not opened by an HTTP client of the service")]
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
    /// The list of allowed hosts does not hold the host, or it leads to an address that is not public.
    #[error("{host} is closed for {destination}: {why}; policy key {} opens it", why.key())]
    Web {
        /// The destination whose client was used.
        destination: Destination,
        /// Host and port.
        host: String,
        /// The reason, with its key.
        why: WebRefusal,
    },
    /// A web page leads to another host, or from https to http. Nothing was sent there.
    #[error("the address leads to another host")]
    Elsewhere {
        /// Where it leads: words of the server.
        address: String,
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
    /// DNS has no address for the host.
    #[error("the name could not be resolved: {0}")]
    Unresolved(String),
    /// No connection could be made to the host.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// The way to the host leads through a proxy, and ends there.
    #[error("the proxy {proxy}: {fault}")]
    Proxy {
        /// The proxy's origin, or that of the file that names proxies.
        proxy: String,
        /// What went wrong there.
        fault: ProxyFault,
    },
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

/// What went wrong at a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// DNS has no address for the proxy.
    #[error("its name could not be resolved: {0}")]
    Unresolved(String),
    /// No connection could be made to the proxy.
    #[error("no connection to it: {0}")]
    Unreachable(String),
    /// The TLS handshake with an https proxy failed.
    #[error("TLS with it failed: {0}")]
    Tls(String),
    /// It did not answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// It wants a sign-in (status 407), by these schemes of `Proxy-Authenticate`.
    #[error("it asks for a sign-in ({0}); {what}", what = what_to_do(.0, cfg!(windows)))]
    SignIn(String),
    /// The sign-in of the person at this machine did not come about.
    #[error("the sign-in with {scheme} did not come about: {why}")]
    SignInFailed {
        /// The scheme that was tried.
        scheme: SignInScheme,
        /// The system's words, or the proxy's.
        why: String,
    },
    /// It refused the connection with this status.
    #[error("it refused the connection with status {0}")]
    Refused(u16),
    /// What it said is no answer of a proxy.
    #[error("it does not answer as a proxy does")]
    Answer,
    /// The file that names proxies could not be had or gave no way.
    #[error("its script gives no way: {0}")]
    Script(String),
}

/// What helps with a sign-in by these schemes.
fn what_to_do(schemes: &str, signs_in: bool) -> &'static str {
    if schemes
        .split(", ")
        .any(|scheme| scheme.eq_ignore_ascii_case("basic"))
    {
        "give a name and a password with the proxy's address in the variable HTTPS_PROXY"
    } else if signs_in {
        "with the policy key deskhandProxySignIn the sign-in of Windows goes to a proxy that policy, the system or an https \
         script names"
    } else {
        "only Basic is spoken on this system: let the proxy pass this computer, or put a helper that signs in between"
    }
}

impl ProxyFault {
    /// Whether the next proxy of a list may be tried: this one was not there at all.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(
            self,
            Self::Unresolved(_) | Self::Unreachable(_) | Self::Tls(_) | Self::TimedOut
        )
    }
}

impl Exchange {
    /// Sorts an error on a connection that stood.
    pub(crate) fn broken(error: &(dyn std::error::Error + 'static)) -> Self {
        match tls_cause(error) {
            Some(tls) => Self::Tls(tls.to_string()),
            None => Self::Cut(innermost(error)),
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
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_wants_a_sign_in_has_the_key_told_where_one_is_spoken() {
        let table = [
            ("Negotiate, NTLM", true, "deskhandProxySignIn"),
            ("Negotiate, NTLM", false, "only Basic is spoken"),
            ("NTLM, basic", true, "HTTPS_PROXY"),
        ];
        for (schemes, signs_in, wanted) in table {
            let told = what_to_do(schemes, signs_in);
            assert!(told.contains(wanted), "{schemes}: {told}");
        }
    }
}
