//! The audit trail through its public door, on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod anchors;
mod exports;
mod records;
mod retention;
mod sandbox;
mod support;
