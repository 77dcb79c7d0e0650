//! `deskhand ask`: gives a prompt and shows the turn. Words go to standard output, everything else to standard error.

use std::collections::HashMap;
use std::io::Write as _;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

use deskhand_protocol::document::AttachParams;
use deskhand_protocol::event::{ToolOutcome, TurnOutcome};
use deskhand_protocol::message::Usage;
use deskhand_protocol::permission::{AnswerAnswer, AnswerParams, AskReason, Choice, PermissionRequest};
use deskhand_protocol::session::{
    CreateParams, Nothing, PermissionMode, PromptAnswer, PromptParams, SessionAnswer, SessionParams,
    SubscribeAnswer, SubscribeParams, UpdateParams,
};
use deskhand_protocol::{
    CallId, ErrorCode, EventBody, Method, Notification, SessionEvent, SessionId, TurnId, UserError,
};

use super::TOUR;
use super::client::Client;
use super::programs::{self, Output};
use super::question::{Said, asked};
use super::safe::{safe, safe_line};
use crate::models::meant;
use crate::usage::told_of;

/// How questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// By the person at this terminal.
    Person,
    /// Yes to everything, once.
    Yes,
    /// No to everything.
    No,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) session: Option<String>,
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) prompt: String,
    pub(crate) model: Option<String>,
    pub(crate) budget: Option<NonZeroU64>,
    pub(crate) read_only: bool,
    pub(crate) json: bool,
    pub(crate) answers: Answers,
}

#[cfg(unix)]
type Interrupts = tokio::signal::unix::Signal;
#[cfg(windows)]
type Interrupts = tokio::signal::windows::CtrlC;

/// Exit code of a turn that was cancelled: 128 and the number of SIGINT.
const CANCELLED: u8 = 130;

/// Gives the prompt, follows the turn to its end, answers questions.
pub(crate) async fn ask(client: &mut Client, question: Question) -> anyhow::Result<ExitCode> {
    let session = session(client, &question).await?;
    for (method, paths) in [
        (Method::FolderAttach, &question.folders),
        (Method::DocumentAttach, &question.files),
    ] {
        for path in paths {
            let path = std::path::absolute(path)?.to_string_lossy().into_owned();
            let _: serde_json::Value = client
                .call(
                    method,
                    AttachParams {
                        session: session.clone(),
                        path,
                    },
                )
                .await?;
        }
    }
    let after = {
        let params = SessionParams {
            session: session.clone(),
        };
        client
            .call::<SessionAnswer>(Method::SessionShow, params)
            .await?
            .session
            .last_seq
    };
    let subscribe = SubscribeParams {
        session: session.clone(),
        after,
    };
    let _: SubscribeAnswer = client.call(Method::SessionSubscribe, subscribe).await?;
    let params = PromptParams {
        session: session.clone(),
        client_id: fresh_id(),
        text: question.prompt.clone(),
        documents: Vec::new(),
        selection: None,
        model: question
            .model
            .as_deref()
            .map(|word| meant(&client.hello.view.models, word).to_owned()),
        mode: if question.read_only {
            PermissionMode::ReadOnly
        } else {
            PermissionMode::Ask
        },
        budget: question.budget,
    };
    let stops = interrupts()?;
    let PromptAnswer { turn, .. } = client.call(Method::SessionPrompt, params).await?;
    follow(client, &question, &session, &turn, stops).await
}

/// The presses of Ctrl+C from now on. One stream for the whole turn: a stream made for each wait would miss the press that
/// comes between two waits.
#[cfg(unix)]
fn interrupts() -> std::io::Result<Interrupts> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
}

/// The presses of Ctrl+C from now on.
#[cfg(windows)]
fn interrupts() -> std::io::Result<Interrupts> {
    tokio::signal::windows::ctrl_c()
}

async fn session(client: &mut Client, question: &Question) -> anyhow::Result<SessionId> {
    if let Some(id) = &question.session {
        return Ok(SessionId::from_text(id.as_str()));
    }
    let create = CreateParams {
        client_id: fresh_id(),
        title: None,
    };
    let made: SessionAnswer = client.call(Method::SessionCreate, create).await?;
    Ok(made.session.id)
}

