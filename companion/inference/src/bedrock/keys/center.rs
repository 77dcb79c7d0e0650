//! A person who signs in at Identity Center within the app, without AWS's tools: a client is registered, the person confirms a code
//! in the browser, and what comes of it gives the keys of one role (IAM Identity Center OIDC and Portal API References).

mod kept;
mod oidc;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use deskhand_identity::Transport;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use url::Url;

use super::error::AwsError;
use super::files::SignedIn;
use super::portal;
use crate::Secret;
use crate::credential::{
    BACK, Clock, Credential, CredentialError, CredentialSource, Occasion, Seen, StoreFault, TokenStore,
    is_due, turn, unless_refused,
};

use kept::Session;
use oidc::{Begun, Oidc, OidcError};

/// The longest time that a person has, whatever the service says.
const GRANT: Duration = Duration::from_mins(10);
/// The shortest and the longest time between two questions.
const POLL: (u64, u64) = (1, 30);
/// Seconds that are added when the service says `slow_down` (RFC 8628, section 3.5).
const SLOWER: u64 = 5;

/// What the settings say of Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Center {
    /// The start page of the organisation (`inferenceBedrockSsoStartUrl`).
    pub start_url: String,
    /// The region of Identity Center (`inferenceBedrockSsoRegion`).
    pub region: String,
    /// The account, 12 digits (`inferenceBedrockSsoAccountId`).
    pub account: String,
    /// The permission set (`inferenceBedrockSsoRoleName`).
    pub role: String,
}

/// A person's sign-in at Identity Center.
pub struct IdentityCenter<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for IdentityCenter<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

struct Shared<T> {
    center: Center,
    oidc: Oidc,
    transport: T,
    store: Arc<dyn TokenStore>,
    lifetime: Option<Duration>,
    clock: Clock,
    held: Mutex<Held>,
    /// Held while keys are fetched and while a session is put in the place of another: once at a time, whoever asks.
    working: tokio::sync::Mutex<()>,
    /// Counts the people who signed in.
    sign_ins: watch::Sender<u64>,
}

#[derive(Default)]
struct Held {
    is_loaded: bool,
    session: Option<Session>,
    keys: Option<Credential>,
    /// The store as it was read or written last.
    seen: Seen,
}

impl<T> std::fmt::Debug for IdentityCenter<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("IdentityCenter")
            .field(&self.shared.center)
            .finish()
    }
}

/// A sign-in that waits for the person.
pub struct CenterSignIn {
    begun: Begun,
    interval: u64,
    ends_at: SystemTime,
}

impl std::fmt::Debug for CenterSignIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("CenterSignIn");
        shown.field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

impl CenterSignIn {
    /// The code that the page shows, for the person to compare.
    pub fn user_code(&self) -> &str {
        &self.begun.user_code
    }

    /// The page to open in the browser. The caller asks the gate whether it may be opened.
    pub fn page(&self) -> &Url {
        &self.begun.page
    }

    /// Until when the person can confirm it.
    pub fn ends_at(&self) -> SystemTime {
        self.ends_at
    }

    /// How long to wait before [`IdentityCenter::poll`].
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.interval)
    }
}

/// What asking once more gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The person is not done; ask again after [`CenterSignIn::wait`].
    Waiting,
    /// The person signed in, and it is kept.
    SignedIn,
}

