//! The turn: what to do next. Every function returns effects in the order in which they must be done; an event stands
//! before the action that it records (Invariant 1).

use std::num::NonZeroU64;

use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::StopReason;
use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{
    CallId, DocumentId, ErrorCode, EventBody, MessageId, PermissionId, Timestamp, TurnId, UserError,
};

use crate::attached::{self, Loaded};
use crate::model::{ModelEvent, ModelRequest, ToolDefinition};
use crate::permission::LastingGrant;
use crate::ports::Durability;
use crate::rules::Rules;
use crate::session::{Phase, RunState, Running, Session};
use crate::tool::{PLAN_TOOL, Prepared, ToolFailure, ToolRequest, ToolResult};

mod calls;
mod compact;
mod describe;
mod outcome;
mod plan;

pub use describe::{Described, describe};
pub use outcome::denied_by;
use outcome::{stopped, title_of};
pub use plan::{MAX_PLAN_STEPS, plan_tool};

/// Calls that a turn may make when no policy says otherwise.
pub const DEFAULT_MAX_STEPS: u32 = 100;
/// How often the same call may give the same result in a row.
pub const MAX_REPEATS: u32 = 3;
/// How often a turn is taken up again after restarts without progress in between.
pub const MAX_RESUMES: u32 = 3;
/// Tokens that one answer may have.
const MAX_TOKENS: u32 = 8_192;

/// Time, chance and limits, handed in (Invariant 10).
#[expect(missing_debug_implementations, reason = "holds a closure")]
pub struct World<'a> {
    /// Now.
    pub now: Timestamp,
    /// Ten random bytes at each call.
    pub chance: &'a mut (dyn FnMut() -> [u8; 10] + Send),
    /// Calls that a turn may make.
    pub max_steps: u32,
    /// Tokens that every turn may use, where there is a budget: in and out, with those of the cache.
    pub budget: Option<u64>,
    /// Tools that the model may call, [`PLAN_TOOL`] not among them.
    pub tools: &'a [ToolDefinition],
    /// What the organisation says of tools and permissions.
    pub rules: &'a Rules,
    /// Grants that outlive sessions.
    pub lasting: &'a [LastingGrant],
    /// What the model is told about its work.
    pub system: &'a str,
    /// Tokens that a model can take in at once, by its id; empty for the default.
    pub window: &'a (dyn Fn(&str) -> u64 + Send + Sync),
}

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// A person's words.
    Prompt(Prompt),
    /// A person stops the turn.
    Cancel(FrontEndKind),
    /// The model answers a message.
    Model(MessageId, ModelEvent),
    /// The model cannot answer it.
    ModelFailed(MessageId, UserError),
    /// It is known what a call would do.
    Prepared(CallId, Result<Prepared, ToolFailure>),
    /// A call waits for something.
    ToolWaits(CallId, UserError),
    /// A call wrote something while it runs.
    ToolSays(CallId, String),
    /// A call ended.
    ToolDone(CallId, ToolResult),
    /// A person answers a question.
    Answer(PermissionId, Choice, FrontEndKind),
    /// A person answers a question about a folder with the real path of the one that is to be attached.
    Choose(PermissionId, String, FrontEndKind),
    /// The service was started again, and this session has a turn that did not end.
    Recover,
}

/// A person's words with what goes with them.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// The front end's id for it.
    pub client_id: String,
    /// The words.
    pub text: String,
    /// Where they were typed.
    pub from: Option<FrontEndKind>,
    /// The chosen documents.
    pub documents: Vec<DocumentId>,
    /// What was selected.
    pub selection: Option<String>,
    /// The model; empty for the default.
    pub model: String,
    /// How much may be done without asking.
    pub mode: PermissionMode,
    /// Tokens that the person lets the turn use.
    pub budget: Option<NonZeroU64>,
    /// What the model is told about the documents; empty for nothing.
    pub context: String,
}

/// Something to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Append these events; go on only once they are this safe.
    Append(Vec<EventBody>, Durability),
    /// Ask the model.
    CallModel(MessageId, Box<ModelRequest>),
    /// The turn is in this mode from now on: whatever else acts for it heeds that.
    Heed(PermissionMode),
    /// Stop asking the model.
    StopModel,
    /// Look what a call would do.
    Prepare(ToolRequest),
    /// Do it.
    Run(ToolRequest),
    /// Keep what a person allowed for always.
    Grant(LastingGrant),
    /// Tell a call that the turn is stopped.
    StopTool(CallId),
}

