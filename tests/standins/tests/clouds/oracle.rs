//! The vendors' libraries, as short programs in Python.

use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tokio::process::Command;

/// The talk that every library has: words, a tool, a result.
pub(crate) const GREETING: &str = include_str!("../../scripts/greeting.yaml");

/// What is heard of it.
pub(crate) static TALK: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "deltas": ["I look", " at the ", "forecast – für Zürich ☀."],
        "stop": ["tool_use", "end_turn", "end_turn"],
        "call": {"name": "forecast", "input": {"place": "Zürich", "days": 2}},
        "second": "It will be clear, 21 degrees.",
        "whole": "It will be clear, 21 degrees.",
        "usage": [40, 12, 30],
    })
});

/// A script whose first tries have every fault, each after so many events of its wire.
pub(crate) fn faults(model: &str, after: usize) -> String {
    format!(
        "
models: ['{model}']
key: standin-key
steps:
  - faults:
      - status: {{ code: 429, kind: rate_limit_error, headers: {{ retry-after: '7' }} }}
      - cut_after: {after}
      - cut_inside: {after}
      - end_after: {after}
      - garbage_after: {after}
      - checksum_after: {after}
      - length_after: {after}
      - error_after: {{ events: {after}, kind: overloaded_error }}
      - stall_after: {after}
      - delay_ms: 1
      - not_streamed
    answer: {{ say: [{{ text: one two three }}] }}
"
    )
}

/// Runs a program of this folder and reads the JSON that it prints.
pub(crate) async fn run(program: &str, arguments: &[&str]) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clouds");
    let mut python = Command::new(deskhand_test_support::python());
    python
        .arg("-B")
        .arg(folder.join(program))
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = python.output().await.expect("python runs");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {}: {errors}", arguments[0]);
    serde_json::from_slice(&done.stdout).expect("JSON")
}
