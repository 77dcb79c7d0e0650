//! What the guest's kernel is told without having asked: that something it knows is old.
//!
//! However much the host changes and however slowly the guest takes it, little waits, here and in the guest. Notices that
//! are the same wait once. No more than [`UNDER_WAY`] are sent before the guest's kernel has taken those before: each message of
//! notices ends with a question that the guest's agent answers when it is there (`FUSE_NOTIFY_RETRIEVE` of no bytes of the
//! root, answered by `FUSE_NOTIFY_REPLY`; newer kernels answer it for files alone). Where more than [`WAITING`] wait, or the host's own watch overflowed, all that the kernel knows is
//! gone through instead, at the same pace; until that is done the kernel is told to believe nothing for long.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::wire;

/// Notices that wait: two for each name of one look at what was heard of. Above, everything is gone through.
const WAITING: usize = 4_096;
/// Notices that the kernel may have before it. The agent in the guest has room for some times as many.
const UNDER_WAY: u64 = 1_024;
/// Notices in one message.
const TOGETHER: usize = 256;

/// One thing that is old.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Notice {
    /// What is known of a node; also its content, where that is said.
    Node(u64, bool),
    /// What is known of a name in the folder of a node.
    Name(u64, OsString),
}

/// The notices of one connection.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeSet<Notice>,
    walk: Option<Walk>,
    /// The last node of the walk that follows, since more was missed during this one.
    again: Option<u64>,
    sent: u64,
    /// How many of them the kernel has taken.
    taken: u64,
}

/// All nodes by their number, as far as there were at the beginning: one that came later is believed for no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) next: u64,
    pub(crate) last: u64,
}

impl Notices {
    /// True where so many more can wait. Where not, the caller is to change nothing and to say [`Self::everything`].
    pub(crate) fn has_room(&self, more: usize) -> bool {
        self.state().waiting.len() + more <= WAITING
    }

    /// These are to be told.
    pub(crate) fn add(&self, notices: impl IntoIterator<Item = Notice>) {
        {
            let mut state = self.state();
            for notice in notices {
                // A caller that asked for no room has the same again, and no more.
                if state.waiting.len() < 2 * WAITING {
                    state.waiting.insert(notice);
                }
            }
        }
        self.changed.notify_one();
    }

    /// Anything may be old, of all nodes up to the last.
    pub(crate) fn everything(&self, last: u64) {
        {
            let mut state = self.state();
            if state.walk.is_some() {
                state.again = Some(last);
            } else {
                state.walk = Some(Walk { next: 0, last });
            }
        }
        self.changed.notify_one();
    }

    /// True while not all is told: what the kernel learns now, it is not to believe for long.
    pub(crate) fn is_behind(&self) -> bool {
        self.state().walk.is_some()
    }

    /// Waits until there is something to tell, and the kernel has room for it. Answers what waits, at most one message of
    /// it, and the walk from which it is to be filled up.
    pub(crate) async fn next(&self) -> (Vec<Notice>, Option<Walk>, usize) {
        loop {
            {
                let mut state = self.state();
                let has_any = !state.waiting.is_empty() || state.walk.is_some();
                if has_any && state.sent - state.taken + TOGETHER as u64 <= UNDER_WAY {
                    let mut notices = Vec::new();
                    while notices.len() < TOGETHER
                        && let Some(notice) = state.waiting.pop_first()
                    {
                        notices.push(notice);
                    }
                    let room = TOGETHER - notices.len();
                    return (notices, state.walk, room);
                }
            }
            self.changed.notified().await;
        }
    }

    /// The walk went as far as this; none at its end.
    pub(crate) fn walked(&self, next: Option<u64>) {
        let mut state = self.state();
        state.walk = match (next, state.walk) {
            (Some(next), Some(walk)) => Some(Walk { next, ..walk }),
            _ => state.again.take().map(|last| Walk { next: 0, last }),
        };
    }

    /// Notices as one message, which ends with the question whether they were taken.
    pub(crate) fn message(&self, notices: &[Notice]) -> Vec<u8> {
        let mut message = Vec::new();
        for notice in notices {
            match notice {
                Notice::Node(node, content) => message.extend(wire::invalidate_node(*node, *content)),
                Notice::Name(folder, name) => {
                    message.extend(wire::invalidate_entry(*folder, name).unwrap_or_default());
                }
            }
        }
        let mut state = self.state();
        state.sent += notices.len() as u64;
        message.extend(wire::retrieve_nothing(state.sent));
        message
    }

    /// The kernel says that it took so many; no more than there were, whatever it says.
    pub(crate) fn taken(&self, count: u64) {
        {
            let mut state = self.state();
            state.taken = state.taken.max(count.min(state.sent));
        }
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What would be sent now; none where it waits.
    fn next(notices: &Notices) -> Option<(Vec<Notice>, Option<Walk>)> {
        match pin!(notices.next()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready((notices, walk, _)) => Some((notices, walk)),
            Poll::Pending => None,
        }
    }

    fn names(count: usize) -> impl Iterator<Item = Notice> {
        (0..count).map(|number| Notice::Name(1, number.to_string().into()))
    }

    /// Sends what may be sent; answers how many that were.
    fn send(notices: &Notices) -> u64 {
        let before = notices.state().sent;
        while let Some((batch, _)) = next(notices) {
            assert!(batch.len() <= TOGETHER);
            notices.message(&batch);
        }
        notices.state().sent - before
    }

    #[test]
    fn no_more_is_under_way_than_the_kernel_takes() {
        let notices = Notices::default();
        notices.add(names(10_000));
        assert_eq!(send(&notices), UNDER_WAY);
        notices.taken(300);
        assert_eq!(send(&notices), 256, "whole messages");
        // What it could not have taken, it did not.
        notices.taken(u64::MAX);
        assert_eq!(notices.state().taken, UNDER_WAY + 256);
        notices.taken(3);
        assert_eq!(send(&notices), UNDER_WAY);
    }

    #[test]
    fn the_same_notice_waits_once() {
        let notices = Notices::default();
        for _ in 0..1_000 {
            notices.add(names(10));
        }
        assert_eq!(send(&notices), 10);
    }

    #[test]
    fn what_waits_has_an_end_and_the_walk_stands_for_the_rest() {
        let notices = Notices::default();
        assert!(notices.has_room(WAITING));
        notices.add(names(WAITING));
        assert!(!notices.has_room(1));
        notices.add(names(10 * WAITING));
        assert_eq!(notices.state().waiting.len(), 2 * WAITING);
        notices.everything(7);
        assert!(notices.is_behind());
    }

    #[test]
    fn a_walk_that_is_asked_for_again_is_gone_once_more_and_not_more_often() {
        let notices = Notices::default();
        notices.everything(7);
        for last in 8..1_000 {
            notices.everything(last);
        }
        assert_eq!(next(&notices).unwrap().1, Some(Walk { next: 0, last: 7 }));
        notices.walked(Some(4));
        assert_eq!(next(&notices).unwrap().1, Some(Walk { next: 4, last: 7 }));
        notices.walked(None);
        assert_eq!(next(&notices).unwrap().1, Some(Walk { next: 0, last: 999 }));
        notices.walked(None);
        assert!(!notices.is_behind());
        assert_eq!(next(&notices), None);
    }
}
