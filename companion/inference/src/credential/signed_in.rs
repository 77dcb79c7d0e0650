//! A person who signed in at an identity provider: their tokens, kept, renewed ahead of their end, and exchanged where the provider of
//! the model wants another one.

mod begin;
mod kept;
mod plan;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use deskhand_identity::{Client, Exchange, SignInError, Tokens, Transport};
use futures_util::future::BoxFuture;
use tokio::sync::{OnceCell, watch};
use url::Url;

use super::fixed::unless_refused;
use super::google::SCOPE;
use super::single::Single;
use super::{BACK, Clock, Credential, CredentialError, CredentialSource, Occasion, is_due, millis, time_of};
use crate::Secret;

pub use begin::SignIn;
use kept::Session;
pub(crate) use kept::{Seen, turn};
pub use kept::{StoreFault, TokenStore};
pub use plan::{Bearer, GoogleClient, SignInPlan};

/// Google's security token service.
const STS: &str = "https://sts.googleapis.com/v1/token";

/// A person's sign-in. Tokens are renewed once at a time, and what came of it is kept even where nobody waits for it any longer: old
/// tokens may count no more.
pub struct SignedIn<T> {
    shared: Arc<Shared<T>>,
}

/// Workforce identity federation: the ID token of the organisation's provider becomes an access token of Google's.
#[derive(Clone, Debug)]
pub struct Workforce {
    /// The audience of the pool (`inferenceVertexWorkforceAudience`).
    pub audience: String,
    /// The project that the exchange is charged to (`inferenceVertexWorkforceUserProject`).
    pub user_project: Option<String>,
}

struct Shared<T> {
    plan: SignInPlan,
    transport: T,
    exchange: Option<(Workforce, T)>,
    store: Arc<dyn TokenStore>,
    clock: Clock,
    lifetime: Option<Duration>,
    client: OnceCell<Client>,
    loaded: OnceCell<()>,
    held: Mutex<Held>,
    /// Held while a session is put in the place of another one, here and in the store.
    keeping: tokio::sync::Mutex<()>,
    running: Single<Result<Credential, CredentialError>>,
    /// Held while tokens are renewed, also where nobody waits for it: a refresh token is sent once.
    renewing: tokio::sync::Mutex<()>,
    /// Counts the people who signed in.
    sign_ins: watch::Sender<u64>,
}

#[derive(Default)]
struct Held {
    session: Option<Session>,
    /// What the exchange gave for it.
    exchanged: Option<Credential>,
    /// Counts the people who signed in or out: what is done for one of them is not kept for the next.
    whose: u64,
    /// The store as it was read or written last.
    seen: Seen,
}

impl<T> std::fmt::Debug for SignedIn<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("SignedIn")
            .field(&self.shared.plan)
            .finish()
    }
}

