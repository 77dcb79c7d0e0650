//! One command: started in the corner, held to its limits, carried to the service, ended with all that it started.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deskhand_vm_protocol::{End, Ended, RunInput, RunOutput, RunRequest, Stream, WireError};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{sleep_until, timeout};

use crate::bounds::Bounds;
use crate::corner::HOME;
use crate::reap::Exit;
use crate::session::Session;
use crate::sys::{self, Restraint};

/// How long output may still come once every process of the command was ended.
const DRAIN: Duration = Duration::from_secs(5);

/// Runs it until it ends, and says how.
pub(crate) async fn serve(session: &Session, request: RunRequest, stream: Stream) -> Result<(), WireError> {
    let (from, to) = tokio::io::split(stream);
    let to = Arc::new(Mutex::new(to));
    let begun = Instant::now();
    let ended = match start(session, &request).await {
        Ok(running) => {
            let (told, over) = mpsc::channel(4);
            let process = running.process;
            let _registered = Registered::new(session, process, told.clone());
            let witness = session.room.told.as_ref();
            if let Some(witness) = witness {
                witness.started(process, session.spec.user, &request.arguments);
            }
            let ended = run(running, &request, (from, Arc::clone(&to)), (told, over), begun).await;
            if let Some(witness) = witness {
                witness.ended(process, code_of(&ended.end));
            }
            ended
        }
        Err(end) => Ended {
            end,
            time: begun.elapsed().as_millis() as u64,
            processor: 0,
            memory: None,
        },
    };
    let mut to = to.lock().await;
    RunOutput::Ended(ended).write(&mut *to).await?;
    Ok(to.shutdown().await?)
}

/// As the kernel tells it: what was ended for its limits was ended by a signal.
fn code_of(end: &End) -> i32 {
    match end {
        End::Exited { code } => *code,
        End::Signalled { signal } => -*signal,
        _ => -libc::SIGKILL,
    }
}

/// A command that was started.
struct Running {
    process: u32,
    exit: oneshot::Receiver<Exit>,
    bounds: Arc<Bounds>,
    /// The memory of all commands of its session.
    of_all: u64,
    input: Option<Sender>,
    output: Receiver,
    errors: Receiver,
}

/// Among the commands that a signal may be sent to, for as long as it runs.
struct Registered<'a>(&'a Session, u32);

impl<'a> Registered<'a> {
    fn new(session: &'a Session, process: u32, told: mpsc::Sender<End>) -> Self {
        running(session).insert(process, told);
        Self(session, process)
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        running(self.0).remove(&self.1);
    }
}

fn running(session: &Session) -> MutexGuard<'_, BTreeMap<u32, mpsc::Sender<End>>> {
    session.running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts it, within its time: its folder or its program may lie on a share that does not answer.
async fn start(session: &Session, request: &RunRequest) -> Result<Running, End> {
    let failed = |error: io::Error| End::NotStarted {
        reason: error.to_string(),
    };
    let bounds = Bounds::new(&session.room.corner, &request.limits).map_err(failed)?;
    let bounds = Arc::new(bounds);
    let starting = started(session, request, Arc::clone(&bounds));
    if let Ok(started) = timeout(Duration::from_millis(request.limits.time), starting).await {
        return started.map_err(failed);
    }
    // What waits is within already; ended, it lets the corner go on.
    bounds.end();
    Err(End::TimeUp)
}

