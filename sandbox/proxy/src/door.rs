//! The port through which connections are opened. The service fills it in with its egress gate.

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

/// Bytes both ways.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + ?Sized> Io for T {}

/// A connection that the door opened.
pub type BoxStream = Box<dyn Io>;

/// Judges a host, resolves it, judges every address, and dials only what was judged.
pub trait Door: Send + Sync {
    /// Opens a connection. `host` is a lower-case ASCII DNS name without a dot at the end, a dotted-decimal IPv4 address, or an
    /// IPv6 address in brackets: the spelling of [`crate::Host`], which a door must take as it is. `port` is never 0.
    ///
    /// The future may be dropped at any point, which must end the attempt.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<BoxStream, DoorRefusal>>;
}

/// What a refusal of the door is: the status of the answer follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoorRefusalKind {
    /// Policy does not open the host or the address: status 403.
    Policy,
    /// It is open, and no connection came about: status 502.
    Failed,
    /// It is open, and there was no answer in time: status 504.
    TimedOut,
}

/// Why the door opened no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorRefusal {
    /// Stable, lower-case with underscores, such as `not_listed`. Goes into `X-Deskhand-Refusal` and the record.
    pub code: String,
    /// For the person: the host, why, what helps. One line of plain text. Goes to the guest: it must hold no secret.
    pub message: String,
    /// Whether policy refused.
    pub kind: DoorRefusalKind,
}
