//! From the events of a session to what the collector gets: a pure fold, without time and chance of its own.
//!
//! The same events give the same signals, ids included, so a session that is read again after a restart goes on with the numbers
//! and the trace that it had.

mod model;
mod names;
mod sandbox;
mod tools;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;

use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::message::Usage;
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{
    CallId, DocumentId, ErrorCode, EventBody, PermissionId, SessionEvent, SessionId, Timestamp, UserError,
};

use crate::record::{Amount, Place, Recording, Severity, Signals, Span, SpanRef};
use crate::schema::{
    ActiveTime, ChangeSetRedone, ChangeSetUndone, Described, DocumentAttached, DocumentChanged,
    DocumentChangedByPerson, DocumentDetached, FolderAttached, FolderDetached, Interaction, InternalError,
    PermissionModeChanged, RequestRetried, SessionCount, SessionRenamed, TurnCancelRequested, TurnEnded,
    TurnResumed, UserPrompt,
};
pub use model::Travelled;
use names::{front_end, mode_name, word};
use tools::{Asked, Call};
use turn::{Answer, Turn};

/// Calls and questions of a turn that are kept in mind; a turn has a cap far below.
const KEPT: usize = 4_096;
/// Folders that are told.
const FOLDERS: usize = 64;

/// A session, as far as the collector is told of it.
#[derive(Debug)]
pub struct Session {
    recording: Arc<Recording>,
    id: SessionId,
    sequence: u64,
    prompts: u64,
    folders: Vec<String>,
    model: String,
    mode: Option<PermissionMode>,
    /// True until the first event after a restart.
    resumed: bool,
    /// True while events of the past are read, of which nothing is told again.
    silent: bool,
    turn: Option<Turn>,
    tools: BTreeMap<CallId, Call>,
    asked: BTreeMap<PermissionId, Asked>,
}

