//! Diagnostics: records of failures, times and counts that a distribution could send to its maker. They stay on the machine, for the
//! support bundle and to be shown in the app; this build has no sender.
//!
//! A record is made of words that were written when Deskhand was (`&'static str`), of numbers, and of few texts that pass the rules of
//! [`crate::scrub`] before they are kept. What people type, documents and answers have no field. Each category has its own
//! switch; a closed one is not set up at all, and what an earlier run kept of it is removed.

mod panics;
mod record;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_protocol::Timestamp;
use serde_json::Value as Json;

use crate::rotate::Rotating;
use crate::scrub::Scrubber;
pub use panics::record_panics;
pub use record::{Diagnostic, Frame, Machine};

/// Bytes of a category's file; there are two of them.
const MOST: u64 = 512 * 1024;
const FILES: usize = 2;
/// Steps that an error tells of.
const STEPS: usize = 20;

/// A kind of diagnostics with a switch of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Crashes, errors, times.
    Essential,
    /// Counts of what is used.
    Usage,
    /// Helper fetches: what became of them.
    Services,
    /// Looking for updates: what became of it.
    Updates,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 4] = [Self::Essential, Self::Usage, Self::Services, Self::Updates];

    /// The policy key that closes it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Essential => "disableEssentialTelemetry",
            Self::Usage => "disableNonessentialTelemetry",
            Self::Services => "disableNonessentialServices",
            Self::Updates => "disableAutoUpdates",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Essential => "essential.jsonl",
            Self::Usage => "usage.jsonl",
            Self::Services => "services.jsonl",
            Self::Updates => "updates.jsonl",
        }
    }
}

/// Diagnostics of this installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    machine: Machine,
    scrubber: Arc<Scrubber>,
    /// In the order of [`Category::ALL`]; none where it is closed.
    stores: [Option<Mutex<Rotating>>; 4],
    steps: Mutex<VecDeque<&'static str>>,
}

impl Diagnostics {
    /// Diagnostics in a folder of this program's own. `closed` are the categories whose key is set.
    ///
    /// # Errors
    /// When what an earlier run kept of a closed category cannot be removed.
    pub fn open(
        folder: &Path,
        closed: &[Category],
        machine: Machine,
        scrubber: Arc<Scrubber>,
    ) -> io::Result<Self> {
        let mut stores = [None, None, None, None];
        for (store, category) in stores.iter_mut().zip(Category::ALL) {
            let mut kept = Rotating::new(folder.join(category.file()), MOST, FILES);
            if closed.contains(&category) {
                kept.clear()?;
            } else {
                *store = Some(Mutex::new(kept));
            }
        }
        let machine = machine.scrubbed(&scrubber);
        Ok(Self {
            inner: Arc::new(Inner {
                machine,
                scrubber,
                stores,
                steps: Mutex::default(),
            }),
        })
    }

    /// Whether anything of a category is kept.
    pub fn keeps(&self, category: Category) -> bool {
        self.store(category).is_some()
    }

    /// A step in the life of the program; the newest are told with an error.
    pub fn step(&self, step: &'static str) {
        let mut steps = lock(&self.inner.steps);
        if steps.len() >= STEPS {
            steps.pop_front();
        }
        steps.push_back(step);
    }

    /// Keeps a record, where its category is open. A disk that takes nothing more is no reason to stop.
    pub fn record(&self, at: Timestamp, diagnostic: &Diagnostic) {
        let Some(store) = self.store(diagnostic.category()) else {
            return;
        };
        let steps: Vec<&'static str> = lock(&self.inner.steps).iter().copied().collect();
        let line = diagnostic
            .told(at, &self.inner.machine, &steps, &self.inner.scrubber)
            .to_string();
        if let Err(error) = lock(store).write(&line) {
            tracing::warn!(%error, "a diagnostic record could not be kept");
        }
    }

    /// What is kept of a category, the oldest first: to be shown in the app.
    pub fn kept(&self, category: Category) -> Vec<Json> {
        let paths = self
            .store(category)
            .map_or_else(Vec::new, |store| lock(store).paths());
        let texts = paths.iter().filter_map(|path| std::fs::read_to_string(path).ok());
        texts
            .flat_map(|text| {
                text.lines()
                    .filter_map(|line| serde_json::from_str(line).ok())
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The files of all open categories, for the support bundle.
    pub fn files(&self) -> Vec<PathBuf> {
        self.inner
            .stores
            .iter()
            .flatten()
            .flat_map(|store| lock(store).paths())
            .collect()
    }

    fn store(&self, category: Category) -> Option<&Mutex<Rotating>> {
        let place = Category::ALL.iter().position(|known| *known == category)?;
        self.inner.stores.get(place)?.as_ref()
    }
}

/// What a panic left behind is still whole: each change is one call.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
