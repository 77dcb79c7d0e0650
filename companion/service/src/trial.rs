//! The test of the connection to the provider: under settings that let nobody be asked it says so, and asks nobody. One at a
//! time in the service; who began it can end it, and ends it by going away.

use std::sync::{Mutex as Held, MutexGuard as Guard, PoisonError};

use deskhand_egress::Gate;
use deskhand_inference::Extent;
use deskhand_policy::Policy;
use deskhand_protocol::provider::{ConnectionTest, StepResult};
use deskhand_protocol::{ErrorCode, Notification, UserError};
use deskhand_server::FrontEnd;
use tokio::sync::{Mutex, MutexGuard as Turn};
use tokio_util::sync::CancellationToken;

use crate::provider::{self, Keeper};

/// Tests the connection to the provider that a policy names; `stopped` is why none may be asked under it.
pub(crate) async fn test(
    stopped: Option<UserError>,
    policy: &Policy,
    gate: &Gate,
    keeper: Keeper<'_>,
    extent: Extent,
    told: impl Fn(&StepResult) + Send + Sync,
) -> ConnectionTest {
    let named = provider::named(policy);
    let name = named.as_ref().map(|named| named.place.name().to_owned());
    let connection = match (stopped, &named) {
        (Some(why), _) => Err(why),
        (None, None) => Err(not_configured(policy)),
        (None, Some(named)) => provider::connect(named, policy, gate, keeper),
    };
    match connection {
        Ok(connection) => connection.test(extent, told).await,
        Err(why) => ConnectionTest::stopped(name, why),
    }
}

fn not_configured(policy: &Policy) -> UserError {
    let error = UserError::new(ErrorCode::InferenceNotConfigured);
    let missing = policy.missing();
    if missing.is_empty() {
        error
    } else {
        error.detail(format_args!(
            "{} holds nothing that can be used",
            missing.join(" and ")
        ))
    }
}

/// The test that is under way in the service.
#[derive(Debug, Default)]
pub(crate) struct Trials {
    turn: Mutex<()>,
    /// Who began it, and what ends it.
    under_way: Held<Option<(u64, CancellationToken)>>,
}

impl Trials {
    /// Takes the turn for a test of this front end. A test that it has ended itself makes room; another one does not.
    pub(crate) async fn begin(&self, front_end: &FrontEnd) -> Result<Running<'_>, UserError> {
        let turn = match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(_) if self.is_ended_by(front_end) => self.turn.lock().await,
            Err(_) => return Err(UserError::new(ErrorCode::InferenceTesting)),
        };
        let ended = CancellationToken::new();
        *held(&self.under_way) = Some((front_end.id(), ended.clone()));
        Ok(Running {
            trials: self,
            front_end: front_end.clone(),
            told: Held::default(),
            ended,
            _turn: turn,
        })
    }

    /// Ends the test of this front end, where one is under way.
    pub(crate) fn cancel(&self, front_end: &FrontEnd) {
        let under_way = held(&self.under_way);
        if let Some((_, ended)) = under_way.as_ref().filter(|(by, _)| *by == front_end.id()) {
            ended.cancel();
        }
    }

    fn is_ended_by(&self, front_end: &FrontEnd) -> bool {
        let under_way = held(&self.under_way);
        under_way
            .as_ref()
            .is_none_or(|(by, ended)| *by == front_end.id() && ended.is_cancelled())
    }
}

/// A test that has the turn.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    trials: &'a Trials,
    front_end: FrontEnd,
    told: Held<Vec<StepResult>>,
    ended: CancellationToken,
    _turn: Turn<'a, ()>,
}

impl Running<'_> {
    /// Tells the front end of a step.
    pub(crate) fn tell(&self, step: &StepResult) {
        held(&self.told).push(step.clone());
        // One that is gone ends the test.
        self.front_end.notify(Notification::ProviderTested, step).ok();
    }

    /// Waits until the front end ends the test or goes away; what was tested until then.
    pub(crate) async fn ended(&self) -> ConnectionTest {
        tokio::select! {
            () = self.ended.cancelled() => {}
            () = self.front_end.gone() => {}
        }
        ConnectionTest::cut_short(&held(&self.told), "The test was stopped before.")
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        *held(&self.trials.under_way) = None;
    }
}

fn held<T>(mutex: &Held<T>) -> Guard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
