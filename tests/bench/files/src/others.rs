//! Programs that one could use instead, in Python or started by it; and the one that makes the deck.

use std::process::Command;

use serde_json::Value;

use crate::{Done, Files, Taken, cpu};

const SCRIPT: &str = include_str!("others.py");

/// Runs one of them; it says itself how long it took, without the start of Python, and what memory.
pub(crate) fn run(name: &str, files: &Files) -> Done<Taken> {
    let mut command = Command::new(deskhand_test_support::python());
    command.args(["-c", SCRIPT, name]);
    command.args([&files.workbook, &files.deck, &files.model, &files.delimited]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let taken: Value = serde_json::from_slice(&output.stdout)?;
    let number = |key: &str| taken[key].as_f64().ok_or("no figure");
    Ok(Taken {
        wall: number("wall")?,
        cpu: cpu(),
        peak: number("peak")?,
    })
}
