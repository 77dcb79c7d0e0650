//! A person's sign-in for the model: begun, joined and ended from any front end, shown in all of them, kept sealed. One at a time,
//! whoever asks.

mod attempt;
mod kept;
mod place;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use deskhand_egress::{Destination, EgressError, Gate};
use deskhand_inference::credential::{Credential, CredentialError, CredentialSource, Occasion};
use deskhand_inference::{Place as Provider, Secret};
use deskhand_platform::open::in_browser;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::methods::Caller;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{ProviderSignInView, SignInAnswer, SignInState};
use deskhand_protocol::{ErrorCode, Method, Timestamp, UserError};
use deskhand_trail::{Actor, What};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::audit::Notes;
use crate::wire::give;

pub(crate) use attempt::Attempt;
pub(crate) use kept::{forget, tokens};
pub(crate) use place::Place;
use place::{Begun, millis};

/// The sign-in of a provider, while the service runs.
pub(crate) struct SignIn {
    place: Place,
    /// Where the credential comes from.
    inner: Arc<dyn CredentialSource>,
    /// The provider's name in the audit.
    provider: &'static str,
    /// The origin of the provider.
    sent_to: Option<String>,
    gate: Gate,
    notes: Notes,
    held: Mutex<Held>,
    /// Held while a sign-in begins or is ended; with the task of the one that is under way.
    turn: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    tell: OnceLock<Box<dyn Fn(ProviderSignInView) + Send + Sync>>,
}

#[derive(Default)]
struct Held {
    attempt: Attempt,
    /// What the person does, while a sign-in is under way.
    waits: Option<SignInState>,
    problem: Option<UserError>,
    signed_in: bool,
    /// What front ends were told last.
    told: Option<ProviderSignInView>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SignIn").field(&self.place).finish()
    }
}

impl SignIn {
    /// The sign-in at a place for a provider, with whoever is kept as signed in there.
    pub(crate) async fn open(place: Place, provider: &Provider, gate: &Gate, notes: &Notes) -> Arc<Self> {
        let (signed_in, problem) = match place.is_signed_in().await {
            Ok(signed_in) => (signed_in, None),
            Err(error) => (false, Some(told(&error))),
        };
        let held = Held {
            problem,
            signed_in,
            ..Held::default()
        };
        let origins = gate.origins(provider.destination()).unwrap_or_default();
        Arc::new(Self {
            inner: place.source(),
            place,
            provider: provider.name(),
            sent_to: origins.first().map(ToString::to_string),
            gate: gate.clone(),
            notes: notes.clone(),
            held: Mutex::new(held),
            turn: tokio::sync::Mutex::default(),
            tell: OnceLock::new(),
        })
    }

    /// Calls this with each change, from now on.
    pub(crate) fn on_change(&self, tell: impl Fn(ProviderSignInView) + Send + Sync + 'static) {
        drop(self.tell.set(Box::new(tell)));
        self.change(|_| ());
    }

    /// Whether a sign-in is under way, whose way back a new start would close.
    pub(crate) fn is_open(&self) -> bool {
        self.with(|held| held.attempt.is_open())
    }

    /// Whether what is kept is whoever's this is, or may be: somebody is signed in, signs in, or it cannot be told.
    pub(crate) fn is_used(&self) -> bool {
        self.with(|held| held.signed_in || held.problem.is_some() || held.attempt.is_open())
    }

    /// What front ends show.
    pub(crate) fn view(&self) -> ProviderSignInView {
        let ends_at = self.inner.ends_at();
        self.with(|held| ProviderSignInView {
            at: self.place.at.clone(),
            sent_to: self.sent_to.clone(),
            state: held.waits.clone().unwrap_or(if held.signed_in {
                SignInState::Idle
            } else {
                SignInState::SignIn {
                    browser: self.place.is_browser(),
                }
            }),
            begun_by: held.attempt.by().filter(|_| held.waits.is_some()),
            problem: held.problem.clone(),
            signed_in: held.signed_in,
            ends_at: ends_at
                .filter(|_| held.signed_in)
                .map(|end| Timestamp::try_from(millis(end)).unwrap_or(Timestamp::MAX)),
        })
    }

