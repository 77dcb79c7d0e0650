//! Where the model runs. Implements the core's [`Provider`](deskhand_core::ports::Provider) port: today for any gateway
//! that speaks the Messages API.
//!
//! Shared by all providers: the event-stream reader ([`sse`]), the Messages wire format ([`messages`]), the retry policy
//! ([`retry`]), faults and their codes, secrets. Every connection comes from `deskhand-egress` (Invariant 3); this crate
//! builds no HTTP client, reads no environment and holds no session.

pub mod credential;
pub mod fault;
pub mod gateway;
mod headers;
pub mod messages;
mod models;
pub mod retry;
mod scrub;
mod secret;
pub mod sse;
mod unconfigured;

pub use gateway::{Gateway, GatewayConfig};
pub use headers::{AuthScheme, DroppedHeader};
pub use secret::Secret;
pub use unconfigured::Unconfigured;
