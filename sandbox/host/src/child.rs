//! The process of an engine, QEMU's or bubblewrap's: it ends with us, however we end, and what it writes is kept in part.
#![expect(unsafe_code, reason = "what a child does between fork and exec")]

use std::ffi::OsString;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{SigHandler, Signal, signal};
use rustix::process::{Resource, Rlimit, WaitId, WaitIdOptions, waitid};
use tokio::sync::watch;

use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::parts::Console;

/// By how much it gives way to the user's own work.
const NICE: i32 = 5;

/// What is started, and what it may do.
pub(crate) struct Beginning<'a> {
    /// As a person knows it.
    pub(crate) name: &'static str,
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    /// Where it works and where its nameless files are made.
    pub(crate) folder: &'a Path,
    /// What it gets, each under the number that it has here; this process keeps none of them.
    pub(crate) given: Vec<OwnedFd>,
    /// Its standard input; nothing without one.
    pub(crate) input: Option<OwnedFd>,
    /// As whom it runs, where that is somebody else.
    pub(crate) user: Option<u32>,
    /// What shuts it in.
    pub(crate) shut: Shut,
    /// Files that it has open at once.
    pub(crate) most_open: u64,
    /// The largest file that it may write, in bytes.
    pub(crate) largest_file: u64,
}

/// Shuts in the thread that calls it, with all that it starts, for good.
pub(crate) type Shut = Box<dyn FnOnce() -> std::io::Result<()> + Send>;

/// The process.
#[derive(Debug)]
pub(crate) struct Child {
    process: u32,
    console: Console,
    over: watch::Receiver<Option<String>>,
}

