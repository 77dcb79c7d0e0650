//! The door as a real browser sees it: Chromium with the authority in the user's store and no flag that ignores
//! certificates.

use std::process::Stdio;
use std::time::Duration;

use deskhand_platform::trust;
use deskhand_server::{Guard, Guards, Limits};
use tokio::process::Command;

use crate::harness::{Running, start_with_page};

/// A page that asks to be paired as soon as it runs, as the pane that its address names: so the test sees whether it ran.
const PAGE: &str = r#"<!doctype html>
<script>const unsigned = true;</script>
<script nonce="__CSP_NONCE__">
const kind = location.pathname === "/powerpoint/" && typeof unsigned === "undefined" ? "powerpoint" : "excel";
const socket = new WebSocket(`wss://${location.host}/v1/session`);
socket.onopen = () => socket.send(JSON.stringify(
    { jsonrpc: "2.0", id: 1, method: "pairing/begin", params: { frontEnd: kind } }));
</script>"#;

/// Opens `address` in Chromium and gives the kinds of panes that asked, in order, until our own PowerPoint page did: it is
/// the end of every test page.
async fn asked(server: &Running, address: &str) -> Vec<String> {
    let mut window = server.window().await;
    let _browser = Command::new(deskhand_test_support::chromium())
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .arg(format!(
            "--user-data-dir={}",
            server.home.path().join("profile").display()
        ))
        .arg(address)
        .env("HOME", server.home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("Chromium runs");
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|last| last != "powerpoint") {
        let requested = window
            .notification_within(Duration::from_mins(1), "pairing/requested")
            .await;
        kinds.push(requested["frontEnd"].as_str().expect("kind").to_owned());
    }
    kinds
}

/// Writes a page that the server did not serve, and gives its address.
fn foreign(server: &Running, html: &str) -> String {
    let file = server.home.path().join("foreign.html");
    std::fs::write(&file, html).expect("page");
    format!("file://{}", file.display())
}

async fn running(guards: Guards) -> Running {
    let server = start_with_page(guards, Limits::default(), PAGE).await;
    let authority = server.current.authority();
    let named = trust::Authority {
        name: authority.name(),
        certificate: authority.file(),
        home: server.home.path(),
    };
    trust::install(named).expect("install the authority for this home");
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_our_page_under_its_policy_with_a_certificate_that_chromium_trusts() {
    let server = running(Guards::default()).await;
    let kinds = asked(&server, &format!("{}/powerpoint/", server.origin())).await;
    assert_eq!(kinds, ["powerpoint"], "a script without the nonce must not run");
}

/// The attack "framing by a foreign page" once more, with a browser in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stays_out_of_the_frame_of_a_foreign_page() {
    for (guards, expected) in [
        (Guards::default(), vec!["powerpoint"]),
        (
            Guards::without(Guard::FrameAncestors),
            vec!["excel", "powerpoint"],
        ),
    ] {
        let server = running(guards).await;
        let origin = server.origin();
        // A frame that is kept out has loaded too, so some time passes before the end.
        let page = format!(
            "<iframe src='{origin}/desktop/' onload=\"setTimeout(() => location = '{origin}/powerpoint/', 3000)\">"
        );
        assert_eq!(asked(&server, &foreign(&server, &page)).await, expected);
    }
}

/// A page of another origin opens a WebSocket, as a page on the internet would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lets_no_foreign_page_open_a_websocket() {
    for (guards, expected) in [
        (Guards::default(), vec!["powerpoint"]),
        (Guards::without(Guard::Origin), vec!["excel", "powerpoint"]),
    ] {
        let server = running(guards).await;
        let script = PAGE.replace("location.host", &format!("'{}'", server.host()));
        let end = format!(
            "<script>socket.onmessage = socket.onerror = () => location = '{}/powerpoint/';</script>",
            server.origin()
        );
        assert_eq!(
            asked(&server, &foreign(&server, &(script + &end))).await,
            expected
        );
    }
}
