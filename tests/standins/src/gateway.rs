//! A stand-in for the gateway of an organisation: speaks the wire formats of the Messages API and of chat completions and
//! plays a script, or sends timed deltas for measuring. Strict: what the real API refuses is refused, and a request that the script does
//! not expect is answered with what was expected. Not part of the product.

mod bench;
mod chat;
mod open;
mod server;

pub use crate::messages::{Logged, Outcome};
pub use bench::Bench;
pub use server::{Gateway, Part};
