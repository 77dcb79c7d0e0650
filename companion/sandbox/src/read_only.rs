//! The sessions in which nothing may be changed now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskhand_protocol::SessionId;
use tokio::sync::Mutex as Exclusive;
use tokio::time::timeout;

use crate::machines::lock;

/// How long a change that is being made is waited for.
const MADE: Duration = Duration::from_secs(5);

/// All of them, and the changes that calls make by themselves, as those that convert do.
#[derive(Debug, Default)]
pub(crate) struct ReadOnly {
    sessions: Mutex<BTreeSet<SessionId>>,
    /// Held while a change of the session is made.
    changing: Mutex<BTreeMap<SessionId, Arc<Exclusive<()>>>>,
}

impl ReadOnly {
    /// From now on none begins. Waits for the one that is being made.
    pub(crate) async fn forbid(&self, session: &SessionId) {
        lock(&self.sessions).insert(session.clone());
        let changing = lock(&self.changing).get(session).cloned();
        if let Some(changing) = changing {
            // One that hangs has begun before in any case.
            drop(timeout(MADE, changing.lock()).await);
        }
    }

    /// From now on they may.
    pub(crate) fn allow(&self, session: &SessionId) {
        lock(&self.sessions).remove(session);
    }

    /// True where none may.
    pub(crate) fn holds(&self, session: &SessionId) -> bool {
        lock(&self.sessions).contains(session)
    }

    /// Makes a change; none where none may be made when its turn comes.
    pub(crate) async fn change<T>(&self, session: &SessionId, change: impl Future<Output = T>) -> Option<T> {
        let changing = Arc::clone(lock(&self.changing).entry(session.clone()).or_default());
        let _changing = changing.lock().await;
        if self.holds(session) {
            return None;
        }
        Some(change.await)
    }

    /// The session is no more.
    pub(crate) fn forget(&self, session: &SessionId) {
        lock(&self.sessions).remove(session);
        lock(&self.changing).remove(session);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn no_change_is_made_where_none_may_be_and_one_that_is_being_made_is_waited_for() {
        let (read_only, session) = (ReadOnly::default(), SessionId::from_text("s"));
        let other = SessionId::from_text("other");
        assert_eq!(read_only.change(&session, async { 1 }).await, Some(1));
        let (end, ended) = oneshot::channel::<()>();
        let mut making = pin!(read_only.change(&session, ended));
        assert!(making.as_mut().now_or_never().is_none(), "it is being made");
        let mut forbidding = pin!(read_only.forbid(&session));
        assert!(forbidding.as_mut().now_or_never().is_none(), "it is waited for");
        assert!(read_only.holds(&session), "and no other begins meanwhile");
        end.send(()).expect("it is being made");
        assert_eq!(making.await, Some(Ok(())));
        forbidding.await;
        assert_eq!(read_only.change(&session, async { 1 }).await, None);
        assert_eq!(read_only.change(&other, async { 1 }).await, Some(1));
        read_only.allow(&session);
        assert_eq!(read_only.change(&session, async { 1 }).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_hangs_keeps_nobody_from_forbidding() {
        let (read_only, session) = (ReadOnly::default(), SessionId::from_text("s"));
        let mut making = pin!(read_only.change(&session, std::future::pending::<()>()));
        assert!(making.as_mut().now_or_never().is_none());
        read_only.forbid(&session).await;
        assert!(read_only.holds(&session));
    }
}
