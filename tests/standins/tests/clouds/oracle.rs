//! The vendors' libraries, as short programs in Python.

use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

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

/// A program of this folder that answers until the test ends.
pub(crate) struct Oracle {
    name: &'static str,
    program: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Oracle {
    /// Starts a program with what it must know.
    pub(crate) fn start(name: &'static str, known: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clouds");
        let mut python = Command::new(deskhand_test_support::python());
        python
            .arg("-B")
            .arg(folder.join(name))
            .arg(known.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut program = python.spawn().expect("python runs");
        let questions = program.stdin.take().expect("a pipe");
        let answers = BufReader::new(program.stdout.take().expect("a pipe")).lines();
        Self {
            name,
            program,
            questions,
            answers,
        }
    }

    /// What the library hears.
    pub(crate) async fn ask(&mut self, what: &str) -> Value {
        self.answer(&json!([what])).await
    }

    /// As above, with an argument.
    pub(crate) async fn ask_with(&mut self, what: &str, argument: &Value) -> Value {
        self.answer(&json!([what, argument])).await
    }

    async fn answer(&mut self, question: &Value) -> Value {
        let line = format!("{question}\n");
        self.questions
            .write_all(line.as_bytes())
            .await
            .expect("it listens");
        let Some(line) = self.answers.next_line().await.expect("text") else {
            let ended = self.program.wait().await.expect("it ran");
            panic!("{} ended at {question}: {ended}", self.name);
        };
        let mut heard: Value = serde_json::from_str(&line).expect("JSON");
        let raised = heard["raised"].as_str().unwrap_or_default();
        assert!(raised.is_empty(), "{} at {question}: {raised}", self.name);
        heard["heard"].take()
    }
}
