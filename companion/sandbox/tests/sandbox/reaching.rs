//! What commands reach: the hosts that policy lists, through the gate, and nothing else.

use axum::Router;
use axum::routing::get;
use deskhand_protocol::sandbox::Sight;
use deskhand_sandbox::Terms;
use deskhand_test_support::sandbox_images;
use pretty_assertions::assert_eq;
use serde_json::json;
use tokio::net::TcpListener;

use crate::stage::Stage;

async fn site() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let router = Router::new().route("/rates", get(|| async { "EUR 1.09" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_host_is_reached_another_is_refused_by_name_and_both_are_seen() {
    let (open, closed) = (site().await, site().await);
    let policy = json!({
        "coworkEgressAllowedHosts": [format!("localhost:{open}")],
        "deskhandEgressAllowPrivate": ["localhost", "127.0.0.1"],
    });
    let stage = Stage::with(&Terms::AsAttached, &policy, sandbox_images());
    let asked = stage
        .prepare("Bash", json!({ "command": "ls" }))
        .await
        .expect("a question");
    assert_eq!(
        asked.command.expect("what would run").hosts,
        [format!("localhost:{open}")]
    );
    let get = "import urllib.request, sys
for port in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(f'http://localhost:{port}/rates').read().decode())
    except Exception as error:
        print(error.code, error.headers.get('X-Deskhand-Refusal'), error.read().decode())";
    let ran = stage
        .ok(&format!(
            "cat > /tmp/get.py <<'E'\n{get}\nE\nno_proxy= NO_PROXY= python3 /tmp/get.py {open} {closed}"
        ))
        .await;
    assert!(ran.output.contains("EUR 1.09"), "{}", ran.output);
    let refused = format!("403 not_listed sandbox: localhost:{closed} is closed for the sandbox");
    assert!(ran.output.contains(&refused), "{}", ran.output);
    let mut connections: Vec<_> = stage
        .sights()
        .into_iter()
        .filter_map(|sight| match sight {
            Sight::Connection {
                host,
                port,
                refused,
                received,
                ..
            } => Some((host, port, refused, received > 0)),
            _ => None,
        })
        .collect();
    connections.sort_by_key(|(_, port, ..)| *port != open);
    assert_eq!(
        connections,
        [
            ("localhost".to_owned(), open, None, true),
            (
                "localhost".to_owned(),
                closed,
                Some("not_listed".to_owned()),
                false
            ),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_listed_host_there_is_no_way_out() {
    let stage = Stage::new();
    let ran = stage.bash("env | grep -ic proxy; python3 -c \"import socket; socket.create_connection(('127.0.0.1', 3128), 2)\"").await;
    assert!(ran.output.contains("Connection refused"), "{}", ran.output);
}
