//! Programs that one could use instead, in Python or started by it; and the one that makes the deck. Those in Rust that
//! are not in our lock file are workspaces of their own, built when they are first run.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Done, Files, Taken, cpu};

const SCRIPT: &str = include_str!("others.py");

/// Runs one of them; it says itself how long it took, without the start of Python, and what memory.
pub(crate) fn run(name: &str, files: &Files) -> Done<Taken> {
    let mut command = Command::new(deskhand_test_support::python());
    command.args(["-c", SCRIPT, name]);
    command.args([&files.workbook, &files.deck, &files.model, &files.delimited]);
    taken(name, &mut command)
}

/// Lets umya-spreadsheet change or write the workbook: `edit` or `write`.
pub(crate) fn umya(task: &str, files: &Files) -> Done<Taken> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../umya/Cargo.toml");
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--locked", "--manifest-path"]);
    command.arg(manifest).args(["--", task]).arg(&files.workbook);
    command.env(
        "CARGO_TARGET_DIR",
        std::env::temp_dir().join("deskhand-bench-umya"),
    );
    taken(task, &mut command)
}

/// What a program says of itself in its last line.
fn taken(name: &str, command: &mut Command) -> Done<Taken> {
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
