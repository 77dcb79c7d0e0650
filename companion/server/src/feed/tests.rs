//! What a feed gives out when live events overlap with the log, leave gaps, are folded, or get lost.

use std::sync::Mutex;

use deskhand_protocol::hello::{HelloAnswer, HelloParams};
use deskhand_protocol::{ErrorCode, EventBody, Method};
use futures_util::future::BoxFuture;
use pretty_assertions::assert_eq;
use serde_json::Value;

use super::*;
use crate::{FrontEnd, Subscription};

/// A log that a test fills; nothing else of a handler is asked for.
#[derive(Default)]
struct Log(Mutex<Vec<SessionEvent>>);

impl Handler for Log {
    fn hello<'a>(&'a self, _: &'a FrontEnd, _: HelloParams) -> BoxFuture<'a, Result<HelloAnswer, UserError>> {
        Box::pin(async { Err(UserError::new(ErrorCode::Internal)) })
    }

    fn call<'a>(&'a self, _: &'a FrontEnd, _: Method, _: Value) -> BoxFuture<'a, Result<Value, UserError>> {
        Box::pin(async { Err(UserError::new(ErrorCode::Internal)) })
    }

    fn subscribe<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, Result<Subscription, UserError>> {
        Box::pin(async { Err(UserError::new(ErrorCode::Internal)) })
    }

    fn read<'a>(
        &'a self,
        _: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>> {
        let events = self.0.lock().expect("log");
        let found = events
            .iter()
            .filter(|event| event.seq > after)
            .take(limit)
            .cloned()
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn admission(&self, _: crate::Admission) {}

    fn disconnected(&self, _: &FrontEnd) {}
}

fn event(first_seq: Option<u64>, seq: u64) -> SessionEvent {
    let body = EventBody::SessionRenamed { title: String::new() };
    SessionEvent {
        seq,
        first_seq,
        at: 0,
        version: 1,
        body,
    }
}

/// The events of `log` and `live` as a feed from `after` gives them, as (first, last), until the session ends.
async fn given(after: u64, log: &[SessionEvent], live: &[SessionEvent]) -> Vec<(Option<u64>, u64)> {
    let (sender, receiver) = broadcast::channel(4);
    let handler = Arc::new(Log(Mutex::new(log.to_vec())));
    let session = SessionId::from_text("s");
    let mut feed = Feed::new(handler, session, after, 3, receiver);
    for event in live {
        sender.send(Arc::new(event.clone())).expect("the feed listens");
    }
    drop(sender);
    let mut given = Vec::new();
    while let Some(events) = feed.next().await.expect("the log can be read") {
        given.extend(events.iter().map(|event| (event.first_seq, event.seq)));
    }
    given
}

fn plain(numbers: std::ops::RangeInclusive<u64>) -> Vec<SessionEvent> {
    numbers.map(|seq| event(None, seq)).collect()
}

fn pairs(events: &[SessionEvent]) -> Vec<(Option<u64>, u64)> {
    events.iter().map(|event| (event.first_seq, event.seq)).collect()
}

#[tokio::test]
async fn gives_each_event_once_when_the_log_and_live_overlap() {
    assert_eq!(given(0, &plain(1..=5), &plain(4..=6)).await, pairs(&plain(1..=6)));
    assert_eq!(given(5, &plain(1..=5), &plain(4..=6)).await, pairs(&plain(6..=6)));
}

#[tokio::test]
async fn reads_the_log_where_live_events_leave_a_gap_or_were_lost() {
    // 3 and 4 never came live.
    assert_eq!(given(2, &plain(3..=5), &plain(5..=6)).await, pairs(&plain(3..=6)));
    // Eight live events, and a channel that keeps four.
    assert_eq!(given(0, &plain(1..=8), &plain(1..=8)).await, pairs(&plain(1..=8)));
}

#[tokio::test]
async fn gives_a_folded_message_whole_to_a_cursor_inside_it() {
    let folded = vec![event(None, 1), event(Some(2), 9), event(None, 10)];
    assert_eq!(given(4, &folded, &[]).await, vec![(Some(2), 9), (None, 10)]);
    assert_eq!(given(9, &folded, &[]).await, vec![(None, 10)]);
    assert_eq!(given(4, &[], &folded[1..]).await, vec![(Some(2), 9), (None, 10)]);
}
