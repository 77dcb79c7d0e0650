//! Sign-in at an identity provider: discovery (RFC 8414, OpenID Connect Discovery 1.0), the code flow
//! with PKCE in the system browser (RFC 6749, RFC 7636, RFC 8252), device codes (RFC 8628), refresh, revocation (RFC 7009); and
//! grants of programs: assertions (RFC 7523), token exchange (RFC 8693).
//!
//! The crate opens no connection: requests go through a [`Transport`] that the caller brings. It only listens on a
//! loopback address while a browser is expected back. The clock and random bytes are arguments. What a provider answers
//! is read up to a size and stands in no error: of its words only registered error codes are told.

mod client;
mod device;
mod error;
mod exchange;
mod metadata;
mod pkce;
mod redirect;
mod tokens;
mod transport;

pub use client::Client;
pub use device::{DeviceGrant, GRANT, Polled};
pub use error::SignInError;
pub use exchange::{Basic, Exchange, grant};
pub use metadata::{Discovery, Endpoint, Provider};
pub use pkce::Attempt;
pub use redirect::{Code, Redirect};
pub use tokens::{LONGEST, SHORTEST, Tokens};
pub use transport::{Answer, MAX_ANSWER, Transport, TransportError};

#[cfg(test)]
mod tests;
