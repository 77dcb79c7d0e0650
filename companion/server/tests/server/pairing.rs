//! How a pane gets in, and how it is put out again.

use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_server::{Admission, AttachError, Guards, Limits, TokenHash, TokenStore, attach};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::client::{Head, code};
use crate::harness::start;

#[tokio::test]
async fn pairs_a_pane_by_the_number_that_both_show() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let mut pane = server.page().await;

    let begun = pane
        .call("pairing/begin", json!({ "frontEnd": "excel" }))
        .await
        .expect("begin");
    let requested = window.notification("pairing/requested").await;
    assert_eq!(requested["number"], begun["number"]);
    assert_eq!(requested["frontEnd"], "excel");
    let listed = window.call("pairing/list", json!({})).await.expect("list");
    assert_eq!(listed, json!({ "pairings": [requested] }));

    let allow = json!({ "pairing": begun["pairing"], "allow": true });
    window.call("pairing/answer", allow).await.expect("allow");
    let settled = pane.notification("pairing/settled").await;
    let token = settled["token"].as_str().expect("token");
    pane.hello(FrontEndKind::Excel, token).await.expect("hello");
    assert_eq!(server.front_ends.all().len(), 2);

    let kept = server.tokens.list().await.expect("tokens");
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].hash, kept[0].origin.as_str()),
        (TokenHash::of(token), server.origin().as_str())
    );
    assert!(!format!("{kept:?}").contains(token), "only the hash is kept");
}

#[tokio::test]
async fn gives_no_token_to_a_pane_that_the_person_refuses() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let mut pane = server.page().await;
    let begun = pane
        .call("pairing/begin", json!({ "frontEnd": "powerpoint" }))
        .await
        .expect("begin");
    window
        .call(
            "pairing/answer",
            json!({ "pairing": begun["pairing"], "allow": false }),
        )
        .await
        .expect("refuse");
    let settled = pane.notification("pairing/settled").await;
    assert_eq!(settled, json!({ "pairing": begun["pairing"] }));
    assert!(server.tokens.list().await.expect("tokens").is_empty());
    let refused = Admission::PairingRefused {
        by: FrontEndKind::Window,
        pane: FrontEndKind::Powerpoint,
    };
    assert_eq!(
        server.log.admissions.lock().expect("admissions").as_slice(),
        [refused]
    );
}

#[tokio::test]
async fn pairs_panes_only() {
    let server = start(Guards::default(), Limits::default()).await;
    for kind in ["window", "terminal"] {
        let refused = server
            .page()
            .await
            .call("pairing/begin", json!({ "frontEnd": kind }))
            .await;
        assert_eq!(code(&refused.expect_err(kind)), Some(ErrorCode::PairingRefused));
    }
    for kind in [FrontEndKind::Excel, FrontEndKind::Powerpoint] {
        let refused = attach(&server.local, kind).await;
        assert!(matches!(refused, Err(AttachError::Refused(error)) if error.code == ErrorCode::NotPermitted));
    }
}

#[tokio::test]
async fn lets_a_terminal_in_without_an_origin_by_its_token_of_the_local_channel() {
    let server = start(Guards::default(), Limits::default()).await;
    let attachment = server.attach(FrontEndKind::Terminal).await;
    assert_eq!(attachment.address, server.origin());
    assert_eq!(attachment.leaf(), Some(server.current.leaf().certificate));
    let host = server.host();
    let head = Head {
        host: &host,
        origin: None,
        bearer: Some(&attachment.token),
    };
    let mut terminal = server.socket(head).await.expect("connect");
    terminal
        .hello(FrontEndKind::Terminal, &attachment.token)
        .await
        .expect("hello");
    let refused = terminal
        .hello(FrontEndKind::Terminal, &attachment.token)
        .await
        .expect_err("once");
    assert_eq!(code(&refused), Some(ErrorCode::BadRequest));
}

#[tokio::test]
async fn refuses_a_token_once_it_is_revoked_and_hangs_up_on_who_keeps_trying() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let (mut pane, token) = server.pane(&mut window, FrontEndKind::Excel).await;
    let id = server.tokens.list().await.expect("tokens")[0].id.clone();
    server.tokens.revoke(&id).await.expect("revoke");
    let server_id = id.clone();
    for front_end in server
        .front_ends
        .all()
        .iter()
        .filter(|front_end| front_end.token() == Some(&id))
    {
        front_end.close();
    }
    assert_eq!(pane.closed().await, 1008);

    let mut again = server.page().await;
    let mut tries = 0;
    let hung_up = loop {
        let hello = json!({ "protocol": 1, "frontEnd": "excel", "token": token, "version": "t" });
        let id = again.ask("hello", hello).await;
        match again.answer(id).await {
            Ok(answer) => assert_eq!(
                code(&answer.expect_err("revoked")),
                Some(ErrorCode::PairingRequired)
            ),
            Err(hung_up) => break hung_up,
        }
        tries += 1;
    };
    assert_eq!(hung_up, 1008);
    assert!(tries <= Limits::default().failed_hellos, "{tries} tries");
    let admissions = server.log.admissions.lock().expect("admissions");
    let allowed = Admission::PairingAllowed {
        by: FrontEndKind::Window,
        token: server_id,
        pane: FrontEndKind::Excel,
    };
    let refused = Admission::Refused {
        kind: FrontEndKind::Excel,
        code: ErrorCode::PairingRequired,
    };
    assert_eq!(admissions.first(), Some(&allowed));
    assert!(admissions.len() > 1 && admissions[1..].iter().all(|one| *one == refused));
}

#[tokio::test]
async fn tells_a_page_of_another_version_to_reload() {
    let server = start(Guards::default(), Limits::default()).await;
    let token = server.attach(FrontEndKind::Window).await.token;
    let hello = json!({ "protocol": 999, "frontEnd": "window", "token": token, "version": "old" });
    let refused = server
        .page()
        .await
        .call("hello", hello)
        .await
        .expect_err("another version");
    assert_eq!(code(&refused), Some(ErrorCode::ProtocolVersion));
}
