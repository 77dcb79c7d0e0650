//! Settings that an address of the organisation hands out for each person: fetched, kept, asked for again before they end.
//! What of them counts is the policy crate's to say; what changes in them takes effect as any change of settings does
//! (`reload.rs`).

mod fetch;
mod layer;
mod plan;
mod sign_in;
mod vault;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use deskhand_egress::{Destination, Gate};
use deskhand_identity::Tokens;
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::secrets::KeptSecrets;
use deskhand_protocol::bootstrap::{
    BootstrapAnswer, BootstrapState, BootstrapView, ConsentParams, SignInAnswer,
};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::methods::Caller;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method, Timestamp, UserError};
use deskhand_telemetry::headers::{Helper, fixed};
use deskhand_telemetry::port::HeaderSource as _;
use deskhand_trail::{Actor, What};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::audit::Notes;
use crate::clock::now;
use crate::handler::Service;
use crate::reload::Watched;
use crate::settings::Settings;
use crate::wire::{give, read};
use fetch::{Fetched, ask, renewed};
use vault::{Answer, Kept, Said, Vault};

pub(crate) use layer::Layer;
use layer::Question;
pub(crate) use plan::Plan;
use plan::Way;

/// The name of these sign-ins in the audit.
const PROVIDER: &str = "bootstrap";
/// How long before their end tokens are renewed, in milliseconds.
const RENEW: u64 = 60_000;
/// An answer that ends by itself sooner than this is asked for whole: that it is unchanged would not make it last.
const WHOLE: u64 = 15 * 60_000;
/// The shortest and the longest time between two checks while settings count, in milliseconds.
const CHECKS: (u64, u64) = (60_000, 60 * 60_000);
/// The first and the longest time until what failed is tried again, in milliseconds.
const RETRIES: (u64, u64) = (15_000, 10 * 60_000);
/// How often the clock is looked at: a computer that slept has not counted the time.
const LOOK: Duration = Duration::from_secs(30);

/// The settings of one address, while the service runs.
pub(crate) struct Bootstrap {
    plan: Plan,
    vault: Vault,
    gate: Gate,
    helper: Option<Helper>,
    notes: Notes,
    /// The administrator's source and the user's, which the answer lies between.
    sources: (Watched, KeptSecrets),
    /// Held over an exchange, so that there is one at a time.
    kept: tokio::sync::Mutex<Kept>,
    shown: Mutex<Shown>,
    /// The sign-in that is under way.
    attempt: Mutex<CancellationToken>,
    wake: Notify,
    tell: OnceLock<Box<dyn Fn(BootstrapView) + Send + Sync>>,
}

/// What front ends and the policy see of it.
struct Shown {
    layer: Layer,
    answer: Option<Answer>,
    signed_in: bool,
    state: BootstrapState,
    problem: Option<UserError>,
    /// Whether the last answer accepted who asked: a change of that is recorded.
    accepted: Option<bool>,
    /// What front ends were told last.
    told: Option<BootstrapView>,
}

impl std::fmt::Debug for Bootstrap {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Bootstrap").field(&self.plan).finish()
    }
}

impl Bootstrap {
    /// What the settings name; `None` where no address hands out settings.
    pub(crate) fn new(
        paths: &Paths,
        secrets: &SecretStore,
        settings: &Settings,
        gate: &Gate,
        notes: &Notes,
    ) -> anyhow::Result<Option<Arc<Self>>> {
        let Some(plan) = Plan::of(&settings.policy) else {
            return Ok(None);
        };
        let vault = Vault::open(paths, secrets, &plan)?;
        let kept = vault.read();
        let helper = match &plan.way {
            Way::Headers(_, Some(helper)) => Some(Helper::new(helper.clone())?),
            _ => None,
        };
        let shown = Shown {
            layer: Layer::of(&plan, &kept, millis()),
            answer: kept.answer.clone(),
            signed_in: kept.tokens.is_some(),
            state: BootstrapState::Idle,
            problem: None,
            accepted: None,
            told: None,
        };
        Ok(Some(Arc::new(Self {
            sources: (settings.watched.clone(), settings.kept.clone()),
            kept: tokio::sync::Mutex::new(kept),
            shown: Mutex::new(shown),
            attempt: Mutex::default(),
            wake: Notify::new(),
            tell: OnceLock::new(),
            gate: gate.clone(),
            notes: notes.clone(),
            plan,
            vault,
            helper,
        })))
    }

