//! The proxy against clients and hosts: stand-ins in memory for what must be exact, real programs for what must work.

mod any_bytes;
mod hello;
mod limits;
mod names;
mod party;
mod plain_http;
mod real;
mod smuggling;
mod socks;
mod tls;
mod tls_real;
mod tunnels;
