//! Signing in to the bootstrap address, and out: in the browser or with a code, as the settings say.

use std::sync::{Arc, PoisonError};

use deskhand_egress::Destination;
use deskhand_identity::{
    Attempt, Client, DeviceGrant, Discovery, GRANT, Polled, Provider, Redirect, SignInError, Tokens,
};
use deskhand_platform::open::in_browser;
use deskhand_policy::types::Oidc;
use deskhand_protocol::bootstrap::BootstrapState;
use deskhand_protocol::{ErrorCode, Timestamp, UserError};
use deskhand_trail::{Actor, What};
use tokio_util::sync::CancellationToken;
use url::Url;
use zeroize::Zeroizing;

use super::fetch::{Fetched, SignInWay};
use super::plan::{Plan, Way};
use super::vault::Kept;
use super::{Bootstrap, PROVIDER, millis};

/// The name under which Deskhand asks for device codes; it is a public client (RFC 6749, section 2.1).
const CLIENT: &str = "deskhand";

impl Plan {
    /// That a person has to sign in, where that is something a person does.
    pub(super) fn sign_in(&self) -> BootstrapState {
        match self.way {
            Way::Headers(..) => BootstrapState::Idle,
            Way::Browser(_) => BootstrapState::SignIn { browser: true },
            Way::Device => BootstrapState::SignIn { browser: false },
        }
    }
}

impl Bootstrap {
    /// Begins a sign-in, in the place of one that is under way. Gives the page, where it happens in the browser. Where only the
    /// address could not be reached, it is asked again as who signed in.
    pub(super) async fn sign_in(self: &Arc<Self>, by: Actor) -> Result<Option<String>, UserError> {
        self.cancel();
        if matches!(self.plan.way, Way::Headers(..)) || self.was_out_of_reach() {
            self.change(|shown| {
                shown.state = BootstrapState::Checking;
                shown.problem = None;
            });
            self.wake.notify_one();
            return Ok(None);
        }
        let begun = CancellationToken::new();
        *self.attempt.lock().unwrap_or_else(PoisonError::into_inner) = begun.clone();
        let provider = PROVIDER.to_owned();
        self.notes.add(by, What::SignInStarted { provider });
        let page = match &self.plan.way {
            Way::Browser(oidc) => self.begin_browser(oidc, begun).await.map(Some),
            _ => self.begin_device(begun).await.map(|()| None),
        };
        page.inspect_err(|error| self.failed(error))
    }

    fn was_out_of_reach(&self) -> bool {
        self.with(|shown| {
            let problem = shown.problem.as_ref();
            shown.signed_in && problem.is_some_and(|problem| problem.code == ErrorCode::BootstrapUnreachable)
        })
    }

