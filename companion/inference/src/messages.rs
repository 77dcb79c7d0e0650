//! The wire format of the Messages API: requests out, streams and whole messages in. Knows the format, no transport.

mod answer;
mod event;
mod request;

pub use answer::{AnswerReader, MAX_WHOLE};
pub use event::{Delta, StartedBlock, StreamEvent, WireUsage};
pub use request::{Dialect, encode};

/// The version of the API that requests name.
pub const API_VERSION: &str = "2023-06-01";

/// Begins the seal of a thinking block that the provider redacted: the canonical form has one kind of thinking, and the
/// provider wants each kind back as it came. No seal of the API holds a colon.
pub(crate) const REDACTED: &str = "redacted_thinking:";
