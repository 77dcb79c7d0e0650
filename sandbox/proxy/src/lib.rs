//! The host's side of the sandbox's way out: an HTTP/1.1 forward proxy (RFC 9110, RFC 9112) with SOCKS5 (RFC 1928), spoken to
//! by a guest that is taken for hostile.
//!
//! The agent in the guest listens on its loopback and forwards each connection, byte for byte, over one stream;
//! [`Proxy::serve`] takes that stream. Which host may be reached is decided by the [`Door`], which also resolves and dials;
//! this crate opens no socket. What it adds: the name that was judged is the name that is used, in CONNECT, in the TLS
//! handshake and in plain HTTP. Every stream ends in one [`Record`].

mod audit;
mod body;
mod door;
mod exchange;
mod head;
mod hello;
mod host;
mod limits;
mod peeked;
mod pump;
mod refusal;
mod request;
mod serve;
mod server_hello;
mod sniff;
mod socks;
mod tls;
mod tunnel;

pub use audit::{Audit, Carried, Clock, Entry, Outcome, Record};
pub use body::{BodyFraming, Framed, FramingError};
pub use door::{BoxStream, Door, DoorRefusal, DoorRefusalKind, Io};
pub use head::{Header, RequestHead, ResponseHead};
pub use hello::{ClientHello, HelloFault, HelloReading, ServerName};
pub use host::{Host, Target};
pub use limits::Limits;
pub use refusal::{Reason, Refusal};
pub use serve::Proxy;
