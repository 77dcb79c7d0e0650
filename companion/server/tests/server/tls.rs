//! TLS, renewal, and the headers of pages.

#![expect(clippy::disallowed_methods, reason = "tests are clients of the server")]

use std::time::{Duration, SystemTime};

use deskhand_platform::trust::{self, TrustState};
use deskhand_platform::{Paths, SecretStore};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_server::{Authority, Guards, Limits};
use pretty_assertions::{assert_eq, assert_ne};
use rustls::pki_types::CertificateDer;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
async fn hangs_up_on_a_handshake_that_does_not_come_and_on_a_head_that_does_not_end() {
    let limits = Limits {
        handshake: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = start(Guards::default(), limits).await;
    let mut silent = server.tcp().await;
    let mut half = server.tcp().await;
    half.write_all(&[22, 3, 1])
        .await
        .expect("the first bytes of a handshake");
    let mut endless = server.tls().await;
    endless
        .write_all(b"GET /desktop/ HTTP/1.1\r\nHost: ")
        .await
        .expect("half a head");
    let ended = async {
        // How it ends differs, that it ends is what counts: there is nothing to read.
        let mut nothing = Vec::new();
        drop(silent.read_to_end(&mut nothing).await);
        drop(half.read_to_end(&mut nothing).await);
        assert_eq!(nothing, b"");
        drop(endless.read_to_end(&mut nothing).await);
        assert!(!nothing.starts_with(b"HTTP/1.1 200"));
    };
    tokio::time::timeout(Duration::from_secs(10), ended)
        .await
        .expect("hung up on all three");
}

#[tokio::test]
async fn takes_no_more_connections_than_it_has_places_for() {
    let server = start(
        Guards::default(),
        Limits {
            connections: 2,
            ..Limits::default()
        },
    )
    .await;
    let (first, _second) = (server.window().await, server.window().await);
    let mut refused = server.tcp().await;
    let mut nothing = Vec::new();
    drop(refused.read_to_end(&mut nothing).await);
    assert_eq!(nothing, b"", "the third is hung up on");
    drop(first);
    assert_eq!(server.log.goodbye().await, FrontEndKind::Window);
    // Its place is free a moment after its goodbye.
    let free = async { while server.try_tls().await.is_err() {} };
    tokio::time::timeout(Duration::from_secs(10), free)
        .await
        .expect("a free place");
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

#[tokio::test]
async fn shows_icons_on_pages_of_office_and_nothing_else() {
    let server = start(Guards::default(), Limits::default()).await;
    let host = server.host();
    let headers = [
        ("Host", host.as_str()),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "no-cors"),
    ];
    let icon = server.send("GET /icons/icon-32.png HTTP/1.1", &headers).await;
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/png"));
    assert_eq!(icon.header("cross-origin-resource-policy"), "cross-origin");
    assert!(!icon.headers.keys().any(|name| name.starts_with("access-control")));
    for path in [
        "/icons/",
        "/icons/../desktop/index.html",
        "/assets/index-B5x9aQ0d.js",
        "/desktop/?/icons/icon-32.png",
    ] {
        assert_eq!(
            server
                .send(&format!("GET {path} HTTP/1.1"), &headers)
                .await
                .status,
            403,
            "{path}"
        );
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn is_trusted_by_chromium_once_its_authority_is_installed_for_the_user() {
    let home = tempfile::tempdir().expect("tempdir");
    let paths = Paths::below(home.path().join("deskhand"));
    paths.create().expect("folders");
    let secrets = SecretStore::open(&paths).expect("secrets");
    let open = || Authority::open(&paths, &secrets, SystemTime::now()).expect("authority");
    let authority = open();
    let named = trust::Authority {
        name: authority.name(),
        certificate: authority.file(),
        home: home.path(),
    };
    assert_eq!(authority.trust(home.path()), TrustState::NotTrusted);
    match trust::install(named) {
        Err(trust::TrustError::NoTool { program }) => {
            eprintln!("SKIPPED is_trusted_by_chromium…: `{program}` is not installed");
            return;
        }
        installed => installed.expect("install"),
    }
    trust::install(named).expect("again");
    assert_eq!(authority.trust(home.path()), TrustState::Trusted);
    // Another certificate under the same name is not trusted by the name alone.
    std::fs::remove_file(authority.file()).expect("lose the certificate");
    let next = open();
    let renamed = trust::Authority {
        certificate: next.file(),
        ..named
    };
    assert_eq!(trust::state(renamed), TrustState::NotTrusted);
    trust::remove(named).expect("remove");
    assert_eq!(trust::state(named), TrustState::NotTrusted);
}
