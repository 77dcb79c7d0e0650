//! The stand-in that sends timed deltas, as a process of its own: the same for every path that is measured.

use std::process::Command;

use deskhand_e2e::PATIENCE;
use deskhand_test_support::{Child, binary};
use serde_json::Value;

/// A running stand-in.
#[derive(Debug)]
pub(crate) struct Provider {
    _child: Child,
    /// Its address.
    pub(crate) url: String,
}

/// Deltas of one answer.
pub(crate) const DELTAS: u32 = 2_000;
/// Deltas a second, as a fast model speaks.
const RATE: u32 = 200;

impl Provider {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let mut command = Command::new(binary("deskhand-standins"));
        command.args([
            "bench",
            "--deltas",
            &DELTAS.to_string(),
            "--rate",
            &RATE.to_string(),
        ]);
        let child = Child::spawn(&mut command);
        let line = child.line(PATIENCE, |line| line.starts_with('{'));
        let said: Value = serde_json::from_str(&line).expect("one line of JSON");
        Self {
            url: said["url"].as_str().expect("an address").to_owned(),
            _child: child,
        }
    }
}
