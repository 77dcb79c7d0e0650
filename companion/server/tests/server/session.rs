//! A session as front ends see it: replay and live events, slow and vanishing front ends, questions to a pane.

use std::sync::atomic::Ordering;
use std::time::Duration;

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, Notification, ServiceCall};
use deskhand_server::{CallError, Guards, Limits};
use futures_util::SinkExt;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, code};
use crate::harness::{SESSION, start};

const PATIENCE: Duration = Duration::from_secs(10);

/// The numbers of the events that come, until `last`.
async fn numbers(client: &mut Client, last: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        let update = client.notification("session/update").await;
        assert_eq!(update["session"], SESSION);
        let events = update["events"].as_array().expect("events");
        numbers.extend(events.iter().map(|event| event["seq"].as_u64().expect("seq")));
    }
    numbers
}

async fn subscribe(client: &mut Client, after: u64) -> u64 {
    let answer = client
        .call("session/subscribe", json!({ "session": SESSION, "after": after }))
        .await;
    assert!(client.early.is_empty(), "no event comes before the answer");
    answer.expect("subscribe")["lastSeq"].as_u64().expect("lastSeq")
}

#[tokio::test]
async fn a_call_that_breaks_is_answered_like_one_that_fails() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let broken = window.call("session/list", json!({ "break": true })).await;
    assert_eq!(code(&broken.expect_err("an error")), Some(ErrorCode::Internal));
    assert!(
        window.call("session/list", json!({})).await.is_ok(),
        "the connection goes on"
    );
}

#[tokio::test]
async fn replays_from_the_cursor_and_follows_live_each_event_once() {
    let server = start(
        Guards::default(),
        Limits {
            batch: 7,
            ..Limits::default()
        },
    )
    .await;
    for _ in 0..50 {
        server.log.append(10);
    }
    let mut window = server.window().await;
    assert_eq!(subscribe(&mut window, 20).await, 50);
    for _ in 0..50 {
        server.log.append(10);
    }
    assert_eq!(numbers(&mut window, 100).await, (21..=100).collect::<Vec<_>>());
    // Following again starts anew at the cursor that is given.
    subscribe(&mut window, 98).await;
    assert_eq!(numbers(&mut window, 100).await, vec![99, 100]);
    window
        .call("session/unsubscribe", json!({ "session": SESSION }))
        .await
        .expect("unsubscribe");
    server.log.append(10);
    window.call("session/list", json!({})).await.expect("list");
    assert!(window.early.is_empty(), "nothing is sent any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moves_a_slow_front_end_to_the_log_and_loses_nothing() {
    let server = start(
        Guards::default(),
        Limits {
            batch: 16,
            ..Limits::default()
        },
    )
    .await;
    let (mut slow, mut quick) = (server.window().await, server.window().await);
    subscribe(&mut slow, 0).await;
    subscribe(&mut quick, 0).await;
    // 16 MB of events are far more than the sockets and the 64 live events of this log can hold.
    let last = 800;
    for seq in 1..=last {
        server.log.append(20_000);
        if seq % 50 == 0 {
            numbers(&mut quick, seq).await;
        }
    }
    let before = server.log.reads.load(Ordering::Relaxed);
    assert_eq!(numbers(&mut slow, last).await, (1..=last).collect::<Vec<_>>());
    assert!(
        server.log.reads.load(Ordering::Relaxed) > before + 20,
        "it was caught up from the log"
    );
}

#[tokio::test]
async fn closes_a_front_end_that_does_not_take_its_notifications() {
    let limits = Limits {
        outgoing_bytes: 1_000_000,
        send: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = start(Guards::default(), limits).await;
    let mut slow = server.window().await;
    let front_end = server.front_ends.all().remove(0);
    let big = json!({ "notices": "x".repeat(300_000) });
    let mut told = 0;
    while front_end.notify(Notification::ServiceChanged, &big).is_ok() {
        told += 1;
        assert!(told < 1_000, "the queue has no end");
        tokio::task::yield_now().await;
    }
    assert!(front_end.is_gone());
    assert_eq!(server.log.goodbye().await, FrontEndKind::Window);
    assert!([1013, 1006].contains(&slow.closed().await));
}

#[tokio::test]
async fn answers_calls_beside_each_other_and_names_the_caller() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let first = window.ask("session/list", json!({ "limit": 1 })).await;
    let second = window.ask("session/search", json!({ "query": "a" })).await;
    for (id, method) in [(second, "session/search"), (first, "session/list")] {
        if let Some(index) = window.early.iter().position(|frame| frame.id == Some(id)) {
            let frame = window.early.remove(index).expect("frame");
            assert_eq!(frame.result.expect("result")["method"], method);
        } else {
            assert_eq!(
                window.answer(id).await.expect("open").expect("answer")["method"],
                method
            );
        }
    }
    let unknown = window
        .call("session/explode", json!({}))
        .await
        .expect_err("no such method");
    assert_eq!((unknown.code, unknown.data), (-32601, None));
    let missing = window
        .call("session/subscribe", json!({ "session": "x", "after": 0 }))
        .await;
    assert_eq!(
        code(&missing.expect_err("no such session")),
        Some(ErrorCode::SessionNotFound)
    );
    let wrong = window
        .call("session/subscribe", json!({ "session": SESSION, "after": -1 }))
        .await;
    assert_eq!(
        code(&wrong.expect_err("no such number")),
        Some(ErrorCode::BadRequest)
    );
}

#[tokio::test]
async fn hangs_up_on_what_is_no_frame() {
    let server = start(Guards::default(), Limits::default()).await;
    for text in ["not json", "[]", "{}", r#"{"jsonrpc":"2.0","id":1}"#] {
        let mut window = server.window().await;
        window.socket.send(Message::text(text)).await.expect("send");
        // An answer that nobody asked for is passed over; everything else ends the connection.
        let expected = if text.contains("id") { None } else { Some(1008) };
        if expected.is_some() {
            assert_eq!(window.closed().await, 1008, "{text}");
        } else {
            window.call("session/list", json!({})).await.expect("still there");
        }
    }
}

#[tokio::test]
async fn does_not_read_somebody_unknown_at_length() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut page = server.page().await;
    let id = page
        .ask(
            "hello",
            json!({ "token": "x".repeat(Limits::default().greeting_bytes) }),
        )
        .await;
    assert_eq!(page.answer(id).await, Err(1009));
}

