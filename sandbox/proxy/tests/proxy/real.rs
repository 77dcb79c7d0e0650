//! Real programs in the place of the guest: they talk to a listener as the agent has one, which hands each connection on.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use deskhand_vm_proxy::{Carried, DoorRefusalKind, Entry, Limits, Outcome};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::party::{Mood, Stage, refusal, refused};

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// The agent's listener: each connection becomes a stream of the proxy.
async fn agent(stage: &Stage) -> u16 {
    let (listener, port) = listener().await;
    let proxy = Arc::clone(&stage.proxy);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let proxy = Arc::clone(&proxy);
            tokio::spawn(async move { proxy.serve(stream).await });
        }
    });
    port
}

/// A host: plain HTTP and, where there is a certificate, TLS. It serves the files of a folder and counts what is uploaded.
async fn host(folder: &Path, tls: Option<TlsAcceptor>) -> u16 {
    let (listener, port) = listener().await;
    let folder = folder.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (folder, tls) = (folder.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => answer(stream, &folder).await,
                        Err(error) => drop(error),
                    },
                    None => answer(stream, &folder).await,
                }
            });
        }
    });
    port
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, folder: &Path) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).expect("text");
    let path = head
        .split(' ')
        .nth(1)
        .expect("a target")
        .split('?')
        .next()
        .unwrap_or_default();
    let lower = head.to_ascii_lowercase();
    if lower.contains("expect: 100-continue") {
        stream
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await
            .expect("a reader");
    }
    let length = lower
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let length: u64 = length.map_or(0, |length| length.parse().expect("a number"));
    let mut uploaded = 0;
    if length > 0 {
        uploaded = tokio::io::copy(&mut (&mut stream).take(length), &mut tokio::io::sink())
            .await
            .expect("a body");
    }
    let file = std::fs::read(folder.join(path.trim_start_matches('/')));
    let (status, body) = match (length, file) {
        (0, Ok(file)) => ("200 Fine", file),
        (0, Err(_)) => ("404 Not there", b"not there".to_vec()),
        _ => ("200 Fine", format!("{uploaded} bytes came").into_bytes()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    drop(stream.write_all(&[head.as_bytes(), &body].concat()).await);
    drop(stream.shutdown().await);
}

/// A folder with a page, and a host of `files.example` and `127.0.0.1` that serves it over TLS.
struct Site {
    folder: tempfile::TempDir,
    tls: TlsAcceptor,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let names = ["files.example".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        std::fs::write(folder.path().join("authority.txt"), made.cert.pem()).expect("a file");
        std::fs::write(folder.path().join("page"), b"the page".repeat(200_000)).expect("a file");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        let config = config
            .with_single_cert(vec![CertificateDer::from(made.cert)], key)
            .expect("a key");
        Self {
            folder,
            tls: TlsAcceptor::from(Arc::new(config)),
        }
    }

    async fn over_tls(&self) -> Stage {
        let port = host(self.folder.path(), Some(self.tls.clone())).await;
        Stage::new(Mood::Loopback(port), Limits::default())
    }

    async fn in_clear(&self) -> Stage {
        let port = host(self.folder.path(), None).await;
        Stage::new(Mood::Loopback(port), Limits::default())
    }

    fn authority(&self) -> String {
        self.folder.path().join("authority.txt").display().to_string()
    }
}

/// Runs a program whose proxy is this address, and nothing else of the machine's settings.
async fn run(program: &str, arguments: &[&str], proxy: &str, more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    for name in ["http_proxy", "https_proxy", "ALL_PROXY"] {
        command.env(name, proxy);
    }
    command.envs(more.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output());
    output
        .await
        .expect("no panic")
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

async fn curl(stage: &Stage, scheme: &str, arguments: &[&str]) -> Output {
    let proxy = format!("{scheme}://127.0.0.1:{}", agent(stage).await);
    let fixed = ["--silent", "--show-error", "--max-time", "20"];
    run("curl", &[&fixed, arguments].concat(), &proxy, &[]).await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn page() -> Vec<u8> {
    b"the page".repeat(200_000)
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn curl_reads_a_page_by_every_way_there_is() {
    let site = Site::new();
    let authority = site.authority();
    for (scheme, arguments, secure, entry, carried) in [
        (
            "http",
            vec!["https://files.example/page"],
            true,
            Entry::Connect,
            Carried::Tls,
        ),
        (
            "http",
            vec!["--tls-max", "1.2", "https://files.example/page"],
            true,
            Entry::Connect,
            Carried::Tls,
        ),
        (
            "http",
            vec!["https://127.0.0.1/page"],
            true,
            Entry::Connect,
            Carried::Tls,
        ),
        (
            "http",
            vec!["--curves", "P-521:P-256", "https://files.example/page"],
            true,
            Entry::Connect,
            Carried::Tls,
        ),
        (
            "socks5h",
            vec!["https://files.example/page"],
            true,
            Entry::Socks,
            Carried::Tls,
        ),
        (
            "http",
            vec!["http://files.example/page"],
            false,
            Entry::Forward,
            Carried::Http,
        ),
        (
            "http",
            vec!["--http1.0", "http://files.example/page"],
            false,
            Entry::Forward,
            Carried::Http,
        ),
        (
            "http",
            vec!["--proxytunnel", "http://files.example/page"],
            false,
            Entry::Connect,
            Carried::Http,
        ),
        (
            "socks5h",
            vec!["http://files.example/page"],
            false,
            Entry::Socks,
            Carried::Http,
        ),
        (
            "http",
            vec!["http://files.example:8080/page", "http://files.example:8080/page"],
            false,
            Entry::Forward,
            Carried::Http,
        ),
    ] {
        let stage = if secure {
            site.over_tls().await
        } else {
            site.in_clear().await
        };
        let output = curl(
            &stage,
            scheme,
            &[&["--cacert", &authority], &arguments[..]].concat(),
        )
        .await;
        assert!(
            output.status.success(),
            "{scheme} {arguments:?}: {}",
            text(&output.stderr)
        );
        let times = arguments
            .iter()
            .filter(|argument| argument.contains("://"))
            .count();
        assert_eq!(
            output.stdout.len(),
            times * page().len(),
            "{scheme} {arguments:?}"
        );
        assert!(output.stdout.starts_with(b"the page"));
        stage.settled(times).await;
        for record in stage.records() {
            assert_eq!(
                (record.entry, record.carried),
                (entry, carried),
                "{scheme} {arguments:?}"
            );
            assert!(record.received >= 1_600_000, "{record:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_uploads_and_waits_for_100_continue() {
    let site = Site::new();
    let large = site.folder.path().join("large");
    std::fs::write(&large, vec![7; 5_000_000]).expect("a file");
    let large = large.display().to_string();
    for (scheme, address) in [
        ("http", "http://files.example/in"),
        ("socks5h", "http://files.example/in"),
    ] {
        let stage = site.in_clear().await;
        let output = curl(
            &stage,
            scheme,
            &["--upload-file", &large, "--expect100-timeout", "15", address],
        )
        .await;
        assert_eq!(
            text(&output.stdout),
            "5000000 bytes came",
            "{}",
            text(&output.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_cannot_front_one_host_with_another() {
    let site = Site::new();
    let stage = site.over_tls().await;
    let front = [
        "--insecure",
        "--connect-to",
        "evil.example:443:files.example:443",
        "https://evil.example/page",
    ];
    let output = curl(&stage, "http", &front).await;
    assert_eq!(
        output.status.code(),
        Some(35),
        "a handshake that failed: {}",
        text(&output.stderr)
    );
    assert!(
        text(&output.stderr).contains("unrecognized name"),
        "{}",
        text(&output.stderr)
    );
    stage.settled(1).await;
    assert_eq!(
        (stage.record().outcome, stage.record().sent),
        (refused("sni_mismatch"), 0)
    );

    for (scheme, arguments) in [
        ("http", vec!["http://files.example/page"]),
        ("http", vec!["--proxytunnel", "http://files.example/page"]),
        ("socks5h", vec!["http://files.example/page"]),
    ] {
        let stage = site.in_clear().await;
        let all = [&["--include", "--header", "Host: evil.example"], &arguments[..]].concat();
        let output = curl(&stage, scheme, &all).await;
        let told = text(&output.stdout);
        assert!(
            told.contains("X-Deskhand-Refusal: host_mismatch") && told.contains("sandbox: "),
            "{told}"
        );
        stage.settled(1).await;
        assert_eq!(
            (stage.record().outcome, stage.record().sent),
            (refused("host_mismatch"), 0)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_shows_the_person_why() {
    let why = "files.example is not on the list of allowed hosts (coworkEgressAllowedHosts). Ask your administrator.";
    let refusing = || Mood::Refuse(refusal("not_listed", why, DoorRefusalKind::Policy));
    let stage = Stage::new(refusing(), Limits::default());
    let output = curl(&stage, "http", &["http://files.example/"]).await;
    assert_eq!(text(&output.stdout), format!("sandbox: {why}\n"));
    let output = curl(&stage, "http", &["--verbose", "https://files.example/"]).await;
    let told = text(&output.stderr);
    assert!(
        told.contains("< HTTP/1.1 403 Forbidden") && told.contains("< X-Deskhand-Refusal: not_listed"),
        "{told}"
    );
    let output = curl(&stage, "socks5h", &["https://files.example/"]).await;
    assert!(
        !output.status.success() && text(&output.stderr).contains("(2)"),
        "{}",
        text(&output.stderr)
    );
    stage.settled(3).await;
    assert!(
        stage
            .records()
            .iter()
            .all(|record| record.outcome == refused("not_listed") && record.sent == 0)
    );
}

const PYTHON: &str = "
import sys, ssl, urllib.request, requests
context = ssl.create_default_context(cafile=sys.argv[1])
for address in sys.argv[2:]:
    with urllib.request.urlopen(address, timeout=20, context=context) as answer:
        print(answer.status, len(answer.read()))
    answer = requests.get(address, timeout=20, verify=sys.argv[1])
    print(answer.status_code, len(answer.content))
";

#[tokio::test(flavor = "multi_thread")]
async fn python_reads_pages() {
    let site = Site::new();
    let python = deskhand_test_support::python().display().to_string();
    for (address, stage) in [
        ("https://files.example/page", site.over_tls().await),
        ("http://files.example/page", site.in_clear().await),
    ] {
        let proxy = format!("http://127.0.0.1:{}", agent(&stage).await);
        let output = run(&python, &["-c", PYTHON, &site.authority(), address], &proxy, &[]).await;
        assert_eq!(
            text(&output.stdout),
            "200 1600000\n200 1600000\n",
            "{}",
            text(&output.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn git_clones_over_https_and_http() {
    let site = Site::new();
    let place = |name: &str| site.folder.path().join(name).display().to_string();
    let git = async |arguments: &[&str], proxy: &str| {
        let more = [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ];
        let output = run("git", arguments, proxy, &more).await;
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    let (work, bare, none) = (place("work"), place("repo.git"), "http://127.0.0.1:9");
    git(&["init", "--quiet", &work], none).await;
    std::fs::write(format!("{work}/file"), "words").expect("a file");
    git(&["-C", &work, "add", "."], none).await;
    git(
        &[
            "-C",
            &work,
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@a.example",
            "commit",
            "--quiet",
            "-m",
            "x",
        ],
        none,
    )
    .await;
    git(&["clone", "--quiet", "--bare", &work, &bare], none).await;
    git(&["-C", &bare, "update-server-info"], none).await;
    let authority = format!("http.sslCAInfo={}", site.authority());
    for (number, (scheme, address, secure)) in [
        ("http", "https://files.example/repo.git", true),
        ("http", "http://files.example/repo.git", false),
        ("socks5h", "https://files.example/repo.git", true),
    ]
    .into_iter()
    .enumerate()
    {
        let stage = if secure {
            site.over_tls().await
        } else {
            site.in_clear().await
        };
        let proxy = format!("{scheme}://127.0.0.1:{}", agent(&stage).await);
        let clone = place(&format!("clone-{number}"));
        git(&["-c", &authority, "clone", "--quiet", address, &clone], &proxy).await;
        assert_eq!(
            std::fs::read_to_string(format!("{clone}/file")).expect("a clone"),
            "words"
        );
        assert!(stage.asked().iter().all(|(host, _)| host == "files.example"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_is_told_by_an_alert() {
    let site = Site::new();
    for (arguments, code) in [
        (vec!["-servername", "files.example"], None),
        (vec!["-servername", "files.example", "-tls1_2"], None),
        (vec!["-servername", "other.example"], Some("sni_mismatch")),
        (vec!["-noservername"], Some("sni_missing")),
    ] {
        let stage = site.over_tls().await;
        let proxy = format!("127.0.0.1:{}", agent(&stage).await);
        let fixed = [
            "s_client",
            "-brief",
            "-proxy",
            &proxy,
            "-connect",
            "files.example:443",
        ];
        let output = run(
            "openssl",
            &[&fixed, &arguments[..]].concat(),
            "http://127.0.0.1:9",
            &[],
        )
        .await;
        let told = text(&output.stderr);
        assert_eq!(
            told.contains("CONNECTION ESTABLISHED"),
            code.is_none(),
            "{arguments:?}: {told}"
        );
        assert_eq!(
            told.contains("unrecognized name"),
            code.is_some(),
            "{arguments:?}: {told}"
        );
        stage.settled(1).await;
        if let Some(code) = code {
            assert_eq!(stage.record().outcome, Outcome::Refused(code.into()));
        }
    }
}