    /// Waits until no renewal is under way that must not be cut: the tokens of before count no more.
    pub(crate) async fn settled(&self) {
        self.place.settled().await;
    }

    fn with<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        let changed = self.with(change);
        let view = self.view();
        let news = self.with(|held| held.told.replace(view.clone()).as_ref() != Some(&view));
        if let Some(tell) = self.tell.get().filter(|_| news) {
            tell(view);
        }
        changed
    }

    /// Begins a sign-in, in the place of one that is under way. Gives the page, where it happens in the browser. Who asks while
    /// another one begins, or from a pane while one of the window or a terminal is under way, has that one.
    async fn begin(self: &Arc<Self>, by: FrontEndKind) -> Result<Option<String>, UserError> {
        let before = self
            .with(|held| held.attempt.ask(by, Instant::now()))
            .map_err(refused)?;
        let Some(before) = before else {
            return Ok(None);
        };
        let mut task = self.turn.lock().await;
        let joined = self.with(|held| {
            let joins = held.attempt.joins(by, before, held.waits.is_some());
            joins.then(|| held.attempt.page.clone())
        });
        if let Some(page) = joined {
            return Ok(page);
        }
        self.stop(&mut task).await;
        let provider = self.provider.to_owned();
        self.notes.add(by.into(), What::SignInStarted { provider });
        let end = self.with(|held| held.attempt.begin(by));
        let begun = tokio::select! {
            biased;
            () = end.cancelled() => Err(refused("it was cancelled")),
            begun = self.begun() => begun.inspect_err(|error| self.failed(error)),
        };
        let begun = begun.inspect_err(|_| self.with(|held| held.attempt.close()))?;
        let page = begun.page().map(ToString::to_string);
        self.change(|held| {
            held.attempt.begun += 1;
            held.attempt.page.clone_from(&page);
            held.waits = Some(begun.state());
            held.problem = None;
        });
        *task = Some(tokio::spawn(Arc::clone(self).ended(end, begun)));
        Ok(page)
    }

    async fn begun(&self) -> Result<Begun, UserError> {
        let begun = self.place.begin().await.map_err(|error| told(&error))?;
        if let Some(page) = begun.page() {
            let page = page.as_str();
            self.gate
                .page(Destination::SignInPage, page)
                .map_err(|error| refused(closed(&error)))?;
            if let Err(error) = in_browser(page) {
                tracing::warn!(%error, "the browser was not opened for the sign-in");
            }
        }
        Ok(begun)
    }

    /// Waits for the end of a sign-in, unless it is ended before.
    async fn ended(self: Arc<Self>, end: CancellationToken, begun: Begun) {
        let ended = tokio::select! {
            biased;
            () = end.cancelled() => None,
            ended = self.place.finish(begun) => Some(ended),
        };
        match ended {
            None => self.change(|held| held.waits = None),
            Some(Ok(())) => {
                let provider = self.provider.to_owned();
                self.notes.add(Actor::Service, What::SignInSucceeded { provider });
                self.change(|held| (held.waits, held.problem, held.signed_in) = (None, None, true));
            }
            Some(Err(error)) => self.failed(&told(&error)),
        }
        self.with(|held| held.attempt.close());
    }

    fn failed(&self, error: &UserError) {
        let code = error.code.as_str().to_owned();
        let provider = self.provider.to_owned();
        self.notes
            .add(Actor::Service, What::SignInFailed { provider, code });
        self.change(|held| (held.waits, held.problem) = (None, Some(error.clone())));
    }

    /// Ends a sign-in that is under way, if this front end may, and waits for its end.
    async fn cancel(&self, by: FrontEndKind) -> Result<(), UserError> {
        self.with(|held| held.attempt.cancel_by(by)).map_err(refused)?;
        let mut task = self.turn.lock().await;
        // Another one may have begun meanwhile.
        if self.with(|held| held.attempt.cancel_by(by)).is_ok() {
            self.stop(&mut task).await;
        }
        Ok(())
    }

    /// Ends the sign-in of this task, and waits until it did its last.
    async fn stop(&self, task: &mut Option<JoinHandle<()>>) {
        self.with(|held| held.attempt.cancel());
        if let Some(task) = task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "a sign-in broke off");
        }
    }

    /// Forgets who signed in, here first; the provider is told where it takes that.
    async fn sign_out(&self, by: Actor) -> Result<(), UserError> {
        self.with(|held| held.attempt.cancel());
        let mut task = self.turn.lock().await;
        self.stop(&mut task).await;
        let signed_out = self.place.sign_out().await;
        // What could not be taken off the disk would count again.
        if let Err(error @ CredentialError::Store(_)) = &signed_out {
            let error = told(error);
            self.change(|held| (held.problem, held.signed_in) = (Some(error.clone()), false));
            return Err(error);
        }
        let provider = self.provider.to_owned();
        self.notes.add(by, What::SignedOut { provider });
        self.change(|held| (held.problem, held.signed_in) = (None, false));
        match signed_out {
            Ok(true) => {}
            Ok(false) => tracing::info!("the sign-out was not told to the identity provider"),
            Err(error) => tracing::warn!(%error, "the sign-out was not told to the identity provider"),
        }
        Ok(())
    }

    /// Takes in what asking for the credential showed of the sign-in. Whoever signed out meanwhile stays signed out.
    async fn seen(&self, given: &Result<Credential, CredentialError>) {
        let is_over = given.as_ref().is_err_and(CredentialError::asks_to_sign_in);
        if let Ok(is_there) = self.place.is_signed_in().await {
            self.change(|held| held.signed_in = is_there && !is_over);
        }
    }

    /// Does what a front end asks for. The server has checked that it may.
    pub(crate) async fn call(self: &Arc<Self>, method: Method, by: FrontEndKind) -> Result<Value, UserError> {
        match method {
            Method::ProviderSignIn => {
                let page = self.begin(by).await?;
                // The page carries what belongs to this attempt: it goes to whom the person opened here.
                return give(SignInAnswer {
                    page: page.filter(|_| Caller::Desktop.admits(by)),
                });
            }
            Method::ProviderCancelSignIn => self.cancel(by).await?,
            Method::ProviderSignOut => self.sign_out(by.into()).await?,
            _ => return Err(UserError::new(ErrorCode::BadRequest).detail(method.name())),
        }
        give(Nothing {})
    }
}

/// The credential of whoever is signed in. What is asked of it shows in front ends.
#[derive(Debug)]
pub(crate) struct OfPerson(pub(crate) Arc<SignIn>);

impl CredentialSource for OfPerson {
    fn credential<'a>(
        &'a self,
        occasion: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(async move {
            let given = self.0.inner.credential(occasion, refused).await;
            self.0.seen(&given).await;
            given
        })
    }

    fn ends_at(&self) -> Option<SystemTime> {
        self.0.inner.ends_at()
    }

    fn secrets(&self) -> Vec<Secret> {
        self.0.inner.secrets()
    }

    fn sign_ins(&self) -> Option<watch::Receiver<u64>> {
        self.0.inner.sign_ins()
    }
}

fn told(error: &CredentialError) -> UserError {
    error.to_fault().to_user_error()
}

fn refused(why: impl fmt::Display) -> UserError {
    UserError::new(ErrorCode::InferenceSignIn)
        .happened("The sign-in for the model did not come about.")
        .detail(why)
}

fn closed(error: &EgressError) -> String {
    match error {
        EgressError::Refused { origin, key, .. } => format!("{origin} is no host that {key} names"),
        other => other.to_string(),
    }
}
