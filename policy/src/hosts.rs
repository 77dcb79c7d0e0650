//! Hosts: how one is compared, what a list of rules names, and which addresses need a rule of their own. Pure: nothing is
//! resolved.
//!
//! The one matcher of `coworkEgressAllowedHosts` and `deskhandEgressAllowPrivate`: the egress gate decides by it, and
//! the simulator answers by it.

mod host;
mod rule;

/// The policy key of the hosts that the web tools and the sandbox may reach.
pub const ALLOWED: &str = "coworkEgressAllowedHosts";
/// The policy key of the private hosts among them.
pub const PRIVATE: &str = "deskhandEgressAllowPrivate";

pub use host::Host;
pub(crate) use rule::host_and_port;
pub use rule::{HostRule, HostRules, PrivateRule, RuleError};

#[cfg(test)]
mod tests;
