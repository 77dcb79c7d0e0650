//! Work on hostile files: on a thread of its own, within a time, panics caught.
//!
//! Libraries that read foreign formats may loop or panic on broken files. Whoever asked gets an answer in any case; a
//! thread that overruns its time is left to end by itself, and while too many such are running nothing new begins.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use deskhand_operations::{Refusal, RefusalCode};

use crate::refuse;

/// The name of these threads: whoever reports panics can leave theirs out.
const THREAD: &str = "bounded reader";
/// Stack of the thread in bytes: readers follow nested structures by recursion.
const STACK: usize = 32 << 20;
/// Threads at a time.
const MAX_THREADS: usize = 8;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Counts a thread until it ends, however it ends.
struct Slot;

impl Slot {
    fn take() -> Option<Self> {
        let taken = RUNNING.fetch_update(Ordering::AcqRel, Ordering::Acquire, |running| {
            (running < MAX_THREADS).then_some(running + 1)
        });
        taken.is_ok().then(|| Self)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Does the work within a time; `what` names the file in refusals: `the PDF`.
pub(crate) fn within<T: Send + 'static>(
    time: Duration,
    what: &str,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let slot = Slot::take().ok_or_else(|| {
        Refusal::new(
            RefusalCode::Busy,
            "other files take their time to be read; try again in a moment",
        )
    })?;
    let (sender, receiver) = sync_channel(1);
    let thread = std::thread::Builder::new()
        .name(THREAD.to_owned())
        .stack_size(STACK);
    let started = thread.spawn(move || {
        let _slot = slot;
        let outcome = catch_unwind(AssertUnwindSafe(work));
        // Nobody may be waiting any more.
        let _ = sender.send(outcome);
    });
    started.map_err(|error| refuse::io(&error))?;
    match receiver.recv_timeout(time) {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(refuse::corrupt(format!(
            "{what} is damaged in a way that stops its reader"
        ))),
        Err(RecvTimeoutError::Timeout) => Err(refuse::too_large(format!(
            "{what} takes longer than {} seconds to read",
            time.as_secs()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_a_panic_and_an_endless_loop_all_come_back() {
        let second = Duration::from_secs(1);
        assert_eq!(within(second, "the file", || Ok(7)), Ok(7));
        let panicked: Result<(), _> = within(second, "the file", || panic!("broken"));
        assert_eq!(
            panicked.unwrap_err().message,
            "The file is damaged in a way that stops its reader."
        );
        let (stop, wait) = std::sync::mpsc::channel::<()>();
        let endless: Result<(), _> = within(Duration::from_millis(20), "the file", move || {
            let _ = wait.recv();
            Ok(())
        });
        assert_eq!(endless.unwrap_err().code, RefusalCode::TooLarge);
        drop(stop);
    }
}