/// Collects effects while the events among them are folded into the session at once.
struct Step<'a, 'w> {
    session: &'a mut Session,
    world: &'a mut World<'w>,
    effects: Vec<Effect>,
}

/// Takes in what happened and says what to do. The session has folded the new events when this returns.
pub fn handle(session: &mut Session, input: Input, world: &mut World<'_>) -> Vec<Effect> {
    let mut step = Step {
        session,
        world,
        effects: Vec::new(),
    };
    match input {
        Input::Prompt(prompt) => step.prompt(prompt),
        Input::Cancel(from) => step.cancel(from),
        Input::Model(message, event) if step.awaits(&message) => step.model(message, event),
        Input::ModelFailed(message, error) if step.awaits(&message) => step.model_failed(message, error),
        Input::Prepared(call, prepared) if step.running(&call).is_some() => step.prepared(&call, prepared),
        Input::ToolWaits(call, error) if step.running(&call).is_some() => {
            step.append(
                vec![EventBody::ToolCallWaiting { call, error }],
                Durability::Written,
            );
        }
        Input::ToolSays(call, text) if step.running(&call).is_some() => {
            step.append(
                vec![EventBody::ToolCallOutput { call, text }],
                Durability::Written,
            );
        }
        Input::ToolDone(call, result) if step.running(&call).is_some() => step.tool_done(&call, &result),
        Input::Answer(permission, choice, from) => step.answer(&permission, choice, None, from),
        Input::Choose(permission, folder, from) => {
            step.answer(&permission, Choice::AllowOnce, Some(folder), from);
        }
        Input::Recover => step.recover(),
        // Too late: the turn has gone on without it.
        Input::Model(..)
        | Input::ModelFailed(..)
        | Input::Prepared(..)
        | Input::ToolWaits(..)
        | Input::ToolSays(..)
        | Input::ToolDone(..) => {}
    }
    step.effects
}

impl Step<'_, '_> {
    fn append(&mut self, events: Vec<EventBody>, durability: Durability) {
        for event in &events {
            // The number is not known yet; only the prompt's is kept, and the log's answer corrects it.
            self.session.apply(0, self.world.now, event);
        }
        self.effects.push(Effect::Append(events, durability));
    }

    fn awaits(&self, message: &MessageId) -> bool {
        matches!(
            self.session.turn.as_ref().map(|turn| &turn.phase),
            Some(Phase::Model(awaited) | Phase::Compacting(awaited)) if awaited == message
        )
    }

    fn running(&self, call: &CallId) -> Option<&Running> {
        match &self.session.turn.as_ref()?.phase {
            Phase::Tool(running) if running.call.id == *call => Some(running),
            _ => None,
        }
    }

    fn prompt(&mut self, prompt: Prompt) {
        if self.session.prompts.contains_key(&prompt.client_id) {
            return;
        }
        let steering = self.session.turn.as_ref().map(|turn| turn.id.clone());
        let turn = steering
            .clone()
            .unwrap_or_else(|| TurnId::new(self.world.now, (self.world.chance)()));
        let mut events = Vec::new();
        if self.session.title.is_empty() {
            events.push(EventBody::SessionRenamed {
                title: title_of(&prompt.text),
            });
        }
        events.push(EventBody::PromptAccepted {
            turn: turn.clone(),
            client_id: prompt.client_id,
            text: prompt.text,
            from: prompt.from.unwrap_or(FrontEndKind::Terminal),
            documents: prompt.documents,
            selection: prompt.selection,
            model: prompt.model,
            mode: prompt.mode,
            budget: prompt.budget,
            steering: steering.is_some(),
        });
        if steering.is_none() && !prompt.context.is_empty() {
            events.push(EventBody::ContextGiven {
                turn,
                text: prompt.context,
            });
        }
        self.append(events, Durability::Flushed);
        self.heed();
        if steering.is_none() {
            self.ask_model();
        }
    }

