//! Records of what happens beside sessions, from where nobody can wait for the disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskhand_egress::{EgressAudit, EgressDecision, Outcome};
use deskhand_protocol::Timestamp;
use deskhand_server::Admission;
use deskhand_trail::{Actor, Id, What};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::folding::{Folding, Told};
use crate::clock::now;

/// Notes that may wait to be written.
const QUEUE: usize = 1_024;
/// How often it is looked whether a minute of what came again is over.
const MINUTE: Duration = Duration::from_mins(1);

/// Records for which nobody can wait, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    queue: mpsc::Sender<Note>,
    folding: Arc<Mutex<Folding>>,
}

type Note = (Timestamp, Actor, What);

/// What [`Notes`] leads to.
pub(crate) type Noted = mpsc::Receiver<Note>;

impl Notes {
    pub(crate) fn new() -> (Self, Noted) {
        let (queue, noted) = mpsc::channel(QUEUE);
        let folding = Arc::default();
        (Self { queue, folding }, noted)
    }

    /// Has one written soon.
    pub(crate) fn add(&self, by: Actor, what: What) {
        if let Err(error) = self.queue.try_send((now(), by, what)) {
            tracing::error!(%error, "a record of the audit is lost");
        }
    }

    /// The same for what may come again and again.
    pub(crate) fn fold(&self, by: Actor, what: What) {
        self.add_all(|folding| folding.take(now(), by, what));
    }

    /// Takes in that somebody was let in or kept out.
    pub(crate) fn admission(&self, admission: Admission) {
        match of_admission(admission) {
            (by, what @ What::FrontEndRefused { .. }) => self.fold(by, what),
            (by, what) => self.add(by, what),
        }
    }

    /// Has the numbers of the minute that runs written.
    pub(crate) fn flush(&self) {
        self.add_all(Folding::end);
    }

    fn add_all(&self, told: impl FnOnce(&mut Folding) -> Told) {
        let told = told(&mut self.folding.lock().unwrap_or_else(PoisonError::into_inner));
        for (by, what) in told {
            self.add(by, what);
        }
    }

    /// Has the numbers of minutes that are over written.
    pub(super) async fn flush_each_minute(self, stop: CancellationToken) {
        let mut minutes = tokio::time::interval(MINUTE);
        loop {
            tokio::select! {
                _ = minutes.tick() => self.add_all(|folding| folding.flush(now())),
                () = stop.cancelled() => return,
            }
        }
    }
}

impl EgressAudit for Notes {
    fn record(&self, decision: EgressDecision) {
        let EgressDecision {
            destination,
            host,
            port,
            outcome,
            key,
        } = decision;
        let (destination, key) = (destination.row().id.to_owned(), key.to_owned());
        let what = match outcome {
            Outcome::Opened => What::EgressAllowed {
                destination,
                host,
                port,
                key,
            },
            Outcome::Refused => What::EgressRefused {
                destination,
                host,
                port,
                key,
            },
            Outcome::Failed(step) => What::EgressFailed {
                destination,
                host,
                port,
                key,
                failed_at: step.as_str().to_owned(),
            },
        };
        self.fold(Actor::Service, what);
    }
}

/// Who was let in or kept out, as a record of it.
fn of_admission(admission: Admission) -> (Actor, What) {
    let name = |pane| Actor::from(pane).name().to_owned();
    match admission {
        Admission::Refused { kind, code } => {
            let code = code.as_str().to_owned();
            (kind.into(), What::FrontEndRefused { code })
        }
        Admission::TurnedAway(why) => {
            let code = why.as_str().to_owned();
            (Actor::Unknown, What::FrontEndRefused { code })
        }
        Admission::PairingAllowed { by, token, pane } => {
            let (token, pane) = (Id::of(&token), name(pane));
            (by.into(), What::PairingAllowed { token, pane })
        }
        Admission::PairingRefused { by, pane } => {
            let pane = name(pane);
            (by.into(), What::PairingRefused { pane })
        }
    }
}
