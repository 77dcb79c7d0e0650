//! Calls over a network that goes and comes, and over the sleep of the computer, in time that passes by itself.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use deskhand_core::attached::Loaded;
use deskhand_core::ports::BoxFuture;
use deskhand_egress::{Gate, Network};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::hello::ModelView;
use futures_util::StreamExt as _;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;
use crate::backend::{Answer, AnswerBody, Backend, Framing};
use crate::headers::AuthScheme;
use crate::{Connection, Format, Place, ProviderConfig};

/// What a try comes to.
#[derive(Debug)]
enum Try {
    Fault(FaultKind),
    /// A whole answer.
    Answers,
    /// Half an answer; the rest after this long, if ever.
    Hangs(Option<Duration>),
}

#[derive(Debug)]
struct Script(Mutex<VecDeque<Try>>, Arc<AtomicUsize>);

fn event(kind: &str, rest: &str) -> Bytes {
    Bytes::from(format!(r#"{{"type":"{kind}"{rest}}}"#))
}

fn halves() -> [Vec<Bytes>; 2] {
    [
        vec![
            event(
                "message_start",
                r#","message":{"usage":{"input_tokens":1,"output_tokens":1}}"#,
            ),
            event(
                "content_block_start",
                r#","index":0,"content_block":{"type":"text","text":""}"#,
            ),
            event(
                "content_block_delta",
                r#","index":0,"delta":{"type":"text_delta","text":"Good"}"#,
            ),
        ],
        vec![
            event("content_block_stop", r#","index":0"#),
            event(
                "message_delta",
                r#","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}"#,
            ),
            event("message_stop", ""),
        ],
    ]
}

struct Pieces {
    now: VecDeque<Bytes>,
    later: VecDeque<Bytes>,
    after: Option<Duration>,
}

impl AnswerBody for Pieces {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        Box::pin(async {
            if self.now.is_empty() {
                match self.after {
                    Some(after) => sleep(after).await,
                    None => std::future::pending().await,
                }
                self.now.append(&mut self.later);
                self.after = Some(Duration::ZERO);
            }
            Ok(self.now.pop_front())
        })
    }
}

impl Backend for Script {
    fn encode(&self, _: &ModelRequest, _: &str) -> Result<Bytes, Fault> {
        Ok(Bytes::new())
    }

    fn ask<'a>(&'a self, _: &'a Asked, _: &'a Credential) -> BoxFuture<'a, Result<Answer, Box<Refused>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let comes = self.0.lock().expect("no panic").pop_front();
        let after = match comes.expect("no more tries than the script has") {
            Try::Fault(kind) => return Box::pin(async move { Err(Fault::new(kind, "scripted").into()) }),
            Try::Answers => Some(Duration::ZERO),
            Try::Hangs(after) => after,
        };
        let [now, later] = halves().map(VecDeque::from);
        let body = Box::new(Pieces { now, later, after });
        Box::pin(async {
            Ok(Answer {
                body,
                framing: Framing::Events,
                request_id: None,
            })
        })
    }

    fn discover<'a>(&'a self, _: &'a Credential) -> BoxFuture<'a, Result<Vec<ModelView>, Fault>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn has_list(&self) -> bool {
        false
    }
}

/// A provider that plays a script, and a computer that may sleep.
struct Bench {
    shared: Arc<Shared>,
    tries: Arc<AtomicUsize>,
    /// Seconds that the time of day is ahead.
    slept: Arc<AtomicU64>,
}

impl Bench {
    fn new(script: impl IntoIterator<Item = Try>) -> Self {
        let place = Place::Gateway {
            base_url: "https://gateway.example.com".into(),
            scheme: AuthScheme::Bearer,
            format: Format::Messages,
        };
        let mut config = ProviderConfig::new(place);
        config.models = vec![ModelView::new("claude-a", "A")];
        let (slept, tries) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let (ahead, begun, epoch) = (Arc::clone(&slept), Instant::now(), SystemTime::now());
        config.manner.clock =
            Arc::new(move || epoch + begun.elapsed() + Duration::from_secs(ahead.load(Ordering::Relaxed)));
        let setting = |key: &str| match key {
            "inferenceProvider" => json!("gateway"),
            "inferenceGatewayBaseUrl" => json!("https://gateway.example.com"),
            _ => json!(null),
        };
        let gate = Gate::new(setting, Network::default());
        let mut shared = Connection::new(config, &gate).expect("a provider").shared;
        let script = script.into_iter().collect();
        let backend = Script(Mutex::new(script), Arc::clone(&tries));
        Arc::get_mut(&mut shared).expect("nobody else has it").backend = Box::new(backend);
        Self { shared, tries, slept }
    }