fn fresh_id() -> String {
    TurnId::new(crate::clock::now(), crate::clock::chance()).to_string()
}

async fn follow(
    client: &mut Client,
    question: &Question,
    session: &SessionId,
    turn: &TurnId,
    mut stops: Interrupts,
) -> anyhow::Result<ExitCode> {
    let mut shown = Shown {
        json: question.json,
        column: 0,
        outputs: HashMap::new(),
    };
    if client.hello.view.tour {
        shown.note(TOUR);
    }
    loop {
        let frame = tokio::select! {
            frame = client.next() => frame?,
            Some(()) = stops.recv() => {
                shown.note("Stopping.");
                let params = SessionParams { session: session.clone() };
                let _: Nothing = client.call(Method::SessionCancel, params).await?;
                continue;
            }
        };
        if frame.method.as_deref() != Some(Notification::SessionUpdate.name()) {
            continue;
        }
        let update: UpdateParams = serde_json::from_value(frame.params.unwrap_or_default())?;
        for event in update.events.iter().filter(|_| update.session == *session) {
            shown.event(event);
            match &event.body {
                EventBody::PermissionRequested { request } => {
                    answer(client, question, session, request, &mut shown).await?;
                }
                EventBody::TurnEnded {
                    turn: ended,
                    outcome,
                    usage: used,
                } if ended == turn => {
                    shown.line_end();
                    shown.used(*used);
                    return Ok(match outcome {
                        TurnOutcome::Completed => ExitCode::SUCCESS,
                        TurnOutcome::Cancelled => ExitCode::from(CANCELLED),
                        TurnOutcome::Failed(_) => ExitCode::FAILURE,
                    });
                }
                _ => {}
            }
        }
    }
}

async fn answer(
    client: &mut Client,
    question: &Question,
    session: &SessionId,
    request: &PermissionRequest,
    shown: &mut Shown,
) -> anyhow::Result<()> {
    loop {
        let said = match question.answers {
            Answers::Yes if request.directory.is_some() => {
                shown.note("No folder is attached by --yes. Name it with --folder.");
                Some(Said::from(Choice::Deny))
            }
            Answers::Yes if request.reason == AskReason::Remembers => {
                shown.note("No note is kept by --yes: a person reads it first.");
                Some(Said::from(Choice::Deny))
            }
            Answers::Yes => Some(Said::from(Choice::AllowOnce)),
            Answers::No => Some(Said::from(Choice::Deny)),
            Answers::Person => asked(request, shown).await?,
        };
        // No terminal to ask at: another front end may answer.
        let Some(Said { choice, folder }) = said else {
            return Ok(());
        };
        let is_named = folder.is_some();
        let params = AnswerParams {
            session: session.clone(),
            permission: request.id.clone(),
            choice,
            folder,
        };
        match client
            .call::<AnswerAnswer>(Method::PermissionAnswer, params)
            .await
        {
            Ok(answer) if answer.accepted => return Ok(()),
            Ok(_) => {
                shown.note("Somebody answered before.");
                return Ok(());
            }
            // A folder that cannot be attached is not the end of the question.
            Err(error) if is_named && error.is::<UserError>() => shown.note(&error.to_string()),
            Err(error) => return Err(error),
        }
    }
}

/// What has been shown so far.
pub(super) struct Shown {
    json: bool,
    column: usize,
    /// What running commands wrote, as far as a line has no end yet.
    outputs: HashMap<CallId, Output>,
}