    async fn begin_browser(
        self: &Arc<Self>,
        oidc: &Oidc,
        begun: CancellationToken,
    ) -> Result<String, UserError> {
        let (way, client) = self.client().await?;
        let redirect = Redirect::bind(oidc.redirect_port)
            .await
            .map_err(|error| told(&error))?;
        let mut chance = Zeroizing::new([0; 64]);
        // Without chance anybody could know the answer that is waited for.
        aws_lc_rs::rand::fill(chance.as_mut_slice()).map_err(|_| UserError::new(ErrorCode::Internal))?;
        let attempt = Attempt::new(&redirect.address(), &chance);
        let page = attempt
            .address(&client)
            .map_err(|error| told(&error))?
            .to_string();
        self.gate
            .page(Destination::BootstrapSignInPage, &page)
            .map_err(|error| UserError::new(ErrorCode::BootstrapSignIn).detail(error))?;
        if let Err(error) = in_browser(&page) {
            tracing::warn!(%error, "the browser was not opened for the sign-in");
        }
        self.change(|shown| {
            shown.state = BootstrapState::Browser;
            shown.problem = None;
        });
        let referrers = oidc
            .additional_redirect_referrer_hosts
            .clone()
            .unwrap_or_default();
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let signed_in = async {
                let waited = tokio::time::timeout(GRANT, redirect.wait(&client, &attempt, &referrers)).await;
                let code = waited.map_err(|_| SignInError::Expired)??;
                client.exchange(&way, attempt, code, millis()).await
            };
            this.ended(begun, signed_in).await;
        });
        Ok(page)
    }

    async fn begin_device(self: &Arc<Self>, begun: CancellationToken) -> Result<(), UserError> {
        let (way, client) = self.client().await?;
        let grant = client.begin_device(&way, millis()).await;
        let mut grant: DeviceGrant = grant.map_err(|error| told(&error))?;
        let state = BootstrapState::Code {
            code: grant.user_code().to_owned(),
            address: grant.address().to_string(),
            complete: grant.complete().map(Url::to_string),
            ends_at: Timestamp::try_from(grant.ends_at()).unwrap_or(Timestamp::MAX),
        };
        self.change(|shown| {
            shown.state = state;
            shown.problem = None;
        });
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let signed_in = async {
                let mut wait = grant.wait();
                loop {
                    tokio::time::sleep(wait).await;
                    match client.poll(&way, &mut grant, millis()).await? {
                        Polled::Again(longer) => wait = longer,
                        Polled::Granted(tokens) => return Ok(tokens),
                    }
                }
            };
            this.ended(begun, signed_in).await;
        });
        Ok(())
    }

    /// Waits for the end of a sign-in, unless it is ended before.
    async fn ended(
        &self,
        begun: CancellationToken,
        signed_in: impl Future<Output = Result<Tokens, SignInError>>,
    ) {
        let tokens = tokio::select! {
            () = begun.cancelled() => return,
            tokens = signed_in => tokens,
        };
        match tokens {
            Ok(tokens) => self.settle(&tokens).await,
            Err(error) => self.failed(&told(&error)),
        }
    }

    /// Takes in who signed in, with the settings that are theirs: nothing of somebody else's counts beside them.
    async fn settle(&self, tokens: &Tokens) {
        let mut kept = self.kept.lock().await;
        self.change(|shown| shown.state = BootstrapState::Checking);
        match self.ask_as(tokens, None).await {
            Ok(fetched @ (Fetched::Answer(_) | Fetched::Unchanged)) => {
                kept.tokens = Some(tokens.to_bytes().to_vec());
                self.with(|shown| shown.accepted = None);
                self.take(&mut kept, fetched);
            }
            Ok(Fetched::SignIn) => {
                let why = "the address did not accept who signed in";
                self.failed(&UserError::new(ErrorCode::BootstrapSignIn).detail(why));
            }
            Err(error) => {
                // An address that is out of reach takes nothing away from settings that count; without any, who signed in
                // is asked for as soon as it is there.
                if kept.answer.is_none() {
                    kept.tokens = Some(tokens.to_bytes().to_vec());
                    self.keep(&kept);
                }
                self.change(|shown| {
                    shown.state = BootstrapState::Idle;
                    shown.problem = Some(error);
                });
            }
        }
    }

    /// Says that a sign-in failed, and records it.
    fn failed(&self, error: &UserError) {
        let code = error.code.as_str().to_owned();
        let provider = PROVIDER.to_owned();
        self.notes
            .add(Actor::Service, What::SignInFailed { provider, code });
        self.change(|shown| {
            shown.state = self.plan.sign_in();
            shown.problem = Some(error.clone());
        });
    }

    /// Ends a sign-in that is under way.
    pub(super) fn cancel(&self) {
        self.attempt
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancel();
        self.change(|shown| {
            if matches!(shown.state, BootstrapState::Browser | BootstrapState::Code { .. }) {
                shown.state = self.plan.sign_in();
            }
        });
    }

    /// Forgets who signed in and what was theirs, here first, then at the provider where it offers that.
    pub(super) async fn sign_out(self: &Arc<Self>, by: Actor) -> Result<(), UserError> {
        self.cancel();
        let mut kept = self.kept.lock().await;
        let tokens = kept.tokens();
        self.vault
            .remove()
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        *kept = Kept::default();
        let provider = PROVIDER.to_owned();
        self.notes.add(by, What::SignedOut { provider });
        self.change(|shown| {
            shown.layer = super::Layer::default();
            (shown.answer, shown.signed_in, shown.accepted) = (None, false, None);
            (shown.state, shown.problem) = (self.plan.sign_in(), None);
        });
        drop(kept);
        if let Way::Headers(..) = self.plan.way {
            self.wake.notify_one();
        }
        if let Some(tokens) = tokens {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                let Ok((way, client)) = this.client().await else {
                    return;
                };
                if let Err(error) = client.revoke(&way, &tokens).await {
                    tracing::warn!(%error, "the sign-in was not ended at the identity provider");
                }
            });
        }
        Ok(())
    }

    /// New tokens, kept at once: a provider may take the old ones only once. `None` where a person has to sign in.
    pub(super) async fn renewed(
        &self,
        kept: &mut Kept,
        tokens: &Tokens,
    ) -> Result<Option<Tokens>, UserError> {
        if !tokens.renewable() {
            return Ok(None);
        }
        let (way, client) = self.client().await?;
        match client.refresh(&way, tokens, millis()).await {
            Ok(tokens) => {
                kept.tokens = Some(tokens.to_bytes().to_vec());
                self.keep(kept);
                Ok(Some(tokens))
            }
            Err(error) if error.is_passing() => Err(told(&error)),
            Err(SignInError::Over | SignInError::Denied | SignInError::Expired | SignInError::Refused(_)) => {
                Ok(None)
            }
            Err(error) => Err(told(&error)),
        }
    }

    /// The client of the identity provider, and the way to it.
    async fn client(&self) -> Result<(SignInWay, Client), UserError> {
        let way = self.gate.client(Destination::Bootstrap);
        let way = way.map_err(|error| UserError::new(ErrorCode::BootstrapUnreachable).detail(error))?;
        let way = SignInWay(way.without_redirects());
        let client = match &self.plan.way {
            Way::Browser(oidc) => named(&way, oidc).await,
            _ => at_the_address(&way, &self.plan.address).await,
        };
        Ok((way, client.map_err(|error| told(&error))?))
    }
}

/// The client that the settings name.
async fn named(way: &SignInWay, oidc: &Oidc) -> Result<Client, SignInError> {
    let (page, token) = (oidc.authorization_url.as_deref(), oidc.token_url.as_deref());
    let provider = match (&oidc.issuer, page, token) {
        (_, Some(page), Some(token)) => Provider::of_addresses(page, token)?,
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

fn told(error: &SignInError) -> UserError {
    let code = if error.is_passing() {
        ErrorCode::BootstrapUnreachable
    } else {
        ErrorCode::BootstrapSignIn
    };
    UserError::new(code).detail(error)
}
