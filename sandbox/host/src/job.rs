//! A command that runs in a guest. What it may use is enforced in the guest, which is hostile, and once more here: a machine
//! whose guest does not hold to the limits is ended.

use std::sync::{Arc, Weak};
use std::time::Duration;

use deskhand_vm_protocol::{End, Mux, Opening, RunInput, RunLimits, RunOutput, Stream, WireError};
use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::machine::Machine;
use crate::session::open;

/// How much longer than its limit a command may take to be told as over: the guest ends it, lets its output drain, and may
/// be slow.
const GRACE: Duration = Duration::from_secs(20);

/// How much more than its limit it may write: what was under way.
const SLACK: u64 = 1024 * 1024;

/// Outputs that wait to be taken; a command that writes more waits.
const WAITING: usize = 16;

/// A command that runs. Dropping it ends every process of it.
#[derive(Debug)]
pub struct Job {
    output: mpsc::Receiver<Result<RunOutput, SandboxError>>,
    input: mpsc::Sender<RunInput>,
    process: watch::Receiver<Option<u32>>,
    mux: Arc<Mux>,
    machine: Weak<dyn Machine>,
    reader: JoinHandle<()>,
}

/// What goes into a command, for a task of its own: a command that does not read holds up whoever writes.
#[derive(Clone, Debug)]
pub struct JobInput(mpsc::Sender<RunInput>);

impl JobInput {
    /// Writes to its standard input; waits while it does not read.
    pub async fn write(&self, bytes: &[u8]) -> Result<(), SandboxError> {
        self.0
            .send(RunInput::Data(bytes.to_vec()))
            .await
            .map_err(|_| over())
    }

    /// Ends its standard input.
    pub async fn end(&self) -> Result<(), SandboxError> {
        self.0.send(RunInput::End).await.map_err(|_| over())
    }
}

impl Job {
    pub(crate) fn new(stream: Stream, limits: RunLimits, mux: &Arc<Mux>, machine: &Arc<dyn Machine>) -> Self {
        let (from, to) = tokio::io::split(stream);
        let (told, output) = mpsc::channel(WAITING);
        let (input, asked) = mpsc::channel(WAITING);
        let (started, process) = watch::channel(None);
        let reader = Reader {
            from,
            limits,
            told,
            started,
            mux: Arc::clone(mux),
            machine: Arc::downgrade(machine),
        };
        tokio::spawn(write(to, asked));
        Self {
            output,
            input,
            process,
            mux: Arc::clone(mux),
            machine: Arc::downgrade(machine),
            reader: tokio::spawn(reader.read()),
        }
    }

    /// What comes next. The last is [`RunOutput::Ended`]; `None` where the machine ended before. May be dropped while it
    /// waits: nothing is lost.
    pub async fn next(&mut self) -> Result<Option<RunOutput>, SandboxError> {
        self.output.recv().await.transpose()
    }

    /// What goes into it.
    pub fn input(&self) -> JobInput {
        JobInput(self.input.clone())
    }

    /// Sends a signal to its processes: 2 interrupts, 15 asks them to end, 9 ends all of them at once. It goes past what
    /// was written and not read.
    pub async fn signal(&self, number: u8) -> Result<(), SandboxError> {
        let mut process = self.process.clone();
        let process = *process.wait_for(Option::is_some).await.map_err(|_| over())?;
        let Some(process) = process else { return Ok(()) };
        let opening = Opening::Signal { process, number };
        open(&self.mux, &opening)
            .await
            .map(drop)
            .map_err(|error| broken(&error))
    }

    /// Has every process of it ended; returns at once. What it still wrote, and how it ended, can be read.
    pub fn ask_to_stop(&self) {
        let (mut process, mux) = (self.process.clone(), Arc::clone(&self.mux));
        tokio::spawn(async move {
            // Where the line is gone, it has ended.
            let started = process.wait_for(Option::is_some).await.map(|process| *process);
            if let Ok(Some(process)) = started {
                open(&mux, &Opening::Signal { process, number: 9 }).await.ok();
            }
        });
    }

