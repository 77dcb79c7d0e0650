//! Why a sign-in did not come about, told apart by what a person can do about it.

use crate::metadata::Endpoint;
use crate::transport::TransportError;

/// A sign-in that failed. Holds nothing that a provider said but an error code of the registry and a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The provider could not be asked.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It answered with a status that means nothing here.
    #[error("the identity provider answered {0}")]
    Status(u16),
    /// Its answer cannot be read.
    #[error("the identity provider's answer cannot be used: {0}")]
    Unreadable(&'static str),
    /// Its metadata are those of another provider (RFC 8414, section 3.3).
    #[error("the metadata name another issuer than the one that was asked")]
    Issuer,
    /// Its metadata name an address that cannot be used.
    #[error("the address of {0} in the identity provider's metadata cannot be used")]
    Endpoint(Endpoint),
    /// It does not offer what is needed.
    #[error("the identity provider names no {0}")]
    Missing(Endpoint),
    /// An address lies on another origin than the one that everything has to lie on.
    #[error("the address of {0} lies on another origin")]
    Elsewhere(Endpoint),
    /// The person, or the provider for them, said no.
    #[error("the sign-in was refused")]
    Denied,
    /// The time for it is over.
    #[error("the time for the sign-in is over")]
    Expired,
    /// What the sign-in rests on counts no longer (`invalid_grant`): a person has to sign in again.
    #[error("the sign-in counts no longer")]
    Over,
    /// Another error code of RFC 6749, RFC 8628 or OpenID Connect.
    #[error("the identity provider refused: {0}")]
    Refused(&'static str),
    /// The provider sent the browser on through a host that may not send it back: one with which it is federated.
    #[error(
        "the browser came back by way of `{0}`, a host that additionalRedirectReferrerHosts does not name"
    )]
    Referrer(String),
    /// The loopback port is taken, or nothing can listen there.
    #[error("no port of this computer is free for the browser to come back to")]
    Port,
}

/// Error codes that are told as they are: RFC 6749 (4.1.2.1, 5.2), RFC 7009, RFC 8628, RFC 8707, OpenID Connect Core 3.1.2.6.
const CODES: [&str; 19] = [
    "account_selection_required",
    "authorization_pending",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "request_not_supported",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "unsupported_token_type",
];

impl SignInError {
    /// What an `error` of a provider means.
    pub(crate) fn of_code(code: &str) -> Self {
        match code {
            // Microsoft Entra has a word of its own for a device code that was refused.
            "access_denied" | "authorization_declined" => Self::Denied,
            "expired_token" => Self::Expired,
            "invalid_grant" => Self::Over,
            _ => {
                let known = CODES.into_iter().find(|known| *known == code);
                Self::Refused(known.unwrap_or("an unknown error"))
            }
        }
    }

    /// True where trying again later can help without a person.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Transport(error) => matches!(error, TransportError::Unreachable(_)),
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::Refused(code) => matches!(*code, "server_error" | "temporarily_unavailable"),
            _ => false,
        }
    }
}
