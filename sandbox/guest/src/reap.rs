//! Every process that ends is collected here: the first process of a machine is the parent of all that lost theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitOptions, WaitStatus, wait, waitpid};
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
        let (end, ended) = oneshot::channel();
        {
            let mut state = self.state();
            state.starting -= 1;
            if let Ok(child) = &started {
                state.waiting.insert(child.id() as i32, end);
            }
        }
        // What ended meanwhile was left.
        self.collect_now();
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

    /// While a start is under way no process is collected that is not known: it may be the one that is started, and where that
    /// ends because there is no such program, who starts it waits for it himself.
    fn collect_now(&self) {
        let mut state = self.state();
        if state.starting > 0 {
            let known: Vec<i32> = state.waiting.keys().copied().collect();
            for process in known {
                if let Ok(Some((process, status))) = waitpid(Pid::from_raw(process), WaitOptions::NOHANG) {
                    state.ended(process, status);
                }
            }
            return;
        }
        while let Ok(Some((process, status))) = wait(WaitOptions::NOHANG) {
            state.ended(process, status);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ended(&mut self, process: Pid, status: WaitStatus) {
        let Some(exit) = read(status) else { return };
        if let Some(end) = self.waiting.remove(&Pid::as_raw(Some(process))) {
            // Nobody may wait any more.
            end.send(exit).ok();
        }
    }
}

fn read(status: WaitStatus) -> Option<Exit> {
    let code = status.exit_status().map(Exit::Code);
    code.or_else(|| status.terminating_signal().map(Exit::Signal))
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_start_that_fails_says_why_however_fast_its_process_is_collected() {
        let reaper = Reaper::default();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    reaper.collect_now();
                }
            });
            for _ in 0..500 {
                let refused = reaper.start(|| Command::new("/no-such-program").spawn());
                assert_eq!(
                    refused.err().map(|error| error.kind()),
                    Some(std::io::ErrorKind::NotFound)
                );
                let (_, mut ended) = reaper
                    .start(|| Command::new("/bin/true").spawn())
                    .expect("a program");
                let exit = loop {
                    if let Ok(exit) = ended.try_recv() {
                        break exit;
                    }
                };
                assert_eq!(exit, Exit::Code(0));
            }
            over.store(true, Ordering::SeqCst);
        });
    }
}
