//! What the web tools and the sandbox reach: by name, by address, over redirects, and through a proxy.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::Redirect;
use axum::routing::get;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate, Network, WebRefusal};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::party::{Names, Party, TunnelProxy};
use crate::request;

fn gate(settings: Value, network: Network) -> Gate {
    Gate::new(move |key| settings[key].clone(), network)
}

fn over(names: &Arc<Names>) -> Network {
    Network {
        resolver: Arc::<Names>::clone(names),
        ..Network::default()
    }
}

fn fetcher(settings: Value, names: &Arc<Names>) -> Client {
    gate(settings, over(names))
        .client(Destination::WebFetch)
        .expect("an open destination")
}

fn port(party: &Party) -> u16 {
    party
        .base
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a port")
}

async fn greeting() -> Party {
    Party::serve(Router::new().fallback(|| async { "hello" })).await
}

fn refusal(error: &EgressError) -> Option<WebRefusal> {
    match error {
        EgressError::Web { why, .. } => Some(*why),
        _ => None,
    }
}

#[tokio::test]
async fn fetches_a_listed_page_of_a_listed_private_address() {
    let party = greeting().await;
    let names = Names::answering(&[&["127.0.0.1"]]);
    let listed = format!("pages.example:{}", port(&party));
    let client = fetcher(
        json!({"coworkEgressAllowedHosts": [listed], "deskhandEgressAllowPrivate": ["127.0.0.1"]}),
        &names,
    );
    let answer = client
        .send(request(format!("http://PAGES.example.:{}/a#b", port(&party))))
        .await
        .expect("a page");
    assert_eq!(
        answer.address(),
        format!("http://pages.example:{}/a", port(&party))
    );
    assert_eq!(answer.body_up_to(10).await.expect("a body"), "hello");
    assert_eq!(names.asked(), ["pages.example"]);
}

#[tokio::test]
async fn refuses_a_host_that_is_not_listed_before_its_name_is_resolved() {
    let names = Names::answering(&[&["93.184.216.34"]]);
    let client = fetcher(json!({"coworkEgressAllowedHosts": ["pages.example"]}), &names);
    for address in [
        "https://other.example/",
        "https://pages.example:8443/",
        "http://127.0.0.1/",
        "https://a.pages.example",
    ] {
        let error = client.send(request(address)).await.expect_err(address);
        assert_eq!(refusal(&error), Some(WebRefusal::NotListed), "{address}: {error}");
    }
    assert_eq!(names.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn refuses_a_name_when_one_of_its_addresses_is_not_public() {
    let party = greeting().await;
    let listed = json!({"coworkEgressAllowedHosts": ["*"]});
    for answer in [
        &["127.0.0.1"][..],
        &["93.184.216.34", "127.0.0.1"],
        &["::ffff:169.254.169.254"],
        &["fd00:ec2::254"],
    ] {
        let names = Names::answering(&[answer]);
        let address = format!("http://rebind.example:{}/", port(&party));
        let error = fetcher(listed.clone(), &names)
            .send(request(address))
            .await
            .expect_err("a refusal");
        assert_eq!(
            refusal(&error),
            Some(WebRefusal::NotPublic),
            "{answer:?}: {error}"
        );
        assert!(
            error.to_string().contains("deskhandEgressAllowPrivate"),
            "{error}"
        );
    }
    assert_eq!(party.seen(), 0);
}

#[tokio::test]
async fn connects_to_the_address_that_was_checked_and_asks_no_second_time() {
    let party = greeting().await;
    let names = Names::answering(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let settings = json!({"coworkEgressAllowedHosts": ["*"], "deskhandEgressAllowPrivate": ["127.0.0.1"]});
    let address = format!("http://rebind.example:{}/", port(&party));
    fetcher(settings.clone(), &names)
        .send(request(&address))
        .await
        .expect("a page");
    assert_eq!((party.seen(), names.asked().len()), (1, 1));
    let error = fetcher(settings, &names)
        .send(request(&address))
        .await
        .expect_err("a refusal");
    assert_eq!(refusal(&error), Some(WebRefusal::NotPublic));
    assert_eq!(party.seen(), 1);
}

/// A server that redirects to these places, by path.
async fn redirecting(places: &[(&str, String)]) -> Party {
    let mut router = Router::new();
    for (path, target) in places {
        let target = target.clone();
        router = router.route(path, get(move || async move { Redirect::temporary(&target) }));
    }
    Party::serve(router).await
}

#[tokio::test]
async fn a_redirect_stays_with_its_host_without_headers_and_each_hop_is_judged() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let far = Party::serve(Router::new().fallback(move |request: Request| async move {
        let carried = request.headers().contains_key("x-api-key");
        record.lock().expect("no panic").push(carried);
        "far"
    }))
    .await;
    let at = |host: &str| format!("http://{host}:{}/", port(&far));
    let near = redirecting(&[
        ("/port", at("near.example")),
        ("/listed", at("far.example")),
        ("/other", at("other.example")),
        ("/local", at("0x7f.2")),
        ("/file", "file:///etc/passwd".to_owned()),
    ])
    .await;
    let listed = json!([
        format!("near.example:{}", port(&near)),
        format!("near.example:{}", port(&far)),
        format!("far.example:{}", port(&far)),
        format!("127.0.0.2:{}", port(&far)),
    ]);
    let names = Names::answering(&[&["127.0.0.1"]]);
    let settings = json!({"coworkEgressAllowedHosts": listed, "deskhandEgressAllowPrivate": ["127.0.0.1"]});
    let client = fetcher(settings, &names);
    let ask = |path: &str| request(format!("http://near.example:{}{path}", port(&near)));
    let answer = client.send(ask("/port")).await.expect("a page");
    assert_eq!(answer.address(), at("near.example"));
    assert_eq!(*seen.lock().expect("no panic"), [false]);
    // Open as it is, nobody was asked about it.
    let led = client.send(ask("/listed")).await.expect_err("another host");
    assert_eq!(
        led,
        EgressError::Elsewhere {
            address: at("far.example")
        }
    );
    let table = [
        ("/other", WebRefusal::NotListed),
        ("/local", WebRefusal::NotPublic),
    ];
    for (path, wanted) in table {
        let error = client.send(ask(path)).await.expect_err(path);
        assert_eq!(refusal(&error), Some(wanted), "{path}: {error}");
    }
    let file = client.send(ask("/file")).await.expect_err("a refusal");
    assert!(matches!(file, EgressError::Request(_)), "{file}");
    assert_eq!(far.seen(), 1);
}

#[tokio::test]
async fn connects_to_the_resolved_address_and_no_other() {
    // The server listens on 127.0.0.1 alone.
    let party = greeting().await;
    let names = Names::answering(&[&["127.0.0.2"]]);
    let settings = json!({"coworkEgressAllowedHosts": ["*"], "deskhandEgressAllowPrivate": ["127.0.0.0/8"]});
    let address = format!("http://pages.example:{}/", port(&party));
    let error = fetcher(settings, &names)
        .send(request(address))
        .await
        .expect_err("no answer");
    let EgressError::Failed { exchange, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(exchange, Exchange::Unreachable(_)), "{exchange}");
}

#[tokio::test]
async fn the_sandbox_gets_a_stream_to_a_listed_host_and_to_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let echo = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut word = [0; 4];
        socket.read_exact(&mut word).await.expect("a word");
        socket.write_all(&word).await.expect("an open connection");
    });
    let names = Names::answering(&[&["127.0.0.1"]]);
    let settings = json!({
        "coworkEgressAllowedHosts": [format!("git.example:{port}")], "deskhandEgressAllowPrivate": ["127.0.0.0/8"],
    });
    let door = gate(settings, over(&names)).sandbox().expect("an open sandbox");
    let mut stream = door.connect("git.example", port).await.expect("a stream");
    stream.write_all(b"ping").await.expect("an open connection");
    let mut word = [0; 4];
    stream.read_exact(&mut word).await.expect("an answer");
    assert_eq!(&word, b"ping");
    echo.await.expect("the echo ends");
    for (host, port) in [
        ("git.example", 22),
        ("other.example", port),
        ("127.0.0.1", port),
        ("a b", port),
    ] {
        assert!(door.connect(host, port).await.is_err(), "{host}:{port}");
    }
    assert_eq!(names.asked(), ["git.example"]);
}

