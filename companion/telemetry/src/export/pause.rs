//! When nothing is tried for a while.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause; it doubles up to the longest.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(5);

/// A pause after a failure, and how many there were since the last success.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pause {
    failures: u32,
    until: Option<Instant>,
}

impl Pause {
    /// Begins one: as long as the collector asks, or twice the last one, by chance (0 to 1) up to a quarter shorter.
    pub(super) fn begin(&mut self, asked: Option<Duration>, chance: f64) {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        let time = asked.unwrap_or_else(|| doubled.mul_f64(1.0 - 0.25 * chance.clamp(0.0, 1.0)));
        self.failures = self.failures.saturating_add(1);
        self.until = Some(Instant::now() + time);
    }

    /// Ends it.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    pub(super) fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// When something is tried again.
    pub(super) fn until(&self) -> Instant {
        self.until.unwrap_or_else(Instant::now)
    }
}
