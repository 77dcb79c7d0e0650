//! The audit port: what was opened and what was refused, for whoever keeps the record.

use crate::Destination;

/// A way out that was opened or refused: where to and under which key, and never what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressDecision {
    /// The destination whose client was used.
    pub destination: Destination,
    /// Name or address, IPv6 in brackets; empty where a destination is closed as a whole.
    pub host: String,
    /// TCP port; 0 where a destination is closed as a whole.
    pub port: u16,
    /// Whether a connection was opened. A connection serves many requests.
    pub allowed: bool,
    /// The policy key that decided.
    pub key: &'static str,
}

/// Takes decisions. It is called on the path of every connection and must not block: hand the decision on and return.
pub trait EgressAudit: std::fmt::Debug + Send + Sync {
    /// Takes one decision.
    fn record(&self, decision: EgressDecision);
}
