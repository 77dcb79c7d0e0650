//! One session at work: takes inputs one by one, lets the core decide, and does the effects in their order. An effect that
//! acts comes after the event that records it is as safe as asked (Invariant 1).

mod calls;

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use deskhand_core::model::{ModelEvent, ModelRequest, ToolDefinition};
use deskhand_core::permission::Grant;
use deskhand_core::ports::{BoxFuture, Durability, EventLog, Provider, Tools};
use deskhand_core::rules::Rules;
use deskhand_core::tool::is_tool;
use deskhand_core::turn::{Input, Prompt};
use deskhand_core::{Effect, Session, World, handle};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::instructions::Guidance;
use deskhand_protocol::session::{PermissionMode, SessionSummary};
use deskhand_protocol::{
    CallId, ErrorCode, EventBody, MessageId, PermissionId, SessionEvent, SessionId, TurnId, UserError,
};
use deskhand_storage::Change;
use deskhand_trail::Actor;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::{chance, now};
use crate::grants::Grants;
use crate::guidance::Guide;
use crate::log::Log;
use crate::models::Windows;
use crate::summary::Meta;

/// Inputs that may wait for one session.
const QUEUE: usize = 256;
/// What is said when a turn goes on that waited for the collector.
const GOES_ON: &str = "The collector of records takes them again: the turn goes on.";
/// Events read at once when a session is loaded.
const PAGE: usize = 2_000;

/// Something for a session to take in.
#[derive(Debug)]
pub(crate) enum Command {
    /// A person's words; answered once they are on disk.
    Prompt(Box<Prompt>, oneshot::Sender<Result<(TurnId, u64), UserError>>),
    /// Stop the turn; answered once that is on disk.
    Cancel(FrontEndKind, oneshot::Sender<Result<(), UserError>>),
    /// An answer to a question; answered with whether it was taken. An answer that leaves open which folder is meant is none.
    Answer(Input, oneshot::Sender<Result<bool, UserError>>),
    /// What a person granted for the rest of the session.
    Grants(oneshot::Sender<Result<Vec<Grant>, UserError>>),
    /// Events that come from outside of a turn, and who gave them.
    Record(Vec<EventBody>, Actor, oneshot::Sender<Result<(), UserError>>),
    /// Something of the turn happened.
    Happened(Input),
    /// End where no turn is open; answered with whether it does.
    Rest(oneshot::Sender<Result<bool, UserError>>),
}

/// What every session works with.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) log: Log,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) tools: Arc<dyn Tools>,
    /// What the model is told of them; shared, since their schemas take a megabyte.
    pub(crate) offered: Arc<[ToolDefinition]>,
    pub(crate) max_steps: u32,
    /// Tokens that a turn may use, where there is a budget.
    pub(crate) budget: Option<u64>,
    /// Tokens that the models can take in at once.
    pub(crate) windows: Windows,
    /// What the organisation says of tools and permissions.
    pub(crate) rules: Arc<Rules>,
    /// What people allowed for always.
    pub(crate) grants: Arc<Grants>,
    /// What people tell the model about its work.
    pub(crate) guide: Arc<Guide>,
    /// Told when a session's line in the list is another.
    pub(crate) changed: Arc<dyn Fn(SessionSummary) + Send + Sync>,
    /// Told the mode of a turn with each prompt that is taken, once that is in the log; nothing of the prompt is done before it
    /// answers.
    pub(crate) heed: Heed,
}

/// Who heeds the mode of a session's turn.
pub(crate) type Heed = Arc<dyn Fn(SessionId, PermissionMode) -> BoxFuture<'static, ()> + Send + Sync>;

/// The way to a session that is at work.
#[derive(Clone, Debug)]
pub(crate) struct Handle(mpsc::Sender<Command>);

impl Handle {
    /// Hands a command in.
    pub(crate) async fn send(&self, command: Command) -> Result<(), UserError> {
        self.0
            .send(command)
            .await
            .map_err(|_| UserError::new(ErrorCode::SessionNotFound))
    }

