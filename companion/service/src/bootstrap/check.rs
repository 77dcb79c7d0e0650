//! Asking the address, now and again, as whoever the settings let ask.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deskhand_egress::Destination;
use deskhand_identity::Tokens;
use deskhand_protocol::bootstrap::BootstrapView;
use deskhand_protocol::sign_in::SignInState;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_telemetry::headers::fixed;
use deskhand_telemetry::port::HeaderSource as _;
use deskhand_trail::{Actor, What};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use tokio_util::sync::CancellationToken;

use super::fetch::{Fetched, ask, renewed};
use super::layer::deployment;
use super::plan::Way;
use super::vault::{Answer, Kept};
use super::{Bootstrap, Held, PROVIDER, millis};

/// How long before their end tokens are renewed, in milliseconds.
const RENEW: u64 = 60_000;
/// An answer that ends by itself sooner than this is asked for whole: that it is unchanged would not make it last.
const WHOLE: u64 = 15 * 60_000;
/// The shortest and the longest time between two checks while settings count, in milliseconds.
const CHECKS: (u64, u64) = (60_000, 60 * 60_000);
/// The first and the longest time until what failed is tried again, in milliseconds.
const RETRIES: (u64, u64) = (15_000, 10 * 60_000);
/// The same where a person has to sign in again: another answer is not to be expected before.
const REFUSALS: (u64, u64) = (60_000, 6 * 60 * 60_000);
/// How often the clock is looked at: a computer that slept has not counted the time.
const LOOK: Duration = Duration::from_secs(30);
/// How far the time in the file may be behind, in milliseconds.
const NOTED: u64 = 5 * 60_000;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    /// Nothing has to be tried again soon.
    Current,
    /// Trying again soon may help.
    Failed,
    /// Who signed in is not known any longer.
    Refused,
}

impl Bootstrap {
    /// Keeps the settings current, and tells `tell` of each change.
    pub(super) async fn run(self: &Arc<Self>, tell: Box<dyn Fn(BootstrapView) + Send + Sync>) -> Infallible {
        drop(self.tell.set(tell));
        tokio::select! {
            never = self.keep_checking() => never,
            never = self.end_unwanted() => never,
        }
    }