#[tokio::test]
async fn asks_a_pane_and_tells_apart_refused_cut_late_and_not_sent() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    let (mut pane, _) = server.pane(&mut window, FrontEndKind::Excel).await;
    let panes = server.front_ends.all();
    let front_end = panes
        .iter()
        .find(|front_end| front_end.kind() == FrontEndKind::Excel)
        .expect("pane")
        .clone();
    let ask = |params: Value, patience| {
        let front_end = front_end.clone();
        tokio::spawn(async move { front_end.call(ServiceCall::DocumentApply, params, patience).await })
    };

    let asked = ask(json!({ "applyId": "1" }), PATIENCE);
    let question = pane.frame().await.expect("question");
    assert_eq!(
        (question.method.as_deref(), question.params),
        (Some("document/apply"), Some(json!({ "applyId": "1" })))
    );
    let answer = json!({ "jsonrpc": "2.0", "id": question.id, "result": { "outcomes": [] } });
    pane.socket
        .send(Message::text(answer.to_string()))
        .await
        .expect("send");
    assert_eq!(asked.await.expect("task"), Ok(json!({ "outcomes": [] })));

    let asked = ask(json!({}), PATIENCE);
    let question = pane.frame().await.expect("question");
    let refusal =
        json!({ "jsonrpc": "2.0", "id": question.id, "error": { "code": -32000, "message": "no" } });
    pane.socket
        .send(Message::text(refusal.to_string()))
        .await
        .expect("send");
    assert!(matches!(asked.await.expect("task"), Err(CallError::Refused(error)) if error.message == "no"));

    let asked = ask(json!({}), Duration::ZERO);
    assert_eq!(asked.await.expect("task"), Err(CallError::TimedOut));
    pane.frame().await.expect("the question was sent all the same");

    let asked = ask(json!({}), PATIENCE);
    pane.frame().await.expect("question");
    drop(pane);
    assert_eq!(
        asked.await.expect("task"),
        Err(CallError::Cut),
        "it may have been done or not"
    );
    assert_eq!(server.log.goodbye().await, FrontEndKind::Excel);
    assert_eq!(
        ask(json!({}), PATIENCE).await.expect("task"),
        Err(CallError::NotSent)
    );
}

#[tokio::test]
async fn says_goodbye_when_the_service_stops() {
    let server = start(Guards::default(), Limits::default()).await;
    let mut window = server.window().await;
    server.shutdown.cancel();
    assert_eq!(window.closed().await, 1001);
    server.task.await.expect("the server ends");
    assert!(!server.local.path().exists(), "its socket is gone");
}