    /// Keeps the settings current, and tells `tell` of each change.
    async fn run(&self, tell: Box<dyn Fn(BootstrapView) + Send + Sync>) -> Infallible {
        drop(self.tell.set(tell));
        let mut failed = 0;
        loop {
            let checked = self.check().await;
            failed = if checked { 0 } else { failed + 1 };
            let wait = self.until_next(failed);
            // By the clock, which goes on while the computer sleeps, or by the time that passed, where the clock was set back.
            let (at, passed) = (
                millis().saturating_add(wait),
                Instant::now() + Duration::from_millis(wait),
            );
            while millis() < at && Instant::now() < passed {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.wake.notified() => break,
                }
            }
        }
    }

    /// Milliseconds until the next check.
    fn until_next(&self, failed: u32) -> u64 {
        if failed > 0 {
            return (RETRIES.0 << (failed - 1).min(10)).min(RETRIES.1);
        }
        let now = millis();
        let ends_at = self.with(|shown| shown.answer.as_ref().map_or(now, |answer| answer.ends_at));
        (ends_at.saturating_sub(now) / 4 * 3).clamp(CHECKS.0, CHECKS.1)
    }

    /// Asks once. Gives whether nothing has to be tried again soon.
    async fn check(&self) -> bool {
        let mut kept = self.kept.lock().await;
        if kept.tokens.is_none() && !matches!(self.plan.way, Way::Headers(..)) {
            // Nobody signed in yet: there is nobody to ask as.
            self.change(|shown| shown.idle_to(self.plan.sign_in()));
            return true;
        }
        let counts = kept.answer.as_ref().is_some_and(|answer| answer.counts(millis()));
        if !counts {
            self.change(|shown| shown.idle_to(BootstrapState::Checking));
        }
        match self.fetched(&mut kept).await {
            Ok(fetched) => self.take(&mut kept, fetched),
            Err(error) => {
                self.change(|shown| {
                    shown.idle_to(BootstrapState::Idle);
                    shown.problem = Some(error);
                });
                false
            }
        }
    }

    /// Takes an answer in.
    fn take(&self, kept: &mut Kept, fetched: Fetched) -> bool {
        let answer = match fetched {
            Fetched::Answer(answer) => Some(answer),
            Fetched::Unchanged => kept.answer.as_ref().map(|answer| renewed(answer, millis())),
            Fetched::SignIn => {
                self.refused();
                // Headers can be others soon; a person comes by themselves.
                return !matches!(self.plan.way, Way::Headers(..));
            }
        };
        kept.answer = answer;
        self.keep(kept);
        self.accepted(true);
        self.change(|shown| {
            shown.idle_to(BootstrapState::Idle);
            shown.problem = None;
        });
        true
    }

    /// Whoever asked is not known any longer: the present settings stay until they end.
    fn refused(&self) {
        let why = match self.plan.way {
            Way::Headers(..) => "the address did not accept the headers",
            Way::Browser(_) | Way::Device => "the sign-in counts no longer",
        };
        self.accepted(false);
        self.change(|shown| {
            shown.idle_to(self.plan.sign_in());
            shown.problem = Some(UserError::new(ErrorCode::BootstrapSignIn).detail(why));
        });
    }

    /// Asks the address, as whoever the settings let ask.
    async fn fetched(&self, kept: &mut Kept) -> Result<Fetched, UserError> {
        let etag = etag(kept, millis());
        if let Way::Headers(headers, _) = &self.plan.way {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut headers = fixed(&headers.collect());
            if let Some(helper) = &self.helper {
                let printed = helper.headers().await;
                headers.extend(printed.map_err(|error| {
                    UserError::new(ErrorCode::BootstrapSignIn)
                        .detail(format!("bootstrapHeadersHelper: {error}"))
                })?);
            }
            let fetched = self.ask(&headers, etag.as_deref()).await?;
            if let (Fetched::SignIn, Some(helper)) = (&fetched, &self.helper) {
                helper.refused();
            }
            return Ok(fetched);
        }
        let Some(mut tokens) = kept.tokens() else {
            return Ok(Fetched::SignIn);
        };
        let mut new = false;
        if tokens.ends_at() <= millis().saturating_add(RENEW) {
            let Some(renewed) = self.renewed(kept, &tokens).await? else {
                return Ok(Fetched::SignIn);
            };
            (tokens, new) = (renewed, true);
        }
        let fetched = self.ask_as(&tokens, etag.as_deref()).await?;
        if fetched != Fetched::SignIn || new {
            return Ok(fetched);
        }
        match self.renewed(kept, &tokens).await? {
            Some(renewed) => self.ask_as(&renewed, etag.as_deref()).await,
            None => Ok(fetched),
        }
    }

    async fn ask_as(&self, tokens: &Tokens, etag: Option<&str>) -> Result<Fetched, UserError> {
        let value = HeaderValue::try_from(format!("Bearer {}", tokens.access()));
        // The error could quote the token.
        let mut value = value.map_err(|_| UserError::new(ErrorCode::BootstrapSignIn))?;
        value.set_sensitive(true);
        self.ask(&HeaderMap::from_iter([(AUTHORIZATION, value)]), etag)
            .await
    }

    async fn ask(&self, headers: &HeaderMap, etag: Option<&str>) -> Result<Fetched, UserError> {
        let address = &self.plan.address;
        let client = self.gate.client_at(Destination::Bootstrap, address.as_str());
        let client = client.map_err(|error| UserError::new(ErrorCode::BootstrapUnreachable).detail(error))?;
        let asked = ask(&client.without_redirects(), address, headers, etag, millis()).await;
        asked.map_err(|error| error.told())
    }

    /// Keeps what is there now. What cannot be kept counts until the service ends.
    fn keep(&self, kept: &Kept) {
        if let Err(error) = self.vault.write(kept) {
            tracing::error!(%error, "the bootstrap settings could not be kept");
        }
        let layer = Layer::of(&self.plan, kept, millis());
        self.change(|shown| {
            shown.layer = layer;
            shown.answer.clone_from(&kept.answer);
            shown.signed_in = kept.tokens.is_some();
        });
    }

    /// Records whether whoever asked was accepted, where that is another than before.
    fn accepted(&self, accepted: bool) {
        let before = self.with(|shown| shown.accepted.replace(accepted));
        if before == Some(accepted) {
            return;
        }
        let provider = PROVIDER.to_owned();
        let what = if accepted {
            What::SignInSucceeded { provider }
        } else {
            What::SignInFailed {
                provider,
                code: ErrorCode::BootstrapSignIn.as_str().to_owned(),
            }
        };
        self.notes.add(Actor::Service, what);
    }

    /// The answer as a source of the policy.
    pub(crate) fn layer(&self) -> Layer {
        let now = millis();
        self.with(|shown| {
            let counts = shown.answer.as_ref().is_some_and(|answer| answer.counts(now));
            if counts {
                shown.layer.clone()
            } else {
                Layer::default()
            }
        })
    }

    fn asked(&self) -> Question {
        let (watched, kept) = &self.sources;
        self.layer().asked(watched.layers(kept))
    }

    /// What front ends show.
    pub(crate) fn view(&self) -> BootstrapView {
        let consent = self.asked().consent;
        let now = millis();
        self.with(|shown| BootstrapView {
            origin: self.plan.origin(),
            state: shown.state.clone(),
            problem: shown.problem.clone(),
            counts_until: shown
                .answer
                .as_ref()
                .filter(|answer| answer.counts(now))
                .map(|answer| Timestamp::try_from(answer.ends_at).unwrap_or(Timestamp::MAX)),
            signed_in: shown.signed_in,
            consent,
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Shown) -> T) -> T {
        look(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Shown)) {
        self.with(change);
        let view = self.view();
        let news = self.with(|shown| shown.told.replace(view.clone()).as_ref() != Some(&view));
        if let Some(tell) = self.tell.get().filter(|_| news) {
            tell(view);
        }
    }

    /// How far the settings are, and what a person is asked about.
    fn answer(&self) -> BootstrapAnswer {
        let asked = self.asked();
        BootstrapAnswer {
            view: Some(self.view()),
            values: asked.values,
            digest: asked.digest,
        }
    }

    /// Takes in what a person said of exactly these values.
    async fn consent(&self, params: ConsentParams, by: Actor) -> Result<(), UserError> {
        let mut kept = self.kept.lock().await;
        let asked = self.asked();
        if asked.consent.is_none() || asked.digest != params.digest {
            return Err(UserError::new(ErrorCode::BootstrapConsent));
        }
        let keys: Vec<&str> = asked.values.iter().map(|value| value.key.as_str()).collect();
        let said = What::BootstrapConsent {
            keys: keys.join(" "),
            digest: params.digest.clone(),
            allowed: params.allow,
        };
        self.notes.add(by, said);
        kept.consent = Some(Said {
            digest: params.digest,
            allowed: params.allow,
        });
        self.keep(&kept);
        Ok(())
    }
}

