//! The one door out (Invariant 3): the table of destinations, the gate that enforces it and the HTTP clients.
//!
//! Nothing else in Deskhand opens a connection to another machine. Everything here follows from one table,
//! [`Destination`]: the gate at run time, the sources that our pages may name in their Content-Security-Policy, and
//! the egress list for the firewall team. This crate knows hosts and policy keys; it knows no provider, no wire format
//! and no secret.

mod client;
mod destination;
mod error;
mod gate;
mod list;
mod origin;
mod proxy;
mod tls;

pub use client::{Client, MAX_REDIRECTS, Response};
pub use destination::{Destination, Directive, Hosts, OpenedBy, Opens, Row};
pub use error::{EgressError, Exchange};
pub use gate::{Gate, Network};
pub use list::{EgressEntry, egress_table, firewall_rules};
pub use origin::{Origin, OriginError};
pub use proxy::{Proxy, ProxyError};
