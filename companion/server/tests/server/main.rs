//! The server over real sockets and real TLS: what it refuses, and what a session on it looks like.

mod attacks;
mod client;
mod harness;
mod pairing;
mod session;
mod tls;
