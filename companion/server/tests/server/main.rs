//! The server over real sockets and real TLS: what it refuses, and what a session on it looks like.

mod admissions;
mod attacks;
#[cfg(target_os = "linux")]
mod chromium;
mod client;
mod harness;
mod pairing;
mod session;
mod tls;