    fn start(&self) -> ModelStream {
        let request = ModelRequest {
            model: String::new(),
            system: String::new(),
            messages: Vec::new(),
            tools: Vec::new(),
            max_tokens: 100,
            loaded: Loaded::default(),
        };
        start(Arc::clone(&self.shared), request)
    }

    async fn ask(&self) -> Vec<Result<ModelEvent, UserError>> {
        self.start().collect().await
    }

    fn tries(&self) -> usize {
        self.tries.load(Ordering::Relaxed)
    }
}

fn lost(times: usize) -> impl Iterator<Item = Try> {
    std::iter::repeat_with(|| Try::Fault(FaultKind::Unreachable)).take(times)
}

fn is_answer(events: &[Result<ModelEvent, UserError>]) -> bool {
    matches!(events.last(), Some(Ok(ModelEvent::Completed { .. })))
}

fn code(events: &[Result<ModelEvent, UserError>]) -> Option<ErrorCode> {
    Some(events.last()?.as_ref().err()?.code)
}

#[tokio::test(start_paused = true)]
async fn a_way_that_was_there_and_is_lost_is_waited_for_and_the_call_goes_on_by_itself() {
    let bench = Bench::new([Try::Answers].into_iter().chain(lost(20)).chain([Try::Answers]));
    assert!(is_answer(&bench.ask().await));
    let events = bench.ask().await;
    assert!(is_answer(&events), "{events:?}");
    let told: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            Ok(ModelEvent::Retrying { error, attempt, .. }) => {
                assert_eq!(error.code, ErrorCode::InferenceUnreachable);
                Some(*attempt)
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, (2..=21).collect::<Vec<_>>(), "each wait is told");
}

#[tokio::test(start_paused = true)]
async fn a_way_that_never_was_there_is_told_soon() {
    let bench = Bench::new(lost(3));
    assert_eq!(code(&bench.ask().await), Some(ErrorCode::InferenceUnreachable));
    assert_eq!(bench.tries(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_way_that_stays_lost_ends_the_call_by_name_after_minutes() {
    let bench = Bench::new([Try::Answers].into_iter().chain(lost(1_000)));
    bench.ask().await;
    let begun = Instant::now();
    assert_eq!(code(&bench.ask().await), Some(ErrorCode::InferenceUnreachable));
    let waited = begun.elapsed();
    assert!(
        waited >= NETWORK_WITHIN && waited < 2 * NETWORK_WITHIN,
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn tries_over_a_lost_way_do_not_count_among_those_of_other_faults() {
    let busy = || std::iter::repeat_with(|| Try::Fault(FaultKind::Overloaded));
    let script = [Try::Answers].into_iter().chain(lost(9));
    let bench = Bench::new(script.chain(busy().take(4)).chain([Try::Answers]));
    bench.ask().await;
    assert!(is_answer(&bench.ask().await));

    let bench = Bench::new([Try::Answers].into_iter().chain(lost(9)).chain(busy().take(5)));
    bench.ask().await;
    assert_eq!(code(&bench.ask().await), Some(ErrorCode::InferenceOverloaded));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_did_not_survive_the_sleep_of_the_computer_is_asked_for_again_at_once() {
    let bench = Bench::new([Try::Hangs(None), Try::Answers]);
    let mut stream = bench.start();
    let first = stream.next().await;
    assert_eq!(first, Some(Ok(ModelEvent::TextDelta("Good".to_owned()))));
    let begun = Instant::now();
    bench.slept.store(3_600, Ordering::Relaxed);
    let events: Vec<_> = stream.collect().await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let told = events.iter().find_map(|event| match event {
        Ok(ModelEvent::Retrying { error, .. }) => Some(error.happened.as_str()),
        _ => None,
    });
    assert_eq!(
        told,
        Some("The computer slept, and the connection did not survive it.")
    );
    assert!(events.contains(&Ok(ModelEvent::Reset)), "its words are void");
    assert!(is_answer(&events));
    assert_eq!(bench.tries(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_goes_on_after_the_sleep_is_left_alone() {
    let bench = Bench::new([Try::Hangs(Some(Duration::from_secs(6)))]);
    let mut stream = bench.start();
    stream.next().await;
    bench.slept.store(3_600, Ordering::Relaxed);
    let events: Vec<_> = stream.collect().await;
    assert!(is_answer(&events), "{events:?}");
    assert_eq!(bench.tries(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_a_little_is_no_sleep() {
    let bench = Bench::new([Try::Hangs(Some(Duration::from_mins(4)))]);
    let mut stream = bench.start();
    stream.next().await;
    bench.slept.store(14, Ordering::Relaxed);
    let events: Vec<_> = stream.collect().await;
    assert!(is_answer(&events), "{events:?}");
    assert_eq!(bench.tries(), 1);
}