impl Session {
    /// A session that begins now.
    pub fn new(id: SessionId, recording: Arc<Recording>) -> Self {
        Self {
            recording,
            id,
            sequence: 0,
            prompts: 0,
            folders: Vec::new(),
            model: String::new(),
            mode: None,
            resumed: false,
            silent: false,
            turn: None,
            tools: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// A session that was there before the service started, with its events so far.
    pub fn resumed<'a>(
        id: SessionId,
        recording: Arc<Recording>,
        past: impl IntoIterator<Item = &'a SessionEvent>,
    ) -> Self {
        let mut session = Self::new(id, recording);
        past.into_iter().for_each(|event| session.remember(event));
        session
    }

    /// Takes in an event of the past, of which nothing is told again. All of them come before the first one that is told.
    pub fn remember(&mut self, past: &SessionEvent) {
        self.silent = true;
        // What the service told before it started anew does not count again.
        self.resumed = false;
        self.observe(past);
        self.silent = false;
        self.resumed = true;
    }

    /// Other settings from here on: what may be sent is decided when a conversation goes on.
    pub fn record_with(&mut self, recording: Arc<Recording>) {
        self.recording = recording;
    }

    /// What the collector is told of an event. To be called once for each, in order.
    pub fn observe(&mut self, event: &SessionEvent) -> Signals {
        let mut told = Telling {
            at: event.at,
            signals: Signals::default(),
        };
        if self.resumed {
            self.resumed = false;
            self.count(&mut told, Amount::Whole(1), SessionCount { start_type: "resume" });
        }
        self.fold(&event.body, &mut told);
        if self.silent {
            Signals::default()
        } else {
            told.signals
        }
    }

    /// What the collector is told of a body that travelled to the provider or back. It is in no log, so it takes no number.
    pub fn travelled(&self, at: Timestamp, body: Travelled<'_>) -> Signals {
        let mut told = Telling {
            at,
            signals: Signals::default(),
        };
        self.body(body, &mut told);
        told.signals
    }

    fn fold(&mut self, body: &EventBody, told: &mut Telling) {
        match body {
            EventBody::SessionCreated { .. } => {
                self.count(told, Amount::Whole(1), SessionCount { start_type: "fresh" });
            }
            EventBody::SessionRenamed { title } => self.tell(told, SessionRenamed { title: title.clone() }),
            EventBody::DocumentAttached { .. }
            | EventBody::DocumentDetached { .. }
            | EventBody::FolderAttached { .. }
            | EventBody::FolderDetached { .. } => self.scope(body, told),
            EventBody::PromptAccepted { .. } => self.prompted(body, told),
            EventBody::TurnResumed { .. }
            | EventBody::CancelRequested { .. }
            | EventBody::RetryScheduled { .. }
            | EventBody::TurnEnded { .. } => self.turned(body, told),
            EventBody::MessageStarted { .. }
            | EventBody::TextDelta { .. }
            | EventBody::MessageReset { .. }
            | EventBody::MessageCompleted { .. }
            | EventBody::CompactionStarted { .. }
            | EventBody::ContextCompacted { .. } => self.modelled(body, told),
            EventBody::ToolCallStarted { .. }
            | EventBody::ToolCallCompleted { .. }
            | EventBody::PermissionRequested { .. }
            | EventBody::PermissionSettled { .. }
            | EventBody::CallAllowed { .. } => self.tooled(body, told),
            EventBody::ChangeSetApplied { .. }
            | EventBody::ChangeSetUndone { .. }
            | EventBody::ChangeSetRedone { .. }
            | EventBody::ChangedSince { .. } => self.changed(body, told),
            EventBody::Notice {
                error: Some(error), ..
            } => self.went_wrong(error, told),
            EventBody::SandboxSeen { call, seen, left_out } => {
                self.seen(call.as_ref(), seen, *left_out, told);
            }
            // Words, plans and states that are the person's, or that other events tell already.
            EventBody::ContextGiven { .. }
            | EventBody::PlanUpdated { .. }
            | EventBody::ToolCallWaiting { .. }
            | EventBody::ToolCallOutput { .. }
            | EventBody::BackgroundStarted { .. }
            | EventBody::CommandEnded { .. }
            | EventBody::GrantRevoked { .. }
            | EventBody::FileSaved { .. }
            | EventBody::Notice { error: None, .. } => {}
        }
    }

    fn turned(&mut self, body: &EventBody, told: &mut Telling) {
        match body {
            EventBody::TurnResumed { turn } => self.tell(
                told,
                TurnResumed {
                    turn: turn.to_string(),
                },
            ),
            EventBody::CancelRequested { turn, from } => {
                let row = TurnCancelRequested {
                    turn: turn.to_string(),
                    front_end: front_end(*from),
                };
                self.tell(told, row);
            }
            EventBody::RetryScheduled {
                error,
                attempt,
                wait_ms,
                ..
            } => {
                self.retried(error, *attempt, *wait_ms, told);
            }
            EventBody::TurnEnded { outcome, usage, .. } => self.ended(outcome, *usage, told),
            _ => {}
        }
    }

    fn changed(&mut self, body: &EventBody, told: &mut Telling) {
        match body {
            EventBody::ChangeSetApplied { change_set } => self.applied(change_set, told),
            EventBody::ChangeSetUndone { change_set, kept } => {
                let row = ChangeSetUndone {
                    change_set: change_set.to_string(),
                    kept: kept.len() as u64,
                };
                self.tell(told, row);
            }
            EventBody::ChangeSetRedone { change_set } => {
                self.tell(
                    told,
                    ChangeSetRedone {
                        change_set: change_set.to_string(),
                    },
                );
            }
            EventBody::ChangedSince { change_set, targets } => {
                let count = targets.len() as u64;
                self.tell(
                    told,
                    DocumentChangedByPerson {
                        change_set: change_set.to_string(),
                        count,
                    },
                );
            }
            _ => {}
        }
    }

    fn scope(&mut self, body: &EventBody, told: &mut Telling) {
        match body {
            EventBody::DocumentAttached { document } => {
                let row = DocumentAttached {
                    document: document.id.to_string(),
                    kind: word(&document.kind),
                    state: word(&document.state),
                    title: document.title.clone(),
                };
                self.tell(told, row);
            }
            EventBody::DocumentDetached { document } => {
                self.tell(
                    told,
                    DocumentDetached {
                        document: document.to_string(),
                    },
                );
            }
            EventBody::FolderAttached { path, read_only } => {
                if self.folders.len() < FOLDERS && !self.folders.contains(path) {
                    self.folders.push(path.clone());
                }
                self.tell(
                    told,
                    FolderAttached {
                        read_only: *read_only,
                    },
                );
            }
            EventBody::FolderDetached { path } => {
                self.folders.retain(|folder| folder != path);
                self.tell(
                    told,
                    FolderDetached {
                        left: self.folders.len() as u64,
                    },
                );
            }
            _ => {}
        }
    }

    fn prompted(&mut self, body: &EventBody, told: &mut Telling) {
        let EventBody::PromptAccepted {
            turn,
            client_id,
            text,
            model,
            mode,
            ..
        } = body
        else {
            return;
        };
        if self.turn.as_ref().is_none_or(|running| running.id != *turn) {
            self.prompts += 1;
            self.model = if model.is_empty() {
                self.recording.default_model.clone()
            } else {
                model.clone()
            };
            self.turn = Some(Turn::new(self.id.as_str(), turn, text, told.at));
        }
        if let Some(before) = self.mode.replace(*mode).filter(|before| before != mode) {
            let row = PermissionModeChanged {
                from: mode_name(before),
                to: mode_name(*mode),
                trigger: "prompt",
            };
            self.tell(told, row);
        }
        let length = text.chars().count() as u64;
        self.tell(
            told,
            UserPrompt {
                length,
                prompt: text.clone(),
                message: client_id.clone(),
            },
        );
    }

    fn applied(&mut self, change_set: &ChangeSet, told: &mut Telling) {
        for entry in &change_set.entries {
            let row = DocumentChanged {
                change_set: change_set.id.to_string(),
                call: change_set.call.to_string(),
                kind: word(&entry.kind),
                count: u64::from(entry.count),
                sources: entry.sources.len() as u64,
                document: entry.document.to_string(),
                target: entry.target.clone(),
            };
            self.tell(told, row);
        }
    }

    fn retried(&mut self, error: &UserError, attempt: u32, wait_ms: u64, told: &mut Telling) {
        if let Some(turn) = &mut self.turn {
            let first = turn.retries.map_or(told.at, |(_, first)| first);
            turn.retries = Some((attempt, first));
        }
        let row = RequestRetried {
            error: error.code.as_str(),
            attempt: u64::from(attempt),
            wait_ms,
        };
        self.tell(told, row);
    }

    fn went_wrong(&mut self, error: &UserError, told: &mut Telling) {
        if error.code == ErrorCode::Internal {
            self.tell_as(
                told,
                Severity::Error,
                InternalError {
                    name: error.code.as_str(),
                },
            );
        }
    }

    fn ended(&mut self, outcome: &TurnOutcome, usage: Usage, told: &mut Telling) {
        let Some(turn) = &self.turn else { return };
        let failed = if let TurnOutcome::Failed(error) = outcome {
            Some(error.clone())
        } else {
            None
        };
        let (id, at, calls) = (turn.id.clone(), turn.at, turn.calls);
        let worked = since(at, told.at).saturating_sub(turn.waited);
        if let Some(error) = &failed {
            self.failed(error, told);
        }
        let row = TurnEnded {
            turn: id.to_string(),
            outcome: match outcome {
                TurnOutcome::Completed => "completed",
                TurnOutcome::Cancelled => "cancelled",
                TurnOutcome::Failed(_) => "failed",
            },
            error: failed.as_ref().map(|error| error.code.as_str()),
            duration_ms: since(at, told.at),
            tokens: usage.all(),
            calls,
        };
        self.tell(told, row);
        self.count(
            told,
            Amount::Number(worked as f64 / 1000.0),
            ActiveTime { kind: "cli" },
        );
        self.interaction(failed.is_some(), told);
        self.turn = None;
        self.tools.clear();
        self.asked.clear();
    }

    fn interaction(&self, failed: bool, told: &mut Telling) {
        let Some(turn) = &self.turn else { return };
        let row = Interaction {
            prompt: turn.text.clone(),
            length: turn.text.chars().count() as u64,
            sequence: self.prompts,
            duration_ms: since(turn.at, told.at),
        };
        self.span(told, turn.root, None, turn.at, failed, row);
    }

    fn tell<E: Described>(&mut self, told: &mut Telling, event: E) {
        self.tell_as(told, Severity::Info, event);
    }

    fn tell_as<E: Described>(&mut self, told: &mut Telling, severity: Severity, event: E) {
        if let Some(record) = self.recording.record(told.at, severity, event, &self.place()) {
            self.sequence += 1;
            told.signals.records.push(record);
        }
    }

    /// Tells what is in no log of the session, and takes no number.
    fn tell_beside<E: Described>(&self, told: &mut Telling, event: E) {
        let place = Place {
            sequence: None,
            ..self.place()
        };
        let record = self.recording.record(told.at, Severity::Info, event, &place);
        told.signals.records.extend(record);
    }

    fn place(&self) -> Place<'_> {
        Place {
            session: Some(self.id.as_str()),
            folders: &self.folders,
            sequence: Some(self.sequence + 1),
            prompt: self.turn.as_ref().map(|turn| turn.prompt.as_str()),
            span: self.turn.as_ref().map(|turn| turn.root),
        }
    }