    /// Has the turn's mode heeded. A question about a change is answered by the mode that allows none; true where there was one,
    /// and the turn went on with that.
    fn heed(&mut self) -> bool {
        let Some(mode) = self.session.turn.as_ref().map(|turn| turn.mode) else {
            return false;
        };
        self.effects.push(Effect::Heed(mode));
        mode == PermissionMode::ReadOnly && self.settle_by_mode()
    }

    /// Asks the model, once there is room for it.
    fn ask_model(&mut self) {
        if self.is_nearly_full() {
            self.make_room();
        } else {
            self.next_message();
        }
    }

    /// Begins a message and asks the model for it.
    fn next_message(&mut self) {
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        let message = MessageId::new(self.world.now, (self.world.chance)());
        self.append(
            vec![EventBody::MessageStarted {
                turn,
                message: message.clone(),
            }],
            Durability::Written,
        );
        self.call_model(message);
    }

    fn call_model(&mut self, message: MessageId) {
        let request = self.model_request();
        self.effects.push(Effect::CallModel(message, Box::new(request)));
    }

    fn model_request(&self) -> ModelRequest {
        let mut tools = vec![plan_tool()];
        let offered = self.world.tools.iter();
        tools.extend(
            offered
                .filter(|tool| self.session.has_use_for(&tool.name))
                .cloned(),
        );
        let mut messages = self.session.messages.clone();
        attached::keep_newest(&mut messages);
        ModelRequest {
            model: self
                .session
                .turn
                .as_ref()
                .map(|turn| turn.model.clone())
                .unwrap_or_default(),
            system: self.world.system.to_owned(),
            messages,
            tools,
            max_tokens: MAX_TOKENS,
            loaded: Loaded::default(),
        }
    }

    fn model_failed(&mut self, message: MessageId, error: UserError) {
        if self.is_compacting() {
            self.no_summary(message, error);
        } else if error.code == ErrorCode::InferenceTooLong {
            self.too_long(error);
        } else {
            self.end(TurnOutcome::Failed(error));
        }
    }

    fn model(&mut self, message: MessageId, event: ModelEvent) {
        if self.is_compacting() {
            return self.summary(message, event);
        }
        let Some(turn) = self.session.turn.as_ref().map(|turn| turn.id.clone()) else {
            return;
        };
        match event {
            ModelEvent::TextDelta(text) => {
                self.append(vec![EventBody::TextDelta { message, text }], Durability::Written);
            }
            ModelEvent::Reset => self.append(vec![EventBody::MessageReset { message }], Durability::Written),
            ModelEvent::Retrying { .. } => self.retrying(event),
            ModelEvent::Begun | ModelEvent::Body(_) => {}
            ModelEvent::Completed { blocks, stop, usage } => {
                let cut = stop == StopReason::MaxTokens;
                let completed = EventBody::MessageCompleted {
                    turn,
                    message,
                    blocks,
                    stop,
                    usage,
                };
                self.append(vec![completed], Durability::Flushed);
                if cut
                    && self
                        .session
                        .turn
                        .as_ref()
                        .is_some_and(|turn| turn.queue.is_empty())
                {
                    let error = UserError::new(ErrorCode::InferenceStreamCut)
                        .happened("The answer reached the model's limit of length.");
                    self.end(TurnOutcome::Failed(error));
                } else {
                    self.next();
                }
            }
        }
    }

    fn retrying(&mut self, event: ModelEvent) {
        let turn = self.session.turn.as_ref().map(|turn| turn.id.clone());
        if let (
            ModelEvent::Retrying {
                error,
                attempt,
                wait_ms,
            },
            Some(turn),
        ) = (event, turn)
        {
            let event = EventBody::RetryScheduled {
                turn,
                error,
                attempt,
                wait_ms,
            };
            self.append(vec![event], Durability::Written);
        }
    }

