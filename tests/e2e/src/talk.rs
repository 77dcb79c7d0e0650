//! A person at the window with one session: attaches files, gives prompts, allows what is asked, undoes.

use std::path::Path;

use deskhand_protocol::change::{ChangeSetAnswer, ChangeSetParams};
use deskhand_protocol::document::{AttachParams, DocumentAnswer};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::permission::{AnswerAnswer, AnswerParams, Choice};
use deskhand_protocol::session::{Nothing, PermissionMode, PromptParams};
use deskhand_protocol::{ChangeSetId, DocumentId, EventBody, Method, SessionEvent, SessionId, UserError};

use crate::{CallError, FrontEnd, Pane, Service, View};

/// The window and its session.
#[derive(Debug)]
pub struct Talk {
    /// The window.
    pub window: FrontEnd,
    /// The session.
    pub session: SessionId,
    /// What the window has seen.
    pub view: View,
    prompts: u32,
}

impl Talk {
    /// Opens a window with a new session that it follows.
    pub async fn begin(service: &Service) -> Self {
        Self::with(service.join(FrontEndKind::Window).await).await
    }

    /// The same in a window that is there already.
    pub async fn with(mut window: FrontEnd) -> Self {
        let session = window.create("a talk").await;
        window.follow(&session, 0).await;
        Self {
            window,
            session,
            view: View::default(),
            prompts: 0,
        }
    }

    /// Makes a closed file part of the session.
    pub async fn attach(&mut self, path: &Path) -> Result<DocumentId, UserError> {
        let params = AttachParams {
            session: self.session.clone(),
            path: path.to_str().expect("a path of text").to_owned(),
        };
        let attached: Result<DocumentAnswer, _> = self.window.call(Method::DocumentAttach, params).await;
        attached.map(|answer| answer.document.id).map_err(refused)
    }

    /// Makes a folder part of the session.
    pub async fn attach_folder(&mut self, path: &Path) {
        let params = AttachParams {
            session: self.session.clone(),
            path: path.to_str().expect("a path of text").to_owned(),
        };
        let attached: Result<Nothing, _> = self.window.call(Method::FolderAttach, params).await;
        attached.expect("the folder is attached");
    }

    /// A prompt of this session.
    pub fn prompt(&mut self, text: &str) -> PromptParams {
        self.prompts += 1;
        PromptParams {
            session: self.session.clone(),
            client_id: format!("prompt {}", self.prompts),
            text: text.to_owned(),
            documents: Vec::new(),
            selection: None,
            model: None,
            mode: PermissionMode::Ask,
            budget: None,
        }
    }

    /// Gives a prompt and stays until the turn ends, allowing what is asked.
    pub async fn say(&mut self, prompt: PromptParams) -> TurnOutcome {
        self.window.prompt(prompt).await.expect("the prompt is taken");
        loop {
            let events = self
                .window
                .events(&self.session)
                .await
                .expect("the service stays");
            if let Some(outcome) = self.take(events).await {
                return outcome;
            }
        }
    }

    /// The same while a pane does what it is asked.
    pub async fn say_with(&mut self, pane: &mut Pane, prompt: PromptParams) -> TurnOutcome {
        self.window.prompt(prompt).await.expect("the prompt is taken");
        loop {
            tokio::select! {
                events = self.window.events(&self.session) => {
                    if let Some(outcome) = self.take(events.expect("the service stays")).await {
                        return outcome;
                    }
                }
                request = pane.next() => pane.serve(&request.expect("the pane stays connected")).await,
            }
        }
    }

    /// Takes events in and answers what they ask; the outcome of a turn that ended among them.
    pub async fn take(&mut self, events: Vec<SessionEvent>) -> Option<TurnOutcome> {
        let mut ended = None;
        for event in events {
            self.view.take(&event);
            match event.body {
                EventBody::PermissionRequested { request } => {
                    let answer = AnswerParams {
                        session: self.session.clone(),
                        permission: request.id,
                        choice: Choice::AllowOnce,
                        folder: None,
                    };
                    let answered: Result<AnswerAnswer, _> =
                        self.window.call(Method::PermissionAnswer, answer).await;
                    answered.expect("the answer is taken");
                }
                EventBody::TurnEnded { outcome, .. } => ended = Some(outcome),
                _ => {}
            }
        }
        ended
    }

    /// Change sets that were made, oldest first.
    pub fn changes(&self) -> Vec<ChangeSetId> {
        let made = self.view.events().filter_map(|event| match &event.body {
            EventBody::ChangeSetApplied { change_set } => Some(change_set.id.clone()),
            _ => None,
        });
        made.collect()
    }

    /// What tools answered, oldest first.
    pub fn outputs(&self) -> Vec<String> {
        let outputs = self.view.events().filter_map(|event| match &event.body {
            EventBody::ToolCallCompleted { output, .. } => Some(output.clone()),
            _ => None,
        });
        outputs.collect()
    }

    /// Undoes a change set; the places that were left alone.
    pub async fn undo(&mut self, change_set: &ChangeSetId) -> Result<Vec<String>, UserError> {
        let params = ChangeSetParams {
            session: self.session.clone(),
            change_set: change_set.clone(),
            overwrite: false,
        };
        let undone: Result<ChangeSetAnswer, _> = self.window.call(Method::ChangeSetUndo, params).await;
        undone.map(|answer| answer.kept).map_err(refused)
    }

    /// The prompts that the log holds.
    pub async fn kept_prompts(&mut self) -> Vec<String> {
        let events = self.window.export(&self.session.clone()).await;
        let prompts = events.into_iter().filter_map(|event| match event.body {
            EventBody::PromptAccepted { text, .. } => Some(text),
            _ => None,
        });
        prompts.collect()
    }
}

fn refused(error: CallError) -> UserError {
    match error {
        CallError::Refused(error) => *error,
        CallError::Cut => panic!("the service is gone"),
    }
}