    /// Ends the whole machine: for a guest that does not end what it was told to.
    pub fn end_machine(&self) {
        if let Some(machine) = self.machine.upgrade() {
            machine.end();
        }
    }

    /// Ends every process of it; what it still wrote, and how it ended, can be read.
    pub async fn stop(&self) {
        // Where the line is gone, it has ended.
        self.signal(9).await.ok();
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.reader.abort();
        // The guest hears of the closed stream as well, unless it is held up by input that nobody reads.
        let running = *self.process.borrow();
        if let (Some(process), Ok(runtime)) = (running, tokio::runtime::Handle::try_current()) {
            let mux = Arc::clone(&self.mux);
            let opening = Opening::Signal { process, number: 9 };
            runtime.spawn(async move { open(&mux, &opening).await.map(drop) });
        }
    }
}

/// Carries input until nobody has any more.
async fn write(mut to: WriteHalf<Stream>, mut asked: mpsc::Receiver<RunInput>) {
    while let Some(input) = asked.recv().await {
        if input.write(&mut to).await.is_err() {
            return;
        }
    }
    to.shutdown().await.ok();
}

/// Reads what the guest says of a command, and holds it to the limits.
struct Reader {
    from: ReadHalf<Stream>,
    limits: RunLimits,
    told: mpsc::Sender<Result<RunOutput, SandboxError>>,
    started: watch::Sender<Option<u32>>,
    mux: Arc<Mux>,
    machine: Weak<dyn Machine>,
}

impl Reader {
    async fn read(mut self) {
        let mut written = 0;
        let mut deadline = Instant::now() + Duration::from_millis(self.limits.time);
        let mut time_up = false;
        loop {
            let read = self.next(&mut deadline, &mut time_up).await;
            let mut output = match read {
                Ok(Ok(Some(output))) => output,
                Ok(Ok(None)) => return,
                Ok(Err(error)) => return self.fail(broken(&error)).await,
                Err(_) => {
                    return self
                        .end("the guest did not end a command whose time was up")
                        .await;
                }
            };
            if let RunOutput::Ended(ended) = &mut output
                && time_up
            {
                ended.end = End::TimeUp;
            }
            match &output {
                RunOutput::Started(process) => drop(self.started.send_replace(Some(*process))),
                RunOutput::Out(bytes) | RunOutput::Err(bytes) => written += bytes.len() as u64,
                RunOutput::Ended(_) => drop(self.started.send_replace(None)),
            }
            if written > self.limits.output.saturating_add(SLACK) {
                return self.end("the guest sent more output than was allowed").await;
            }
            let over = matches!(output, RunOutput::Ended(_));
            let sent = Instant::now();
            if self.told.send(Ok(output)).await.is_err() || over {
                return;
            }
            // Who takes the output slowly is not the guest's fault; what the guest sends gives it no more time.
            deadline += sent.elapsed();
        }
    }

    /// What the guest says next, until the time is up; then the command is ended, and what it still says is read for a while.
    async fn next(
        &mut self,
        deadline: &mut Instant,
        time_up: &mut bool,
    ) -> Result<Result<Option<RunOutput>, WireError>, Elapsed> {
        let reading = RunOutput::read(&mut self.from);
        // One read goes on over the end of the time: half a frame that was read is not lost.
        tokio::pin!(reading);
        let read = timeout_at(*deadline, &mut reading).await;
        if read.is_ok() || *time_up {
            return read;
        }
        *time_up = true;
        *deadline = Instant::now() + GRACE;
        let running = *self.started.borrow();
        tokio::spawn(end(Arc::clone(&self.mux), running));
        timeout_at(*deadline, reading).await
    }

    /// A guest that does not hold to what it was told is none that anything can be run in.
    async fn end(self, reason: &str) {
        if let Some(machine) = self.machine.upgrade() {
            machine.end();
        }
        self.fail(SandboxError::new(
            Step::Run,
            reason,
            "the machine was ended; start a new session",
        ))
        .await;
    }

    async fn fail(self, error: SandboxError) {
        self.told.send(Err(error)).await.ok();
    }
}

