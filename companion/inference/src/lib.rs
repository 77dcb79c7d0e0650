//! Where the model runs. Implements the core's [`Provider`](deskhand_core::ports::Provider) port: for any gateway that
//! speaks the Messages API, for Vertex AI, for Azure AI Foundry and for Amazon Bedrock.
//!
//! Shared by all providers: the event-stream reader ([`sse`]), the Messages wire format ([`messages`]), the retry policy
//! ([`retry`]), faults and their codes, secrets. Every connection comes from `deskhand-egress` (Invariant 3); this crate
//! builds no HTTP client, reads no environment and holds no session.

mod backend;
pub mod bedrock;
mod call;
pub mod chat;
mod connection;
pub mod credential;
mod endpoint;
pub mod fault;
mod headers;
pub mod messages;
mod models;
pub mod retry;
mod scrub;
mod secret;
pub mod sse;
mod trial;
mod unconfigured;

pub use bedrock::ServiceTier;
pub use connection::{Chance, Clock, Connection, Format, Manner, Place, ProviderConfig};
pub use headers::{AuthScheme, DroppedHeader};
pub use secret::Secret;
pub use trial::Extent;
pub use unconfigured::Unconfigured;
