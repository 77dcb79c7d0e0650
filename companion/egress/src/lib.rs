//! The one door out (Invariant 3): the table of destinations, the gate that enforces it, and the clients and connections
//! that it opens.
//!
//! Nothing else in Deskhand opens a connection to another machine. Everything here follows from one table,
//! [`Destination`]: the gate at run time, the sources that our pages may name in their Content-Security-Policy, and
//! the egress list for the firewall team. This crate knows hosts and policy keys; it knows no provider, no wire format
//! and no secret.

mod audit;
mod client;
mod destination;
mod dial;
mod error;
mod gate;
mod hosts;
mod list;
mod origin;
mod pac;
mod proxy;
mod resolve;
mod rules;
mod settings;
mod sign_in;
mod stream;
mod tls;
mod tunnel;
mod watch;
mod way;

pub use audit::{EgressAudit, EgressDecision, Outcome, Step};
pub use client::{Client, Door, MAX_REDIRECTS, Response};
pub use deskhand_policy::hosts::Host;
pub use destination::{Carries, Destination, Directive, Feature, OpenedBy, Row};
pub use error::{EgressError, Exchange, ProxyFault};
pub use gate::{Gate, Network};
pub use hosts::aws_host;
pub use list::{EgressEntry, Explanation, Passage, Target, egress_csv, egress_table, firewall_rules};
pub use origin::{Origin, OriginError};
pub use proxy::{NamedBy, Proxy, ProxyError, SystemProxy, SystemSettings, Unusable};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use rules::{EntryError, WebRefusal, WebRules};
pub use sign_in::{SignIn, SignInExchange, SignInScheme};
pub use stream::Stream;
pub use tls::authorities_of_pem;
pub use watch::{Issuers, Milestone};
pub use way::WayOut;
