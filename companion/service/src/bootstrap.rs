//! Settings that an address of the organisation hands out for each person: fetched, kept, asked for again before they end.
//! What of them counts is the policy crate's to say; what changes in them takes effect as any change of settings does
//! (`reload.rs`).

mod check;
mod fetch;
mod layer;
mod plan;
mod sign_in;
mod sign_out;
mod vault;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use deskhand_egress::Gate;
use deskhand_identity::Tokens;
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::Policy;
use deskhand_policy::secrets::KeptSecrets;
use deskhand_protocol::bootstrap::{BootstrapAnswer, BootstrapView, Consent, ConsentParams};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::methods::Caller;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{SignInAnswer, SignInState};
use deskhand_protocol::{ErrorCode, Method, Timestamp, UserError};
use deskhand_telemetry::headers::Helper;
use deskhand_trail::{Actor, What};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::audit::Notes;
use crate::clock::now;
use crate::handler::Service;
use crate::reload::Watched;
use crate::settings::Settings;
use crate::sign_in::Attempt;
use crate::wire::{give, read};
use sign_out::ASKED;
use vault::{Kept, Said, Vault, forget};

pub(crate) use layer::Layer;
use layer::Question;
pub(crate) use plan::Plan;
use plan::Way;

/// The name of these sign-ins in the audit.
const PROVIDER: &str = "bootstrap";

/// The settings of one address, while the service runs.
pub(crate) struct Bootstrap {
    plan: Plan,
    vault: Vault,
    gate: Gate,
    helper: Option<Helper>,
    notes: Notes,
    /// The administrator's source and the user's, which the answer lies between.
    sources: (Watched, KeptSecrets),
    /// Never held over an exchange: who signs out or consents waits for no server.
    held: Mutex<Held>,
    /// Held while a sign-in begins or is ended; with the task of the one that is under way.
    turn: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    /// Held over an exchange that gives new tokens for old ones, which count once.
    renewing: Arc<tokio::sync::Mutex<()>>,
    wake: Notify,
    /// A sign-in is to be ended at the provider.
    unwanted: Notify,
    tell: OnceLock<Box<dyn Fn(BootstrapView) + Send + Sync>>,
}

/// What is kept, and what front ends and the policy see of it.
struct Held {
    kept: Kept,
    /// What counts of it.
    layer: Layer,
    /// When the time was last taken in.
    looked: Instant,
    /// The time that the file has.
    written: u64,
    /// Ended once what is kept is somebody else's: what was asked before that is not for them.
    whose: CancellationToken,
    attempt: Attempt,
    state: SignInState,
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
    /// What the settings name; `None` where no address hands out settings. What was kept of another address is forgotten, where
    /// one is named.
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
        if Plan::is_certain(&settings.policy) && vault.is_foreign() {
            forget_noted(paths, notes)?;
        }
        let kept = vault.read();
        let helper = match &plan.way {
            Way::Headers(_, Some(helper)) => {
                let named = &settings.policy.bootstrap.bootstrap_headers_helper;
                Some(Helper::new(helper.clone())?.of_organisation(named.is_of_organisation()))
            }
            _ => None,
        };
        let this = Self {
            sources: (settings.watched.clone(), settings.kept.clone()),
            held: Mutex::new(Held::new(&plan, kept)),
            turn: tokio::sync::Mutex::default(),
            renewing: Arc::default(),
            wake: Notify::new(),
            unwanted: Notify::new(),
            tell: OnceLock::new(),
            gate: gate.clone(),
            notes: notes.clone(),
            plan,
            vault,
            helper,
        };
        this.look();
        Ok(Some(Arc::new(this)))
    }

    /// Waits until no exchange is under way that must not be cut.
    pub(crate) async fn settled(&self) {
        drop(self.renewing.lock().await);
    }

    /// Whether a sign-in is under way, whose way back a new start would close.
    pub(crate) fn is_signing_in(&self) -> bool {
        self.with(|held| held.attempt.is_open())
    }

    /// Keeps what is there now. What cannot be kept counts until the service ends.
    fn keep(&self, held: &mut Held) {
        held.written = held.kept.seen;
        held.layer = Layer::of(&self.plan, &held.kept, millis());
        if let Err(error) = self.vault.write(&held.kept) {
            tracing::error!(%error, "the bootstrap settings could not be kept");
        }
    }

    /// The answer as a source of the policy.
    pub(crate) fn layer(&self) -> Layer {
        self.with(|held| {
            let now = held.see();
            if held.kept.counting(now).is_some() == held.layer.is_ended() {
                held.layer = Layer::of(&self.plan, &held.kept, now);
            }
            held.layer.clone()
        })
    }

    fn asked(&self) -> Question {
        let (watched, kept) = &self.sources;
        self.layer().asked(watched.layers(kept))
    }

    /// What front ends show.
    pub(crate) fn view(&self) -> BootstrapView {
        self.view_of(self.asked().consent)
    }

    fn view_of(&self, consent: Option<Consent>) -> BootstrapView {
        let now = millis();
        self.with(|held| BootstrapView {
            origin: self.plan.origin(),
            state: held.state.clone(),
            begun_by: held.attempt.by().filter(|_| held.waits_for_a_person()),
            problem: held.problem.clone(),
            counts_until: held
                .kept
                .counting(now)
                .map(|answer| Timestamp::try_from(answer.ends_at).unwrap_or(Timestamp::MAX)),
            signed_in: held.kept.tokens.is_some(),
            consent,
        })
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

    /// How far the settings are, and what a person is asked about.
    fn answer(&self) -> BootstrapAnswer {
        // Asked once: settings that come meanwhile would put a question into the view whose values are not in the answer.
        let asked = self.asked();
        BootstrapAnswer {
            view: Some(self.view_of(asked.consent)),
            values: asked.values,
            digest: asked.digest,
        }
    }

    /// Takes in what a person said of exactly these values.
    fn consent(&self, params: ConsentParams, by: Actor) -> Result<(), UserError> {
        let (watched, secrets) = &self.sources;
        self.change(|held| {
            let asked = held.layer.asked(watched.layers(secrets));
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
            held.kept.consent = Some(Said {
                digest: params.digest,
                allowed: params.allow,
            });
            self.keep(held);
            Ok(())
        })
    }
}

