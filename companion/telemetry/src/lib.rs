//! Telemetry: what the organisation's own collector is told, and what stays on the machine.
//!
//! - To the collector: [`schema`] is the one table of events, metrics and spans, [`session`] folds a session's events into them,
//!   [`content`] decides what content may be sent, [`export`] sends it over OTLP and keeps it in the [`spool`] meanwhile.
//! - On the machine: [`diagnostics`] that have no sender, [`logs`] in rotating files, both through the rules of [`scrub`], and the
//!   [`bundle`] for support.
//!
//! The two never mix. The crate opens no socket: requests leave through the [`port`]. Time comes in with the events, from the
//! caller, or from tokio's clock.

pub mod bundle;
pub mod content;
pub mod diagnostics;
pub mod export;
mod files;
pub mod headers;
pub mod logs;
mod otlp;
pub mod port;
pub mod record;
pub mod resource;
mod rotate;
pub mod schema;
pub mod scrub;
pub mod session;
pub mod spool;
mod wire;

pub use wire::Protocol;
