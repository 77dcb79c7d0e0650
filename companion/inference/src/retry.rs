//! When a failed model call is made again, and after how long. Pure: time and chance are arguments (Invariant 10).

use std::time::Duration;

use crate::fault::{Fault, FaultKind};

/// Longest pause that a server may ask for; above it the person is told instead of waiting before a silent screen.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_mins(1);
/// Share of a pause that chance may take away, so that many clients do not come back together.
const JITTER: f64 = 0.25;

/// The pauses of our own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// After the first failure; it doubles with each further one.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(8),
        }
    }
}

/// How often a call is made in all, by what went wrong.
pub fn tries(kind: FaultKind) -> u32 {
    match kind {
        FaultKind::RateLimited | FaultKind::Overloaded | FaultKind::StreamCut => 5,
        FaultKind::Unreachable | FaultKind::Proxy => 3,
        FaultKind::TimedOut | FaultKind::BadAnswer => 2,
        FaultKind::NotConfigured
        | FaultKind::Tls
        | FaultKind::Auth
        | FaultKind::SignIn
        | FaultKind::ModelUnknown
        | FaultKind::TooLong
        | FaultKind::BadRequest => 1,
    }
}

/// How long a call waits for the network once it is lost: a computer that wakes in another place is there by then.
pub const NETWORK_WITHIN: Duration = Duration::from_mins(5);

/// The pause of our own choosing behind so many tries, from 1; `chance` lies in 0..1.
pub fn own_pause(pauses: Pauses, made: u32, chance: f64) -> Duration {
    let own = pauses
        .first
        .saturating_mul(1 << made.saturating_sub(1).min(16))
        .min(pauses.longest);
    own.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

/// The pause before the next try, or `None` when the fault stands. `made` counts the tries so far, from 1; `chance` lies
/// in 0..1.
pub fn pause(pauses: Pauses, fault: &Fault, made: u32, chance: f64) -> Option<Duration> {
    if made >= tries(fault.kind) || fault.is_final {
        return None;
    }
    let own = own_pause(pauses, made, chance);
    match fault.retry_after {
        Some(asked) if asked > LONGEST_ASKED_PAUSE => None,
        Some(asked) => Some(asked.max(own)),
        None => Some(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: FaultKind) -> Fault {
        Fault::new(kind, "")
    }

    #[test]
    fn doubles_the_pause_up_to_the_longest() {
        let pauses: Vec<Option<u128>> = (1..=5)
            .map(|made| {
                pause(Pauses::default(), &fault(FaultKind::Overloaded), made, 0.0).map(|p| p.as_millis())
            })
            .collect();
        assert_eq!(pauses, [Some(500), Some(1000), Some(2000), Some(4000), None]);
    }

    #[test]
    fn chance_takes_at_most_a_quarter() {
        assert_eq!(
            pause(Pauses::default(), &fault(FaultKind::Overloaded), 1, 1.0),
            Some(Duration::from_millis(375))
        );
        assert_eq!(
            pause(Pauses::default(), &fault(FaultKind::Overloaded), 1, 99.0),
            Some(Duration::from_millis(375))
        );
    }

    #[test]
    fn waits_as_long_as_the_server_asks_within_a_minute() {
        let asked = |seconds| Fault {
            retry_after: Some(Duration::from_secs(seconds)),
            ..fault(FaultKind::RateLimited)
        };
        assert_eq!(
            pause(Pauses::default(), &asked(20), 1, 0.0),
            Some(Duration::from_secs(20))
        );
        assert_eq!(
            pause(Pauses::default(), &asked(0), 1, 0.0),
            Some(Duration::from_millis(500))
        );
        assert_eq!(pause(Pauses::default(), &asked(61), 1, 0.0), None);
    }

    #[test]
    fn never_repeats_what_would_fail_the_same_way() {
        for kind in [
            FaultKind::Auth,
            FaultKind::BadRequest,
            FaultKind::ModelUnknown,
            FaultKind::Tls,
        ] {
            assert_eq!(pause(Pauses::default(), &fault(kind), 1, 0.0), None, "{kind:?}");
        }
        let told = Fault {
            is_final: true,
            ..fault(FaultKind::Overloaded)
        };
        assert_eq!(pause(Pauses::default(), &told, 1, 0.0), None);
    }
}
