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
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<i32, oneshot::Sender<Exit>>,
    /// Starts that are under way.
    starting: usize,
    /// Ends of processes that nobody waits for, while a start is under way: one of them may be its process.
    unclaimed: BTreeMap<i32, Exit>,
}

impl Reaper {
    /// Starts a process, and answers it with its end to wait for. Nothing is held meanwhile: a start may wait for a file
    /// that only this agent can bring.
    pub(crate) fn start<E>(
        &self,
        start: impl FnOnce() -> Result<std::process::Child, E>,
    ) -> Result<(std::process::Child, oneshot::Receiver<Exit>), E> {
        self.state().starting += 1;
        let started = start();
        let mut state = self.state();
        state.starting -= 1;
        let (end, ended) = oneshot::channel();
        if let Ok(child) = &started {
            let process = child.id() as i32;
            match state.unclaimed.remove(&process) {
                Some(exit) => drop(end.send(exit)),
                None => drop(state.waiting.insert(process, end)),
            }
        }
        if state.starting == 0 {
            state.unclaimed.clear();
        }
        started.map(|child| (child, ended))
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
        let mut state = self.state();
        while let Ok(Some((process, status))) = wait(WaitOptions::NOHANG) {
            let Some(exit) = read(status) else { continue };
            let process = Pid::as_raw(Some(process));
            match state.waiting.remove(&process) {
                // Nobody may wait any more.
                Some(end) => drop(end.send(exit)),
                None if state.starting > 0 => drop(state.unclaimed.insert(process, exit)),
                None => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(status: WaitStatus) -> Option<Exit> {
    let code = status.exit_status().map(Exit::Code);
    code.or_else(|| status.terminating_signal().map(Exit::Signal))
}
