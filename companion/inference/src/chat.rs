//! Chat completions, the other format that gateways speak (`deskhandGatewayFormat`): requests out, and answers put into the
//! events of the Messages API, which is what the rest of this crate reads. Pure.
//!
//! The format has no place for reasoning that is given back, for cache markers and, in most gateways, for PDFs: the first two are
//! left out, of PDFs the text says that they are not shown.

mod answer;
mod request;

pub use answer::ChatReader;
pub use request::encode;
