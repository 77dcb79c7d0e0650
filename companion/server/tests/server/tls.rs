//! TLS, renewal, and the headers of pages.

use std::time::{Duration, SystemTime};

use deskhand_server::{Guards, Limits};
use pretty_assertions::{assert_eq, assert_ne};
use rustls::pki_types::CertificateDer;
use serde_json::json;
use tokio::net::TcpStream;

use crate::harness::{Running, start};

async fn shown(server: &Running) -> CertificateDer<'static> {
    let stream = server.tls().await;
    let (_, session) = stream.get_ref();
    session.peer_certificates().expect("certificates")[0]
        .clone()
        .into_owned()
}

#[tokio::test]
async fn renews_its_certificate_without_a_restart_and_keeps_connections() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let first = shown(&server).await;
    assert_eq!(first, server.current.leaf().certificate);
    let later = SystemTime::now() + Duration::from_hours(25 * 24);
    let second = server.current.renew(later).expect("renew").certificate;
    assert_ne!(second, first);
    // By the real clock that one is not due, so the next connection gets one of today.
    let third = shown(&server).await;
    assert_ne!(third, first);
    window
        .call("session/list", json!({}))
        .await
        .expect("the old connection goes on");
}

#[tokio::test]
async fn answers_on_both_loopback_addresses_and_on_no_other() {
    let server = start(Guards::default(), Limits::default()).await;
    for address in ["127.0.0.1", "::1"] {
        TcpStream::connect((address, server.port)).await.expect(address);
    }
    for address in ["127.0.0.2"] {
        assert!(
            TcpStream::connect((address, server.port)).await.is_err(),
            "{address} answers"
        );
    }
}

#[tokio::test]
async fn serves_each_page_with_a_nonce_of_its_own() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = server.get("/desktop/").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        assert_eq!(page.header("cache-control"), "no-store");
        let nonce = page.body.split('"').nth(1).expect("nonce").to_owned();
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains(&format!("script-src 'self' 'nonce-{nonce}'")),
            "{policy}"
        );
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn serves_every_answer_with_its_kind_its_caching_and_its_protection() {
    let server = start(Guards::default(), Limits::default()).await;
    assert_eq!(server.get("/").await.header("location"), "/desktop/");
    let script = server.get("/assets/index-B5x9aQ0d.js").await;
    assert_eq!(
        (script.status, script.header("content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    assert_eq!(
        script.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    for path in [
        "/desktop/",
        "/excel/",
        "/assets/index-B5x9aQ0d.js",
        "/nothing",
        "/v1/session",
        "/.env",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors"),
            "{path}"
        );
        let sharing = if path == "/excel/" {
            "cross-origin"
        } else {
            "same-origin"
        };
        assert_eq!(answer.header("cross-origin-resource-policy"), sharing, "{path}");
        assert!(
            !answer
                .headers
                .keys()
                .any(|name| name.starts_with("access-control")),
            "{path}"
        );
    }
    assert_eq!(
        server
            .send("POST /desktop/ HTTP/1.1", &[("Host", &server.host())])
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn tells_office_that_it_may_reach_a_panes_page_and_nobody_else() {
    let server = start(Guards::default(), Limits::default()).await;
    let host = server.host();
    for (path, origin, status) in [
        ("/excel/", "https://excel.officeapps.live.com", 204),
        ("/excel/", "https://evil.example", 403),
        ("/desktop/", "https://excel.officeapps.live.com", 403),
        ("/v1/session", "https://excel.officeapps.live.com", 403),
    ] {
        let headers = [
            ("Host", host.as_str()),
            ("Origin", origin),
            ("Access-Control-Request-Private-Network", "true"),
        ];
        let answer = server.send(&format!("OPTIONS {path} HTTP/1.1"), &headers).await;
        assert_eq!(answer.status, status, "{path} {origin}");
        let allowed = answer.header("access-control-allow-private-network") == "true";
        assert_eq!(allowed, status == 204, "{path} {origin}");
    }
}
