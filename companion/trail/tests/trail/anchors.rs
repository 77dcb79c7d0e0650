//! Anchors: when they are taken, and how they are read again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskhand_core::ports::BoxFuture;
use deskhand_storage::AuditAnchor;
use deskhand_trail::{
    AnchorSink, Anchoring, AnchorsError, Content, NotAnchored, anchor_line, keep_anchoring, read_anchors,
};
use pretty_assertions::assert_eq;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::Fixture;

const MINUTE: Duration = Duration::from_mins(1);

/// Keeps anchors, or refuses so many at first.
struct Sink {
    refuse: Mutex<u32>,
    kept: mpsc::Sender<Option<AuditAnchor>>,
}

impl AnchorSink for Sink {
    fn keep(&self, anchor: AuditAnchor) -> BoxFuture<'_, Result<(), NotAnchored>> {
        Box::pin(async move {
            let mut refuse = self.refuse.lock().unwrap();
            if *refuse > 0 {
                *refuse -= 1;
                self.kept.try_send(None).unwrap();
                return Err(NotAnchored("nobody there".to_owned()));
            }
            self.kept.try_send(Some(anchor)).unwrap();
            Ok(())
        })
    }
}

struct Running {
    fixture: Fixture,
    ended: Arc<Notify>,
    stop: CancellationToken,
    anchors: mpsc::Receiver<Option<AuditAnchor>>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Anchoring at work on a chain of one record.
    async fn new(refuse: u32) -> Self {
        let fixture = Fixture::new(Content::Hashed).await;
        fixture.note(1).await;
        let (kept, anchors) = mpsc::channel(16);
        let (ended, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let anchoring = Anchoring {
            trail: fixture.trail.clone(),
            sink: Arc::new(Sink {
                refuse: Mutex::new(refuse),
                kept,
            }),
            now: || 7,
            each: MINUTE,
        };
        let task = tokio::spawn(keep_anchoring(anchoring, Arc::clone(&ended), stop.clone()));
        Self {
            fixture,
            ended,
            stop,
            anchors,
            task,
        }
    }

    /// The number of the next anchor.
    async fn next(&mut self) -> Option<u64> {
        self.anchors.recv().await.unwrap().map(|anchor| anchor.number)
    }

    /// Numbers of all anchors until it has stopped.
    async fn rest(mut self) -> Vec<u64> {
        self.stop.cancel();
        self.task.await.unwrap();
        let mut rest = Vec::new();
        while let Ok(anchor) = self.anchors.try_recv() {
            rest.extend(anchor.map(|anchor| anchor.number));
        }
        rest
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_is_anchored_each_minute_in_which_it_moved() {
    let mut running = Running::new(0).await;
    assert_eq!(running.next().await, Some(1), "at the start");
    // Record 2 says that record 1 was anchored; nothing else happens for an hour.
    tokio::time::sleep(MINUTE * 60).await;
    running.fixture.note(2).await;
    assert_eq!(running.next().await, Some(3));
    assert_eq!(running.rest().await, [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_turn_is_anchored_at_once() {
    let mut running = Running::new(0).await;
    assert_eq!(running.next().await, Some(1));
    running.fixture.note(2).await;
    let before = tokio::time::Instant::now();
    running.ended.notify_one();
    assert!(running.next().await.is_some_and(|number| number >= 2));
    assert!(before.elapsed() < MINUTE);
}

#[tokio::test(start_paused = true)]
async fn what_a_sink_refuses_is_tried_again_and_counts_as_not_anchored() {
    let mut running = Running::new(2).await;
    assert_eq!(running.next().await, None);
    assert_eq!(running.next().await, None);
    assert_eq!(running.next().await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn what_happened_last_is_anchored_as_the_service_stops() {
    let mut running = Running::new(0).await;
    assert_eq!(running.next().await, Some(1));
    tokio::time::sleep(MINUTE).await;
    running.fixture.note(2).await;
    assert_eq!(running.rest().await, [3]);
}

#[tokio::test(start_paused = true)]
async fn anchors_that_were_taken_agree_with_the_chain() {
    let mut running = Running::new(0).await;
    let first = running.anchors.recv().await.unwrap().unwrap();
    running.fixture.note(2).await;
    let lines = anchor_line(&first);
    let read = read_anchors(lines.as_bytes()).unwrap();
    assert_eq!(read, [first]);
    let verdict = running.fixture.reader().verify(read).unwrap();
    assert_eq!((verdict.holds(), verdict.anchors.agreed), (true, 1));
}

fn anchor() -> AuditAnchor {
    AuditAnchor {
        chain: Uuid::from_u128(0xc4a1),
        number: 4711,
        link: [0xab; 32],
        at: 1_790_000_000_000,
    }
}

/// What a collector writes of one batch of logs, by the JSON encoding of OTLP.
fn otlp(name: &str) -> String {
    let link = "ab".repeat(32);
    let attributes = format!(
        r#"{{"key":"audit.chain","value":{{"stringValue":"{}"}}}},{{"key":"audit.number","value":{{"intValue":"4711"}}}},
           {{"key":"audit.link","value":{{"stringValue":"{link}"}}}},{{"key":"audit.at","value":{{"intValue":"1790000000000"}}}}"#,
        anchor().chain
    )
    .replace('\n', "");
    let named = match name {
        "eventName" => format!(r#""eventName":"deskhand.audit_anchor","attributes":[{attributes}]"#),
        "attribute" => format!(
            r#""attributes":[{{"key":"event.name","value":{{"stringValue":"deskhand.audit_anchor"}}}},{attributes}]"#
        ),
        "body" => format!(r#""body":{{"stringValue":"deskhand.audit_anchor"}},"attributes":[{attributes}]"#),
        other => format!(r#""eventName":"{other}","attributes":[]"#),
    };
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{named}}}]}}]}}]}}"#)
}

#[test]
fn reads_what_a_collector_wrote() {
    for name in ["eventName", "attribute", "body"] {
        let file = format!("{}\n\n{}\n", otlp("another"), otlp(name));
        assert_eq!(read_anchors(file.as_bytes()).unwrap(), [anchor()], "{name}");
    }
}

#[test]
fn refuses_what_holds_no_anchor() {
    let whole = anchor_line(&anchor());
    let refused = |text: &str| read_anchors(text.as_bytes()).unwrap_err();
    assert!(matches!(refused(""), AnchorsError::None));
    assert!(matches!(refused(&otlp("another")), AnchorsError::None));
    assert!(matches!(
        refused(&format!("{whole}\nnot json")),
        AnchorsError::Json(2)
    ));
    for (from, to, field) in [
        ("4711", "-1", "audit.number"),
        ("4711", "0", "audit.number"),
        ("\"chain\"", "\"chair\"", "audit.chain"),
        ("abab", "abax", "audit.link"),
        ("\"at\"", "\"when\"", "audit.at"),
    ] {
        let error = refused(&whole.replacen(from, to, 1));
        assert!(
            matches!(error, AnchorsError::Field(1, found) if found == field),
            "{error}"
        );
    }
    for text in [
        "7",
        "[]",
        "null",
        r#"{"resourceLogs":7}"#,
        r#"{"resourceLogs":[{"scopeLogs":[null]}]}"#,
    ] {
        assert!(read_anchors(text.as_bytes()).is_err(), "{text}");
    }
    let endless = std::io::BufReader::new(std::io::repeat(b'x'));
    assert!(matches!(read_anchors(endless), Err(AnchorsError::Line(1))));
}
