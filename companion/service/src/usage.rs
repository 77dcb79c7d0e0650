//! How many tokens were used, against the limit of the settings (`inferenceMaxTokensPerWindow`), and what they cost.

mod price;

use std::sync::Arc;
use std::time::Duration;

use deskhand_core::model::{Capabilities, ModelEvent, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_policy::Policy;
use deskhand_protocol::hello::{ModelView, UsageView};
use deskhand_protocol::message::Usage;
use deskhand_protocol::{ErrorCode, Timestamp, UserError};
use deskhand_storage::{Store, StoreChange};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::clock::now;
use crate::log::told;

pub(crate) use price::price;

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

/// A line about what is used, for the terminal.
pub(crate) fn line(usage: UsageView, now: Timestamp) -> String {
    let used = format!("{} of {} used", grouped(usage.tokens), grouped(usage.limit));
    match usage.ends_at {
        Some(end) => format!(
            "{used}; the count starts anew in {}",
            span(end.saturating_sub(now))
        ),
        None => used,
    }
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A span of time for a person, rounded up to whole minutes.
fn span(milliseconds: Timestamp) -> String {
    let minutes = (milliseconds.saturating_add(59_999) / 60_000).max(1);
    let counted = |count: Timestamp, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        count => Some(format!("{count} {word}s")),
    };
    let parts = [counted(minutes / 60, "hour"), counted(minutes % 60, "minute")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// A provider whose tokens are counted, and which is asked no more once they are used.
pub(crate) struct Metered {
    inner: Arc<dyn Provider>,
    meter: Arc<Meter>,
}

impl Metered {
    pub(crate) fn new(inner: Arc<dyn Provider>, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl Provider for Metered {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        if let Err(error) = self.meter.judge(now()) {
            return Box::pin(stream::iter([Err(error)]));
        }
        let meter = Arc::clone(&self.meter);
        let counted = self.inner.stream(request).then(move |event| {
            let meter = Arc::clone(&meter);
            async move {
                // The answer is paid for: it is handed on even where its count cannot be kept.
                if let Ok(ModelEvent::Completed { usage, .. }) = &event
                    && let Err(error) = meter.add(*usage).await
                {
                    tracing::error!(code = error.code.as_str(), "the count of tokens was not kept");
                }
                event
            }
        });
        Box::pin(counted)
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        self.inner.models()
    }
}

#[cfg(test)]
mod tests;
