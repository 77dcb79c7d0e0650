//! What is under way while the computer sleeps: its connections may be dead, and nothing says so for minutes.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use crate::connection::Clock;
use crate::fault::Fault;

/// How often is looked whether the computer slept.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Time that went missing between two looks, from which on it did.
const SLEPT_FOR: Duration = Duration::from_secs(15);
/// How long a connection may be silent after that before it counts as dead.
const SIGN_OF_LIFE_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection is in doubt that gave something after that: it may have been there before.
const IN_DOUBT_FOR: Duration = Duration::from_secs(30);

/// When was last looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    at: Instant,
    by_day: SystemTime,
    /// Until when the connection is in doubt.
    in_doubt: Option<Instant>,
}

impl Look {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            at: Instant::now(),
            by_day: clock(),
            in_doubt: None,
        }
    }

    /// The next look, at something that came.
    fn after_a_sign(self, clock: &Clock) -> Self {
        let next = Self::new(clock);
        let in_doubt = self.in_doubt.filter(|until| *until > next.at);
        Self {
            in_doubt: if self.slept_until(next) {
                Some(next.at + IN_DOUBT_FOR)
            } else {
                in_doubt
            },
            ..next
        }
    }

    /// Whether the computer slept since. The clock that time is measured by stands still in its sleep on some systems, and goes on
    /// on others: either the time of day is ahead of it, or it is ahead of what was waited for.
    fn slept_until(self, next: Self) -> bool {
        let by_day = next.by_day.duration_since(self.by_day).unwrap_or_default();
        by_day.max(next.at - self.at) >= LOOK_EVERY + SLEPT_FOR
    }
}

/// Goes on with `work`, unless the computer slept since the last look and the work does not come to an end soon after.
pub(super) async fn unless_slept<T>(
    clock: &Clock,
    look: &mut Look,
    work: impl Future<Output = T>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        done = work => {
            *look = look.after_a_sign(clock);
            Ok(done)
        }
        () = slept(clock, *look) => Err(Fault::slept()),
    }
}

/// Ends some time after the computer woke.
async fn slept(clock: &Clock, mut last: Look) {
    while last.in_doubt.is_none() {
        sleep(LOOK_EVERY).await;
        let next = Look::new(clock);
        if last.slept_until(next) {
            break;
        }
        last = next;
    }
    sleep(SIGN_OF_LIFE_WITHIN).await;
}
