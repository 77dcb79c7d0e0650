//! What becomes of tokens: renewed without a person, and ended, here first, then at the provider.

use std::convert::Infallible;
use std::sync::Arc;

use deskhand_identity::{SignInError, Tokens};
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_trail::{Actor, What};
use tokio_util::sync::CancellationToken;

use super::check::until_retry;
use super::plan::Way;
use super::sign_in::told;
use super::vault::Kept;
use super::{Bootstrap, Layer, PROVIDER, millis};

/// How long a provider is asked to end a sign-in, in milliseconds.
pub(super) const ASKED: u64 = 7 * 24 * 60 * 60 * 1_000;

impl Bootstrap {
    /// Forgets who signed in and what was theirs. The provider ends it, too, where it offers that: now, or once it can be
    /// reached, also after a new start.
    pub(super) async fn sign_out(self: &Arc<Self>, by: Actor) -> Result<(), UserError> {
        // Before the wait for it: one that only begins waits for the provider.
        self.with(|held| held.attempt.cancel());
        let mut task = self.turn.lock().await;
        self.stop(&mut task).await;
        self.change(|held| {
            let mut kept = Kept::default();
            kept.deployment = held.kept.deployment.take();
            kept.unwanted = std::mem::take(&mut held.kept.unwanted);
            if let Some(tokens) = held.kept.tokens.take() {
                kept.unwant(tokens, millis().saturating_add(ASKED));
            }
            let written = self.vault.write(&kept);
            held.kept = kept;
            held.layer = Layer::of(&self.plan, &held.kept, millis());
            held.change_hands();
            (held.state, held.problem) = (self.plan.sign_in(), None);
            written.map_err(|error| UserError::new(ErrorCode::Internal).detail(error))
        })?;
        let provider = PROVIDER.to_owned();
        self.notes.add(by, What::SignedOut { provider });
        self.unwanted.notify_one();
        if let Way::Headers(..) = self.plan.way {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Tokens that nobody here uses: the provider ends them.
    pub(super) fn unwant(&self, tokens: &Tokens) {
        self.with(|held| {
            held.kept
                .unwant(tokens.to_bytes().to_vec(), millis().saturating_add(ASKED));
            self.keep(held);
        });
        self.unwanted.notify_one();
    }

    /// Has the provider end each sign-in that is to be ended, one after the other.
    pub(super) async fn end_unwanted(&self) -> Infallible {
        let mut in_vain = 0;
        loop {
            let Some(next) = self.with(|held| held.kept.unwanted.first().cloned()) else {
                self.unwanted.notified().await;
                continue;
            };
            let ended = match Tokens::from_bytes(&next.tokens) {
                Some(tokens) if millis() < next.until => self.end(&tokens).await,
                _ => Ok(()),
            };
            match ended {
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "the identity provider was not reached to end a sign-in");
                    tokio::time::sleep(until_retry(in_vain)).await;
                    in_vain += 1;
                    continue;
                }
                Err(error) => tracing::warn!(%error, "the sign-in was not ended at the identity provider"),
                Ok(()) => {}
            }
            in_vain = 0;
            self.with(|held| {
                held.kept.unwanted.retain(|other| *other != next);
                self.keep(held);
            });
        }
    }

    async fn end(&self, tokens: &Tokens) -> Result<(), SignInError> {
        let way = self.way()?;
        let client = self.client(&way).await?;
        client.revoke(&way, tokens).await.map(drop)
    }

    /// New tokens. `None` where a person has to sign in.
    pub(super) async fn renewed(
        self: &Arc<Self>,
        tokens: &Tokens,
        whose: &CancellationToken,
    ) -> Result<Option<Tokens>, UserError> {
        if !tokens.renewable() {
            return Ok(None);
        }
        let way = self.way().map_err(|error| told(&error))?;
        let client = self.client(&way).await.map_err(|error| told(&error))?;
        let alone = Arc::clone(&self.renewing).lock_owned().await;
        let (this, used, whose) = (Arc::clone(self), tokens.clone(), whose.clone());
        // A provider may take the old ones only once: this goes on to its end, and what it gave is kept at once, also where
        // the service starts anew or somebody signs out meanwhile.
        let renewing = tokio::spawn(async move {
            let _alone = alone;
            let renewed = client.refresh(&way, &used, millis()).await;
            if let Ok(tokens) = &renewed {
                this.put(tokens, &whose);
            }
            renewed
        });
        match renewing
            .await
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?
        {
            Ok(tokens) => Ok(Some(tokens)),
            Err(error) if error.is_passing() => Err(told(&error)),
            Err(SignInError::Over | SignInError::Denied | SignInError::Expired | SignInError::Refused(_)) => {
                Ok(None)
            }
            Err(error) => Err(told(&error)),
        }
    }

    /// Keeps renewed tokens for whom they are; where that is nobody any more, the provider ends them.
    fn put(&self, tokens: &Tokens, whose: &CancellationToken) {
        let theirs = self.with(|held| {
            let theirs = !whose.is_cancelled();
            if theirs {
                held.kept.tokens = Some(tokens.to_bytes().to_vec());
                self.keep(held);
            }
            theirs
        });
        if !theirs {
            self.unwant(tokens);
        }
    }
}