    /// Hands a command in and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, UserError>>) -> Command,
    ) -> Result<T, UserError> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply)).await?;
        answer
            .await
            .map_err(|_| UserError::new(ErrorCode::SessionNotFound))?
    }

    /// Has events written that come from outside of a turn; nothing where there are none.
    pub(crate) async fn record(&self, events: Vec<EventBody>, by: Actor) -> Result<(), UserError> {
        if events.is_empty() {
            return Ok(());
        }
        self.ask(|reply| Command::Record(events, by, reply)).await
    }

    /// Ends a session that rests: false where a turn is open, or somebody else has a way to it. Nobody may be given one
    /// meanwhile.
    pub(crate) async fn rest(&self) -> bool {
        self.0.strong_count() == 1 && self.ask(Command::Rest).await.unwrap_or(true)
    }

    /// True when the session is not at work any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

struct Runner {
    parts: Parts,
    session: Session,
    meta: Meta,
    /// Kept weak, so that a session ends when nobody can reach it.
    inputs: mpsc::WeakSender<Command>,
    model: Option<AbortHandle>,
    tool: Option<(CallId, CancellationToken)>,
    told: Option<Told>,
    /// It was let go.
    rests: bool,
}

/// What the model was told last about its work, and what that was made of.
struct Told {
    guidance: Arc<[Guidance]>,
    folders: Vec<String>,
    system: Arc<str>,
}

/// The tools that the organisation offers the model.
pub(crate) fn offered(tools: &dyn Tools, rules: &Rules) -> Arc<[ToolDefinition]> {
    let mut definitions = tools.definitions();
    debug_assert!(
        definitions.iter().all(|tool| is_tool(&tool.name)),
        "a tool is not in the list"
    );
    definitions.retain(|tool| rules.offers(&tool.name));
    definitions.into()
}

/// Loads a session from the log and sets it to work. `loaded` is told of the state that was found.
pub(crate) async fn start(parts: Parts, id: SessionId, meta: Meta) -> Result<(Handle, Session), UserError> {
    let mut session = Session::new(id.clone());
    let mut after = 0;
    loop {
        let events = parts.log.read(&id, after, PAGE).await?;
        for event in &events {
            session.apply(event.seq, event.at, &event.body);
        }
        match events.last() {
            Some(last) if events.len() == PAGE => after = last.seq,
            _ => break,
        }
    }
    let (sender, receiver) = mpsc::channel(QUEUE);
    let runner = Runner {
        parts,
        session: session.clone(),
        meta,
        inputs: sender.downgrade(),
        model: None,
        tool: None,
        told: None,
        rests: false,
    };
    tokio::spawn(runner.run(receiver));
    Ok((Handle(sender), session))
}

impl Runner {
    async fn run(mut self, mut receiver: mpsc::Receiver<Command>) {
        while let Some(command) = receiver.recv().await {
            let prompt = match &command {
                Command::Prompt(prompt, _) => Some(prompt.client_id.clone()),
                _ => None,
            };
            if let Err(error) = self.take(command).await {
                // The log could not be written: what is in memory is ahead of it and must not be used any further.
                tracing::error!(session = %self.session.id, %error, "a session ended because its log could not be written");
                // A prompt that is not in the log has begun no turn.
                if prompt.is_none_or(|id| self.is_written(&id)) {
                    self.give_up(error).await;
                }
                break;
            }
            if self.rests {
                break;
            }
        }
        if let Some(model) = self.model.take() {
            model.abort();
        }
    }

    /// True for a prompt that has its number in the log.
    fn is_written(&self, client_id: &str) -> bool {
        self.session
            .prompts
            .get(client_id)
            .is_some_and(|(_, seq)| *seq > 0)
    }

    /// Ends the turn in the log, where that can be written still: whoever looks on is not left waiting. Where it cannot,
    /// the turn is taken up when the session is loaded again.
    async fn give_up(&mut self, error: UserError) {
        let Some(turn) = &self.session.turn else { return };
        let ended = EventBody::TurnEnded {
            turn: turn.id.clone(),
            outcome: TurnOutcome::Failed(error),
            usage: turn.usage,
        };
        self.session.apply(0, now(), &ended);
        if let Err(error) = self
            .append(Actor::Agent, vec![ended], Durability::Flushed, false)
            .await
        {
            tracing::error!(session = %self.session.id, %error, "the turn's end could not be written either");
        }
    }

