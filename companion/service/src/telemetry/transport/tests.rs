//! The way to the collector, over the gate, to a collector that is not ours: Python with the official definitions.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{ChildStdin, Command};
use std::sync::Arc;
use std::time::Duration;

use deskhand_egress::{Gate, Network};
use deskhand_telemetry::content::Capture;
use deskhand_telemetry::export::{Exporter, Secrets, Settings, World};
use deskhand_telemetry::record::Recording;
use deskhand_telemetry::resource::{Facts, Resource};
use deskhand_telemetry::schema::definitions;
use deskhand_telemetry::spool::{Spool, SpoolKey};
use deskhand_test_support::{Child, free_port, python, repository};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const PATIENCE: Duration = Duration::from_mins(1);
const NOW: i64 = 1_790_000_000_000;

struct Collector {
    child: Child,
    input: ChildStdin,
    endpoint: String,
}

impl Collector {
    fn start(protocol: &str) -> Self {
        let script = repository().join("companion/telemetry/tests/collector/collector.py");
        let mut child =
            Child::spawn(
                Command::new(python())
                    .arg(script)
                    .args([protocol, "x-test-key", "open sesame"]),
            );
        let port = child.line(PATIENCE, |_| true);
        let input = child.stdin().expect("standard input was piped");
        let endpoint = format!("http://127.0.0.1:{}", port.trim());
        Self {
            child,
            input,
            endpoint,
        }
    }

    fn ask(&mut self, command: &str) -> Value {
        writeln!(self.input, "{command}").expect("the collector reads");
        serde_json::from_str(&self.child.line(PATIENCE, |_| true)).expect("the collector answers with JSON")
    }
}

fn way(endpoint: &str, protocol: Protocol) -> Way {
    let endpoint = endpoint.to_owned();
    let setting = move |key: &str| match key {
        "otlpEndpoint" => json!(endpoint),
        _ => Value::Null,
    };
    Way::new(&Gate::new(setting, Network::default()), protocol).expect("an open destination")
}

/// Sends every row of the table, and waits until nothing is left; the files that are left in the spool.
async fn send_everything(endpoint: &str, protocol: Protocol) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = Arc::new(Recording {
        capture: Capture::all(),
        traces: true,
        user: "install".to_owned(),
        default_model: String::new(),
        is_own_tool: Arc::new(|_| true),
        price: None,
    });
    let settings = Settings {
        endpoint: endpoint.to_owned(),
        protocol,
        headers: Secrets(BTreeMap::from([(
            "x-test-key".to_owned(),
            "open sesame".to_owned(),
        )])),
        resource: Resource::new(Facts::default(), &BTreeMap::new()),
    };
    let spool = Spool::open(
        folder.path(),
        &SpoolKey::new([1; 32]),
        1 << 20,
        endpoint,
        &settings.headers,
    )
    .expect("a spool");
    let world = World {
        now: Box::new(|| NOW),
        chance: Box::new(|| 0.5),
        sources: Vec::new(),
    };
    let (exporter, work) = Exporter::new(
        &settings,
        Arc::clone(&recording),
        way(endpoint, protocol),
        spool,
        world,
    )
    .expect("an address of HTTP");
    definitions().for_each(|definition| exporter.send(recording.example(definition, NOW)));
    exporter.stop(PATIENCE);
    work.await;
    std::fs::read_dir(folder.path()).expect("the spool").count()
}

async fn every_row_arrives(protocol: Protocol, name: &str) {
    let mut collector = Collector::start(name);
    assert_eq!(send_everything(&collector.endpoint, protocol).await, 0);
    let table = repository().join("companion/telemetry/generated/events.json");
    assert_eq!(collector.ask(&format!("check {}", table.display())), json!([]));
}

#[tokio::test]
async fn every_row_of_the_table_passes_the_gate_as_protobuf() {
    every_row_arrives(Protocol::HttpProtobuf, "http").await;
}

#[tokio::test]
async fn every_row_of_the_table_passes_the_gate_as_json() {
    every_row_arrives(Protocol::HttpJson, "http").await;
}

#[tokio::test]
async fn every_row_of_the_table_passes_the_gate_over_grpc() {
    every_row_arrives(Protocol::Grpc, "grpc").await;
}

fn post(address: &str) -> Request<Bytes> {
    Request::post(address).body(Bytes::new()).expect("a request")
}

#[tokio::test]
async fn a_collector_that_is_not_there_is_tried_again_and_another_host_never() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc] {
        let way = way(&nobody, protocol);
        let away = way.post(post(&format!("{nobody}/v1/logs"))).await;
        let Err(TransportError::Unreachable(why)) = away else {
            panic!("{away:?}");
        };
        assert!(why.contains("no connection"), "{why}");
        let other = way.post(post("https://example.com/v1/logs")).await;
        let Err(TransportError::Closed(why)) = other else {
            panic!("{other:?}");
        };
        assert!(why.contains("otlpEndpoint"), "{why}");
    }
    assert!(
        send_everything(&nobody, Protocol::Grpc).await > 0,
        "it waits in the spool"
    );
}

/// Sends every question on to another page of its own, which takes everything.
async fn signing_in() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4_096];
            let read = socket.read(&mut head).await.expect("a request");
            let answer = if head[..read].starts_with(b"GET /sign-in") {
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            } else {
                "HTTP/1.1 302 Found\r\nlocation: /sign-in\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            };
            socket
                .write_all(answer.as_bytes())
                .await
                .expect("an open connection");
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_page_to_sign_in_on_has_taken_nothing() {
    let page = signing_in().await;
    let way = way(&page, Protocol::HttpProtobuf);
    let answer = way.post(post(&format!("{page}/v1/logs"))).await;
    let Err(TransportError::Unreachable(why)) = answer else {
        panic!("{answer:?}");
    };
    assert!(why.contains("another address"), "{why}");
}

#[tokio::test]
async fn without_an_address_there_is_no_way() {
    let gate = Gate::new(|_| Value::Null, Network::default());
    assert!(Way::new(&gate, Protocol::Grpc).is_err() && Way::new(&gate, Protocol::HttpJson).is_err());
}