impl<T> Clone for SignedIn<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T: Transport + 'static> SignedIn<T> {
    /// Whoever signed in by this plan, with the tokens that the store keeps. `lifetime` is how long a sign-in counts
    /// (`inferenceSessionLifetimeSec`); `exchange` says what becomes of the token, and the way to where it does.
    pub fn new(
        plan: SignInPlan,
        transport: T,
        exchange: Option<(Workforce, T)>,
        store: Arc<dyn TokenStore>,
        lifetime: Option<Duration>,
        clock: Clock,
    ) -> Self {
        let shared = Shared {
            plan,
            transport,
            exchange,
            store,
            clock,
            lifetime,
            client: OnceCell::new(),
            loaded: OnceCell::new(),
            held: Mutex::default(),
            keeping: tokio::sync::Mutex::default(),
            running: Single::default(),
            renewing: tokio::sync::Mutex::default(),
            sign_ins: watch::Sender::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Whether somebody is signed in and their time is not over.
    pub async fn is_signed_in(&self) -> Result<bool, CredentialError> {
        self.shared.load().await?;
        let session = self.shared.session();
        Ok(session.is_some_and(|(session, _)| !self.shared.is_over(&session)))
    }

    /// Waits until no renewal is under way that must not be cut.
    pub async fn settled(&self) {
        drop(self.shared.renewing.lock().await);
    }

    async fn current(&self, refused: Option<&Credential>) -> Result<Credential, CredentialError> {
        let shared = &self.shared;
        shared.load().await?;
        if let Some(ready) = shared.ready(refused, false)? {
            return Ok(ready);
        }
        let renewed = shared.running.run(|| {
            let (shared, refused) = (Arc::clone(shared), refused.cloned());
            // It goes on where nobody waits for it: a refresh token that was sent counts no more.
            let renewed = tokio::spawn(async move { shared.renewed(refused.as_ref()).await });
            Box::pin(async move {
                let broke_off = |_| CredentialError::Answer("renewing the sign-in broke off".to_owned());
                renewed.await.map_err(broke_off).flatten()
            })
        });
        match renewed.await {
            Ok(renewed) => unless_refused(renewed, refused),
            // Ahead of its end the token of before is still good.
            Err(error) if error.is_passing() || error == CredentialError::SignInEnded => {
                shared.ready(refused, true)?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

impl<T: Transport + 'static> CredentialSource for SignedIn<T> {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(self.current(refused))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        let (session, _) = self.shared.session()?;
        let by_settings = self.shared.lifetime.map(|lifetime| session.from + lifetime);
        let by_provider = if session.tokens.renewable() && !session.is_last {
            None
        } else {
            self.shared.plan.bearer.of(&session.tokens)?.ends_at
        };
        by_settings.into_iter().chain(by_provider).min()
    }

    fn sign_ins(&self) -> Option<watch::Receiver<u64>> {
        Some(self.shared.sign_ins.subscribe())
    }

    fn secrets(&self) -> Vec<Secret> {
        let held = self.shared.held();
        let tokens = held.session.as_ref().map(|session| &session.tokens);
        let own = tokens.into_iter().flat_map(Tokens::secrets);
        let own = own.map(|token| Secret::new(token.to_owned()));
        let exchanged = held.exchanged.iter().flat_map(Credential::secrets);
        own.chain(exchanged.cloned()).collect()
    }
}

impl<T: Transport> Shared<T> {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is signed in, and the number of that.
    fn session(&self) -> Option<(Session, u64)> {
        let held = self.held();
        held.session.clone().map(|session| (session, held.whose))
    }

    /// Takes in what is kept, once. Whoever has signed in or out since is known without it.
    async fn load(&self) -> Result<(), CredentialError> {
        if self.held().whose > 0 {
            return Ok(());
        }
        let load = async || {
            let kept = self.store.load().await;
            let kept = kept.map_err(|StoreFault(why)| CredentialError::Store(why))?;
            let seen = Seen::of(kept.as_ref());
            let session = kept.and_then(|bytes| Session::read(&bytes, &self.plan));
            let mut held = self.held();
            if held.whose == 0 {
                (held.session, held.seen) = (session, seen);
            }
            Ok(())
        };
        self.loaded.get_or_try_init(load).await.copied()
    }

    /// Has this session, or none, count from now on; the number of before has to be the one in force, where one is given. Gives whether
    /// it does. What cannot be kept counts until the service ends.
    async fn keep(&self, session: Option<Session>, before: Option<u64>) -> Result<bool, CredentialError> {
        let bytes = session.as_ref().map(|session| session.to_bytes(&self.plan));
        let _keeping = self.keeping.lock().await;
        {
            let mut held = self.held();
            if before.is_some_and(|before| before != held.whose) {
                return Ok(false);
            }
            if before.is_none() {
                held.whose += 1;
                held.exchanged = None;
            }
            held.session = session;
        }
        let seen = Seen::of(bytes.as_ref());
        let saved = self.store.save(bytes).await;
        saved.map_err(|StoreFault(why)| {
            tracing::warn!(%why, "the sign-in for inference could not be kept");
            CredentialError::Store(why)
        })?;
        self.held().seen = seen;
        Ok(true)
    }

    async fn client(&self) -> Result<&Client, SignInError> {
        let made = self.client.get_or_try_init(|| self.plan.client(&self.transport));
        made.await
    }

    /// Whether the time of a sign-in is over by the settings. A clock that was set back tells nothing.
    fn is_over(&self, session: &Session) -> bool {
        let now = (self.clock)();
        self.lifetime
            .is_some_and(|lifetime| session.from > now + BACK || session.from + lifetime <= now)
    }

    /// The credential that can be sent now; until its very end where `to_the_end` is said.
    fn ready(
        &self,
        refused: Option<&Credential>,
        to_the_end: bool,
    ) -> Result<Option<Credential>, CredentialError> {
        let (session, _) = self.session().ok_or(CredentialError::SignInNeeded)?;
        if self.is_over(&session) {
            return Err(CredentialError::SignInEnded);
        }
        let found = if self.exchange.is_some() {
            self.held().exchanged.clone()
        } else {
            self.plan.bearer.of(&session.tokens)
        };
        let now = (self.clock)();
        let counts = |found: &Credential| {
            let is_refused = refused.is_some_and(|refused| refused.is_same(found));
            let is_over = if to_the_end {
                found.ends_at.is_some_and(|end| end <= now)
            } else {
                is_due(found.ends_at, now)
            };
            !is_refused && !is_over
        };
        Ok(found.filter(counts))
    }

    /// A credential that is newer than what is there.
    async fn renewed(&self, refused: Option<&Credential>) -> Result<Credential, CredentialError> {
        let _renewing = self.renewing.lock().await;
        let _turn = turn(&*self.store).await;
        self.look().await;
        // Somebody else's renewal may have ended since.
        if let Some(ready) = self.ready(refused, false)? {
            return Ok(ready);
        }
        let (session, whose) = self.session().ok_or(CredentialError::SignInNeeded)?;
        let now = (self.clock)();
        let bearer = self.plan.bearer.of(&session.tokens);
        let counts = |found: &Credential| !is_due(found.ends_at, now);
        let Some((workforce, way)) = &self.exchange else {
            let renewed = self.refreshed(session, whose).await?;
            return self
                .plan
                .bearer
                .of(&renewed.tokens)
                .ok_or(CredentialError::SignInEnded);
        };
        // The token of Google's was refused or ends; the person's own may still count.
        let own = if let Some(own) = bearer.filter(counts) {
            own
        } else {
            let renewed = self.refreshed(session, whose).await?;
            let own = self.plan.bearer.of(&renewed.tokens);
            own.ok_or(CredentialError::SignInEnded)?
        };
        let exchanged = workforce.exchanged(&own, way, millis(now)).await?;
        let mut held = self.held();
        if held.whose == whose {
            held.exchanged = Some(exchanged.clone());
        }
        Ok(exchanged)
    }

    /// Takes in what another program of this person did since: it renewed the tokens, so that those of before count no more, or signed
    /// in or out. To be called within the store's turn.
    async fn look(&self) {
        let Ok(kept) = self.store.load().await else { return };
        let seen = Seen::of(kept.as_ref());
        let session = kept.as_ref().and_then(|bytes| Session::read(bytes, &self.plan));
        let mut held = self.held();
        if held.seen == seen || (kept.is_some() && session.is_none()) {
            return;
        }
        let from = |session: &Option<Session>| session.as_ref().map(|session| session.from);
        if from(&held.session) != from(&session) {
            held.whose += 1;
            held.exchanged = None;
        }
        (held.session, held.seen) = (session, seen);
    }

    /// Renews the tokens of a session. A sign-in that the provider ended is forgotten.
    async fn refreshed(&self, session: Session, whose: u64) -> Result<Session, CredentialError> {
        if !session.tokens.renewable() || session.is_last {
            return Err(CredentialError::SignInEnded);
        }
        let client = self.client().await.map_err(CredentialError::of)?;
        let now = (self.clock)();
        let tokens = client
            .refresh(&self.transport, &session.tokens, millis(now))
            .await;
        let tokens = match tokens.map_err(CredentialError::of) {
            Ok(tokens) => tokens,
            Err(CredentialError::SignInNeeded) => {
                drop(self.keep(None, Some(whose)).await);
                return Err(CredentialError::SignInNeeded);
            }
            Err(error) => return Err(error),
        };
        // Google gives no new ID token: once the first one ends, so does the sign-in.
        let is_last = self.plan.bearer == Bearer::IdToken && tokens.came_without_id();
        let renewed = Session {
            tokens,
            from: session.from,
            is_last,
        };
        // Whoever signed out meanwhile is not signed in again.
        if let Ok(false) = self.keep(Some(renewed.clone()), Some(whose)).await {
            self.end(client, &renewed.tokens).await;
            return Err(CredentialError::SignInNeeded);
        }
        let bearer = self.plan.bearer.of(&renewed.tokens);
        match bearer.filter(|found| found.ends_at.is_none_or(|end| end > now)) {
            Some(_) => Ok(renewed),
            None => Err(CredentialError::SignInEnded),
        }
    }
}

impl Workforce {
    async fn exchanged(
        &self,
        own: &Credential,
        way: &impl Transport,
        now: u64,
    ) -> Result<Credential, CredentialError> {
        let exchange = Exchange {
            audience: &self.audience,
            scope: SCOPE,
            subject: own.secret.expose(),
            subject_type: "urn:ietf:params:oauth:token-type:id_token",
            user_project: self.user_project.as_deref(),
            client: None,
        };
        let sts = Url::parse(STS).map_err(|_| CredentialError::Answer(STS.to_owned()))?;
        let tokens = exchange.ask(way, &sts, now).await;
        let tokens = tokens.map_err(CredentialError::of)?;
        Ok(Credential {
            ends_at: time_of(tokens.ends_at()),
            ..Credential::new(Secret::new(tokens.access().to_owned()))
        })
    }
}

#[cfg(test)]
mod tests;