    fn count<E: Described>(&self, told: &mut Telling, amount: Amount, row: E) {
        if matches!(amount, Amount::Whole(0)) {
            return;
        }
        let point = self.recording.point(told.at, Some(self.id.as_str()), amount, row);
        told.signals.points.extend(point);
    }

    fn span<E: Described>(
        &self,
        told: &mut Telling,
        place: SpanRef,
        parent: Option<[u8; 8]>,
        start: Timestamp,
        failed: bool,
        row: E,
    ) {
        if !self.recording.traces {
            return;
        }
        let Some(mut attributes) = row.admitted(&self.recording.capture) else {
            return;
        };
        attributes.extend(self.recording.standard(Some(self.id.as_str())));
        told.signals.spans.push(Span {
            definition: E::DEFINITION,
            place,
            parent,
            start: start.min(told.at),
            end: told.at,
            failed,
            attributes,
            events: Vec::new(),
        });
    }
}

/// What is told of one event.
#[derive(Debug)]
struct Telling {
    at: Timestamp,
    signals: Signals,
}

/// Milliseconds from one time to another; none where the clock went back.
fn since(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// Where a call works, as JSON; `None` where it names no place.
fn place_of(document: Option<&DocumentId>, target: Option<&str>) -> Option<String> {
    let mut fields = serde_json::Map::new();
    fields.extend(document.map(|document| ("document".to_owned(), document.as_str().into())));
    fields.extend(target.map(|target| ("target".to_owned(), target.into())));
    (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string())
}