/// Does what a front end asks for. The server has checked that it may.
pub(crate) async fn call(
    bootstrap: Option<&Arc<Bootstrap>>,
    method: Method,
    params: Value,
    by: FrontEndKind,
) -> Result<Value, UserError> {
    let Some(bootstrap) = bootstrap else {
        return match method {
            Method::BootstrapShow => give(BootstrapAnswer::default()),
            _ => Err(UserError::new(ErrorCode::BadRequest).detail("no address hands out settings")),
        };
    };
    match method {
        Method::BootstrapShow => give(bootstrap.answer()),
        Method::BootstrapSignIn => {
            let page = bootstrap.sign_in(by.into()).await?;
            // The page carries what belongs to this attempt: it goes to whom the person opened here.
            give(SignInAnswer {
                page: page.filter(|_| Caller::Desktop.admits(by)),
            })
        }
        Method::BootstrapCancel => {
            bootstrap.cancel();
            give(Nothing {})
        }
        Method::BootstrapSignOut => {
            bootstrap.sign_out(by.into()).await?;
            give(Nothing {})
        }
        Method::BootstrapConsent => {
            bootstrap.consent(read(params)?, by.into()).await?;
            give(Nothing {})
        }
        _ => Err(UserError::new(ErrorCode::BadRequest).detail(method.name())),
    }
}

