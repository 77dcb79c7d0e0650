//! Every process that ends is collected here: the first process of a machine is the parent of all that lost theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitOptions, WaitStatus, wait};
use tokio::sync::oneshot;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// Who waits for which process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reaper {
    waiting: Arc<Mutex<BTreeMap<i32, oneshot::Sender<Exit>>>>,
}

impl Reaper {
    /// Starts a process, and answers it with its end to wait for. Nothing is collected meanwhile, so that no end is
    /// missed.
    pub(crate) fn start<E>(
        &self,
        start: impl FnOnce() -> Result<std::process::Child, E>,
    ) -> Result<(std::process::Child, oneshot::Receiver<Exit>), E> {
        let mut waiting = self.waiting();
        let child = start()?;
        let (end, ended) = oneshot::channel();
        waiting.insert(child.id() as i32, end);
        Ok((child, ended))
    }

    /// Collects for as long as the machine runs.
    pub(crate) async fn collect(self) -> std::io::Result<()> {
        let mut ended = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child())?;
        loop {
            self.collect_now();
            ended.recv().await;
        }
    }

    fn collect_now(&self) {
        let mut waiting = self.waiting();
        while let Ok(Some((process, status))) = wait(WaitOptions::NOHANG) {
            if let (Some(exit), Some(end)) = (read(status), waiting.remove(&Pid::as_raw(Some(process)))) {
                // Nobody may wait any more.
                end.send(exit).ok();
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<i32, oneshot::Sender<Exit>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(status: WaitStatus) -> Option<Exit> {
    let code = status.exit_status().map(Exit::Code);
    code.or_else(|| status.terminating_signal().map(Exit::Signal))
}
