//! Signing in, in steps that a front end shows: it begins, the person does their part, it ends with tokens that are kept.

use std::fmt;
use std::sync::Arc;

use deskhand_identity::{
    Attempt, Client, DeviceGrant, GRANT, Polled, Redirect, SignInError, Tokens, Transport,
};
use deskhand_platform::peer::is_same_user;
use tokio::time::{sleep, timeout};
use url::Url;
use zeroize::Zeroizing;

use super::kept::{Session, turn};
use super::{Shared, SignedIn};
use crate::credential::{CredentialError, millis, time_of};

/// A sign-in that waits for the person. It ends when it is dropped.
pub struct SignIn {
    client: Client,
    step: Step,
}

/// What the person does.
enum Step {
    /// Signs in on a page that the browser shows.
    Browser {
        page: Url,
        redirect: Redirect,
        attempt: Attempt,
    },
    /// Enters a code on a page, on this machine or another.
    Code(DeviceGrant),
}

impl fmt::Debug for SignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.step {
            Step::Browser { .. } => "SignIn::Browser",
            Step::Code(_) => "SignIn::Code",
        })
    }
}

impl SignIn {
    /// The page to open in the browser, where that is the way. The caller asks the gate whether it may be opened.
    pub fn page(&self) -> Option<&Url> {
        match &self.step {
            Step::Browser { page, .. } => Some(page),
            Step::Code(_) => None,
        }
    }

    /// The code to show, with its page and its end, where that is the way.
    pub fn code(&self) -> Option<&DeviceGrant> {
        match &self.step {
            Step::Browser { .. } => None,
            Step::Code(grant) => Some(grant),
        }
    }
}

impl<T: Transport + 'static> SignedIn<T> {
    /// Begins a sign-in in the browser, with 64 random bytes that nobody else knows.
    pub async fn begin_browser(&self, chance: &Zeroizing<[u8; 64]>) -> Result<SignIn, CredentialError> {
        let begun = async {
            let client = self.shared.client().await?.clone();
            let redirect = Redirect::bind(self.shared.plan.redirect_port).await?;
            let attempt = Attempt::new(&redirect.address(), chance);
            let page = attempt.address(&client)?;
            let step = Step::Browser {
                page,
                redirect,
                attempt,
            };
            Ok(SignIn { client, step })
        };
        begun.await.map_err(failed)
    }

    /// Begins a sign-in with a device code.
    pub async fn begin_device(&self) -> Result<SignIn, CredentialError> {
        let begun = async {
            let client = self.shared.client().await?.clone();
            let grant = client
                .begin_device(&self.shared.transport, self.shared.now())
                .await?;
            let step = Step::Code(grant);
            Ok(SignIn { client, step })
        };
        begun.await.map_err(failed)
    }

    /// Waits for the person, five minutes at most, and keeps their tokens in the place of those of before, which the provider is asked
    /// to end. To cancel it, drop it.
    pub async fn finish(&self, begun: SignIn) -> Result<(), CredentialError> {
        let shared = &self.shared;
        let SignIn { client, step } = begun;
        let granted = match step {
            Step::Browser {
                redirect, attempt, ..
            } => shared.of_browser(&client, redirect, attempt).await,
            Step::Code(grant) => shared.of_device(&client, grant).await,
        };
        let tokens = granted.map_err(failed)?;
        if shared.plan.bearer.of(&tokens).is_none() {
            let why = "the identity provider gave no ID token: the scopes have to hold `openid`";
            return Err(CredentialError::Answer(why.to_owned()));
        }
        // It goes on where nobody waits for it any longer: half of it would leave tokens that nobody ends.
        let shared = Arc::clone(shared);
        let taken = tokio::spawn(async move { shared.taken(&client, tokens).await });
        let broke_off = |_| CredentialError::Answer("keeping the sign-in broke off".to_owned());
        taken.await.map_err(broke_off)
    }

    /// Forgets the sign-in and has the provider end it. Gives whether the provider was told.
    pub async fn sign_out(&self) -> Result<bool, CredentialError> {
        let shared = &self.shared;
        let _turn = turn(&*shared.store).await;
        // What cannot be read is forgotten all the same.
        drop(shared.load().await);
        let former = shared.session();
        shared.keep(None, None).await?;
        let Some((former, _)) = former else {
            return Ok(false);
        };
        match shared.client().await {
            Ok(client) => Ok(shared.end(client, &former.tokens).await),
            Err(error) => Err(CredentialError::of(error)),
        }
    }
}

impl<T: Transport> Shared<T> {
    fn now(&self) -> u64 {
        millis((self.clock)())
    }

    /// Takes in who signed in. The provider ends the sign-in of before.
    async fn taken(&self, client: &Client, tokens: Tokens) {
        let _turn = turn(&*self.store).await;
        // What is kept of before has to be known, so that it can be ended. Where it cannot be read, it is replaced all the same.
        drop(self.load().await);
        let former = self.session();
        let session = Session {
            tokens,
            // As it is kept.
            from: time_of(self.now()).unwrap_or_else(|| (self.clock)()),
            is_last: false,
        };
        drop(self.keep(Some(session), None).await);
        self.sign_ins.send_modify(|people| *people += 1);
        if let Some((former, _)) = former {
            self.end(client, &former.tokens).await;
        }
    }

    async fn of_browser(
        &self,
        client: &Client,
        redirect: Redirect,
        attempt: Attempt,
    ) -> Result<Tokens, SignInError> {
        let waited = timeout(
            GRANT,
            redirect.wait(client, &attempt, &self.plan.referrers, is_same_user),
        )
        .await;
        let code = waited.map_err(|_| SignInError::Expired)??;
        client.exchange(&self.transport, attempt, code, self.now()).await
    }

    async fn of_device(&self, client: &Client, mut grant: DeviceGrant) -> Result<Tokens, SignInError> {
        let mut wait = grant.wait();
        loop {
            sleep(wait).await;
            match client.poll(&self.transport, &mut grant, self.now()).await? {
                Polled::Again(longer) => wait = longer,
                Polled::Granted(tokens) => return Ok(tokens),
            }
        }
    }

    /// Has the provider end tokens; whether it was told.
    pub(super) async fn end(&self, client: &Client, tokens: &Tokens) -> bool {
        match client.revoke(&self.transport, tokens).await {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, "the identity provider could not be told of a sign-out");
                false
            }
        }
    }
}

/// What a person reads of a sign-in that came to nothing.
fn failed(error: SignInError) -> CredentialError {
    match CredentialError::of_endpoint(error.clone()) {
        error @ (CredentialError::Closed(_) | CredentialError::Unreachable(_)) => error,
        _ => CredentialError::SignInFailed(error),
    }
}
