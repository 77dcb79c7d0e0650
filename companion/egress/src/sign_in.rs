//! The sign-in of the person at this machine to a proxy: Negotiate (RFC 4559) and NTLM. The messages come from the
//! operating system, behind a port: no password passes through here.

use std::sync::Arc;

use crate::dial::Way;
use crate::proxy::Server;

/// A way to sign in that needs no password from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInScheme {
    /// Kerberos, or NTLM inside of it.
    Negotiate,
    /// NTLM by itself.
    Ntlm,
}

impl SignInScheme {
    /// As it stands in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Ntlm => "NTLM",
        }
    }

    /// The best scheme of those that a proxy offers, where this machine can sign in and the proxy may know who is at it.
    pub(crate) fn of<'a>(offers: &str, server: &Server, way: &'a Way) -> Option<(Self, &'a Arc<dyn SignIn>)> {
        let sign_in = way.sign_in.as_ref().filter(|_| server.is_trusted)?;
        let offered = |scheme: &Self| {
            offers
                .split(", ")
                .any(|offer| offer.eq_ignore_ascii_case(scheme.as_str()))
        };
        let scheme = [Self::Negotiate, Self::Ntlm].into_iter().find(offered)?;
        Some((scheme, sign_in))
    }
}

impl std::fmt::Display for SignInScheme {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Makes the messages of a sign-in. Its functions may ask the network and block.
pub trait SignIn: std::fmt::Debug + Send + Sync {
    /// Begins a sign-in at the proxy with this host name; the error says why there is none.
    fn begin(&self, scheme: SignInScheme, host: &str) -> Result<Box<dyn SignInExchange>, String>;
}

/// One sign-in.
pub trait SignInExchange: Send {
    /// The next message; `said` is the proxy's answer to the one before, empty at first.
    fn next(&mut self, said: &[u8]) -> Result<Vec<u8>, String>;
}