impl Child {
    /// Starts it from a thread that stays until the process ends: on Linux the system ends a child whose parent's thread
    /// is gone, which is what leaves no machine behind a service that was killed. That thread is in the same cage.
    pub(crate) fn start(beginning: Beginning<'_>) -> Result<Self, SandboxError> {
        let mut command = Command::new(beginning.program);
        command
            .args(beginning.arguments)
            .env_clear()
            // Where the nameless file of the session's disk is made.
            .env("TMPDIR", beginning.folder)
            .current_dir(beginning.folder)
            .stdin(beginning.input.map_or_else(Stdio::null, Stdio::from))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(user) = beginning.user {
            command.uid(user).gid(user);
        }
        let limits = [
            // None: 0 would not keep the kernel from calling a program for it (core(5)).
            (Resource::Core, 1),
            (Resource::Fsize, beginning.largest_file),
            (Resource::Nofile, beginning.most_open),
        ];
        before_it_runs(&mut command, beginning.given, limits);
        let console = Console::default();
        let (told, over) = watch::channel(None);
        let (started, answer) = mpsc::channel();
        let kept = console.clone();
        let (name, shut) = (beginning.name, beginning.shut);
        let keeper = move || keep(command, shut, &kept, &started, &told);
        let failed = |why: String| {
            SandboxError::new(Step::Start, format!("{name} was not started: {why}"), ASK_DOCTOR)
        };
        thread::Builder::new()
            .name("vm".to_owned())
            .spawn(keeper)
            .map_err(|error| failed(error.to_string()))?;
        let process = answer
            .recv()
            .map_err(|error| failed(error.to_string()))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            process,
            console,
            over,
        })
    }

    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    pub(crate) fn console(&self) -> &Console {
        &self.console
    }

    /// Waits until it ended; says how.
    pub(crate) fn ended(&self) -> impl Future<Output = String> + Send + use<> {
        let mut over = self.over.clone();
        async move {
            let how = over.wait_for(Option::is_some).await;
            how.ok().and_then(|how| how.clone()).unwrap_or_default()
        }
    }

    /// Ends it. Its number cannot be another process's: it is marked as over before it is collected, and not while this
    /// looks.
    pub(crate) fn end(&self) {
        let over = self.over.borrow();
        if over.is_none()
            && let Some(process) = rustix::process::Pid::from_raw(self.process as i32)
        {
            rustix::process::kill_process(process, rustix::process::Signal::KILL).ok();
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

type Started = mpsc::Sender<std::io::Result<u32>>;

/// Lives as long as the process.
fn keep(
    mut command: Command,
    shut: Shut,
    console: &Console,
    started: &Started,
    told: &watch::Sender<Option<String>>,
) {
    let mut child = match shut().and_then(|()| command.spawn()) {
        Ok(child) => child,
        Err(error) => {
            started.send(Err(error)).ok();
            return;
        }
    };
    // With it go the descriptors that it was given: where it closes them, it is seen.
    drop(command);
    let output = child.stdout.take();
    let errors = child.stderr.take();
    started.send(Ok(child.id())).ok();
    let behind = console.clone();
    let reading = thread::Builder::new()
        .name("vm-errors".to_owned())
        .spawn(move || copy(errors, &behind));
    copy(output, console);
    if let Ok(reading) = reading {
        reading.join().ok();
    }
    told.send_replace(Some(wait(child.id())));
    child.wait().ok();
}

/// Waits for its end without collecting it.
fn wait(process: u32) -> String {
    let Some(process) = rustix::process::Pid::from_raw(process as i32) else {
        return String::new();
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    match rustix::io::retry_on_intr(|| waitid(WaitId::Pid(process), options)) {
        Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (_, Some(signal)) => format!("signal {signal}"),
            _ => "unknown".to_owned(),
        },
        Ok(None) => "unknown".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn copy(from: Option<impl Read>, console: &Console) {
    let Some(mut from) = from else { return };
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        console.add(piece.get(..read).unwrap_or_default());
    }
}

/// What happens between fork and exec. The descriptors go with the command, when it was started.
fn before_it_runs(command: &mut Command, given: Vec<OwnedFd>, limits: [(Resource, u64); 3]) {
    let parent = rustix::process::getpid();
    let between = move || {
        end_with_parent(parent)?;
        for (resource, most) in limits {
            limit(resource, most)?;
        }
        // Who writes more than that is told, and not ended: a disk that is full is the guest's error.
        // SAFETY: the child has one thread, and nobody asks for this signal.
        unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }?;
        // Where it may not, it runs as all others do.
        rustix::process::nice(NICE).ok();
        // What whoever started the service left open is none of an engine's business.
        close_the_rest()?;
        for descriptor in &given {
            rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec only system calls are made, and nothing is allocated.
    unsafe { command.pre_exec(between) };
}

/// No more than that, and no more than there was.
fn limit(of: Resource, most: u64) -> std::io::Result<()> {
    let before = rustix::process::getrlimit(of).maximum;
    let most = Some(before.map_or(most, |before| before.min(most)));
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    Ok(rustix::process::setrlimit(of, limit)?)
}

/// Has every descriptor but the standard ones closed where the program begins (close_range(2), since Linux 5.11; before that they are
/// closed as far as whoever opened them saw to it).
#[cfg(target_os = "linux")]
fn close_the_rest() -> std::io::Result<()> {
    use nix::libc;

    // SAFETY: nothing is closed here: it is marked to be closed by exec.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    let error = std::io::Error::last_os_error();
    match error.raw_os_error() {
        _ if done == 0 => Ok(()),
        Some(libc::ENOSYS | libc::EINVAL) => Ok(()),
        _ => Err(error),
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
fn close_the_rest() -> std::io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn end_with_parent(parent: rustix::process::Pid) -> std::io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // The parent may have ended before that took effect.
    if rustix::process::getppid() == Some(parent) {
        Ok(())
    } else {
        Err(rustix::io::Errno::SRCH.into())
    }
}

/// Elsewhere the agent ends the machine when the line is cut, which happens when the service ends.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
fn end_with_parent(_: rustix::process::Pid) -> std::io::Result<()> {
    Ok(())
}
