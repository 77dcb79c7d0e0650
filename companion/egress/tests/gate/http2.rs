//! HTTP/2 for the collector: in clear text on this machine, over TLS, through a proxy, and what is refused.

use std::sync::Arc;

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate, Network, Proxy};
use h2::server;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use pretty_assertions::assert_eq;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::party::{PROVIDER, TlsParty, TunnelProxy, certificate};

/// Bytes of a body that a request asks for by its path.
const LONG: usize = 70_000;

/// Answers every request with its body, or a long one, and a status behind it.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Ok(mut connection) = server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((mut request, mut respond))) = connection.accept().await {
        tokio::spawn(async move {
            let mut body = Vec::new();
            while let Some(Ok(chunk)) = request.body_mut().data().await {
                let flow = request.body_mut().flow_control();
                flow.release_capacity(chunk.len()).expect("what was taken");
                body.extend_from_slice(&chunk);
            }
            if request.uri().path() == "/long" {
                body = vec![b'x'; LONG];
            }
            let mut out = respond.send_response(Response::new(()), false).expect("a head");
            out.send_data(Bytes::from(body), false).expect("a body");
            let trailers = HeaderMap::from_iter([(
                http::HeaderName::from_static("grpc-status"),
                HeaderValue::from_static("0"),
            )]);
            out.send_trailers(trailers).expect("an end");
        });
    }
}

/// A server in clear text; its address.
async fn plain() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket));
        }
    });
    base
}

/// A server that agrees to HTTP/2 alone; its port and its authority.
async fn secured() -> (u16, CertificateDer<'static>) {
    let (authority, chain, key) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a certificate");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(socket).await {
                tokio::spawn(answer(stream));
            }
        }
    });
    (port, authority)
}

fn client(endpoint: &str, network: Network) -> Client {
    let endpoint = endpoint.to_owned();
    let setting = move |key: &str| match key {
        "otlpEndpoint" => json!(endpoint),
        _ => Value::Null,
    };
    Gate::new(setting, network)
        .http2_client(Destination::Collector)
        .expect("an open destination")
}

fn post(address: &str) -> http::Request<Bytes> {
    http::Request::post(address)
        .body(Bytes::from_static(b"hello"))
        .expect("a request")
}

/// Sends twice, the second time over the connection that stands, and compares what came back.
async fn echoes(client: &Client, base: &str) {
    for _ in 0..2 {
        let answer = client.send(post(&format!("{base}/service/Method"))).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let (body, trailers) = answer.body_and_trailers_up_to(100).await.expect("a body");
        assert_eq!(body, "hello");
        assert_eq!(trailers["grpc-status"], "0");
    }
}

#[tokio::test]
async fn speaks_http2_in_clear_text_on_this_machine_and_reads_what_stands_behind_the_body() {
    let base = plain().await;
    echoes(&client(&base, Network::default()), &base).await;
}

#[tokio::test]
async fn speaks_http2_over_tls_where_the_host_agrees() {
    let (port, authority) = secured().await;
    let network = Network {
        extra_roots: vec![authority],
        ..Network::default()
    };
    let base = format!("https://localhost:{port}");
    echoes(&client(&base, network), &base).await;
}

#[tokio::test]
async fn speaks_http2_through_the_tunnel_of_a_proxy() {
    let (port, authority) = secured().await;
    let proxy = TunnelProxy::to(port).await;
    let network = Network {
        proxy: Proxy::from_policy(&format!("http://{}", proxy.place)).expect("a proxy"),
        extra_roots: vec![authority],
        ..Network::default()
    };
    let base = format!("https://{PROVIDER}:4317");
    echoes(&client(&base, network), &base).await;
    assert_eq!(proxy.asked(), [format!("CONNECT {PROVIDER}:4317 HTTP/1.1")]);
}

#[tokio::test]
async fn refuses_a_host_that_speaks_http1_alone() {
    let party = TlsParty::serve().await;
    let network = Network {
        extra_roots: vec![party.authority.clone()],
        ..Network::default()
    };
    let error = client(&party.base, network)
        .send(post(&party.base))
        .await
        .expect_err("a refusal");
    let EgressError::Failed { exchange, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(
        exchange,
        Exchange::Tls("the host does not speak HTTP/2".to_owned())
    );
}

#[tokio::test]
async fn refuses_an_answer_that_is_too_long_and_a_host_of_another_destination() {
    let base = plain().await;
    let client = client(&base, Network::default());
    let answer = client
        .send(post(&format!("{base}/long")))
        .await
        .expect("an answer");
    let error = answer
        .body_and_trailers_up_to(LONG - 1)
        .await
        .expect_err("a refusal");
    assert!(
        matches!(
            &error,
            EgressError::Failed {
                exchange: Exchange::TooLong(_),
                ..
            }
        ),
        "{error}"
    );
    let elsewhere = plain().await;
    let error = client.send(post(&elsewhere)).await.expect_err("a refusal");
    assert!(matches!(error, EgressError::Refused { .. }), "{error}");
}

#[test]
fn no_client_of_http2_leads_to_pages_of_the_web() {
    let gate = Gate::new(|_| json!(["*"]), Network::default());
    assert_eq!(
        gate.http2_client(Destination::WebFetch).expect_err("a refusal"),
        EgressError::NotOurs(Destination::WebFetch)
    );
}
