//! How many tokens were used, against the limit of the settings (`inferenceMaxTokensPerWindow`), and what they cost.

mod day;
mod metered;
mod price;
mod words;

use std::time::Duration;

use deskhand_policy::Policy;
use deskhand_protocol::hello::UsageView;
use deskhand_protocol::message::Usage;
use deskhand_protocol::{ErrorCode, Timestamp, UserError};
use deskhand_storage::{Store, StoreChange};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::clock::now;
use crate::log::told;

pub(crate) use day::Day;
pub(crate) use metered::{Counts, Metered};
pub(crate) use price::{Prices, price};
pub(crate) use words::{grouped, line, told as told_of};

use words::span;

/// The setting of the store that holds the count.
const NAME: &str = "usage-window";
/// How often the end of a window is looked for.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
const HOUR: Timestamp = 60 * 60 * 1_000;

/// Tokens that may be used in a window of time. Windows follow one another; each begins with its first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    tokens: u64,
    /// Milliseconds.
    window: Timestamp,
}

impl Limit {
    /// The limit of the settings, where they set one.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        let tokens = policy.usage.inference_max_tokens_per_window.value?;
        let hours = policy.usage.inference_token_window_hours.value?;
        Some(Self {
            tokens: tokens.get().into(),
            window: Timestamp::from(hours.get()) * HOUR,
        })
    }
}

/// What was used in the window that is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    /// When the window began, in Unix milliseconds; `None` before its first answer.
    begun: Option<Timestamp>,
    tokens: u64,
}

impl Count {
    /// The count as it is at `now`: anew once its window is over. A clock that is set back ends no window.
    fn at(self, now: Timestamp, window: Timestamp) -> Self {
        match self.begun {
            Some(begun) if now.saturating_sub(begun) < window => self,
            _ => Self::default(),
        }
    }

    fn plus(self, usage: Usage, now: Timestamp) -> Self {
        Self {
            begun: self.begun.or(Some(now)),
            tokens: self.tokens.saturating_add(usage.all()),
        }
    }
}

/// The count of a person's tokens.
pub(crate) struct Meter {
    limit: Limit,
    store: Store,
    /// One count after the other.
    writing: Mutex<()>,
    count: watch::Sender<Count>,
}

impl Meter {
    /// Reads the count. One that cannot be read stops the service, since another would let more through.
    pub(crate) async fn open(limit: Limit, store: Store) -> Result<Self, UserError> {
        let kept = store.setting(NAME.to_owned()).await;
        let kept = kept.map_err(|error| told(&error))?;
        let count = kept.map(|bytes| serde_json::from_slice(&bytes)).transpose();
        let count = count.map_err(crate::log::internal)?.unwrap_or_default();
        Ok(Self {
            limit,
            store,
            writing: Mutex::default(),
            count: watch::Sender::new(count),
        })
    }

    fn count(&self, now: Timestamp) -> Count {
        self.count.borrow().at(now, self.limit.window)
    }

    /// What front ends show at `now`.
    pub(crate) fn view(&self, now: Timestamp) -> UsageView {
        let count = self.count(now);
        UsageView {
            tokens: count.tokens,
            limit: self.limit.tokens,
            ends_at: count.begun.map(|begun| begun.saturating_add(self.limit.window)),
        }
    }

    /// Tells what front ends show, each time it changes and at the end of a window, as long as `show` says that somebody
    /// looks.
    pub(crate) async fn follow(&self, show: impl Fn(UsageView) -> bool) {
        let mut counts = self.count.subscribe();
        let mut last = None;
        loop {
            let view = self.view(now());
            if last.replace(view) != Some(view) && !show(view) {
                return;
            }
            let left = view
                .ends_at
                .map(|end| end.saturating_sub(now()).max(1).unsigned_abs());
            // A clock that stood still with the machine is looked at again soon.
            let ends = left.map_or(LOOK_AGAIN, |left| Duration::from_millis(left).min(LOOK_AGAIN));
            drop(timeout(ends, counts.changed()).await);
        }
    }

    /// Whether another request may be made.
    fn judge(&self, now: Timestamp) -> Result<(), UserError> {
        let view = self.view(now);
        if view.tokens < view.limit {
            return Ok(());
        }
        let left = view.ends_at.unwrap_or(now).saturating_sub(now);
        let hours = self.limit.window / HOUR;
        let hours = if hours == 1 {
            "one hour".to_owned()
        } else {
            format!("{hours} hours")
        };
        let error = UserError::new(ErrorCode::UsageLimit).happened(format!(
            "The settings allow {} tokens in {hours}, and they are used.",
            grouped(view.limit)
        ));
        Err(UserError {
            action: format!(
                "The count starts anew in {}; then go on, or ask your administrator.",
                span(left)
            ),
            ..error
        })
    }

    /// Counts an answer; it is on disk when this answers.
    async fn add(&self, usage: Usage) -> Result<(), UserError> {
        let _one = self.writing.lock().await;
        let at = now();
        let count = self.count(at).plus(usage, at);
        let value = serde_json::to_vec(&count).map_err(crate::log::internal)?;
        let change = StoreChange::PutSetting {
            name: NAME.to_owned(),
            value: Some(value),
        };
        self.count.send_replace(count);
        self.store
            .write_store(vec![change])
            .await
            .map_err(|error| told(&error))
    }
}

#[cfg(test)]
mod tests;
