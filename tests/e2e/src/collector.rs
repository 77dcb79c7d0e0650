//! The organisation's collector of telemetry: a program that is not ours, Python with the official definitions of OTLP.

use std::io::Write as _;
use std::path::Path;
use std::process::{ChildStdin, Command};

use deskhand_test_support::{Child, python, repository};
use serde_json::Value;

use crate::PATIENCE;

/// A running collector. It is killed with the value.
#[derive(Debug)]
pub struct Collector {
    child: Child,
    input: ChildStdin,
    port: u16,
}

impl Collector {
    /// One that takes requests from everybody, over `http` or `grpc`.
    pub fn start(protocol: &str) -> Self {
        Self::with_arguments(&[protocol])
    }

    /// One that takes requests with this header alone.
    pub fn asking_for(protocol: &str, header: &str, value: &str) -> Self {
        Self::with_arguments(&[protocol, header, value])
    }

    fn with_arguments(arguments: &[&str]) -> Self {
        let script = repository().join("companion/telemetry/tests/collector/collector.py");
        let mut child = Child::spawn(Command::new(python()).arg(script).args(arguments));
        let port = child.line(PATIENCE, |_| true).trim().parse();
        let input = child.stdin().expect("standard input was piped");
        Self {
            child,
            input,
            port: port.expect("the first line is the port"),
        }
    }

    /// Its address.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Takes nothing from here on.
    pub fn go_away(&mut self) {
        self.ask("away");
    }

    /// Takes requests again.
    pub fn come_back(&mut self) {
        self.ask("back");
    }

    /// Whether any request held this text.
    pub fn holds(&mut self, text: &str) -> bool {
        self.ask(&format!("holds {text}")) == Value::Bool(true)
    }

    /// Writes the logs to a file as a collector does; how many requests there were.
    pub fn write(&mut self, file: &Path) -> u64 {
        let written = self.ask(&format!("write {}", file.display()));
        written.as_u64().expect("a number")
    }

    /// What was said of the program and the machine, once for each request.
    pub fn resources(&mut self) -> Vec<Value> {
        self.dumped("resources")
    }

    /// The attributes of every record, point or span of a name, in the order in which they came.
    pub fn received(&mut self, name: &str) -> Vec<Value> {
        let items = self.dumped("items").into_iter();
        let named = items.filter(|item| item["name"] == name);
        named.map(|item| item["attributes"].clone()).collect()
    }

    fn dumped(&mut self, what: &str) -> Vec<Value> {
        let dump = self.ask("dump");
        assert_eq!(
            dump["unexpected"],
            Value::Array(Vec::new()),
            "every request can be read"
        );
        dump[what].as_array().cloned().expect("a list")
    }

    fn ask(&mut self, command: &str) -> Value {
        writeln!(self.input, "{command}").expect("the collector reads");
        let answer = self.child.line(PATIENCE, |_| true);
        serde_json::from_str(&answer).expect("the collector answers with JSON")
    }
}
