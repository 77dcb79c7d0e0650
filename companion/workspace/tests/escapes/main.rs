//! Ways out of an attached folder, each by name; none of them leads anywhere (Invariant 8).

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod handles;
mod kinds;
mod links;
mod names;
mod races;
mod stage;