impl Shown {
    fn event(&mut self, event: &SessionEvent) {
        if self.json {
            self.out(&serde_json::to_string(event).unwrap_or_default());
            return self.out("\n");
        }
        match &event.body {
            EventBody::TextDelta { text, .. } => self.out(text),
            EventBody::MessageReset { .. } => self.note("The answer begins again."),
            EventBody::PermissionRequested { request } => {
                self.note(&safe_line(&format!("? {} {}", request.question, request.scope)));
            }
            EventBody::RetryScheduled { error, wait_ms, .. } if error.code == ErrorCode::InferenceSignIn => {
                self.note(&format!(
                    "{} Run `deskhand sign-in` in another terminal: this waits for it, {} minutes at most.",
                    error.happened,
                    wait_ms / 60_000
                ));
            }
            EventBody::RetryScheduled { error, wait_ms, .. } => {
                self.note(&format!(
                    "{} Waiting {:.1} s.",
                    error.happened,
                    *wait_ms as f64 / 1000.0
                ));
            }
            EventBody::ContextCompacted { .. } => {
                self.note(
                    "The conversation became long: the model goes on from a summary. All of it is kept.",
                );
            }
            EventBody::Notice { text, .. } => self.note(text),
            EventBody::TurnEnded {
                outcome: TurnOutcome::Failed(error),
                ..
            } => self.note(&error.to_string()),
            EventBody::TurnEnded {
                outcome: TurnOutcome::Cancelled,
                ..
            } => self.note("Stopped."),
            other => self.tool(other),
        }
    }

    /// What a tool does, and what is seen of it.
    fn tool(&mut self, body: &EventBody) {
        match body {
            EventBody::ToolCallStarted { title, target, .. } => {
                self.note(&safe_line(&format!(
                    "… {title} {}",
                    target.as_deref().unwrap_or("")
                )));
            }
            EventBody::ToolCallWaiting { error, .. } => self.note(&format!("  {error}")),
            EventBody::ToolCallOutput { call, text } => {
                let lines = self.outputs.entry(call.clone()).or_default().take(text);
                self.notes(&lines);
            }
            EventBody::SandboxSeen { seen, left_out, .. } => {
                if let Some(seen) = programs::seen(seen, *left_out) {
                    self.note(&format!("  Seen: {seen}."));
                }
            }
            EventBody::BackgroundStarted { command } => {
                self.note(&format!(
                    "  Runs in the background as job {}. End it with `deskhand command end {}`.",
                    command.number, command.id
                ));
            }
            EventBody::CommandEnded { by, .. } => {
                if let Some(how) = by.words() {
                    self.note(&format!("  A command was {how}."));
                }
            }
            EventBody::ToolCallCompleted {
                call,
                title,
                outcome,
                tier,
                duration_ms,
                ..
            } => {
                let rest = self.outputs.remove(call).map(Output::rest).unwrap_or_default();
                self.notes(&rest);
                let mark = if *outcome == ToolOutcome::Done {
                    "✓"
                } else {
                    "✗"
                };
                let tier = tier.map_or_else(String::new, |tier| format!(", {}", programs::tier(tier)));
                let seconds = *duration_ms as f64 / 1000.0;
                self.note(&safe_line(&format!("{mark} {title}, {seconds:.1} s{tier}")));
            }
            _ => {}
        }
    }

    /// What the turn used; programs find it in the event of its end.
    fn used(&mut self, usage: Usage) {
        if !self.json {
            self.note(&format!("Used: {}.", told_of(usage)));
        }
    }

    fn out(&mut self, text: &str) {
        let mut out = std::io::stdout().lock();
        // A reader that is gone ends the program by the next write of the terminal itself.
        drop(out.write_all(safe(text).as_bytes()).and_then(|()| out.flush()));
        self.column =
            text.rsplit('\n').next().map_or(0, str::len) + if text.contains('\n') { 0 } else { self.column };
    }

    /// Ends a line of words before something else is said.
    pub(super) fn line_end(&mut self) {
        if self.column > 0 && !self.json {
            self.out("\n");
        }
    }

    fn notes(&mut self, lines: &[String]) {
        for line in lines {
            self.note(line);
        }
    }

    pub(super) fn note(&mut self, text: &str) {
        self.line_end();
        drop(writeln!(std::io::stderr().lock(), "{}", safe(text)));
    }

    pub(super) fn ask(words: &str) -> std::io::Result<()> {
        let mut err = std::io::stderr().lock();
        err.write_all(words.as_bytes())?;
        err.flush()
    }
}
