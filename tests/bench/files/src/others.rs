//! Programs that one could use instead, in Python; and the one that makes the deck.

use std::process::Command;
use std::time::Duration;

use crate::{Done, Files};

const SCRIPT: &str = include_str!("others.py");

/// Runs one of them; it says itself how long it took, without the start of Python. Its memory is not measured.
pub(crate) fn run(name: &str, files: &Files) -> Done<Duration> {
    let mut command = Command::new(deskhand_test_support::python());
    command
        .args(["-c", SCRIPT, name])
        .arg(&files.workbook)
        .arg(&files.deck);
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let seconds = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Duration::try_from_secs_f64(seconds)?)
}
