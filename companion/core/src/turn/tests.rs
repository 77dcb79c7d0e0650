//! The turn from outside: inputs in, effects out, and the log as the only memory across a crash.

mod background;
mod budget;
mod compact;
mod directory;
mod permissions;
mod restart;

use super::*;
use crate::model::{Content, Role};
use crate::tool::{Ask, AskReason};
use deskhand_operations::Effect as DocumentEffect;
use deskhand_protocol::message::{Block, Usage};
use deskhand_protocol::{DocumentId, SessionId};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A session with a log; every effect but an append is kept for the test to look at.
struct Bench {
    session: Session,
    log: Vec<(EventBody, Durability)>,
    effects: Vec<Effect>,
    now: Timestamp,
    dice: u8,
    max_steps: u32,
    budget: Option<u64>,
    tools: Vec<ToolDefinition>,
    rules: Rules,
    lasting: Vec<LastingGrant>,
    window: u64,
    usage: Usage,
}

impl Bench {
    fn new() -> Self {
        let session = Session::new(SessionId::from_text("s"));
        Self {
            session,
            log: Vec::new(),
            effects: Vec::new(),
            now: 1_000,
            dice: 0,
            max_steps: 100,
            budget: None,
            tools: Vec::new(),
            rules: Rules::default(),
            lasting: Vec::new(),
            window: 200_000,
            usage: Usage {
                input: 10,
                output: 2,
                ..Usage::default()
            },
        }
    }

    fn take(&mut self, input: Input) -> Vec<Effect> {
        self.now += 10;
        let dice = &mut self.dice;
        let mut chance = || {
            *dice = dice.wrapping_add(1);
            [*dice; 10]
        };
        let window = self.window;
        let mut world = World {
            now: self.now,
            chance: &mut chance,
            max_steps: self.max_steps,
            budget: self.budget,
            tools: &self.tools,
            rules: &self.rules,
            lasting: &self.lasting,
            system: crate::instructions::SYSTEM,
            window: &|model| {
                if crate::model::variant(model).1 {
                    crate::model::LONG_TOKENS
                } else {
                    window
                }
            },
        };
        let effects = handle(&mut self.session, input, &mut world);
        for effect in &effects {
            match effect {
                Effect::Append(events, durability) => {
                    self.log
                        .extend(events.iter().cloned().map(|event| (event, *durability)));
                }
                other => self.effects.push(other.clone()),
            }
        }
        effects
    }

    fn prompt(&mut self, text: &str) {
        let client_id = format!("c{}", self.log.len());
        self.take(Input::Prompt(Prompt {
            client_id,
            text: text.to_owned(),
            ..Prompt::default()
        }));
    }

    /// The message that the model is asked for.
    fn asked(&self) -> MessageId {
        match self
            .effects
            .iter()
            .rev()
            .find(|effect| matches!(effect, Effect::CallModel(..)))
        {
            Some(Effect::CallModel(message, _)) => message.clone(),
            _ => panic!("the model was not asked"),
        }
    }

    fn request(&self) -> ModelRequest {
        match self
            .effects
            .iter()
            .rev()
            .find(|effect| matches!(effect, Effect::CallModel(..)))
        {
            Some(Effect::CallModel(_, request)) => (**request).clone(),
            _ => panic!("the model was not asked"),
        }
    }

    fn says(&mut self, blocks: Vec<Block>) -> Vec<Effect> {
        let stop = if blocks.iter().any(|block| matches!(block, Block::ToolUse { .. })) {
            StopReason::ToolUse
        } else {
            StopReason::EndTurn
        };
        let usage = self.usage;
        self.take(Input::Model(
            self.asked(),
            ModelEvent::Completed { blocks, stop, usage },
        ))
    }

    fn calls(&mut self, id: &str, name: &str, input: Value) -> Vec<Effect> {
        self.says(vec![Block::ToolUse {
            id: CallId::from_text(id),
            name: name.to_owned(),
            input,
        }])
    }

    fn looks(&mut self, id: &str, ask: Option<Ask>) -> Vec<Effect> {
        let document = Some(DocumentId::from_text("d"));
        let prepared = Prepared {
            file: None,
            effect: DocumentEffect::Change,
            document,
            ask,
            directory: None,
            web: None,
            command: None,
        };
        self.take(Input::Prepared(CallId::from_text(id), Ok(prepared)))
    }

    fn does(&mut self, id: &str, output: &str) -> Vec<Effect> {
        let result = ToolResult::new(deskhand_protocol::event::ToolOutcome::Done, "Done", output);
        self.take(Input::ToolDone(CallId::from_text(id), result))
    }

    fn question(&self) -> PermissionId {
        self.session.question().expect("a question is open").id.clone()
    }

    fn outcome(&self) -> Option<&TurnOutcome> {
        self.log.iter().rev().find_map(|(event, _)| match event {
            EventBody::TurnEnded { outcome, .. } => Some(outcome),
            _ => None,
        })
    }

