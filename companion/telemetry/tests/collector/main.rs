//! What the exporter sends, received by an implementation that is not ours: Python with the official protobuf definitions, over
//! all three forms of the protocol, and compared with the table field by field.

mod transport;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use deskhand_telemetry::Protocol;
use deskhand_telemetry::content::Capture;
use deskhand_telemetry::export::{Exporter, Secrets, Settings, World};
use deskhand_telemetry::record::{Recording, Signals};
use deskhand_telemetry::resource::{Facts, Resource};
use deskhand_telemetry::schema::definitions;
use deskhand_telemetry::spool::{Spool, SpoolKey};
use deskhand_test_support::{Child, python};
use pretty_assertions::assert_eq;
use serde_json::Value;
use transport::Wire;

const PATIENCE: Duration = Duration::from_mins(1);
const NOW: i64 = 1_790_000_000_000;

/// The collector in Python.
struct Collector {
    child: Child,
    input: std::process::ChildStdin,
    port: u16,
}

impl Collector {
    fn start(protocol: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/collector/collector.py");
        let mut child =
            Child::spawn(
                Command::new(python())
                    .arg(script)
                    .args([protocol, "x-api-key", "open sesame"]),
            );
        let port = child
            .line(PATIENCE, |_| true)
            .trim()
            .parse()
            .expect("the first line is the port");
        let input = child.stdin().expect("standard input was piped");
        Self { child, input, port }
    }

    fn ask(&mut self, command: &str) -> Value {
        writeln!(self.input, "{command}").expect("the collector reads");
        serde_json::from_str(&self.child.line(PATIENCE, |_| true)).expect("the collector answers with JSON")
    }
}

fn recording(capture: Capture) -> Arc<Recording> {
    Arc::new(Recording {
        capture,
        traces: true,
        user: "install-id".to_owned(),
        default_model: "model-1".to_owned(),
        is_own_tool: Arc::new(|_| true),
        price: None,
    })
}

fn settings(protocol: Protocol, port: u16, key: &str) -> Settings {
    let headers = BTreeMap::from([("X-Api-Key".to_owned(), key.to_owned())]);
    let added = BTreeMap::from([("team".to_owned(), "finance".to_owned())]);
    let facts = Facts {
        version: "1.2.3".to_owned(),
        owner: Some("login".to_owned()),
        organization: Some("00000000-0000-4000-8000-000000000001".to_owned()),
        ..Facts::default()
    };
    Settings {
        endpoint: format!("http://127.0.0.1:{port}"),
        protocol,
        headers: Secrets(headers),
        resource: Resource::new(facts, &added),
    }
}

fn world() -> World {
    World {
        now: Box::new(|| NOW),
        chance: Box::new(|| 0.5),
        sources: Vec::new(),
    }
}

/// Sends these signals to a collector and waits for the end.
async fn send(settings: &Settings, capture: Capture, spool: &Path, signals: Vec<Signals>) {
    let spool = Spool::open(
        spool,
        &SpoolKey::new([1; 32]),
        1 << 20,
        &settings.endpoint,
        &settings.headers,
    )
    .expect("a spool");
    let wire = Wire::new(settings.protocol, &settings.endpoint);
    let (exporter, work) =
        Exporter::new(settings, recording(capture), wire, spool, world()).expect("an address of HTTP");
    for signals in signals {
        exporter.send(signals);
    }
    exporter.stop(PATIENCE);
    work.await;
}

fn everything(capture: &Capture) -> Vec<Signals> {
    let recording = recording(capture.clone());
    definitions()
        .map(|definition| recording.example(definition, NOW))
        .collect()
}

async fn every_row_arrives(protocol: Protocol, name: &str) {
    let mut collector = Collector::start(name);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(protocol, collector.port, "open sesame");
    send(
        &settings,
        Capture::all(),
        folder.path(),
        everything(&Capture::all()),
    )
    .await;
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/events.json");
    assert_eq!(
        collector.ask(&format!("check {}", table.display())),
        serde_json::json!([])
    );
    let dump = collector.ask("dump");
    let resources = dump["resources"].as_array().expect("a list");
    assert_eq!(resources.len(), 3, "logs, metrics and traces");
    for resource in resources {
        assert_eq!(resource["service.name"], "deskhand");
        assert_eq!(resource["service.version"], "1.2.3");
        assert_eq!(resource["process.owner"], "login");
        assert_eq!(
            resource["deskhand.organization.uuid"],
            "00000000-0000-4000-8000-000000000001"
        );
        assert_eq!(resource["team"], "finance");
    }
}

#[tokio::test]
async fn every_row_of_the_table_arrives_over_http_with_protobuf() {
    every_row_arrives(Protocol::HttpProtobuf, "http").await;
}

#[tokio::test]
async fn every_row_of_the_table_arrives_over_http_with_json() {
    every_row_arrives(Protocol::HttpJson, "http").await;
}

#[tokio::test]
async fn every_row_of_the_table_arrives_over_grpc() {
    every_row_arrives(Protocol::Grpc, "grpc").await;
}

#[tokio::test]
async fn what_comes_without_its_key_is_not_let_in_over_each_form_and_waits_for_the_right_one() {
    for (protocol, name) in [
        (Protocol::HttpProtobuf, "http"),
        (Protocol::HttpJson, "http"),
        (Protocol::Grpc, "grpc"),
    ] {
        let mut collector = Collector::start(name);
        let folder = tempfile::tempdir().expect("a folder");
        let wrong = settings(protocol, collector.port, "wrong");
        send(&wrong, Capture::all(), folder.path(), everything(&Capture::all())).await;
        assert_eq!(
            collector.ask("dump")["items"],
            serde_json::json!([]),
            "{protocol:?}"
        );
        let left = || std::fs::read_dir(folder.path()).expect("the spool").count();
        assert!(left() > 0, "{protocol:?}");
        let right = settings(protocol, collector.port, "open sesame");
        arrives(&right, folder.path(), || left() == 0).await;
        let items = collector.ask("dump")["items"].clone();
        assert!(!items.as_array().expect("a list").is_empty(), "{protocol:?}");
    }
}

/// Exports what waits in a folder, until it is all gone.
async fn arrives(settings: &Settings, folder: &Path, is_empty: impl Fn() -> bool) {
    let key = SpoolKey::new([1; 32]);
    let spool = Spool::open(folder, &key, 1 << 20, &settings.endpoint, &settings.headers).expect("a spool");
    let wire = Wire::new(settings.protocol, &settings.endpoint);
    let (exporter, work) =
        Exporter::new(settings, recording(Capture::all()), wire, spool, world()).expect("an address of HTTP");
    let work = tokio::spawn(work);
    deskhand_test_support::eventually("an empty spool", PATIENCE, async || is_empty().then_some(())).await;
    exporter.stop(PATIENCE);
    work.await.expect("the work ends");
}

#[tokio::test]
async fn what_the_collector_missed_arrives_after_a_restart_in_another_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut collector = Collector::start("http");
    collector.ask("away");
    send(
        &settings(Protocol::HttpProtobuf, collector.port, "open sesame"),
        Capture::all(),
        folder.path(),
        everything(&Capture::all()),
    )
    .await;
    assert!(std::fs::read_dir(folder.path()).expect("the spool").count() > 0);
    collector.ask("back");
    let settings = settings(Protocol::HttpJson, collector.port, "open sesame");
    let is_empty = || std::fs::read_dir(folder.path()).expect("the spool").count() == 0;
    arrives(&settings, folder.path(), is_empty).await;
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/events.json");
    assert_eq!(
        collector.ask(&format!("check {}", table.display())),
        serde_json::json!([])
    );
}
