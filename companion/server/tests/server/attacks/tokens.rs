//! Attacks by tokens and pairings: stolen, replayed, guessed, and methods that are for others.

use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::FrontEndKind;
use serde_json::json;

use crate::client::{Head, code};
use crate::harness::{Running, SESSION};

pub(crate) async fn deletes_a_session_from_a_pane(server: &Running) -> bool {
    let mut window = server.window().await;
    let (mut pane, _) = server.pane(&mut window, FrontEndKind::Excel).await;
    let answer = pane.call("session/delete", json!({ "session": SESSION })).await;
    assert!(
        answer.is_ok() || answer.as_ref().err().and_then(code) == Some(ErrorCode::NotPermitted),
        "{answer:?}"
    );
    answer.is_ok()
}

/// A paired pane plays a second one in and allows it without a person.
pub(crate) async fn allows_its_own_pairing(server: &Running) -> bool {
    let mut window = server.window().await;
    let (mut pane, _) = server.pane(&mut window, FrontEndKind::Excel).await;
    let mut second = server.page().await;
    let begun = second
        .call("pairing/begin", json!({ "frontEnd": "powerpoint" }))
        .await
        .expect("begin");
    let listed = pane.call("pairing/list", json!({})).await.is_ok();
    let allowed = pane
        .call(
            "pairing/answer",
            json!({ "pairing": begun["pairing"], "allow": true }),
        )
        .await
        .is_ok();
    listed || allowed
}

pub(crate) async fn shows_a_token_of_another_kind(server: &Running) -> bool {
    let mut window = server.window().await;
    let (_pane, token) = server.pane(&mut window, FrontEndKind::Excel).await;
    let mut succeeded = false;
    for kind in [
        FrontEndKind::Window,
        FrontEndKind::Terminal,
        FrontEndKind::Powerpoint,
    ] {
        let answer = server.page().await.hello(kind, &token).await;
        assert!(answer.is_ok() || answer.as_ref().err().and_then(code) == Some(ErrorCode::PairingRequired));
        succeeded |= answer.is_ok();
    }
    succeeded
}

pub(crate) async fn shows_a_token_at_another_origin(server: &Running) -> bool {
    let mut window = server.window().await;
    let (_pane, token) = server.pane(&mut window, FrontEndKind::Excel).await;
    let host = format!("127.0.0.1:{}", server.port);
    let origin = format!("https://{host}");
    let head = Head {
        host: &host,
        origin: Some(&origin),
        bearer: None,
    };
    let mut page = server
        .socket(head)
        .await
        .expect("its own origin, but not the one that was paired");
    page.hello(FrontEndKind::Excel, &token).await.is_ok()
}

/// Answers one attempt twice, so that one comparison by a person lets two tokens out.
pub(crate) async fn replays_a_pairing(server: &Running) -> bool {
    let mut window = server.window().await;
    let mut pane = server.page().await;
    let begun = pane
        .call("pairing/begin", json!({ "frontEnd": "excel" }))
        .await
        .expect("begin");
    let allow = json!({ "pairing": begun["pairing"], "allow": true });
    window
        .call("pairing/answer", allow.clone())
        .await
        .expect("the person allows it once");
    let again = window.call("pairing/answer", allow).await;
    assert!(
        again.is_ok() || again.as_ref().err().and_then(code) == Some(ErrorCode::PairingRefused),
        "{again:?}"
    );
    again.is_ok()
}

/// Tries names of attempts until one fits. Each try is an error; the guard is that tries come to an end.
pub(crate) async fn guesses_pairings(server: &Running) -> bool {
    let mut window = server.window().await;
    let mut last = String::new();
    for _ in 0..30 {
        let guess = json!({ "pairing": "00000000-0000-4000-8000-000000000000", "allow": true });
        let refused = window
            .call("pairing/answer", guess)
            .await
            .expect_err("no such attempt");
        last = refused.data.and_then(|data| data.detail).unwrap_or_default();
    }
    last != "too many attempts in a short time"
}

/// Begins attempts until one has the number that the person expects to see.
pub(crate) async fn floods_with_pairings(server: &Running) -> bool {
    let mut begun = 0;
    let mut pages = Vec::new();
    for _ in 0..30 {
        let mut page = server.page().await;
        begun += usize::from(
            page.call("pairing/begin", json!({ "frontEnd": "excel" }))
                .await
                .is_ok(),
        );
        pages.push(page);
    }
    assert!(begun >= 5, "a few attempts are let through: {begun}");
    begun == 30
}

pub(crate) async fn answers_an_old_pairing(server: &Running) -> bool {
    let mut window = server.window().await;
    let mut pane = server.page().await;
    let begun = pane
        .call("pairing/begin", json!({ "frontEnd": "excel" }))
        .await
        .expect("begin");
    window
        .call(
            "pairing/answer",
            json!({ "pairing": begun["pairing"], "allow": true }),
        )
        .await
        .is_ok()
}
