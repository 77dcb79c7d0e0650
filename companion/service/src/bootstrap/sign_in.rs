//! Signing in to the bootstrap address: in the browser or with a code, as the settings say. One at a time, whoever asks.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use deskhand_egress::Destination;
use deskhand_identity::{
    Attempt as Pkce, Client, DeviceGrant, Discovery, GRANT, Polled, Provider, Redirect, SignInError, Tokens,
    TransportError,
};
use deskhand_platform::open::in_browser;
use deskhand_platform::peer::is_same_user;
use deskhand_policy::types::Oidc;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::sign_in::SignInState;
use deskhand_protocol::{ErrorCode, Timestamp, UserError};
use deskhand_trail::{Actor, What};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use zeroize::Zeroizing;

use super::fetch::{Fetched, SignInWay, closed};
use super::plan::{Plan, Way};
use super::{Bootstrap, PROVIDER, millis};

/// The name under which Deskhand asks for device codes; it is a public client (RFC 6749, section 2.1).
const CLIENT: &str = "deskhand";
/// The key that names an identity provider.
const OIDC: &str = "bootstrapOidc";

/// What a sign-in waits for.
type SignedIn = Pin<Box<dyn Future<Output = Result<Tokens, SignInError>> + Send>>;

/// A sign-in that has begun: what front ends show, the page, and its end.
struct Begun {
    state: SignInState,
    page: Option<String>,
    signed_in: SignedIn,
}

impl Plan {
    /// That a person has to sign in, where that is something a person does.
    pub(super) fn sign_in(&self) -> SignInState {
        match self.way {
            Way::Headers(..) => SignInState::Idle,
            Way::Browser(_) => SignInState::SignIn { browser: true },
            Way::Device => SignInState::SignIn { browser: false },
        }
    }
}

impl Bootstrap {
    /// Begins a sign-in, in the place of one that is under way. Gives the page, where it happens in the browser. Where only the
    /// address could not be reached, it is asked again as who signed in. Who asks while another one begins, or from a pane
    /// while one of the window or a terminal is under way, has that one.
    pub(super) async fn sign_in(self: &Arc<Self>, by: FrontEndKind) -> Result<Option<String>, UserError> {
        let before = self
            .with(|held| held.attempt.ask(by, Instant::now()))
            .map_err(refused)?;
        let Some(before) = before else {
            return Ok(None);
        };
        let mut task = self.turn.lock().await;
        let joined = self.with(|held| {
            let joins = held.attempt.joins(by, before, held.waits_for_a_person());
            joins.then(|| held.attempt.page.clone())
        });
        if let Some(page) = joined {
            return Ok(page);
        }
        self.stop(&mut task).await;
        if matches!(self.plan.way, Way::Headers(..)) || self.was_out_of_reach() {
            self.change(|held| {
                held.state = SignInState::Checking;
                held.problem = None;
            });
            self.wake.notify_one();
            return Ok(None);
        }
        let end = self.begin(by);
        let begun = tokio::select! {
            biased;
            () = end.cancelled() => Err(refused("it was cancelled")),
            begun = self.begun() => begun.inspect_err(|error| self.failed(error)),
        };
        let Begun {
            state,
            page,
            signed_in,
        } = begun.inspect_err(|_| self.with(|held| held.attempt.close()))?;
        self.change(|held| {
            held.attempt.begun += 1;
            held.attempt.page.clone_from(&page);
            held.state = state;
            held.problem = None;
        });
        *task = Some(tokio::spawn(Arc::clone(self).ended(end, signed_in)));
        Ok(page)
    }

    fn begin(&self, by: FrontEndKind) -> CancellationToken {
        let provider = PROVIDER.to_owned();
        self.notes.add(by.into(), What::SignInStarted { provider });
        self.with(|held| held.attempt.begin(by))
    }

    fn was_out_of_reach(&self) -> bool {
        self.with(|held| {
            let problem = held.problem.as_ref();
            held.kept.tokens.is_some()
                && problem.is_some_and(|problem| problem.code == ErrorCode::BootstrapUnreachable)
        })
    }

    async fn begun(&self) -> Result<Begun, UserError> {
        match &self.plan.way {
            Way::Browser(oidc) => self.begin_browser(oidc).await,
            _ => self.begin_device().await,
        }
    }