    async fn take(&mut self, command: Command) -> Result<(), UserError> {
        match command {
            Command::Prompt(prompt, reply) => {
                let client_id = prompt.client_id.clone();
                let done = self.step(Input::Prompt(*prompt)).await;
                let known = self.session.prompts.get(&client_id).cloned();
                // A prompt that is in the log is there, also where what follows it could not be written.
                let answer = match (known.filter(|_| self.is_written(&client_id)), &done) {
                    (Some(known), _) => Ok(known),
                    (None, Err(error)) => Err(error.clone()),
                    (None, Ok(())) => Err(UserError::new(ErrorCode::Internal)),
                };
                drop(reply.send(answer));
                done
            }
            Command::Cancel(from, reply) => {
                let done = self.step(Input::Cancel(from)).await;
                drop(reply.send(done.clone()));
                done
            }
            Command::Answer(answer, reply) => {
                let asked = self.question_of(&answer);
                let done = self.step(answer.clone()).await;
                let taken = match self.question_of(&answer) {
                    Some(_) if done.is_ok() => Err(no_folder()),
                    _ => done.clone().map(|()| asked.is_some()),
                };
                drop(reply.send(taken));
                done
            }
            Command::Grants(reply) => {
                drop(reply.send(Ok(self.session.grants.clone())));
                Ok(())
            }
            Command::Record(events, by, reply) => {
                for event in &events {
                    self.session.apply(0, now(), event);
                }
                let done = self.append(by, events, Durability::Flushed, false).await;
                drop(reply.send(done.clone()));
                done
            }
            Command::Happened(input) => self.step(input).await,
            Command::Rest(reply) => {
                self.rests = self.session.turn.is_none();
                drop(reply.send(Ok(self.rests)));
                Ok(())
            }
        }
    }

    /// The question that an answer is to, while it is open.
    fn question_of(&self, answer: &Input) -> Option<PermissionId> {
        let (Input::Answer(to, ..) | Input::Choose(to, ..)) = answer else {
            return None;
        };
        let open = self.session.question()?;
        (open.id == *to).then(|| to.clone())
    }

    /// What the model is told about its work; made anew where that or the folders changed.
    fn system(&mut self) -> Arc<str> {
        let guidance = self.parts.guide.all();
        match &self.told {
            Some(told) if Arc::ptr_eq(&told.guidance, &guidance) && told.folders == self.session.folders => {
                Arc::clone(&told.system)
            }
            _ => {
                let system: Arc<str> = self.parts.guide.system(&self.session.folders).into();
                self.told = Some(Told {
                    guidance,
                    folders: self.session.folders.clone(),
                    system: Arc::clone(&system),
                });
                system
            }
        }
    }

