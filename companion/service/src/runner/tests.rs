//! A session at work over a real store, with a provider and tools that fail in every way but the agreed one: the turn
//! must end, and say why.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deskhand_core::model::{Capabilities, ModelEvent, ToolDefinition};
use deskhand_core::ports::{BoxFuture, ModelStream, Progress};
use deskhand_core::tool::{Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::operations::Effect as DocumentEffect;
use deskhand_storage::{MasterKey, OpenOptions, Store};
use futures_util::stream;

use deskhand_trail::{Content, Trail};

use super::*;
use crate::log::uuid_of;
use crate::models::Windows;
use crate::stopped::StoppedTools;
use crate::telemetry::Telemetry;

/// What the provider does at each call; after the last it says "Done.".
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    Call,
    Nothing,
    /// A word, and no end.
    Word,
    Panic,
}

#[derive(Debug)]
struct Provided(Mutex<VecDeque<Says>>);

fn completed(block: Block) -> ModelEvent {
    ModelEvent::Completed {
        blocks: vec![block],
        stop: StopReason::EndTurn,
        usage: Usage::default(),
    }
}

impl Provider for Provided {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            streaming: true,
            tools: true,
            prompt_caching: false,
            model_discovery: false,
            attachments: true,
        }
    }

    fn stream(&self, _: ModelRequest) -> ModelStream {
        let says = self.0.lock().expect("the script").pop_front();
        match says {
            Some(Says::Call) => Box::pin(stream::iter([Ok(completed(Block::ToolUse {
                id: CallId::from_text("call"),
                name: "range_write".to_owned(),
                input: serde_json::json!({}),
            }))])),
            Some(Says::Word) => Box::pin(stream::iter([Ok(ModelEvent::TextDelta("Well,".to_owned()))])),
            Some(Says::Nothing) => Box::pin(stream::empty()),
            Some(Says::Panic) => Box::pin(stream::poll_fn(|_| panic!("as the test wants"))),
            None => {
                let text = "Done.".to_owned();
                Box::pin(stream::iter([Ok(completed(Block::Text { text }))]))
            }
        }
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// What the tool does.
#[derive(Clone, Copy, Debug)]
enum Does {
    PanicsBefore,
    PanicsWithin,
    /// Its title alone is more than an event may hold.
    SaysTooMuch,
}

struct Tool {
    does: Does,
    /// How often it was described.
    described: AtomicUsize,
}

impl Tools for Tool {
    fn definitions(&self) -> Vec<ToolDefinition> {
        self.described.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    }

    fn prepare<'a>(
        &'a self,
        _: &'a ToolRequest,
        _: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        Box::pin(async {
            assert!(!matches!(self.does, Does::PanicsBefore), "as the test wants");
            Ok(Prepared {
                file: None,
                effect: DocumentEffect::Read,
                document: None,
                ask: None,
                directory: None,
                web: None,
                command: None,
            })
        })
    }

    fn run<'a>(&'a self, _: &'a ToolRequest, _: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        Box::pin(async {
            assert!(matches!(self.does, Does::SaysTooMuch), "as the test wants");
            ToolResult::new(ToolOutcome::Done, "x".repeat(5 << 20), "")
        })
    }

    fn context<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, String> {
        Box::pin(async { String::new() })
    }
}