/// Ends every process of a command.
async fn end(mux: Arc<Mux>, process: Option<u32>) {
    if let Some(process) = process {
        // Where the line is gone, it has ended.
        open(&mux, &Opening::Signal { process, number: 9 }).await.ok();
    }
}

fn broken(error: &WireError) -> SandboxError {
    SandboxError::new(Step::Run, error.to_string(), ASK_DOCTOR)
}

fn over() -> SandboxError {
    SandboxError::new(Step::Run, "the command is over", "start it again")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use deskhand_vm_protocol::Side;
    use tokio::io::duplex;

    use super::*;
    use crate::machine::{BoxFuture, Line};

    /// A machine that only remembers that it was ended.
    #[derive(Debug, Default)]
    struct Ended(AtomicBool);

    impl Machine for Ended {
        fn line(&mut self) -> Option<Box<dyn Line>> {
            None
        }

        fn save(&mut self) -> BoxFuture<'_, Result<Vec<u8>, SandboxError>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn room(&self) -> Result<(), SandboxError> {
            Ok(())
        }

        fn ended(&self) -> BoxFuture<'_, String> {
            Box::pin(std::future::pending())
        }

        fn end(&self) {
            self.0.store(true, Ordering::SeqCst);
        }

        fn console(&self) -> String {
            String::new()
        }

        fn process(&self) -> Option<u32> {
            None
        }
    }

    const LIMITS: RunLimits = RunLimits {
        time: 1_000,
        processor: 1_000,
        memory: 1 << 20,
        processes: 8,
        output: 1_000,
    };

    /// A command whose guest does as it likes.
    async fn job<F>(guest: impl FnOnce(Mux, Stream) -> F) -> (Job, Arc<Ended>, F)
    where
        F: Future,
    {
        let (near, far) = duplex(1 << 16);
        let (near, far) = (
            Arc::new(Mux::new(near, Side::Service)),
            Mux::new(far, Side::Guest),
        );
        let mut stream = near.open().await.expect("a stream");
        stream.write_all(b"x").await.expect("the line is open");
        stream.flush().await.expect("the line is open");
        let other = far.accept().await.expect("a stream");
        let ended = Arc::new(Ended::default());
        let machine: Arc<dyn Machine> = Arc::clone(&ended) as Arc<dyn Machine>;
        let job = Job::new(stream, LIMITS, &near, &machine);
        // The machine lives as long as its session.
        std::mem::forget(machine);
        (job, ended, guest(far, other))
    }

    #[tokio::test(start_paused = true)]
    async fn a_guest_that_never_ends_a_command_is_ended_itself() {
        let (mut job, ended, guest) = job(|mux, mut stream| async move {
            RunOutput::Started(7)
                .write(&mut stream)
                .await
                .expect("the line is open");
            // It says nothing more, and keeps the line.
            std::future::pending::<()>().await;
            drop(mux);
        })
        .await;
        let guest = tokio::spawn(guest);
        assert_eq!(job.next().await, Ok(Some(RunOutput::Started(7))));
        let refused = job.next().await.expect_err("the command is over");
        assert_eq!(
            refused.reason,
            "the guest did not end a command whose time was up"
        );
        assert!(ended.0.load(Ordering::SeqCst));
        guest.abort();
    }

    #[tokio::test]
    async fn a_guest_that_sends_more_than_was_allowed_is_ended() {
        let (mut job, ended, guest) = job(|mux, mut stream| async move {
            while RunOutput::Out(vec![7; 60_000]).write(&mut stream).await.is_ok() {}
            drop(mux);
        })
        .await;
        let guest = tokio::spawn(guest);
        let mut taken = 0;
        let refused = loop {
            match job.next().await {
                Ok(Some(RunOutput::Out(bytes))) => taken += bytes.len() as u64,
                Ok(other) => panic!("{other:?}"),
                Err(refused) => break refused,
            }
        };
        assert_eq!(refused.reason, "the guest sent more output than was allowed");
        assert!(taken <= LIMITS.output + SLACK, "{taken}");
        assert!(ended.0.load(Ordering::SeqCst));
        guest.abort();
    }
}