async fn started(session: &Session, request: &RunRequest, bounds: Arc<Bounds>) -> io::Result<Running> {
    let room = &session.room;
    let Some((program, arguments)) = request.arguments.split_first() else {
        return Err(io::Error::other("there is no program to start"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment(session))
        .envs(request.environment.iter().map(|(name, value)| (name, value)))
        .uid(session.spec.user)
        .gid(session.spec.user)
        .stdin(if request.input {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    sys::restrain(
        &mut command,
        Restraint {
            entry: bounds.entry()?,
            folder: CString::new(request.folder.as_deref().unwrap_or(HOME))?,
            filter: Arc::clone(&room.filter),
        },
    );
    let reaper = room.reaper.clone();
    let started = room
        .corner
        .within(move || reaper.start(|| command.spawn()))
        .await?;
    let (mut child, exit) = started.map_err(|error| plain(&error, request))?;
    let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
    let input = child
        .stdin
        .take()
        .map(|pipe| Sender::from_owned_fd(OwnedFd::from(pipe)));
    let output = OwnedFd::from(child.stdout.take().ok_or_else(pipe)?);
    let errors = OwnedFd::from(child.stderr.take().ok_or_else(pipe)?);
    Ok(Running {
        process: child.id(),
        exit,
        bounds,
        of_all: session.spec.memory,
        input: input.transpose()?,
        output: Receiver::from_owned_fd(output)?,
        errors: Receiver::from_owned_fd(errors)?,
    })
}

/// Why it was not started, in words about the command.
fn plain(error: &io::Error, request: &RunRequest) -> io::Error {
    let program = request.arguments.first().map(String::as_str).unwrap_or_default();
    match (error.kind(), request.folder.as_deref()) {
        (io::ErrorKind::NotFound, Some(folder)) if !folder.is_empty() => io::Error::other(format!(
            "there is no program \"{program}\", or no folder \"{folder}\""
        )),
        (io::ErrorKind::NotFound, _) => io::Error::other(format!("there is no program \"{program}\"")),
        (io::ErrorKind::PermissionDenied, _) => io::Error::other(format!(
            "\"{program}\" may not be run: it is no program, or not this user's"
        )),
        _ => io::Error::other(format!("\"{program}\" was not started: {error}")),
    }
}

/// What every command finds. No secret is among it: there is none in the machine.
fn environment(session: &Session) -> Vec<(&'static str, String)> {
    let mut set = vec![
        (
            "PATH",
            format!("{HOME}/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"),
        ),
        ("HOME", HOME.to_owned()),
        ("USER", "user".to_owned()),
        ("LOGNAME", "user".to_owned()),
        ("SHELL", "/bin/bash".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TMPDIR", "/tmp".to_owned()),
        ("TERM", "dumb".to_owned()),
        // Pictures are drawn without a screen.
        ("MPLBACKEND", "Agg".to_owned()),
    ];
    if let Some(zone) = &session.spec.zone {
        set.push(("TZ", zone.clone()));
    }
    if session.spec.network {
        let proxy = format!("http://{}", crate::way_out::ADDRESS);
        for name in [
            "http_proxy",
            "https_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            set.push((name, proxy.clone()));
        }
        for name in ["no_proxy", "NO_PROXY"] {
            set.push((name, "localhost,127.0.0.1,::1".to_owned()));
        }
    }
    set
}

type To = Arc<Mutex<WriteHalf<Stream>>>;

/// What ends a command.
enum Event {
    Exit(Exit),
    Over(End),
}

async fn run(
    running: Running,
    request: &RunRequest,
    (from, to): (ReadHalf<Stream>, To),
    (told, mut over): (mpsc::Sender<End>, mpsc::Receiver<End>),
    begun: Instant,
) -> Ended {
    let Running {
        process,
        exit,
        bounds,
        of_all,
        input,
        output,
        errors,
    } = running;
    // A service that cannot be told is gone, which the reader of its frames finds.
    RunOutput::Started(process)
        .write(&mut *to.lock().await)
        .await
        .ok();
    let budget = Arc::new(std::sync::atomic::AtomicU64::new(request.limits.output));
    let mut carried = [
        tokio::spawn(carry(
            output,
            RunOutput::Out,
            Arc::clone(&to),
            Arc::clone(&budget),
            told.clone(),
        )),
        tokio::spawn(carry(errors, RunOutput::Err, to, budget, told.clone())),
    ];
    let listening = tokio::spawn(listen(from, input, told));
    let event = tokio::select! {
        exit = exit => exit.map_or(Event::Over(End::Stopped), Event::Exit),
        Some(end) = over.recv() => Event::Over(end),
        () = sleep_until((begun + Duration::from_millis(request.limits.time)).into()) => Event::Over(End::TimeUp),
        end = bounds.used_up(&request.limits, of_all) => Event::Over(end),
    };
    bounds.end();
    listening.abort();
    let drained = async {
        for carrying in &mut carried {
            carrying.await.ok();
        }
    };
    // A stalled service, or a process that cannot be ended yet, holds it up for so long and no longer.
    if timeout(DRAIN, drained).await.is_err() {
        for carrying in carried {
            carrying.abort();
            carrying.await.ok();
        }
    }
    Ended {
        end: match event {
            _ if bounds.was_out_of_memory() => End::OutOfMemory,
            Event::Exit(Exit::Code(code)) => End::Exited { code },
            Event::Exit(Exit::Signal(signal)) => End::Signalled { signal },
            Event::Over(end) => end,
        },
        time: begun.elapsed().as_millis() as u64,
        processor: bounds.processor(),
        memory: bounds.peak(),
    }
}

/// Output to the service, until its end or until there is more than is taken.
async fn carry(
    mut from: Receiver,
    frame: fn(Vec<u8>) -> RunOutput,
    to: To,
    budget: Arc<std::sync::atomic::AtomicU64>,
    over: mpsc::Sender<End>,
) {
    let mut piece = vec![0; 32 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let taken = take(&budget, length as u64) as usize;
        let bytes = piece.get(..taken).unwrap_or_default().to_vec();
        let sent = frame(bytes).write(&mut *to.lock().await).await;
        if taken < length {
            over.send(End::TooMuchOutput).await.ok();
            return;
        }
        if sent.is_err() {
            return;
        }
    }
}

/// Takes up to so much of what is left.
fn take(budget: &std::sync::atomic::AtomicU64, wanted: u64) -> u64 {
    use std::sync::atomic::Ordering::Relaxed;
    let mut taken = 0;
    let update = |left: u64| {
        taken = left.min(wanted);
        Some(left - taken)
    };
    budget.fetch_update(Relaxed, Relaxed, update).ok();
    taken
}

/// What the service sends: input, or the end of everything.
async fn listen(mut from: ReadHalf<Stream>, mut input: Option<Sender>, over: mpsc::Sender<End>) {
    loop {
        match RunInput::read(&mut from).await {
            Ok(Some(RunInput::Data(bytes))) => {
                let written = match &mut input {
                    Some(pipe) => pipe.write_all(&bytes).await,
                    None => Ok(()),
                };
                if written.is_err() {
                    // It reads no more, which is its own business.
                    input = None;
                }
            }
            Ok(Some(RunInput::End)) => input = None,
            Ok(None) | Err(_) => {
                over.send(End::Stopped).await.ok();
                return;
            }
        }
    }
}

/// A signal to a command that runs: to its process group, which it leads, since it began a session of processes; or the
/// end of everything that it started.
pub(crate) fn signal(session: &Session, process: u32, number: u8) {
    let running = running(session);
    let (Some(told), Some(leader)) = (running.get(&process), Pid::from_raw(process as i32)) else {
        return;
    };
    let signal = match i32::from(number) {
        libc::SIGINT => Signal::INT,
        libc::SIGTERM => Signal::TERM,
        // One that is ending already needs to be told no more.
        libc::SIGKILL => return drop(told.try_send(End::Stopped)),
        _ => return,
    };
    if rustix::process::kill_process_group(leader, signal).is_err() {
        kill_process(leader, signal).ok();
    }
}