struct Bench {
    parts: Parts,
    tool: Arc<Tool>,
    id: SessionId,
    meta: Meta,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new(says: &[Says], does: Does) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(OpenOptions {
            folder: folder.path().to_owned(),
            deployment: None,
            master_key: MasterKey::new([7; 32]),
            text_of: |_| None,
            max_bytes: None,
        });
        let log = Log::new(Trail::new(store.expect("a store"), "ada", Content::Hashed));
        let (id, meta) = (
            SessionId::new(now(), chance()),
            Meta::new(now(), "c".to_owned(), String::new()),
        );
        let create = Change::Create {
            at: now(),
            meta: meta.to_bytes(),
        };
        let made = log
            .store()
            .write(
                uuid_of(&id).expect("an id"),
                vec![create],
                deskhand_storage::Durability::Written,
            )
            .await;
        made.expect("a session");
        let grants = Grants::open(log.trail().clone()).await.expect("grants");
        let guide = Guide::open(log.trail().clone(), None, false)
            .await
            .expect("no guidance");
        let described = AtomicUsize::new(0);
        let tool = Arc::new(Tool { does, described });
        let parts = Parts {
            log,
            provider: Arc::new(Provided(Mutex::new(says.iter().copied().collect()))),
            offered: offered(tool.as_ref(), &Rules::default()),
            tools: Arc::clone(&tool) as Arc<dyn Tools>,
            max_steps: 10,
            budget: None,
            windows: Windows {
                usual: 200_000,
                default_is_long: false,
            },
            rules: Arc::default(),
            grants: Arc::new(grants),
            guide: Arc::new(guide),
            changed: Arc::new(|_| {}),
            heed: Arc::new(|_, _| Box::pin(async {})),
        };
        Self {
            parts,
            tool,
            id,
            meta,
            _folder: folder,
        }
    }

    /// Gives a prompt and waits for the end of the turn; every event of it.
    async fn turn(&self) -> Vec<EventBody> {
        let mut live = self.parts.log.follow(&self.id);
        let _handle = self.prompted().await;
        let mut events = Vec::new();
        let ended = async {
            while let Ok(event) = live.recv().await {
                events.push(event.body.clone());
                if matches!(event.body, EventBody::TurnEnded { .. }) {
                    break;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended)
            .await
            .expect("the turn hangs");
        events
    }

    /// Gives a prompt; the way to the session at work.
    async fn prompted(&self) -> Handle {
        let (handle, _) = start(self.parts.clone(), self.id.clone(), self.meta.clone())
            .await
            .expect("a session at work");
        let prompt = Prompt {
            client_id: "p".to_owned(),
            text: "Go".to_owned(),
            ..Prompt::default()
        };
        let accepted = handle.ask(|reply| Command::Prompt(Box::new(prompt), reply)).await;
        accepted.expect("an accepted prompt");
        handle
    }
}

fn outcome(events: &[EventBody]) -> &TurnOutcome {
    match events.last() {
        Some(EventBody::TurnEnded { outcome, .. }) => outcome,
        other => panic!("no end: {other:?}"),
    }
}

#[tokio::test]
async fn a_tool_that_panics_is_a_failed_call_and_the_turn_goes_on() {
    for (does, words) in [
        (Does::PanicsBefore, "Nothing was changed"),
        (Does::PanicsWithin, "not known whether"),
    ] {
        let events = Bench::new(&[Says::Call], does).await.turn().await;
        let failed = events.iter().find_map(|event| match event {
            EventBody::ToolCallCompleted { outcome, output, .. } => Some((*outcome, output)),
            _ => None,
        });
        let (tool, output) = failed.expect("the call has no end");
        assert_eq!(tool, ToolOutcome::Failed, "{does:?}");
        assert!(output.contains(words) && output.contains("INTERNAL"), "{output}");
        assert_eq!(outcome(&events), &TurnOutcome::Completed, "{does:?}");
    }
}

#[tokio::test]
async fn a_call_ends_with_the_reason_of_the_settings_that_stop_sessions_and_is_not_run() {
    let mut bench = Bench::new(&[Says::Call], Does::PanicsBefore).await;
    let reason = UserError::new(ErrorCode::Disabled);
    bench.parts.tools = StoppedTools::unless(Some(&reason), Arc::clone(&bench.parts.tools));
    let events = bench.turn().await;
    let failed = events.iter().find_map(|event| match event {
        EventBody::ToolCallCompleted { outcome, output, .. } => Some((*outcome, output)),
        _ => None,
    });
    let (tool, output) = failed.expect("the call has no end");
    assert_eq!(tool, ToolOutcome::Failed);
    assert!(
        output.contains("POL_DISABLED") && output.contains("Nothing was changed"),
        "{output}"
    );
}

#[tokio::test]
async fn a_provider_that_panics_or_falls_silent_ends_the_turn() {
    for says in [Says::Panic, Says::Nothing] {
        let events = Bench::new(&[says], Does::PanicsBefore).await.turn().await;
        let TurnOutcome::Failed(error) = outcome(&events) else {
            panic!("{says:?}: {events:?}");
        };
        assert_eq!(error.code, ErrorCode::Internal, "{says:?}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_ends_the_turn_and_not_the_session() {
    let bench = Bench::new(&[Says::Call], Does::SaysTooMuch).await;
    let events = bench.turn().await;
    let TurnOutcome::Failed(error) = outcome(&events) else {
        panic!("{events:?}");
    };
    assert_eq!(error.code, ErrorCode::TooLarge);
    let (_, session) = start(bench.parts.clone(), bench.id.clone(), bench.meta.clone())
        .await
        .expect("the session can be loaded again");
    assert!(session.turn.is_none());
}

#[tokio::test]
async fn the_mode_of_a_prompt_is_heeded_once_it_is_in_the_log_and_never_where_it_is_refused_or_taken_before()
{
    let mut bench = Bench::new(&[], Does::SaysTooMuch).await;
    let (heeded, log, id) = (
        Arc::<Mutex<Vec<_>>>::default(),
        bench.parts.log.clone(),
        bench.id.clone(),
    );
    let notes = Arc::clone(&heeded);
    bench.parts.heed = Arc::new(move |session, mode| {
        let (notes, log, id) = (Arc::clone(&notes), log.clone(), id.clone());
        Box::pin(async move {
            assert_eq!(session, id);
            let events = log.read(&id, 0, 100).await.expect("events");
            let prompts = events
                .iter()
                .filter(|event| matches!(event.body, EventBody::PromptAccepted { .. }));
            notes.lock().expect("notes").push((mode, prompts.count()));
        })
    });
    let (handle, _) = start(bench.parts.clone(), bench.id.clone(), bench.meta.clone())
        .await
        .expect("a session at work");
    let prompt = |handle: &Handle, client_id: &str, text: &str, mode| {
        let prompt = Prompt {
            client_id: client_id.to_owned(),
            text: text.to_owned(),
            mode,
            ..Prompt::default()
        };
        let handle = handle.clone();
        async move { handle.ask(|reply| Command::Prompt(Box::new(prompt), reply)).await }
    };
    let first = prompt(&handle, "p", "Go", PermissionMode::Act)
        .await
        .expect("taken");
    let again = prompt(&handle, "p", "Go", PermissionMode::ReadOnly).await;
    assert_eq!(again.expect("the same prompt"), first);
    let refused = prompt(&handle, "large", &"x".repeat(5 << 20), PermissionMode::ReadOnly).await;
    assert_eq!(refused.expect_err("it cannot be kept").code, ErrorCode::TooLarge);
    assert_eq!(*heeded.lock().expect("notes"), [(PermissionMode::Act, 1)]);
    let (handle, _) = start(bench.parts.clone(), bench.id.clone(), bench.meta.clone())
        .await
        .expect("a session at work");
    prompt(&handle, "next", "Go", PermissionMode::ReadOnly)
        .await
        .expect("taken");
    assert_eq!(
        *heeded.lock().expect("notes"),
        [(PermissionMode::Act, 1), (PermissionMode::ReadOnly, 2)]
    );
}

#[tokio::test]
async fn a_turn_that_needs_a_collector_and_has_none_asks_no_model_says_so_and_can_be_stopped() {
    let mut bench = Bench::new(&[], Does::PanicsBefore).await;
    bench.parts.log = bench.parts.log.with_telemetry(Telemetry::of_nobody());
    let provider = Arc::new(Provided(Mutex::new([Says::Nothing].into())));
    bench.parts.provider = Arc::clone(&provider) as Arc<dyn Provider>;
    let mut live = bench.parts.log.follow(&bench.id);
    let handle = bench.prompted().await;
    let ended = async {
        let mut said = Vec::new();
        loop {
            match &live.recv().await.expect("a live session").body {
                EventBody::Notice {
                    error: Some(error), ..
                } => {
                    said.push(error.code);
                    assert_eq!(bench.parts.log.telemetry().held(), 1);
                    let cancel = |reply| Command::Cancel(FrontEndKind::Window, reply);
                    handle.ask(cancel).await.expect("a stopped turn");
                }
                EventBody::TurnEnded { outcome, .. } => return (said, outcome.clone()),
                _ => {}
            }
        }
    };
    let (said, outcome) = tokio::time::timeout(Duration::from_secs(30), ended)
        .await
        .expect("the turn hangs");
    assert_eq!(said, [ErrorCode::CollectorUnavailable]);
    assert_eq!(outcome, TurnOutcome::Cancelled);
    assert_eq!(
        provider.0.lock().expect("the script").len(),
        1,
        "the model was asked"
    );
}

#[tokio::test]
async fn tools_are_described_once_for_all_sessions() {
    let bench = Bench::new(&[], Does::PanicsWithin).await;
    for _ in 0..3 {
        let started = start(bench.parts.clone(), bench.id.clone(), bench.meta.clone()).await;
        started.expect("a session at work");
    }
    assert_eq!(bench.tool.described.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn words_of_an_answer_that_never_ends_are_not_held_beyond_their_turn() {
    let bench = Bench::new(&[Says::Word], Does::PanicsWithin).await;
    let events = bench.turn().await;
    assert!(matches!(outcome(&events), TurnOutcome::Failed(_)), "{events:?}");
    bench.parts.log.ended().notified().await;
    assert_eq!(bench.parts.log.unfolded(), 0);
}