#[tokio::test]
async fn the_sandbox_goes_through_the_proxy_and_loses_no_byte_of_a_greeting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let far = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        socket
            .write_all(b"SSH-2.0-standin\r\n")
            .await
            .expect("an open connection");
    });
    let proxy = TunnelProxy::to(far).await;
    // Only the proxy can resolve the name; one that this machine resolves to a private address is still refused.
    let settings = json!({
        "coworkEgressAllowedHosts": ["git.example:2222"], "egressProxyUrl": format!("http://{}", proxy.place),
    });
    let door = gate(settings.clone(), over(&Names::answering(&[])))
        .sandbox()
        .expect("an open sandbox");
    let mut stream = door.connect("git.example", 2222).await.expect("a stream");
    let mut line = [0; 17];
    stream.read_exact(&mut line).await.expect("a greeting");
    assert_eq!(&line, b"SSH-2.0-standin\r\n");
    let door = gate(settings, over(&Names::answering(&[&["10.0.0.1"]])))
        .sandbox()
        .expect("an open sandbox");
    let error = door.connect("git.example", 2222).await.expect_err("a refusal");
    assert_eq!(refusal(&error), Some(WebRefusal::NotPublic));
    assert_eq!(proxy.asked(), ["CONNECT git.example:2222 HTTP/1.1"]);
}

#[tokio::test]
async fn a_client_for_one_server_reaches_no_other_of_the_same_destination() {
    let (one, two) = (greeting().await, greeting().await);
    let servers = json!([{"transport": "http", "url": one.base}, {"transport": "http", "url": two.base}]);
    let gate = gate(json!({"managedMcpServers": servers}), Network::default());
    let client = gate
        .client_at(Destination::Mcp, &one.base)
        .expect("an open server");
    client.send(request(&one.base)).await.expect("an answer");
    let error = client.send(request(&two.base)).await.expect_err("a refusal");
    assert!(matches!(error, EgressError::Refused { .. }), "{error}");
    let foreign = gate
        .client_at(Destination::Mcp, "https://evil.example")
        .expect_err("a refusal");
    assert!(matches!(foreign, EgressError::Refused { .. }), "{foreign}");
    assert_eq!((one.seen(), two.seen()), (1, 0));
}