    async fn begin_browser(&self, oidc: &Oidc) -> Result<Begun, UserError> {
        let way = self.way().map_err(|error| told(&error))?;
        let client = self.client(&way).await.map_err(|error| told(&error))?;
        let redirect = Redirect::bind(oidc.redirect_port)
            .await
            .map_err(|error| told(&error))?;
        let mut chance = Zeroizing::new([0; 64]);
        // Without chance anybody could know the answer that is waited for.
        aws_lc_rs::rand::fill(chance.as_mut_slice()).map_err(|_| UserError::new(ErrorCode::Internal))?;
        let attempt = Pkce::new(&redirect.address(), &chance);
        let page = attempt
            .address(&client)
            .map_err(|error| told(&error))?
            .to_string();
        self.gate
            .page(Destination::BootstrapSignInPage, &page)
            .map_err(|error| UserError::new(ErrorCode::BootstrapSignIn).detail(closed(&error, OIDC)))?;
        if let Err(error) = in_browser(&page) {
            tracing::warn!(%error, "the browser was not opened for the sign-in");
        }
        let referrers = oidc
            .additional_redirect_referrer_hosts
            .clone()
            .unwrap_or_default();
        Ok(Begun {
            state: SignInState::Browser,
            page: Some(page),
            signed_in: Box::pin(async move {
                let waited =
                    tokio::time::timeout(GRANT, redirect.wait(&client, &attempt, &referrers, is_same_user))
                        .await;
                let code = waited.map_err(|_| SignInError::Expired)??;
                client.exchange(&way, attempt, code, millis()).await
            }),
        })
    }

    async fn begin_device(&self) -> Result<Begun, UserError> {
        let way = self.way().map_err(|error| told(&error))?;
        let client = self.client(&way).await.map_err(|error| told(&error))?;
        let grant = client.begin_device(&way, millis()).await;
        let mut grant: DeviceGrant = grant.map_err(|error| told(&error))?;
        Ok(Begun {
            state: SignInState::Code {
                code: grant.user_code().to_owned(),
                address: grant.address().to_string(),
                complete: grant.complete().map(Url::to_string),
                ends_at: Timestamp::try_from(grant.ends_at()).unwrap_or(Timestamp::MAX),
            },
            page: None,
            signed_in: Box::pin(async move {
                let mut wait = grant.wait();
                loop {
                    tokio::time::sleep(wait).await;
                    match client.poll(&way, &mut grant, millis()).await? {
                        Polled::Again(longer) => wait = longer,
                        Polled::Granted(tokens) => return Ok(tokens),
                    }
                }
            }),
        })
    }

    /// Waits for the end of a sign-in, unless it is ended before.
    async fn ended(self: Arc<Self>, end: CancellationToken, signed_in: SignedIn) {
        let signed_in = tokio::select! {
            biased;
            () = end.cancelled() => None,
            signed_in = signed_in => Some(signed_in),
        };
        match signed_in {
            None => self.change(|held| held.state = self.plan.sign_in()),
            Some(Ok(tokens)) => self.settle(&tokens, &end).await,
            Some(Err(error)) => self.failed(&told(&error)),
        }
        self.with(|held| held.attempt.close());
    }

    /// Takes in who signed in, with the settings that are theirs: nothing of somebody else's counts beside them.
    async fn settle(&self, tokens: &Tokens, end: &CancellationToken) {
        self.change(|held| held.state = SignInState::Checking);
        let asked = tokio::select! {
            biased;
            () = end.cancelled() => {
                self.unwant(tokens);
                return self.change(|held| held.state = self.plan.sign_in());
            }
            asked = self.ask_as(tokens, None) => asked,
        };
        let taken = self.change(|held| {
            let error = match asked {
                Ok(Fetched::Answer(answer)) => {
                    held.signed_in_as(tokens);
                    self.apply(held, answer);
                    self.accepted(held, true);
                    (held.state, held.problem) = (SignInState::Idle, None);
                    return true;
                }
                // Unchanged is no answer to a question that names none.
                Ok(Fetched::SignIn | Fetched::Unchanged) => {
                    let why = "the address did not accept who signed in";
                    UserError::new(ErrorCode::BootstrapSignIn).detail(why)
                }
                Err(error) => error,
            };
            // An address that is out of reach takes nothing away from settings that count; without any, who signed in is
            // asked for as soon as it is there.
            let waits = error.code != ErrorCode::BootstrapSignIn && held.kept.counting(millis()).is_none();
            if waits {
                held.signed_in_as(tokens);
                self.keep(held);
            }
            if error.code == ErrorCode::BootstrapSignIn {
                self.note_failed(&error);
                held.state = self.plan.sign_in();
            } else {
                held.state = SignInState::Idle;
            }
            held.problem = Some(error);
            waits
        });
        if taken {
            self.wake.notify_one();
            self.unwanted.notify_one();
        } else {
            self.unwant(tokens);
        }
    }