    /// Decides the next step when nothing is at work.
    fn next(&mut self) {
        loop {
            let Some(turn) = &self.session.turn else { return };
            if turn.cancelled {
                return self.end(TurnOutcome::Cancelled);
            }
            if turn
                .last
                .as_ref()
                .is_some_and(|(_, _, _, times)| *times >= MAX_REPEATS)
            {
                return self.end(TurnOutcome::Failed(UserError::new(ErrorCode::TurnRepeats)));
            }
            if turn.queue.is_empty() && turn.pending.is_empty() {
                return self.end(TurnOutcome::Completed);
            }
            // What is done is done: the budget ends what would come next.
            let budget = self.world.budget.into_iter().chain(turn.budget).min();
            if let Some(budget) = budget.filter(|budget| turn.usage.all() >= *budget) {
                let sentence = format!("The turn used its budget of {budget} tokens and was ended.");
                let error = UserError::new(ErrorCode::TurnBudget).happened(sentence);
                return self.end(TurnOutcome::Failed(error));
            }
            let Some(call) = turn.queue.front().cloned() else {
                return self.ask_model();
            };
            if turn.steps >= self.world.max_steps {
                let sentence = format!(
                    "The turn reached its limit of {} steps and was ended.",
                    self.world.max_steps
                );
                let error = UserError::new(ErrorCode::TurnCapReached).happened(sentence);
                return self.end(TurnOutcome::Failed(error));
            }
            if call.name == PLAN_TOOL {
                self.update_plan(&call);
            } else {
                return self.begin(&call);
            }
        }
    }

    fn cancel(&mut self, from: FrontEndKind) {
        let Some(turn) = self.session.turn.as_ref().filter(|turn| !turn.cancelled) else {
            return;
        };
        let (id, phase) = (turn.id.clone(), turn.phase.clone());
        self.append(
            vec![EventBody::CancelRequested { turn: id, from }],
            Durability::Flushed,
        );
        match phase {
            Phase::Deciding => self.end(TurnOutcome::Cancelled),
            Phase::Model(_) | Phase::Compacting(_) => {
                self.effects.push(Effect::StopModel);
                self.end(TurnOutcome::Cancelled);
            }
            Phase::Tool(Running {
                call,
                state: RunState::Asking(request),
                ..
            }) => {
                let settled = EventBody::PermissionSettled {
                    permission: request.id.clone(),
                    choice: Choice::Deny,
                    by: SettledBy::Void,
                    folder: None,
                };
                self.append(vec![settled], Durability::Flushed);
                self.tool_done(&call.id, &stopped());
            }
            // A write is ended before the turn is, so that its outcome is known.
            Phase::Tool(Running { call, .. }) => self.effects.push(Effect::StopTool(call.id)),
        }
    }

    /// Takes up a turn that a restart cut.
    fn recover(&mut self) {
        if !self.heed() {
            self.take_up();
        }
    }

    fn take_up(&mut self) {
        let Some(turn) = &self.session.turn else { return };
        let (id, phase, resumed) = (turn.id.clone(), turn.phase.clone(), turn.resumed);
        if matches!(
            &phase,
            Phase::Tool(Running {
                state: RunState::Asking(..),
                ..
            })
        ) && !turn.cancelled
        {
            return;
        }
        if resumed >= MAX_RESUMES {
            return self.end(TurnOutcome::Failed(UserError::new(ErrorCode::TurnInterrupted)));
        }
        self.append(
            vec![EventBody::TurnResumed { turn: id.clone() }],
            Durability::Flushed,
        );
        match phase {
            Phase::Deciding => self.next(),
            Phase::Model(_) | Phase::Compacting(_)
                if self.session.turn.as_ref().is_some_and(|turn| turn.cancelled) =>
            {
                self.end(TurnOutcome::Cancelled);
            }
            Phase::Compacting(message) => self.ask_for_summary(message),
            Phase::Model(message) => {
                let reset = EventBody::MessageReset {
                    message: message.clone(),
                };
                self.append(vec![reset], Durability::Written);
                self.call_model(message);
            }
            Phase::Tool(Running {
                call,
                state: RunState::Going,
                ..
            }) => {
                let request = self.request(&call, id);
                self.effects.push(Effect::Run(request));
            }
            Phase::Tool(Running { call, .. }) => {
                let request = self.request(&call, id);
                self.effects.push(Effect::Prepare(request));
            }
        }
    }

    fn end(&mut self, outcome: TurnOutcome) {
        let Some(turn) = &self.session.turn else { return };
        let event = EventBody::TurnEnded {
            turn: turn.id.clone(),
            outcome,
            usage: turn.usage,
        };
        self.append(vec![event], Durability::Flushed);
    }
}

#[cfg(test)]
mod tests;
