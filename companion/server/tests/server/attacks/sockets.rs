//! Attacks by WebSockets: from elsewhere, too large, too slow, not text.

use std::time::Duration;

use deskhand_protocol::hello::FrontEndKind;
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Head;
use crate::harness::Running;

async fn connects(server: &Running, origin: Option<&str>, bearer: Option<&str>) -> bool {
    let host = server.host();
    server
        .socket(Head {
            host: &host,
            origin,
            bearer,
        })
        .await
        .is_ok()
}

pub(crate) async fn connects_from_another_origin(server: &Running) -> bool {
    let looks_alike = format!("{}.evil.example", server.origin());
    connects(server, Some("https://evil.example"), None).await
        || connects(server, Some(&looks_alike), None).await
}

/// Another program of the same machine, on the same host name: another origin, though the same site.
pub(crate) async fn connects_from_another_port(server: &Running) -> bool {
    connects(server, Some("https://localhost:1"), None).await
        || connects(server, Some("http://localhost:3000"), None).await
}

pub(crate) async fn connects_without_origin(server: &Running) -> bool {
    connects(server, None, None).await || connects(server, None, Some("guessed")).await
}

/// A pane's token is for pages; only tokens of the local channel stand in for an origin.
pub(crate) async fn connects_with_a_panes_token(server: &Running) -> bool {
    let mut window = server.window().await;
    let (_pane, token) = server.pane(&mut window, FrontEndKind::Excel).await;
    connects(server, None, Some(&token)).await
}

pub(crate) async fn sends_an_oversize_frame(server: &Running) -> bool {
    let mut window = server.window().await;
    let id = window
        .ask("session/search", json!({ "query": "x".repeat(100 * 1024) }))
        .await;
    match window.answer(id).await {
        Ok(answer) => answer.is_ok(),
        Err(code) => {
            assert!([1009, 1006].contains(&code), "closed as too large, not {code}");
            false
        }
    }
}

pub(crate) async fn sends_a_binary_frame(server: &Running) -> bool {
    let mut window = server.window().await;
    let frame = json!({ "jsonrpc": "2.0", "id": 77, "method": "session/list", "params": {} });
    window
        .socket
        .send(Message::binary(frame.to_string().into_bytes()))
        .await
        .expect("send");
    match window.answer(77).await {
        Ok(answer) => answer.is_ok(),
        Err(code) => {
            assert_eq!(code, 1003);
            false
        }
    }
}

/// Holds a place without saying who it is.
pub(crate) async fn never_says_hello(server: &Running) -> bool {
    let mut page = server.page().await;
    !page.is_closed_within(Duration::from_secs(3)).await
}

/// Holds memory with a frame that never ends: each byte comes in time, the frame does not.
pub(crate) async fn trickles_a_frame(server: &Running) -> bool {
    let mut window = server.window().await;
    let (stream, mut ticks) = (
        window.socket.get_mut(),
        tokio::time::interval(Duration::from_millis(50)),
    );
    // A masked text frame of 60,000 bytes (RFC 6455, section 5.2), of which one byte comes at a time.
    let mut sent = stream.write_all(&[0x81, 0xFE, 0xEA, 0x60, 0, 0, 0, 0]).await;
    for _ in 0..60 {
        ticks.tick().await;
        if sent.is_err() {
            return false;
        }
        sent = match stream.write_all(b"x").await {
            Ok(()) => stream.flush().await,
            Err(error) => Err(error),
        };
    }
    server.front_ends.all().len() == 1
}