    /// Says that a sign-in failed, and records it.
    fn failed(&self, error: &UserError) {
        self.note_failed(error);
        self.change(|held| {
            held.state = self.plan.sign_in();
            held.problem = Some(error.clone());
        });
    }

    fn note_failed(&self, error: &UserError) {
        let code = error.code.as_str().to_owned();
        let provider = PROVIDER.to_owned();
        self.notes
            .add(Actor::Service, What::SignInFailed { provider, code });
    }

    /// Ends a sign-in that is under way, if this front end may, and waits for its end.
    pub(super) async fn cancel(&self, by: FrontEndKind) -> Result<(), UserError> {
        self.with(|held| held.attempt.cancel_by(by)).map_err(refused)?;
        let mut task = self.turn.lock().await;
        // Another one may have begun meanwhile.
        if self.with(|held| held.attempt.cancel_by(by)).is_ok() {
            self.stop(&mut task).await;
        }
        Ok(())
    }

    /// Ends the sign-in of this task, and waits until it did its last.
    pub(super) async fn stop(&self, task: &mut Option<JoinHandle<()>>) {
        self.with(|held| held.attempt.cancel());
        if let Some(task) = task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "a sign-in broke off");
        }
    }

    /// The way to the identity provider.
    pub(super) fn way(&self) -> Result<SignInWay, SignInError> {
        let way = self.gate.client(Destination::Bootstrap);
        let way = way.map_err(|error| TransportError::Closed(error.to_string()))?;
        Ok(SignInWay {
            client: way.without_redirects(),
            key: match self.plan.way {
                Way::Browser(_) => OIDC,
                Way::Headers(..) | Way::Device => "bootstrapUrl",
            },
        })
    }

    /// The client of the identity provider.
    pub(super) async fn client(&self, way: &SignInWay) -> Result<Client, SignInError> {
        match &self.plan.way {
            Way::Browser(oidc) => named(way, oidc).await,
            _ => at_the_address(way, &self.plan.address).await,
        }
    }
}

/// The client that the settings name.
async fn named(way: &SignInWay, oidc: &Oidc) -> Result<Client, SignInError> {
    let (page, token) = (oidc.authorization_url.as_deref(), oidc.token_url.as_deref());
    let provider = match (&oidc.issuer, page, token) {
        (issuer, Some(page), Some(token)) => Provider::of_addresses(page, token)?.named(issuer.as_deref()),
        (Some(issuer), ..) => {
            let issuer = Url::parse(issuer).map_err(|_| SignInError::Issuer)?;
            let found = Provider::discover(way, &issuer, Discovery::OpenId).await?;
            found.with_addresses(page, token)?
        }
        _ => return Err(SignInError::Issuer),
    };
    Ok(Client::new(provider, &oidc.client_id, oidc.scopes.as_deref()))
}

/// The client at the origin of the address, on which everything has to lie.
async fn at_the_address(way: &SignInWay, address: &Url) -> Result<Client, SignInError> {
    let origin = address.origin();
    let issuer = Url::parse(&origin.ascii_serialization()).map_err(|_| SignInError::Issuer)?;
    let provider = Provider::discover(way, &issuer, Discovery::OAuth).await?;
    Ok(Client::new(provider.within(&origin)?, CLIENT, None))
}

/// A failure for a person.
pub(super) fn told(error: &SignInError) -> UserError {
    let code = if error.is_passing() {
        ErrorCode::BootstrapUnreachable
    } else {
        ErrorCode::BootstrapSignIn
    };
    UserError::new(code).detail(error)
}

fn refused(why: impl std::fmt::Display) -> UserError {
    UserError::new(ErrorCode::BootstrapSignIn).detail(why)
}
