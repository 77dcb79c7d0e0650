//! The audit port: what was opened and what was refused, for whoever keeps the record.

use crate::{Destination, Exchange};

/// What became of a way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A connection was opened. It serves many requests.
    Opened,
    /// It was allowed, and did not come about. A name may have been asked for and a host or proxy talked to.
    Failed(Step),
    /// It was refused before anything was sent.
    Refused,
}

/// The step at which an allowed connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name of the host has no address here.
    Name,
    /// No TCP connection.
    Connection,
    /// A proxy on the way.
    Proxy,
    /// The handshake or the certificate.
    Tls,
    /// A deadline passed.
    Time,
    /// Whoever asked for it went away before there was an answer, as a turn that a person stopped.
    Stopped,
}

impl Step {
    /// The word of records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Time => "time",
            Self::Stopped => "stopped",
        }
    }
}

impl From<&Exchange> for Step {
    fn from(exchange: &Exchange) -> Self {
        match exchange {
            Exchange::Unresolved(_) => Self::Name,
            Exchange::Unreachable(_) | Exchange::Cut(_) | Exchange::TooLong(_) => Self::Connection,
            Exchange::Proxy { .. } => Self::Proxy,
            Exchange::Tls(_) => Self::Tls,
            Exchange::TimedOut => Self::Time,
        }
    }
}

/// A way out that was opened or refused: where to and under which key, and never what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressDecision {
    /// The destination whose client was used.
    pub destination: Destination,
    /// Name or address, IPv6 in brackets; empty where a destination is closed as a whole.
    pub host: String,
    /// TCP port; 0 where a destination is closed as a whole.
    pub port: u16,
    /// What became of it.
    pub outcome: Outcome,
    /// The policy key that decided.
    pub key: &'static str,
}

/// Takes decisions. It is called on the path of every connection and must not block: hand the decision on and return.
pub trait EgressAudit: std::fmt::Debug + Send + Sync {
    /// Takes one decision.
    fn record(&self, decision: EgressDecision);
}
