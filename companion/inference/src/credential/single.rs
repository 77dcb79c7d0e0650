//! Work that runs once at a time, for everybody who waits for it.

use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, WeakShared};

/// The work that is under way. It ends early once nobody waits for it any longer.
pub(super) struct Single<T>(Mutex<Option<WeakShared<BoxFuture<'static, T>>>>);

impl<T> Default for Single<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + Send + Sync + 'static> Single<T> {
    /// What comes of the work that is under way, or else of this. Work that is done is not under way: its outcome may be the very
    /// credential that was refused since.
    pub(super) async fn run(&self, begin: impl FnOnce() -> BoxFuture<'static, T>) -> T {
        let work = {
            let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let present = running.as_ref().and_then(WeakShared::upgrade);
            present.filter(|work| work.peek().is_none()).unwrap_or_else(|| {
                let work = begin().shared();
                *running = work.downgrade();
                work
            })
        };
        work.await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::future::ready;
    use tokio::sync::oneshot::channel;

    use super::*;

    #[tokio::test]
    async fn work_that_is_done_is_not_joined_while_somebody_has_not_looked_yet() {
        let single = Single::default();
        let (done, waits) = channel();
        let mut first = pin!(single.run(|| Box::pin(waits.map(|one| one.unwrap_or(0)))));
        let mut second = pin!(single.run(|| Box::pin(ready(7))));
        assert_eq!(
            ((&mut first).now_or_never(), (&mut second).now_or_never()),
            (None, None)
        );
        done.send(1).expect("it is waited for");
        assert_eq!(first.await, 1);
        assert_eq!(single.run(|| Box::pin(ready(2))).await, 2);
        assert_eq!(second.await, 1);
    }
}
