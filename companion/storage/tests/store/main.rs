//! The store through its public door, on real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod erasing;
mod failures;
mod following;
mod history;
mod log;
mod records;
mod sealing;
mod search;
mod support;