    async fn step(&mut self, input: Input) -> Result<(), UserError> {
        let mut dice = chance;
        let lasting = self.parts.grants.all();
        let system = self.system();
        let windows = self.parts.windows;
        let mut world = World {
            now: now(),
            chance: &mut dice,
            max_steps: self.parts.max_steps,
            budget: self.parts.budget,
            tools: &self.parts.offered,
            rules: &self.parts.rules,
            lasting: &lasting,
            system: &system,
            window: &|model| windows.for_model(model),
        };
        let effects: VecDeque<Effect> = handle(&mut self.session, input, &mut world).into();
        let is_append = |effect: &&Effect| matches!(effect, Effect::Append(..));
        let mut appends = effects.iter().filter(is_append).count();
        for effect in effects {
            match effect {
                Effect::Append(events, durability) => {
                    appends -= 1;
                    self.append(Actor::Agent, events, durability, appends > 0).await?;
                }
                Effect::Heed(mode) => (self.parts.heed)(self.session.id.clone(), mode).await,
                Effect::CallModel(message, request) => self.call_model(message, *request),
                Effect::StopModel => {
                    if let Some(model) = self.model.take() {
                        model.abort();
                    }
                }
                Effect::Prepare(request) => self.prepare(request),
                Effect::Run(request) => self.run_tool(request),
                Effect::Grant(grant) => {
                    // The call goes on either way; without this, it is asked about again next time.
                    if let Err(error) = self.parts.grants.add(grant).await {
                        tracing::error!(session = %self.session.id, %error, "a lasting grant was not kept");
                    }
                }
                Effect::StopTool(call) => {
                    if let Some((_, stop)) = self.tool.as_ref().filter(|(running, _)| *running == call) {
                        stop.cancel();
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes events with the session's line in the list. The session has folded the whole step already; where more of
    /// the step is to be written, the line must not call a turn ended whose end is not in the log: after a crash only
    /// sessions at work are taken up again.
    async fn append(
        &mut self,
        by: Actor,
        events: Vec<EventBody>,
        durability: Durability,
        more: bool,
    ) -> Result<(), UserError> {
        let only_words = events
            .iter()
            .all(|event| matches!(event, EventBody::TextDelta { .. }));
        let mut meta = if only_words {
            self.meta.clone()
        } else {
            Meta::of(&self.session, &self.meta)
        };
        if more && self.meta.is_busy() {
            meta.status = self.meta.status;
        }
        let mut others = Vec::new();
        if meta != self.meta {
            others.push(Change::SetMeta {
                at: now(),
                meta: meta.to_bytes(),
            });
        }
        let written = self
            .parts
            .log
            .append_with(&self.session.id, events, others, durability, by)
            .await?;
        for event in &written {
            self.remember(event);
        }
        if meta != self.meta {
            self.meta = meta;
            if let Some(last) = written.last() {
                (self.parts.changed)(self.meta.summary(&self.session.id, last.at, last.seq));
            }
        }
        Ok(())
    }

    /// The number of a prompt is known once it is written.
    fn remember(&mut self, event: &SessionEvent) {
        if let EventBody::PromptAccepted { client_id, turn, .. } = &event.body {
            self.session
                .prompts
                .insert(client_id.clone(), (turn.clone(), event.seq));
        }
    }

    fn call_model(&mut self, message: MessageId, mut request: ModelRequest) {
        let (provider, log) = (Arc::clone(&self.parts.provider), self.parts.log.clone());
        let (inputs, session) = (self.inputs.clone(), self.session.id.clone());
        let task = tokio::spawn(async move {
            admitted(&log, &inputs).await;
            request.load(&log, &session, provider.capabilities()).await;
            let mut stream = provider.stream(request);
            loop {
                let next = AssertUnwindSafe(stream.next()).catch_unwind().await;
                if let Ok(Some(Ok(ModelEvent::Body(body)))) = &next {
                    log.telemetry().travelled(&session, &message, body);
                    continue;
                }
                let (input, is_last) = match next {
                    Ok(Some(Ok(event))) => (Input::Model(message.clone(), event), false),
                    Ok(Some(Err(error))) => (Input::ModelFailed(message.clone(), error), true),
                    // After a whole answer nobody waits for this; without one nothing else would end the turn.
                    Ok(None) => (
                        Input::ModelFailed(message.clone(), broken("the answer had no end")),
                        true,
                    ),
                    Err(_) => (
                        Input::ModelFailed(message.clone(), broken("the provider panicked")),
                        true,
                    ),
                };
                let Some(inputs) = inputs.upgrade() else { return };
                if inputs.send(Command::Happened(input)).await.is_err() || is_last {
                    return;
                }
            }
        });
        self.model = Some(task.abort_handle());
    }
}

/// Why an answer settled nothing.
fn no_folder() -> UserError {
    UserError::new(ErrorCode::FolderRefused)
        .happened("The answer fits no folder: choose one in the window or the terminal.")
}

/// An error of ours. The panic itself is in the log of the service, as its hook wrote it.
fn broken(detail: &str) -> UserError {
    UserError::new(ErrorCode::Internal).detail(detail)
}

/// Waits until the audit reaches whom it must reach. The session is told of the wait and of its end: a restart is the turn's
/// own fault again from there.
async fn admitted(log: &Log, inputs: &mpsc::WeakSender<Command>) {
    if log.admitted(async |why| held(inputs, Some(why)).await).await {
        held(inputs, None).await;
    }
}

/// Says in the session that its turn waits, and why; or that it goes on.
async fn held(inputs: &mpsc::WeakSender<Command>, why: Option<UserError>) {
    let Some(inputs) = inputs.upgrade() else { return };
    let notice = EventBody::Notice {
        text: why.as_ref().map_or(GOES_ON, |why| &why.happened).to_owned(),
        error: why,
    };
    let (reply, written) = oneshot::channel();
    let record = Command::Record(vec![notice], Actor::Service, reply);
    // A session that ended has nobody left to tell.
    if inputs.send(record).await.is_ok() {
        drop(written.await);
    }
}

#[cfg(test)]
mod tests;
