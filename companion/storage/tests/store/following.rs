//! Following a session live: nothing is missed, nothing comes twice, memory stays bounded.

use deskhand_storage::{Durability, Subscription};
use pretty_assertions::assert_eq;

use crate::support::{Fixture, SESSION, event, shown};

async fn take(follower: &mut Subscription, count: usize) -> Vec<String> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push((*follower.next().await.unwrap().unwrap()).clone());
    }
    shown(&events)
}

#[tokio::test]
async fn gets_the_log_first_and_then_what_comes() {
    let fixture = Fixture::new().await;
    fixture.append(&["a", "b"]).await;
    let mut follower = fixture.store.subscribe(SESSION, 1).await.unwrap();
    assert_eq!(take(&mut follower, 1).await, ["2..2 b"]);
    fixture.append(&["c", "d"]).await;
    assert_eq!(take(&mut follower, 2).await, ["3..3 c", "4..4 d"]);
    assert_eq!(follower.cursor(), 4);
}

#[tokio::test]
async fn misses_nothing_when_it_joins_in_the_middle_of_writing() {
    let fixture = Fixture::new().await;
    let store = fixture.store.clone();
    let writer = tokio::spawn(async move {
        for _ in 0..500 {
            store
                .append(SESSION, vec![event("e")], Durability::Written)
                .await
                .unwrap();
        }
    });
    let followers = (0..5).map(|_| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let mut follower = store.subscribe(SESSION, 0).await.unwrap();
            for expected in 1..=500 {
                assert_eq!(follower.next().await.unwrap().unwrap().seq, expected);
            }
        })
    });
    for follower in followers.collect::<Vec<_>>() {
        follower.await.unwrap();
    }
    writer.await.unwrap();
}

#[tokio::test]
async fn a_slow_follower_catches_up_from_the_log() {
    let fixture = Fixture::new().await;
    let mut follower = fixture.store.subscribe(SESSION, 0).await.unwrap();
    fixture.append(&["first"]).await;
    assert_eq!(take(&mut follower, 1).await, ["1..1 first"]);
    // Far more than is held for it, folded while it was away.
    for _ in 0..2_000 {
        fixture.append(&["d"]).await;
    }
    fixture
        .fold(&(2..=2_001).collect::<Vec<_>>(), "whole")
        .await
        .unwrap();
    assert_eq!(take(&mut follower, 1).await, ["2..2001 whole"]);
    fixture.append(&["last"]).await;
    assert_eq!(take(&mut follower, 1).await, ["2002..2002 last"]);
}

#[tokio::test]
async fn a_follower_inside_a_folded_range_gets_a_replacement() {
    let fixture = Fixture::new().await;
    fixture.append(&["d", "d", "d"]).await;
    fixture.fold(&[1, 2, 3], "ddd").await.unwrap();
    let mut follower = fixture.store.subscribe(SESSION, 2).await.unwrap();
    assert_eq!(take(&mut follower, 1).await, ["1..3 ddd*"]);
}

#[tokio::test]
async fn large_events_come_through_the_log() {
    let fixture = Fixture::new().await;
    let mut follower = fixture.store.subscribe(SESSION, 0).await.unwrap();
    let large = "x".repeat(200_000);
    fixture.append(&["small", &large, "after"]).await;
    assert_eq!(take(&mut follower, 3).await[1].len(), "2..2 ".len() + 200_000);
}

#[tokio::test]
async fn a_cursor_beyond_the_log_is_refused() {
    let fixture = Fixture::new().await;
    fixture.append(&["a"]).await;
    assert_eq!(
        fixture.store.subscribe(SESSION, 2).await.unwrap_err().code(),
        "CURSOR_AHEAD"
    );
}

#[tokio::test]
async fn ends_when_the_session_is_deleted() {
    let fixture = Fixture::new().await;
    let mut waiting = fixture.store.subscribe(SESSION, 0).await.unwrap();
    fixture.append(&["a"]).await;
    assert_eq!(take(&mut waiting, 1).await, ["1..1 a"]);
    let mut fresh = fixture.store.subscribe(SESSION, 0).await.unwrap();
    fixture.store.delete(SESSION).await.unwrap();
    assert!(waiting.next().await.unwrap().is_none());
    assert!(fresh.next().await.unwrap().is_none());
}
