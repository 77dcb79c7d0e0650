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