    /// The state as a restart finds it, with what was only written kept.
    fn restarted(&self) -> Self {
        let mut bench = Self::new();
        for (event, durability) in &self.log {
            bench.session.apply(0, self.now, event);
            bench.log.push((event.clone(), *durability));
        }
        bench.dice = self.dice.wrapping_add(50);
        bench
    }
}

fn text(words: &str) -> Block {
    Block::Text {
        text: words.to_owned(),
    }
}

fn ask(reason: AskReason) -> Ask {
    Ask {
        reason,
        question: "Overwrite 1 cell?".into(),
        scope: "s".into(),
        rows: vec![],
        total: 1,
        risks: vec![],
    }
}

fn kinds(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Append(_, Durability::Flushed) => "flush",
            Effect::Append(_, Durability::Written) => "write",
            Effect::CallModel(..) => "model",
            Effect::Heed(_) => "heed",
            Effect::StopModel => "stop model",
            Effect::Prepare(_) => "prepare",
            Effect::Run(_) => "run",
            Effect::Grant(_) => "grant",
            Effect::StopTool(_) => "stop tool",
        })
        .collect()
}

#[test]
fn a_prompt_is_flushed_before_the_model_is_asked() {
    let mut bench = Bench::new();
    let prompt = Prompt {
        client_id: "c".into(),
        text: "Hello there".into(),
        ..Prompt::default()
    };
    let effects = bench.take(Input::Prompt(prompt.clone()));
    assert_eq!(kinds(&effects), ["flush", "heed", "write", "model"]);
    assert_eq!(bench.session.title, "Hello there");
    assert_eq!(
        bench.take(Input::Prompt(prompt)),
        [],
        "a repeated prompt is the same prompt"
    );
}

#[test]
fn a_turn_ends_when_the_model_is_done() {
    let mut bench = Bench::new();
    bench.prompt("Hi");
    bench.take(Input::Model(bench.asked(), ModelEvent::TextDelta("He".into())));
    bench.says(vec![text("Hello")]);
    assert_eq!(bench.outcome(), Some(&TurnOutcome::Completed));
    assert!(bench.session.turn.is_none());
    assert_eq!(bench.session.messages.len(), 2);
}

#[test]
fn a_call_is_on_disk_before_it_is_looked_at_and_its_result_goes_to_the_model() {
    let mut bench = Bench::new();
    bench.prompt("Read");
    let effects = bench.calls("t1", "range_read", json!({ "document": "d", "range": "S!A1" }));
    assert_eq!(kinds(&effects), ["flush", "flush", "prepare"]);
    assert_eq!(kinds(&bench.looks("t1", None)), ["run"]);
    assert_eq!(kinds(&bench.does("t1", "7")), ["flush", "write", "model"]);
    let last = bench.request().messages.pop().unwrap();
    assert_eq!(last.role, Role::User);
    let call = CallId::from_text("t1");
    assert_eq!(
        last.content,
        [Content::ToolResult {
            call,
            text: "7".into(),
            is_error: false,
            attachments: Vec::new(),
        }]
    );
}

#[test]
fn nothing_runs_before_a_person_allows_it() {
    let mut bench = Bench::new();
    bench.prompt("Write");
    bench.calls("t1", "range_write", json!({}));
    assert_eq!(
        kinds(&bench.looks("t1", Some(ask(AskReason::Overwrites)))),
        ["flush"]
    );
    assert_eq!(
        bench.session.status(),
        deskhand_protocol::session::SessionStatus::Waiting
    );
    let answer = Input::Answer(bench.question(), Choice::AllowOnce, FrontEndKind::Window);
    assert_eq!(kinds(&bench.take(answer.clone())), ["flush", "run"]);
    assert_eq!(bench.take(answer), [], "the first answer wins");
}

#[test]
fn a_denial_reaches_the_model_and_nothing_runs() {
    let mut bench = Bench::new();
    bench.prompt("Write");
    bench.calls("t1", "range_write", json!({}));
    bench.looks("t1", Some(ask(AskReason::Overwrites)));
    let effects = bench.take(Input::Answer(bench.question(), Choice::Deny, FrontEndKind::Excel));
    assert_eq!(kinds(&effects), ["flush", "flush", "write", "model"]);
    assert!(
        !bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Run(_)))
    );
    let last = bench.request().messages.pop().unwrap();
    assert!(matches!(
        &last.content[..],
        [Content::ToolResult { is_error: true, .. }]
    ));
}

#[test]
fn an_answer_that_was_not_offered_is_a_denial() {
    let mut bench = Bench::new();
    bench.prompt("Delete");
    bench.calls("t1", "sheet_delete", json!({}));
    bench.looks("t1", Some(ask(AskReason::Removes)));
    bench.take(Input::Answer(
        bench.question(),
        Choice::AllowSession,
        FrontEndKind::Excel,
    ));
    assert!(
        !bench
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Run(_)))
    );
    assert!(bench.session.grants.is_empty());
}

