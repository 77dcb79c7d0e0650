//! Pairing a pane: it shows a number, the window or terminal shows the same number, and the person allows it there.
//!
//! What guards it: an attempt is settled once and ends by itself; few may wait at one time, each with a number of its
//! own, so that a request by somebody else cannot pass for the one on the person's screen; and attempts are counted.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::pairing::PairingView;
use deskhand_protocol::{ErrorCode, Timestamp, UserError};

use crate::guards::{Guard, Guards};
use crate::limits::Limits;
use crate::token::random;

/// An attempt that waits for the person.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) view: PairingView,
    /// The origin of the page that asked.
    pub(crate) origin: String,
    /// The connection that asked, which gets the token.
    pub(crate) connection: u64,
    ends: SystemTime,
}

/// All attempts of the service.
#[derive(Debug)]
pub(crate) struct Pairings {
    guards: Guards,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Attempt>,
    /// When attempts were begun, and answers given that named none.
    tries: VecDeque<SystemTime>,
}

impl Pairings {
    pub(crate) fn new(limits: Limits, guards: Guards) -> Self {
        Self {
            guards,
            limits,
            state: Mutex::default(),
        }
    }

    /// Begins an attempt of `connection`, in place of one it has begun before.
    pub(crate) fn begin(
        &self,
        kind: FrontEndKind,
        origin: &str,
        connection: u64,
        now: SystemTime,
    ) -> Result<PairingView, UserError> {
        let mut state = self.lock(now);
        self.count_try(&mut state, now)?;
        state.waiting.retain(|attempt| attempt.connection != connection);
        if state.waiting.len() >= self.limits.pairings && self.guards.stands(Guard::PairingRate) {
            return Err(refused("too many attempts wait for an answer"));
        }
        let ends = now + self.limits.pairing;
        let view = PairingView {
            pairing: uuid::Builder::from_random_bytes(random()?)
                .into_uuid()
                .to_string(),
            front_end: kind,
            number: free_number(&state.waiting)?,
            expires_at: millis(ends),
        };
        state.waiting.push(Attempt {
            view: view.clone(),
            origin: origin.to_owned(),
            connection,
            ends,
        });
        Ok(view)
    }

    /// Takes the attempt that a person has answered; it cannot be taken again.
    pub(crate) fn take(&self, pairing: &str, now: SystemTime) -> Result<Attempt, UserError> {
        let mut state = self.lock(now);
        let Some(index) = state
            .waiting
            .iter()
            .position(|attempt| attempt.view.pairing == pairing)
        else {
            self.count_try(&mut state, now)?;
            return Err(refused("no attempt of that name waits"));
        };
        if self.guards.stands(Guard::PairingOnce) {
            Ok(state.waiting.remove(index))
        } else {
            Ok(state.waiting[index].clone())
        }
    }

    /// Attempts that wait, oldest first.
    pub(crate) fn list(&self, now: SystemTime) -> Vec<PairingView> {
        self.lock(now)
            .waiting
            .iter()
            .map(|attempt| attempt.view.clone())
            .collect()
    }

    /// Ends the attempt of a connection that is gone.
    pub(crate) fn forget(&self, connection: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.retain(|attempt| attempt.connection != connection);
    }

    fn lock(&self, now: SystemTime) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.guards.stands(Guard::PairingExpiry) {
            state.waiting.retain(|attempt| attempt.ends > now);
        }
        state
    }

    fn count_try(&self, state: &mut State, now: SystemTime) -> Result<(), UserError> {
        let since = now
            .checked_sub(self.limits.pairing_window)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        // A clock that was set back must not keep old tries for ever.
        state.tries.retain(|at| *at > since && *at <= now);
        if state.tries.len() >= self.limits.pairing_tries && self.guards.stands(Guard::PairingRate) {
            return Err(refused("too many attempts in a short time"));
        }
        state.tries.push_back(now);
        Ok(())
    }
}

/// A number of six digits that no waiting attempt has. The number is compared by a person and is no secret; what it must
/// be is different from its neighbours and not to be foreseen.
fn free_number(waiting: &[Attempt]) -> Result<String, UserError> {
    loop {
        let number = format!("{:06}", u64::from_le_bytes(random()?) % 1_000_000);
        if !waiting.iter().any(|attempt| attempt.view.number == number) {
            return Ok(number);
        }
    }
}

fn refused(why: &str) -> UserError {
    UserError::new(ErrorCode::PairingRefused).detail(why)
}

/// Unix milliseconds.
pub(crate) fn millis(at: SystemTime) -> Timestamp {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    Timestamp::try_from(since.as_millis()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    fn pairings() -> Pairings {
        Pairings::new(Limits::default(), Guards::default())
    }

    fn begin(pairings: &Pairings, connection: u64, now: SystemTime) -> Result<PairingView, ErrorCode> {
        pairings
            .begin(FrontEndKind::Excel, "https://localhost:1", connection, now)
            .map_err(|error| error.code)
    }

    #[test]
    fn settles_an_attempt_once() {
        let pairings = pairings();
        let view = begin(&pairings, 1, START).expect("begin");
        assert_eq!(pairings.list(START), vec![view.clone()]);
        assert_eq!(pairings.take(&view.pairing, START).expect("take").view, view);
        assert_eq!(
            pairings
                .take(&view.pairing, START)
                .map(|_| ())
                .map_err(|e| e.code),
            Err(ErrorCode::PairingRefused)
        );
    }

    #[test]
    fn ends_an_attempt_that_nobody_answers() {
        let pairings = pairings();
        let view = begin(&pairings, 1, START).expect("begin");
        let later = START + Limits::default().pairing;
        assert_eq!(view.expires_at, millis(later));
        assert!(pairings.take(&view.pairing, later).is_err());
        assert!(pairings.list(later).is_empty());
    }

    #[test]
    fn lets_few_wait_each_with_its_own_number_and_counts_attempts() {
        let pairings = pairings();
        let limits = Limits::default();
        let mut numbers: Vec<String> = (0..limits.pairings as u64)
            .map(|id| begin(&pairings, id, START).expect("begin").number)
            .collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), limits.pairings);
        assert_eq!(
            begin(&pairings, 99, START),
            Err(ErrorCode::PairingRefused),
            "one too many waits"
        );
        pairings.forget(0);
        let tries = limits.pairings + 1;
        for _ in tries..limits.pairing_tries {
            begin(&pairings, 99, START).expect("in place of its last");
        }
        assert_eq!(
            begin(&pairings, 99, START),
            Err(ErrorCode::PairingRefused),
            "one too many in the window"
        );
        begin(
            &pairings,
            99,
            START + limits.pairing_window + Duration::from_secs(1),
        )
        .expect("a new window");
    }
}