impl Held {
    fn new(plan: &Plan, kept: Kept) -> Self {
        Self {
            layer: Layer::of(plan, &kept, millis()),
            looked: Instant::now(),
            written: kept.seen,
            kept,
            whose: CancellationToken::new(),
            attempt: Attempt::default(),
            state: SignInState::Idle,
            problem: None,
            accepted: None,
            told: None,
        }
    }

    /// Takes the time in, by the clock and by what passed since: a clock that is set back makes nothing last longer. Gives
    /// what the clock says.
    fn see(&mut self) -> u64 {
        let (now, mark) = (millis(), Instant::now());
        let passed = mark.duration_since(std::mem::replace(&mut self.looked, mark));
        self.kept
            .see(now, u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        now
    }

    /// From now on what is kept is somebody else's.
    fn change_hands(&mut self) {
        std::mem::take(&mut self.whose).cancel();
        self.accepted = None;
    }

    /// Somebody signed in: the provider ends the sign-in of before.
    fn signed_in_as(&mut self, tokens: &Tokens) {
        self.change_hands();
        if let Some(former) = self.kept.tokens.replace(tokens.to_bytes().to_vec()) {
            self.kept.unwant(former, millis().saturating_add(ASKED));
        }
    }

    fn waits_for_a_person(&self) -> bool {
        matches!(self.state, SignInState::Browser | SignInState::Code { .. })
    }

    /// The state, unless a sign-in is under way, which says itself when it ends.
    fn idle_to(&mut self, state: SignInState) {
        if !self.waits_for_a_person() {
            self.state = state;
        }
    }
}

/// Forgets what is kept of an address where the settings name none, and that is certain.
pub(crate) fn forget_unnamed(paths: &Paths, policy: &Policy, notes: &Notes) -> anyhow::Result<()> {
    if Plan::of(policy).is_none() && Plan::is_certain(policy) {
        forget_noted(paths, notes)?;
    }
    Ok(())
}

/// Forgets what is kept for an address that the settings name no longer: nobody could sign out of it. The provider cannot be
/// told, because the settings close the way to it.
fn forget_noted(paths: &Paths, notes: &Notes) -> anyhow::Result<()> {
    if forget(paths)? {
        tracing::info!("what was kept of another bootstrap address is forgotten");
        let provider = PROVIDER.to_owned();
        notes.add(Actor::Service, What::SignedOut { provider });
    }
    Ok(())
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
            let page = bootstrap.sign_in(by).await?;
            // The page carries what belongs to this attempt: it goes to whom the person opened here.
            give(SignInAnswer {
                page: page.filter(|_| Caller::Desktop.admits(by)),
            })
        }
        Method::BootstrapCancel => {
            bootstrap.cancel(by).await?;
            give(Nothing {})
        }
        Method::BootstrapSignOut => {
            bootstrap.sign_out(by.into()).await?;
            give(Nothing {})
        }
        Method::BootstrapConsent => {
            bootstrap.consent(read(params)?, by.into())?;
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

/// Now, in Unix milliseconds.
pub(crate) fn millis() -> u64 {
    u64::try_from(now()).unwrap_or_default()
}