/// Keeps the settings of a service current and shows each change to its front ends, until it is dropped.
pub(crate) async fn keep_current(service: &Arc<Service>) -> Infallible {
    let Some(bootstrap) = service.configuration.bootstrap() else {
        return std::future::pending().await;
    };
    let shown = Arc::downgrade(service);
    let tell = move |now| {
        if let Some(service) = shown.upgrade() {
            service.show(|view| view.bootstrap = Some(now));
        }
    };
    bootstrap.run(Box::new(tell)).await
}

impl Shown {
    /// The state, unless a sign-in is under way, which says itself when it ends.
    fn idle_to(&mut self, state: BootstrapState) {
        if !matches!(self.state, BootstrapState::Browser | BootstrapState::Code { .. }) {
            self.state = state;
        }
    }
}

/// The entity tag to name: of an answer that counts, and that lasts if it is unchanged.
fn etag(kept: &Kept, now: u64) -> Option<String> {
    let lasts = |answer: &&Answer| !answer.says_end || answer.ends_at.saturating_sub(now) > WHOLE;
    let answer = kept.answer.as_ref().filter(|answer| answer.counts(now));
    answer.filter(lasts)?.etag.clone()
}

/// Now, in Unix milliseconds.
pub(crate) fn millis() -> u64 {
    u64::try_from(now()).unwrap_or_default()
}
