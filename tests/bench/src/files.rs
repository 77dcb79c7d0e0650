//! Large files: runs `deskhand-bench-files`, which takes its measures in processes of their own. Knows only its figures.

use std::process::Command;

use deskhand_test_support::binary;
use serde_json::Value;

use crate::figure::{Aim, Report, say};

/// Adds one figure a line of the program's.
pub(crate) fn files(report: &mut Report) {
    let output = Command::new(binary("deskhand-bench-files"))
        .arg("--figures")
        .output();
    let output = match output {
        Ok(output) if output.status.success() => output,
        Ok(output) => return say(&format!("files: {}", String::from_utf8_lossy(&output.stdout))),
        Err(error) => return say(&format!("files: {error}")),
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(figure) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let (Some(name), Some(value)) = (figure["name"].as_str(), figure["value"].as_f64()) else {
            continue;
        };
        let aim = figure["atMost"].as_f64().map_or(Aim::None, Aim::AtMost);
        report.add(name, value, "", aim);
    }
}
