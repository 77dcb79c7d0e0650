//! Plays a session: each event one second after the last.

use std::sync::Arc;

use deskhand_protocol::change::{ChangeEntry, ChangeSet};
use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView};
use deskhand_protocol::event::{EVENT_VERSION, SessionEvent, ToolOutcome, TurnOutcome};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::permission::{AskReason, Choice, PermissionRequest, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{DocumentId, EventBody};
use deskhand_telemetry::content::Capture;
use deskhand_telemetry::record::{Amount, Recording, Signals};
use deskhand_telemetry::schema::{Attributes, Value};
use deskhand_telemetry::session::Session;
use serde_json::{Value as Json, json};

pub(crate) mod id {
    use deskhand_protocol::{CallId, ChangeSetId, MessageId, PermissionId, SessionId, TurnId};

    pub(crate) fn session() -> SessionId {
        SessionId::from_text("session")
    }

    pub(crate) fn turn() -> TurnId {
        TurnId::from_text("turn")
    }

    pub(crate) fn call() -> CallId {
        CallId::from_text("call")
    }

    pub(crate) fn permission() -> PermissionId {
        PermissionId::from_text("permission")
    }

    pub(crate) fn message(number: u32) -> MessageId {
        MessageId::from_text(format!("message-{number}"))
    }

    pub(crate) fn change_set() -> ChangeSetId {
        ChangeSetId::from_text("change")
    }
}

pub(crate) fn recording(capture: Capture, traces: bool) -> Arc<Recording> {
    Arc::new(Recording {
        capture,
        traces,
        user: "install-id".to_owned(),
        default_model: "model-1".to_owned(),
        is_own_tool: Arc::new(|name| name == "range_write"),
        price: Some(Arc::new(|_, usage| Some(usage.output as f64 / 40.0))),
    })
}

pub(crate) struct Play {
    pub(crate) session: Session,
    pub(crate) events: Vec<SessionEvent>,
    pub(crate) told: Signals,
    messages: u32,
}

impl Play {
    pub(crate) fn new(capture: Capture) -> Self {
        Self::with(recording(capture, true))
    }

    pub(crate) fn without_traces() -> Self {
        Self::with(recording(Capture::all(), false))
    }

    fn with(recording: Arc<Recording>) -> Self {
        let session = Session::new(id::session(), recording);
        Self {
            session,
            events: Vec::new(),
            told: Signals::default(),
            messages: 0,
        }
    }

    pub(crate) fn say(&mut self, body: EventBody) {
        let seq = self.events.len() as u64 + 1;
        let at = i64::try_from(seq).expect("a test's own values") * 1_000;
        self.observe(SessionEvent {
            seq,
            first_seq: None,
            at,
            version: EVENT_VERSION,
            body,
        });
    }

    pub(crate) fn observe(&mut self, event: SessionEvent) {
        let signals = self.session.observe(&event);
        self.events.push(event);
        self.told.records.extend(signals.records);
        self.told.points.extend(signals.points);
        self.told.spans.extend(signals.spans);
    }

    pub(crate) fn prompt(&mut self) {
        self.prompt_in(PermissionMode::Ask);
    }

    pub(crate) fn prompt_in(&mut self, mode: PermissionMode) {
        self.say(EventBody::PromptAccepted {
            turn: id::turn(),
            client_id: "client".to_owned(),
            text: "What is it?".to_owned(),
            from: FrontEndKind::Excel,
            documents: Vec::new(),
            selection: None,
            model: String::new(),
            mode,
            budget: None,
            steering: false,
        });
    }

    pub(crate) fn answer(&mut self, text: &str, stop: StopReason, usage: Usage) {
        self.messages += 1;
        let message = id::message(self.messages);
        self.say(EventBody::MessageStarted {
            turn: id::turn(),
            message: message.clone(),
        });
        self.say(EventBody::TextDelta {
            message: message.clone(),
            text: text.to_owned(),
        });
        let input = json!({ "value": "secret" });
        let blocks = vec![
            Block::Text {
                text: text.to_owned(),
            },
            Block::ToolUse {
                id: id::call(),
                name: "range_write".to_owned(),
                input,
            },
        ];
        self.say(EventBody::MessageCompleted {
            turn: id::turn(),
            message,
            blocks,
            stop,
            usage,
        });
    }

    pub(crate) fn ask(&mut self) {
        let request = PermissionRequest {
            id: id::permission(),
            turn: id::turn(),
            call: id::call(),
            question: "Overwrite?".to_owned(),
            reason: AskReason::Overwrites,
            scope: "scope".to_owned(),
            document: None,
            path: None,
            folder: None,
            directory: None,
            web: None,
            command: None,
            read: Vec::new(),
            rows: Vec::new(),
            total: 1,
            risks: Vec::new(),
            choices: vec![Choice::AllowOnce],
        };
        self.say(EventBody::PermissionRequested { request });
    }

    pub(crate) fn start_tool(&mut self, name: &str) {
        self.say(EventBody::ToolCallStarted {
            turn: id::turn(),
            call: id::call(),
            name: name.to_owned(),
            input: json!({ "value": "secret" }),
            title: "Writing".to_owned(),
            document: Some(DocumentId::from_text("book")),
            target: Some("Sheet1!A1".to_owned()),
        });
    }

    pub(crate) fn complete_tool(&mut self, outcome: ToolOutcome) {
        self.say(EventBody::ToolCallCompleted {
            turn: id::turn(),
            call: id::call(),
            outcome,
            title: "Wrote".to_owned(),
            output: "wrote".to_owned(),
            attachments: Vec::new(),
            tier: None,
            duration_ms: 700,
        });
    }

    pub(crate) fn end(&mut self, outcome: TurnOutcome) {
        let usage = Usage {
            input: 100,
            output: 40,
            cache_read: 60,
            cache_write: 0,
            cost: None,
        };
        self.say(EventBody::TurnEnded {
            turn: id::turn(),
            outcome,
            usage,
        });
    }

    fn attach(&mut self) {
        let document = DocumentView {
            id: DocumentId::from_text("book"),
            kind: DocumentKind::Workbook,
            title: "Book".to_owned(),
            path: None,
            state: DocumentState::Live,
        };
        self.say(EventBody::DocumentAttached { document });
    }

    /// A whole turn with a tool that a person is asked about.
    pub(crate) fn turn(&mut self) {
        self.attach();
        self.say(EventBody::FolderAttached {
            path: "/data/reports".to_owned(),
            read_only: false,
        });
        self.say(EventBody::ContextGiven {
            turn: id::turn(),
            text: "secret".to_owned(),
        });
        self.prompt();
        let usage = Usage {
            input: 50,
            output: 20,
            cache_read: 30,
            cache_write: 0,
            cost: None,
        };
        self.answer("I write", StopReason::ToolUse, usage);
        self.start_tool("range_write");
        self.ask();
        let by = SettledBy::Person(FrontEndKind::Window);
        let settled = EventBody::PermissionSettled {
            permission: id::permission(),
            choice: Choice::AllowOnce,
            by,
            folder: None,
        };
        self.say(settled);
        let entry = ChangeEntry {
            document: DocumentId::from_text("book"),
            kind: DocumentKind::Workbook,
            title: "Book".to_owned(),
            target: "Sheet1!A1".to_owned(),
            count: 1,
            sources: Vec::new(),
        };
        let (turn, call) = (id::turn(), id::call());
        let entries = vec![entry];
        let change_set = ChangeSet {
            id: id::change_set(),
            turn,
            call,
            at: 0,
            title: "t".to_owned(),
            entries,
        };
        self.say(EventBody::ChangeSetApplied { change_set });
        self.complete_tool(ToolOutcome::Done);
        self.answer("It is so", StopReason::EndTurn, usage);
        self.say(EventBody::PlanUpdated {
            turn: id::turn(),
            call: id::call(),
            steps: Vec::new(),
        });
        self.end(TurnOutcome::Completed);
    }
}

/// Events by name, with their attributes.
pub(crate) fn records(signals: &Signals) -> Vec<(String, Json)> {
    let records = signals.records.iter();
    records
        .map(|record| (record.definition().event_name(), named(record.attributes())))
        .collect()
}

/// Points by name, with attributes and amount.
pub(crate) fn points(signals: &Signals) -> Vec<(String, Json, Amount)> {
    let points = signals.points.iter();
    points
        .map(|point| {
            (
                point.definition().full_name(),
                named(point.attributes()),
                point.amount(),
            )
        })
        .collect()
}

pub(crate) fn named(attributes: &Attributes) -> Json {
    let plain = |value: &Value| match value {
        Value::Text(text) => Json::from(text.as_str()),
        Value::Whole(whole) => Json::from(*whole),
        Value::Number(number) => Json::from(*number),
        Value::Truth(truth) => Json::from(*truth),
        Value::Texts(texts) => Json::from(texts.clone()),
    };
    Json::Object(
        attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), plain(value)))
            .collect(),
    )
}