#[test]
fn a_grant_for_the_session_is_asked_for_once() {
    let mut bench = Bench::new();
    bench.prompt("Write");
    bench.calls("t1", "range_write", json!({ "n": 1 }));
    bench.looks("t1", Some(ask(AskReason::Overwrites)));
    bench.take(Input::Answer(
        bench.question(),
        Choice::AllowSession,
        FrontEndKind::Window,
    ));
    bench.does("t1", "ok");
    bench.calls("t2", "range_write", json!({ "n": 2 }));
    assert_eq!(
        kinds(&bench.looks("t2", Some(ask(AskReason::Overwrites)))),
        ["flush", "run"]
    );
    bench.does("t2", "ok");
    bench.calls("t3", "sheet_delete", json!({}));
    assert_eq!(
        kinds(&bench.looks("t3", Some(ask(AskReason::Removes)))),
        ["flush"],
        "risky actions always ask"
    );
}

#[test]
fn steering_joins_the_turn_at_its_next_step() {
    let mut bench = Bench::new();
    bench.prompt("First");
    bench.calls("t1", "range_read", json!({}));
    bench.prompt("Use EUR");
    bench.looks("t1", None);
    bench.does("t1", "7");
    let last = bench.request().messages.pop().unwrap();
    assert!(
        last.content.contains(&Content::Asked("Use EUR".into())),
        "{last:?}"
    );
    bench.prompt("And hurry");
    bench.says(vec![text("Done")]);
    assert_eq!(
        bench.outcome(),
        None,
        "words that came during the last answer are answered too"
    );
    bench.says(vec![text("Done again")]);
    assert_eq!(bench.outcome(), Some(&TurnOutcome::Completed));
}

#[test]
fn stop_ends_a_turn_in_every_phase() {
    let mut in_model = Bench::new();
    in_model.prompt("Go");
    let effects = in_model.take(Input::Cancel(FrontEndKind::Window));
    assert_eq!(kinds(&effects), ["flush", "stop model", "flush"]);
    assert_eq!(in_model.outcome(), Some(&TurnOutcome::Cancelled));

    let mut asking = Bench::new();
    asking.prompt("Go");
    asking.calls("t1", "range_write", json!({}));
    asking.looks("t1", Some(ask(AskReason::Overwrites)));
    asking.take(Input::Cancel(FrontEndKind::Window));
    assert_eq!(asking.outcome(), Some(&TurnOutcome::Cancelled));

    let mut running = Bench::new();
    running.prompt("Go");
    running.calls("t1", "range_write", json!({}));
    running.looks("t1", None);
    assert_eq!(
        kinds(&running.take(Input::Cancel(FrontEndKind::Window))),
        ["flush", "stop tool"]
    );
    assert_eq!(running.outcome(), None, "a write is ended first");
    running.does("t1", "ok");
    assert_eq!(running.outcome(), Some(&TurnOutcome::Cancelled));
}

#[test]
fn a_turn_is_capped_in_steps_and_in_repeats() {
    let mut capped = Bench::new();
    capped.max_steps = 2;
    capped.prompt("Go");
    for step in 0..3 {
        let id = format!("t{step}");
        capped.calls(&id, "range_read", json!({ "step": step }));
        capped.looks(&id, None);
        capped.does(&id, &step.to_string());
    }
    assert!(
        matches!(capped.outcome(), Some(TurnOutcome::Failed(error)) if error.code == ErrorCode::TurnCapReached)
    );

    let mut looping = Bench::new();
    looping.prompt("Go");
    for step in 0..MAX_REPEATS {
        let id = format!("t{step}");
        looping.calls(&id, "range_read", json!({}));
        looping.looks(&id, None);
        looping.does(&id, "same");
    }
    assert!(
        matches!(looping.outcome(), Some(TurnOutcome::Failed(error)) if error.code == ErrorCode::TurnRepeats)
    );
}

#[test]
fn a_plan_is_shown_and_a_bad_one_is_told_to_the_model() {
    let mut bench = Bench::new();
    bench.prompt("Go");
    bench.calls(
        "p1",
        PLAN_TOOL,
        json!({ "steps": [{ "title": "Read", "state": "active" }] }),
    );
    assert!(
        bench
            .log
            .iter()
            .any(|(event, _)| matches!(event, EventBody::PlanUpdated { steps, .. } if steps.len() == 1))
    );
    let bad = json!({ "steps": [{ "title": "Read", "state": "almost" }] });
    bench.calls("p2", PLAN_TOOL, bad);
    let last = bench.request().messages.pop().unwrap();
    assert!(
        matches!(&last.content[..], [Content::ToolResult { is_error: true, .. }]),
        "{last:?}"
    );
}

#[test]
fn a_late_word_of_an_ended_message_changes_nothing() {
    let mut bench = Bench::new();
    bench.prompt("Go");
    let message = bench.asked();
    bench.take(Input::Cancel(FrontEndKind::Window));
    assert_eq!(
        bench.take(Input::Model(
            message.clone(),
            ModelEvent::TextDelta("late".into())
        )),
        []
    );
    assert_eq!(
        bench.take(Input::ModelFailed(
            message,
            UserError::new(ErrorCode::InferenceTimeout)
        )),
        []
    );
}
