//! Telemetry: what the organisation's own collector is told, and what stays on the machine.
//!
//! - To the collector: [`schema`] is the one table of events, metrics and spans; [`session`] folds a session's events into
//!   them; [`content`] decides what content may be sent.
//!
//! The crate opens no socket: requests leave through a port. Time comes in with the events, or from tokio's clock.

pub mod content;
pub mod export;
mod files;
pub mod headers;
mod otlp;
pub mod port;
pub mod record;
pub mod resource;
pub mod schema;
pub mod scrub;
pub mod session;
pub mod spool;
mod wire;

pub use wire::Protocol;
