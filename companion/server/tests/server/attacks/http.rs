//! Attacks by requests: other names, other sites, frames, paths, plain text.

use crate::harness::{Running, SECRET, exchange};

pub(crate) async fn rebinds_by_host(server: &Running) -> bool {
    let hosts = [
        "evil.example",
        &format!("evil.example:{}", server.port),
        "localhost",
        "localhost:1",
    ];
    for host in hosts {
        for path in ["/desktop/", "/assets/index-B5x9aQ0d.js"] {
            if server
                .send(&format!("GET {path} HTTP/1.1"), &[("Host", host)])
                .await
                .status
                == 200
            {
                return true;
            }
        }
    }
    false
}

pub(crate) async fn rebinds_by_target(server: &Running) -> bool {
    let line = format!("GET https://evil.example:{}/desktop/ HTTP/1.1", server.port);
    server.send(&line, &[("Host", &server.host())]).await.status == 200
}

pub(crate) async fn fetches_from_another_origin(server: &Running) -> bool {
    fetch(server, "https://evil.example").await
}

pub(crate) async fn fetches_from_an_opaque_origin(server: &Running) -> bool {
    fetch(server, "null").await
}

async fn fetch(server: &Running, origin: &str) -> bool {
    let headers = [("Host", server.host()), ("Origin", origin.to_owned())];
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut read = false;
    for line in [
        "GET /desktop/ HTTP/1.1",
        "GET /excel/ HTTP/1.1",
        "OPTIONS /desktop/ HTTP/1.1",
    ] {
        let answer = server.send(line, &headers).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "",
            "no page of another origin may read: {line}"
        );
        read |= answer.status == 200;
    }
    read
}

/// `<script src>` of another site: no `Origin`, but the browser says where it comes from.
pub(crate) async fn loads_a_script_from_another_site(server: &Running) -> bool {
    let host = server.host();
    for site in ["cross-site", "same-site"] {
        let headers = [
            ("Host", host.as_str()),
            ("Sec-Fetch-Site", site),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Dest", "script"),
        ];
        if server
            .send("GET /assets/index-B5x9aQ0d.js HTTP/1.1", &headers)
            .await
            .status
            == 200
        {
            return true;
        }
    }
    false
}

/// A browser keeps a page out of foreign frames exactly when the page says so.
pub(crate) async fn frames_a_page(server: &Running) -> bool {
    let mut open = false;
    for (path, allowed) in [
        ("/desktop/", "'none'"),
        ("/excel/", "https://*.officeapps.live.com "),
    ] {
        let page = server.get(path).await;
        let policy = page.header("content-security-policy");
        let directive = policy
            .split("; ")
            .find_map(|directive| directive.strip_prefix("frame-ancestors "));
        open |= !directive
            .is_some_and(|hosts| hosts.starts_with(allowed) && !hosts.split(' ').any(|host| host == "*"));
    }
    open
}

/// Every way that is known to climb out of a folder, or to hidden files in it.
pub(crate) async fn climbs_out_of_the_bundle(server: &Running) -> bool {
    let paths = [
        "/../secret.txt",
        "/desktop/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%252e%252e%252fsecret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "/%2e%2e%5csecret.txt",
        "/....//secret.txt",
        "/./../secret.txt",
        "/desktop/..;/../secret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/..%00/secret.txt",
        "/link.txt",
        "/.env",
        "//etc/hostname",
        "/office-js/../secret.txt",
        "/office-js/index.html",
        "/desktop/index.html/../../../secret.txt",
        "/secret.txt::$DATA",
        "/C:/secret.txt",
    ];
    let mut read = false;
    for path in paths {
        let answer = server.get(path).await;
        read |= answer.body.contains(SECRET);
        assert!(
            read || answer.status >= 400,
            "{path} was answered with {}",
            answer.status
        );
    }
    read
}

pub(crate) async fn speaks_plain_http(server: &Running) -> bool {
    let answer = exchange(
        server.tcp().await,
        "GET /desktop/ HTTP/1.1",
        &[("Host", &server.host())],
    )
    .await;
    let refused = answer.status == 400 && answer.body == "This port speaks https only.\n";
    assert!(
        refused || answer.status == 200,
        "neither served nor told why: {answer:?}"
    );
    assert_eq!(
        answer.header("location"),
        "",
        "no redirect that makes plain text seem to work"
    );
    !refused
}
