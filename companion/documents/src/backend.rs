//! One way to do an operation, wherever the document is (Invariant 5).

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::ports::Progress;
use deskhand_protocol::document::{ApplyOutcome, ApplyParams, ApplyStep, DocumentView};
use deskhand_protocol::operations::{Answer, Effect, Operation, Refusal, RefusalCode, Support};
use deskhand_protocol::{ErrorCode, SessionId, UserError};
use tokio::time::Instant;

use crate::door::{Door, Unsaved};
use crate::file::Files;
use crate::panes::{PaneError, Panes};
use crate::registry::Registry;

/// What came of an operation.
#[derive(Debug)]
pub(crate) struct Done {
    /// The answer.
    pub(crate) answer: Answer,
    /// The size of the saved file, where it was one.
    pub(crate) saved: Option<u64>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Trouble {
    /// It was refused; nothing was changed.
    Refused(Refusal),
    /// The document's pane is not there and nobody attached its file; nothing was changed.
    Away,
    /// Whether it was done is not known.
    Unknown,
    /// The journal could not be written, so nothing was changed.
    Journal(Box<UserError>),
}

impl From<Unsaved> for Trouble {
    fn from(unsaved: Unsaved) -> Self {
        match unsaved {
            Unsaved::Refused(refusal) => Self::Refused(refusal),
            Unsaved::Unknown => Self::Unknown,
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Both back ends.
#[derive(Clone)]
pub(crate) struct Backends {
    pub(crate) panes: Arc<dyn Panes>,
    pub(crate) files: Arc<Files>,
}

impl Backends {
    /// True when the document is reached through a pane.
    pub(crate) fn is_live(&self, document: &DocumentView) -> bool {
        self.panes.is_live(&document.id)
    }

    /// Does one operation; one that changes in a pane only. `apply_id` names it: a pane that gets the same name twice
    /// answers from memory.
    pub(crate) async fn perform(
        &self,
        document: &DocumentView,
        door: Option<Door>,
        apply_id: &str,
        operation: Operation,
        expected: Option<String>,
    ) -> Result<Done, Trouble> {
        if self.is_live(document) {
            if let Support::NotLive(why) = operation.definition().live {
                let message = format!("not while {} is open in Office: {why}", document.title);
                return Err(Refusal::new(RefusalCode::Unsupported, message).into());
            }
            let step = ApplyStep { operation, expected };
            return self.live(document, apply_id, step).await;
        }
        match door {
            Some(door) if operation.definition().effect == Effect::Read => {
                let answer = self.files.read(door, operation, None).await?;
                Ok(Done { answer, saved: None })
            }
            // A change to a file is written down first: see `DocumentTools::write`.
            _ => Err(Trouble::Away),
        }
    }

    async fn live(&self, document: &DocumentView, apply_id: &str, step: ApplyStep) -> Result<Done, Trouble> {
        let params = ApplyParams {
            apply_id: apply_id.to_owned(),
            document: document.id.clone(),
            steps: vec![step],
        };
        let answer = match self.panes.apply(&document.id, params).await {
            Ok(answer) => answer,
            Err(PaneError::NotConnected) => return Err(Trouble::Away),
            Err(PaneError::Unknown) => return Err(Trouble::Unknown),
        };
        match answer.outcomes.into_iter().next() {
            Some(ApplyOutcome::Answer(answer)) => Ok(Done { answer, saved: None }),
            Some(ApplyOutcome::Refusal(refusal)) => Err(Trouble::Refused(refusal)),
            None => Err(Trouble::Refused(Refusal::new(
                RefusalCode::Failed,
                "the pane gave no answer",
            ))),
        }
    }
}

/// The way to one document. Where its pane is busy or gone it waits, says so once, and gives up when the turn is stopped.
#[derive(Clone, Copy)]
pub(crate) struct Reach<'a> {
    pub(crate) backends: &'a Backends,
    pub(crate) registry: &'a Registry,
    pub(crate) session: &'a SessionId,
    pub(crate) document: &'a DocumentView,
    pub(crate) progress: &'a dyn Progress,
}

/// How long a busy pane is left alone before it is asked again.
const BUSY_PAUSE: Duration = Duration::from_millis(300);
/// How long a pane that is gone is waited for.
const PANE_PATIENCE: Duration = Duration::from_mins(2);

impl Reach<'_> {
    /// True when the document is reached through a pane.
    pub(crate) fn is_live(&self) -> bool {
        self.backends.is_live(self.document)
    }

    /// The way to its file, where a person attached it to the session.
    pub(crate) fn door(&self) -> Option<Door> {
        self.registry.door(self.session, &self.document.id)
    }

    /// Does an operation that changes nothing.
    pub(crate) async fn read(&self, operation: Operation) -> Result<Answer, Trouble> {
        loop {
            match self.perform("", operation.clone(), None).await {
                Ok(done) => return Ok(done.answer),
                // Nothing is changed by a read, so it may be asked again when the pane is back.
                Err(Trouble::Unknown) if self.wait_for_pane().await => {}
                Err(Trouble::Unknown) => return Err(Trouble::Away),
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// Does an operation; see [`Backends::perform`].
    pub(crate) async fn perform(
        &self,
        apply_id: &str,
        operation: Operation,
        expected: Option<String>,
    ) -> Result<Done, Trouble> {
        let mut said = false;
        loop {
            if !self.let_pane_return().await {
                return Err(Trouble::Away);
            }
            let outcome = self
                .backends
                .perform(
                    self.document,
                    self.door(),
                    apply_id,
                    operation.clone(),
                    expected.clone(),
                )
                .await;
            match outcome {
                Err(Trouble::Refused(Refusal {
                    code: RefusalCode::Busy,
                    ..
                })) if !self.progress.is_cancelled() => {
                    if !said {
                        self.progress.waiting(UserError::new(ErrorCode::DocumentCellEdit));
                        said = true;
                    }
                    tokio::time::sleep(BUSY_PAUSE).await;
                }
                Err(Trouble::Away) if self.wait_for_pane().await => {}
                outcome => return outcome,
            }
        }
    }

    /// Waits until a pane stands in the document; false when none came or the turn was stopped.
    pub(crate) async fn wait_for_pane(&self) -> bool {
        self.pane_by(Instant::now() + PANE_PATIENCE).await
    }

    /// Where a pane was here a moment ago the document is open in Office still: its file is left alone until the pane had
    /// time to come back. False when the turn was stopped meanwhile.
    pub(crate) async fn let_pane_return(&self) -> bool {
        match self.registry.back_by(&self.document.id) {
            Some(by) if by > Instant::now() => self.pane_by(by).await || !self.progress.is_cancelled(),
            _ => true,
        }
    }

    async fn pane_by(&self, by: Instant) -> bool {
        if self.is_live() {
            return true;
        }
        self.progress
            .waiting(UserError::new(ErrorCode::DocumentPaneClosed));
        let stopped = async {
            while !self.progress.is_cancelled() {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
        };
        tokio::select! {
            () = self.backends.panes.returned(&self.document.id) => true,
            () = stopped => false,
            () = tokio::time::sleep_until(by) => false,
        }
    }
}