impl<T: Transport + 'static> IdentityCenter<T> {
    /// Whoever signed in there, with the tokens that the store keeps. `lifetime` is how long a sign-in counts
    /// (`inferenceSessionLifetimeSec`).
    pub fn new(
        center: Center,
        transport: T,
        store: Arc<dyn TokenStore>,
        lifetime: Option<Duration>,
        clock: Clock,
    ) -> Result<Self, CredentialError> {
        let shared = Shared {
            oidc: Oidc::new(&center.region).ok_or(AwsError::Answer(portal::PORTAL))?,
            center,
            transport,
            store,
            lifetime,
            clock,
            held: Mutex::default(),
            working: tokio::sync::Mutex::default(),
            sign_ins: watch::Sender::new(0),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Whether somebody is signed in and their time is not over.
    pub async fn is_signed_in(&self) -> Result<bool, CredentialError> {
        self.shared.load().await?;
        let session = self.shared.held().session.clone();
        Ok(session.is_some_and(|session| !self.shared.is_over(&session)))
    }

    /// Waits until nothing is under way that must not be cut.
    pub async fn settled(&self) {
        drop(self.shared.working.lock().await);
    }

    /// Begins a sign-in: registers this program and asks for a code.
    pub async fn begin(&self) -> Result<CenterSignIn, CredentialError> {
        let shared = &self.shared;
        let now = (shared.clock)();
        let begun = shared
            .oidc
            .begin(&shared.transport, &shared.center.start_url)
            .await?;
        let counts = begun.counts.min(GRANT);
        Ok(CenterSignIn {
            interval: begun.interval.clamp(POLL.0, POLL.1),
            ends_at: now + counts,
            begun,
        })
    }

    /// Asks once whether the person is done, and keeps what comes of it in the place of what was before. Call it after
    /// [`CenterSignIn::wait`]. To cancel the sign-in, drop it.
    pub async fn poll(&self, sign_in: &mut CenterSignIn) -> Result<Progress, CredentialError> {
        let shared = &self.shared;
        let now = (shared.clock)();
        if now >= sign_in.ends_at {
            return Err(CredentialError::SignInFailed(
                deskhand_identity::SignInError::Expired,
            ));
        }
        match shared.oidc.granted(&shared.transport, &sign_in.begun, now).await {
            Ok(session) => {
                // It goes on where nobody waits for it any longer.
                let shared = Arc::clone(shared);
                let taken = tokio::spawn(async move {
                    let _one = shared.working.lock().await;
                    let _turn = turn(&*shared.store).await;
                    drop(shared.keep(Some(session)).await);
                    shared.sign_ins.send_modify(|people| *people += 1);
                });
                taken.await.map_err(broke_off)?;
                Ok(Progress::SignedIn)
            }
            Err(OidcError::Pending) => Ok(Progress::Waiting),
            Err(OidcError::TooFast) => {
                sign_in.interval = (sign_in.interval + SLOWER).min(POLL.1);
                Ok(Progress::Waiting)
            }
            Err(OidcError::Failed(error)) if error.is_passing() => {
                sign_in.interval = (sign_in.interval * 2).min(POLL.1);
                Ok(Progress::Waiting)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets the sign-in. The portal is asked to end it; true where it was told.
    pub async fn sign_out(&self) -> Result<bool, CredentialError> {
        let shared = &self.shared;
        // What cannot be read is forgotten all the same.
        drop(shared.load().await);
        let _one = shared.working.lock().await;
        let _turn = turn(&*shared.store).await;
        let former = shared.held().session.clone();
        shared.keep(None).await?;
        match former {
            Some(former) => Ok(portal::end(&shared.transport, &former.access, &shared.center.region).await),
            None => Ok(false),
        }
    }

    async fn current(
        &self,
        occasion: Occasion,
        refused: Option<&Credential>,
    ) -> Result<Credential, CredentialError> {
        let shared = &self.shared;
        shared.load().await?;
        if let Some(ready) = shared.ready(occasion, refused)? {
            return Ok(ready);
        }
        // It goes on where nobody waits for it: a refresh token that was sent may count no more.
        let (working, refused_then) = (Arc::clone(shared), refused.cloned());
        let fetched = tokio::spawn(async move {
            let _one = working.working.lock().await;
            let _turn = turn(&*working.store).await;
            working.look().await;
            // Somebody else may have fetched some since.
            if let Some(ready) = working.ready(occasion, refused_then.as_ref())? {
                return Ok(ready);
            }
            working.fetch().await
        });
        unless_refused(fetched.await.map_err(broke_off).flatten()?, refused)
    }
}

fn broke_off(_: tokio::task::JoinError) -> CredentialError {
    CredentialError::Answer("what was under way broke off".to_owned())
}

impl<T: Transport> Shared<T> {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what is kept, once.
    async fn load(&self) -> Result<(), CredentialError> {
        if self.held().is_loaded {
            return Ok(());
        }
        let kept = self.store.load().await;
        let kept = kept.map_err(|StoreFault(why)| CredentialError::Store(why))?;
        let seen = Seen::of(kept.as_ref());
        let session = kept.and_then(|bytes| Session::read(&bytes, &self.center));
        let mut held = self.held();
        if !held.is_loaded {
            held.is_loaded = true;
            (held.session, held.seen) = (session, seen);
        }
        Ok(())
    }

    /// Takes in what another program of this person did since: it renewed the token, or signed in or out. To be called within the
    /// store's turn.
    async fn look(&self) {
        let Ok(kept) = self.store.load().await else { return };
        let seen = Seen::of(kept.as_ref());
        let session = kept.as_ref().and_then(|bytes| Session::read(bytes, &self.center));
        let mut held = self.held();
        if held.seen != seen && (kept.is_none() || session.is_some()) {
            (held.session, held.seen, held.keys) = (session, seen, None);
        }
    }

    /// Puts a session in the place of what was there. Where the store fails it counts until the program ends.
    async fn keep(&self, session: Option<Session>) -> Result<(), CredentialError> {
        let bytes = session.as_ref().map(|session| session.to_bytes(&self.center));
        {
            let mut held = self.held();
            held.is_loaded = true;
            held.session = session;
            held.keys = None;
        }
        let seen = Seen::of(bytes.as_ref());
        let saved = self.store.save(bytes).await;
        saved.map_err(|StoreFault(why)| {
            tracing::warn!(%why, "a sign-in at Identity Center could not be kept");
            CredentialError::Store(why)
        })?;
        self.held().seen = seen;
        Ok(())
    }

    /// Whether the time of a sign-in is over by the settings. A clock that was set back tells nothing.
    fn is_over(&self, session: &Session) -> bool {
        let now = (self.clock)();
        self.lifetime
            .is_some_and(|lifetime| session.from > now + BACK || session.from + lifetime <= now)
    }

    /// Keys that still count for somebody who is still signed in.
    fn ready(
        &self,
        occasion: Occasion,
        refused: Option<&Credential>,
    ) -> Result<Option<Credential>, CredentialError> {
        let held = self.held();
        let session = held.session.as_ref().ok_or(CredentialError::SignInNeeded)?;
        if self.is_over(session) {
            return Err(CredentialError::SignInEnded);
        }
        let keys = held.keys.clone().filter(|_| occasion != Occasion::SetupTest);
        let is_refused = |keys: &Credential| refused.is_some_and(|refused| refused.is_same(keys));
        let now = (self.clock)();
        Ok(keys.filter(|keys| !is_refused(keys) && !is_due(keys.ends_at, now)))
    }

    /// Keys for whoever is signed in; their token is renewed first where its time comes.
    async fn fetch(&self) -> Result<Credential, CredentialError> {
        let session = self.held().session.clone().ok_or(CredentialError::SignInNeeded)?;
        let now = (self.clock)();
        let session = if is_due(Some(session.ends_at), now) {
            self.renewed(session, now).await?
        } else {
            session
        };
        let whose = SignedIn {
            kept_as: String::new(),
            region: self.center.region.clone(),
            account: self.center.account.clone(),
            role: self.center.role.clone(),
        };
        match portal::keys(&self.transport, &session.access, &whose).await {
            Ok(keys) => {
                self.held().keys = Some(keys.clone());
                Ok(keys)
            }
            // The organisation ended it.
            Err(CredentialError::Aws(AwsError::NotSignedIn)) => {
                drop(self.keep(None).await);
                Err(CredentialError::SignInNeeded)
            }
            Err(error) => Err(error),
        }
    }

    async fn renewed(&self, session: Session, now: SystemTime) -> Result<Session, CredentialError> {
        let is_over = session.ends_at <= now;
        match self.oidc.renewed(&self.transport, &session, now).await {
            Ok(renewed) => {
                drop(self.keep(Some(renewed.clone())).await);
                Ok(renewed)
            }
            // Ahead of its end the token of before is still good.
            Err(_) if !is_over => Ok(session),
            Err(OidcError::Failed(error)) if error.is_passing() => Err(error),
            Err(_) => {
                drop(self.keep(None).await);
                Err(CredentialError::SignInNeeded)
            }
        }
    }
}

impl<T: Transport + 'static> CredentialSource for IdentityCenter<T> {
    fn credential<'a>(
        &'a self,
        occasion: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(self.current(occasion, refused))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        let held = self.shared.held();
        let session = held.session.as_ref()?;
        let by_settings = self.shared.lifetime.map(|lifetime| session.from + lifetime);
        let by_service = session.refresh.is_none().then_some(session.ends_at);
        by_settings.into_iter().chain(by_service).min()
    }

    fn sign_ins(&self) -> Option<watch::Receiver<u64>> {
        Some(self.shared.sign_ins.subscribe())
    }

    fn secrets(&self) -> Vec<Secret> {
        let held = self.shared.held();
        let keys = held.keys.iter().flat_map(Credential::secrets);
        let session = held.session.iter().flat_map(Session::secrets);
        keys.chain(session).cloned().collect()
    }
}
