//! Commands that were left to run: what they write is gathered, their end is waited for, and they can be listed and ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deskhand_vm_host::{Ended, Job, RunOutput, SandboxError};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::collected::Collected;
use crate::told;

/// Jobs of one machine that run or whose end was not told yet.
const MOST: usize = 16;
/// How often it is looked whether one has ended.
const LOOKS: Duration = Duration::from_millis(50);

/// The jobs of one machine.
#[derive(Debug, Default)]
pub(crate) struct Background {
    jobs: Mutex<BTreeMap<u32, Left>>,
}

#[derive(Debug)]
struct Left {
    command: String,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Seen {
    output: Collected,
    ended: Option<Result<Ended, SandboxError>>,
}

impl Background {
    /// True where one more may be left to run. Those whose end was told make room.
    pub(crate) fn has_room(&self) -> bool {
        self.jobs().len() < MOST
    }

    /// True while one runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.jobs().values().any(|left| lock(&left.seen).ended.is_none())
    }

    /// Takes a job over; answers its number. It ends with the machine.
    pub(crate) fn leave(&self, command: &str, job: Job) -> u32 {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<Notify>::default());
        tokio::spawn(follow(job, Arc::clone(&seen), Arc::clone(&stop)));
        let mut jobs = self.jobs();
        let number = jobs
            .last_key_value()
            .map_or(1, |(last, _)| last.saturating_add(1));
        let left = Left {
            command: command.to_owned(),
            seen,
            stop,
        };
        jobs.insert(number, left);
        number
    }

    /// The jobs, a line each.
    pub(crate) fn list(&self) -> String {
        let jobs = self.jobs();
        let line = |(number, left): (&u32, &Left)| {
            let seen = lock(&left.seen);
            let state = seen.ended.as_ref().map_or("runs".to_owned(), told::end);
            format!("job {number}: {state}: {}", told::first_line(&left.command))
        };
        jobs.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What a job wrote since it was last asked, and whether it has ended; `None` where there is no such job. One whose end is
    /// told is forgotten.
    pub(crate) fn tell(&self, number: u32) -> Option<(String, String)> {
        let mut jobs = self.jobs();
        let left = jobs.get(&number)?;
        let mut seen = lock(&left.seen);
        let output = std::mem::take(&mut seen.output).text();
        let state = seen.ended.as_ref().map_or("runs".to_owned(), told::end);
        let over = seen.ended.is_some();
        drop(seen);
        if over {
            jobs.remove(&number);
        }
        Some((state, output))
    }

    /// Has a job end; false where there is none.
    pub(crate) fn stop(&self, number: u32) -> bool {
        let jobs = self.jobs();
        let found = jobs.get(&number);
        found.inspect(|left| left.stop.notify_one()).is_some()
    }

    /// Waits until a job has ended, at most for so long.
    pub(crate) async fn ended(&self, number: u32, most: Duration) {
        let seen = self.jobs().get(&number).map(|left| Arc::clone(&left.seen));
        let Some(seen) = seen else { return };
        let deadline = Instant::now() + most;
        while lock(&seen).ended.is_none() && Instant::now() < deadline {
            tokio::time::sleep(LOOKS).await;
        }
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<u32, Left>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn follow(mut job: Job, seen: Arc<Mutex<Seen>>, stop: Arc<Notify>) {
    loop {
        let output = tokio::select! {
            output = job.next() => output,
            () = stop.notified() => {
                job.ask_to_stop();
                continue;
            }
        };
        match output {
            Ok(Some(RunOutput::Out(bytes) | RunOutput::Err(bytes))) => lock(&seen).output.push(&bytes),
            Ok(Some(RunOutput::Started(_))) => {}
            Ok(Some(RunOutput::Ended(ended))) => return lock(&seen).ended = Some(Ok(ended)),
            Ok(None) => return lock(&seen).ended = Some(Err(told::machine_ended())),
            Err(error) => return lock(&seen).ended = Some(Err(error)),
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