    async fn keep_checking(self: &Arc<Self>) -> Infallible {
        let mut last = (Checked::Current, 0);
        loop {
            let checked = self.check().await;
            last = (checked, if checked == last.0 { last.1 + 1 } else { 0 });
            let wait = wait(checked, last.1, self.remaining());
            // By the clock, which goes on while the computer sleeps, or by the time that passed, where the clock was set back.
            let (at, passed) = (
                millis().saturating_add(wait),
                Instant::now() + Duration::from_millis(wait),
            );
            while millis() < at && Instant::now() < passed {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => self.look(),
                    () = self.wake.notified() => {
                        last.1 = 0;
                        break;
                    }
                }
            }
        }
    }

    /// Takes the time in, and keeps it: what ended does not come back with another clock.
    pub(super) fn look(&self) {
        self.change(|held| {
            let had = held.kept.answer.is_some();
            held.see();
            let late = held.kept.seen.saturating_sub(held.written) >= NOTED;
            if had && (late || held.kept.answer.is_none()) {
                self.keep(held);
            }
        });
    }

    /// Milliseconds until the present answer ends.
    fn remaining(&self) -> u64 {
        let now = millis();
        let ends_at = self.with(|held| held.kept.counting(now).map_or(now, |answer| answer.ends_at));
        ends_at.saturating_sub(now)
    }

    /// Asks once.
    async fn check(self: &Arc<Self>) -> Checked {
        let (tokens, whose, etag, counts) = self.with(|held| {
            let now = held.see();
            (
                held.kept.tokens(),
                held.whose.clone(),
                etag(&held.kept, now),
                held.kept.counting(now).is_some(),
            )
        });
        if tokens.is_none() && !matches!(self.plan.way, Way::Headers(..)) {
            // Nobody signed in yet: there is nobody to ask as.
            self.change(|held| held.idle_to(self.plan.sign_in()));
            return Checked::Current;
        }
        if !counts {
            self.change(|held| held.idle_to(SignInState::Checking));
        }
        let fetched = tokio::select! {
            biased;
            () = whose.cancelled() => return Checked::Current,
            fetched = self.fetched(tokens, etag.as_deref(), &whose) => fetched,
        };
        self.change(|held| {
            // Somebody signed out or in meanwhile: this is not theirs.
            if whose.is_cancelled() {
                return Checked::Current;
            }
            match fetched {
                Ok(fetched) => self.take(held, fetched),
                Err(error) => {
                    held.idle_to(SignInState::Idle);
                    held.problem = Some(error);
                    Checked::Failed
                }
            }
        })
    }

    /// Takes an answer in.
    fn take(&self, held: &mut Held, fetched: Fetched) -> Checked {
        let now = millis();
        match fetched {
            Fetched::Answer(answer) => self.apply(held, answer),
            Fetched::Unchanged => {
                held.kept.answer = held.kept.answer.as_ref().map(|answer| renewed(answer, now));
                self.keep(held);
            }
            Fetched::SignIn => return self.refused(held),
        }
        self.accepted(held, true);
        held.idle_to(SignInState::Idle);
        held.problem = None;
        Checked::Current
    }

    /// Puts an answer in the place of the one before. The time counts anew from here: the clock may have been ahead.
    pub(super) fn apply(&self, held: &mut Held, answer: Answer) {
        held.kept.deployment = deployment(&self.plan, &answer, held.kept.deployment.take());
        held.kept.seen = millis();
        held.kept.answer = Some(answer);
        self.keep(held);
    }

    /// Whoever asked is not known any longer: the present settings stay until they end, and the tokens until a person signs
    /// out, because the provider is told then.
    fn refused(&self, held: &mut Held) -> Checked {
        let (why, checked) = match self.plan.way {
            // Headers can be others soon; a person comes by themselves.
            Way::Headers(..) => ("the address did not accept the headers", Checked::Failed),
            Way::Browser(_) | Way::Device => ("the sign-in counts no longer", Checked::Refused),
        };
        self.accepted(held, false);
        held.idle_to(self.plan.sign_in());
        held.problem = Some(UserError::new(ErrorCode::BootstrapSignIn).detail(why));
        checked
    }

    /// Asks the address, as whoever the settings let ask.
    async fn fetched(
        self: &Arc<Self>,
        tokens: Option<Tokens>,
        etag: Option<&str>,
        whose: &CancellationToken,
    ) -> Result<Fetched, UserError> {
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
            let fetched = self.ask(&headers, etag).await?;
            if let (Fetched::SignIn, Some(helper)) = (&fetched, &self.helper) {
                helper.refused();
            }
            return Ok(fetched);
        }
        let Some(mut tokens) = tokens else {
            return Ok(Fetched::SignIn);
        };
        let mut new = false;
        if tokens.ends_at() <= millis().saturating_add(RENEW) {
            let Some(renewed) = self.renewed(&tokens, whose).await? else {
                return Ok(Fetched::SignIn);
            };
            (tokens, new) = (renewed, true);
        }
        let fetched = self.ask_as(&tokens, etag).await?;
        if fetched != Fetched::SignIn || new {
            return Ok(fetched);
        }
        match self.renewed(&tokens, whose).await? {
            Some(renewed) => self.ask_as(&renewed, etag).await,
            None => Ok(fetched),
        }
    }

    pub(super) async fn ask_as(&self, tokens: &Tokens, etag: Option<&str>) -> Result<Fetched, UserError> {
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

    /// Records whether whoever asked was accepted, where that is another than before.
    pub(super) fn accepted(&self, held: &mut Held, accepted: bool) {
        if held.accepted.replace(accepted) == Some(accepted) {
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
}

/// Milliseconds until the next check, after one that ended so, and so `before` times in a row before it; `remaining` are those
/// until the present answer ends.
fn wait(checked: Checked, before: u32, remaining: u64) -> u64 {
    let tries = match checked {
        Checked::Current => return (remaining / 4 * 3).clamp(CHECKS.0, CHECKS.1),
        Checked::Failed => RETRIES,
        Checked::Refused => REFUSALS,
    };
    later(tries, before)
}

/// The time until another try after `before` in vain, within the first and the longest one.
pub(super) fn later((first, longest): (u64, u64), before: u32) -> u64 {
    (first << before.min(10)).min(longest)
}

/// How long until a sign-in that could not be ended at the provider is tried again, after `before` tries in vain.
pub(super) fn until_retry(before: u32) -> Duration {
    Duration::from_millis(later(RETRIES, before))
}

/// The entity tag to name: of an answer that counts, and that lasts if it is unchanged.
fn etag(kept: &Kept, now: u64) -> Option<String> {
    let lasts = |answer: &&Answer| !answer.says_end || answer.ends_at.saturating_sub(now) > WHOLE;
    kept.counting(now).filter(lasts)?.etag.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_sign_in_that_counts_no_longer_is_asked_about_ever_less_often() {
        let waits: Vec<u64> = (0..11)
            .map(|before| wait(Checked::Refused, before, 0) / MINUTE)
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(wait(Checked::Refused, u32::MAX, 0), REFUSALS.1);
    }

    #[test]
    fn what_failed_is_tried_again_soon_and_what_counts_is_asked_about_before_it_ends() {
        assert_eq!(wait(Checked::Failed, 0, 0), 15_000);
        assert_eq!(wait(Checked::Failed, 40, 0), 10 * MINUTE);
        assert_eq!(wait(Checked::Current, 7, 20 * MINUTE), 15 * MINUTE);
        assert_eq!(wait(Checked::Current, 0, 0), MINUTE);
        assert_eq!(wait(Checked::Current, 0, 900 * MINUTE), 60 * MINUTE);
    }
}
