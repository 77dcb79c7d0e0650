//! What was used in the last 24 hours, by the hour.

use std::collections::BTreeMap;
use std::time::Duration;

use deskhand_protocol::message::Usage;
use deskhand_protocol::{Timestamp, UserError};
use deskhand_storage::{Store, StoreChange};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::{HOUR, LOOK_AGAIN};
use crate::clock::now;
use crate::log::{internal, told};

/// The setting of the store that holds the hours.
const NAME: &str = "usage-day";
const HOURS: Timestamp = 24;

/// Usage by the number of the hour since the epoch; never more than a day of it.
type Hours = BTreeMap<Timestamp, Usage>;

/// What was used, in all sessions. Only shown: a count that cannot be read begins anew.
pub(crate) struct Day {
    store: Store,
    /// One answer after the other.
    writing: Mutex<()>,
    hours: watch::Sender<Hours>,
}

impl Day {
    pub(crate) async fn open(store: Store) -> Result<Self, UserError> {
        let kept = store.setting(NAME.to_owned()).await;
        let kept = kept.map_err(|error| told(&error))?;
        let hours = kept.map(|bytes| serde_json::from_slice(&bytes)).transpose();
        let hours = hours.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was used in the last day cannot be read; it is counted anew");
            None
        });
        Ok(Self {
            store,
            writing: Mutex::default(),
            hours: watch::Sender::new(hours.unwrap_or_default()),
        })
    }

    /// What was used in the 24 hours before `now`, the hour that runs included.
    pub(crate) fn view(&self, now: Timestamp) -> Usage {
        let hours = self.hours.borrow();
        let recent = hours.range(first(now)..).map(|(_, usage)| *usage);
        recent.fold(Usage::default(), Usage::plus)
    }

    /// Counts an answer; it is on disk when this answers.
    pub(crate) async fn add(&self, usage: Usage, now: Timestamp) -> Result<(), UserError> {
        let _one = self.writing.lock().await;
        let mut hours = self.hours.borrow().clone();
        // Hours beyond now are those of a clock that was set back: what they hold would stay for ever.
        hours.retain(|hour, _| (first(now)..=now.div_euclid(HOUR)).contains(hour));
        let hour = hours.entry(now.div_euclid(HOUR)).or_default();
        *hour = hour.plus(usage);
        let value = serde_json::to_vec(&hours).map_err(internal)?;
        self.hours.send_replace(hours);
        let change = StoreChange::PutSetting {
            name: NAME.to_owned(),
            value: Some(value),
        };
        let written = self.store.write_store(vec![change]).await;
        written.map_err(|error| told(&error))
    }

    /// Tells what was used, each time it changes and as hours pass, as long as `show` says that somebody looks.
    pub(crate) async fn follow(&self, show: impl Fn(Usage) -> bool) {
        let mut hours = self.hours.subscribe();
        let mut last = None;
        loop {
            let view = self.view(now());
            if last.replace(view) != Some(view) && !show(view) {
                return;
            }
            let left = HOUR - now().rem_euclid(HOUR);
            let left = Duration::from_millis(left.unsigned_abs()).min(LOOK_AGAIN);
            drop(timeout(left, hours.changed()).await);
        }
    }
}

/// The first hour of the day that ends with this one.
fn first(now: Timestamp) -> Timestamp {
    now.div_euclid(HOUR) - HOURS + 1
}
