//! The time that signatures carry: this computer's, put right by a server that refused it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::TimeSource;

/// A signature may be off by five minutes. Below this many seconds a correction would change nothing.
const WORTH_CORRECTING: u64 = 60;
/// No clock is followed further than this many seconds: a request that is signed for another day would serve whoever keeps it.
const FURTHEST: u64 = 24 * 60 * 60;

/// A clock that follows a server's. Clones share what was learnt.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock {
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// Seconds by which servers were found ahead.
    pub(super) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Follows the time of a server that refused a signature; `ahead` was in force when it was made. False where it changes
    /// nothing: the time was not what was wrong.
    pub(super) fn follow(&self, server: SystemTime, ahead: i64) -> bool {
        let found = match server.duration_since(SystemTime::now()) {
            Ok(ahead) => i64::try_from(ahead.as_secs()),
            Err(behind) => i64::try_from(behind.duration().as_secs()).map(|seconds| -seconds),
        };
        let Ok(found) = found else {
            return false;
        };
        let helps = found.unsigned_abs() <= FURTHEST && found.abs_diff(ahead) >= WORTH_CORRECTING;
        if helps {
            self.ahead.store(found, Ordering::Relaxed);
        }
        helps
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        let ahead = self.ahead();
        let by = Duration::from_secs(ahead.unsigned_abs());
        let own = SystemTime::now();
        let put_right = if ahead >= 0 {
            own.checked_add(by)
        } else {
            own.checked_sub(by)
        };
        put_right.unwrap_or(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_a_server_that_is_far_off_and_tells_when_that_changes_nothing() {
        let hour = Duration::from_hours(1);
        let now = SystemTime::now();
        for (server, wanted) in [(now + hour, 3600), (now - hour, -3600)] {
            let clock = Clock::default();
            assert!(clock.follow(server, 0));
            assert!(clock.ahead().abs_diff(wanted) <= 5);
            // A call that was signed before the correction is worth asking again as well.
            assert!(clock.follow(server, 0));
            assert!(!clock.follow(server, clock.ahead()));
        }
        assert!(!Clock::default().follow(now + Duration::from_secs(5), 0));
        let clock = Clock::default();
        assert!(
            !clock.follow(now + 48 * hour, 0) && clock.ahead() == 0,
            "a request for another day"
        );
    }
}
