//! A session: one machine, one user in it, its commands, its folders, its connections.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::fill;
use deskhand_vm_protocol::{
    Go, GuestEvent, MAX_FRAME, Mux, Opening, RunLimits, RunRequest, SessionSpec, Side, StepReport, Stream,
    WireError, read_json, write_go,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::job::Job;
use crate::machine::{BoxFuture, Line, Machine, Means, Origin};
use crate::parts::hexadecimal;

/// How long the guest may take from the greeting to its first stream. A second under software emulation.
const BEGINS: Duration = Duration::from_mins(1);

/// How much longer the guest lets a command run by its own clock than the service does by its own.
const GUEST_TIME: u64 = 20;

/// How long opening a stream may take: as long as a guest that is busy needs to take a command line.
const OPENS: Duration = Duration::from_secs(30);

/// How long the guest may take to say what a stream of its is for.
const SAYS: Duration = Duration::from_secs(10);

/// What carries the guest's connections: the service's proxy and gate.
pub trait Connections: fmt::Debug + Send + Sync {
    /// Serves one, from its first byte to its last.
    fn serve(&self, stream: Stream) -> BoxFuture<'static, ()>;
}

/// How a session began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// From its kernel or from a kept state.
    pub origin: Origin,
    /// What it is kept in.
    pub means: Means,
    /// From the wish for it to its readiness.
    pub took: Duration,
    /// What the guest did.
    pub steps: Vec<StepReport>,
}

/// A machine whose agent is up and waits.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) machine: Box<dyn Machine>,
    pub(crate) line: ReadyLine,
    pub(crate) origin: Origin,
    pub(crate) means: Means,
    /// Whether it waited for a session.
    pub(crate) kept: bool,
}

/// The line of a machine that waits.
pub(crate) struct ReadyLine(pub(crate) Box<dyn Line>);

impl fmt::Debug for ReadyLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ReadyLine")
    }
}

/// A session. Dropping it ends its machine, with everything in it.
#[derive(Debug)]
pub struct Session {
    mux: Arc<Mux>,
    machine: Arc<dyn Machine>,
    summary: Summary,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// A command for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// The folder it starts in, as the guest sees it.
    pub folder: Option<String>,
    /// Variables beside the guest's own.
    pub environment: BTreeMap<String, String>,
    /// Whether something will be written to its standard input.
    pub input: bool,
    /// What it may use.
    pub limits: RunLimits,
}

impl Session {
    /// Begins a session in a machine that waits. What the guest tells goes to `events`; where nobody takes it, it is
    /// dropped.
    pub(crate) async fn begin(
        ready: Ready,
        begun: std::time::Instant,
        spec: SessionSpec,
        connections: Option<Arc<dyn Connections>>,
        events: mpsc::Sender<GuestEvent>,
    ) -> Result<Self, SandboxError> {
        let Ready {
            machine,
            line: ReadyLine(mut line),
            origin,
            means,
            ..
        } = ready;
        let token = chance()?;
        let go = Go {
            seed: chance()?,
            time: now(),
            token: token.clone(),
            session: spec,
        };
        let failed = |reason: String| {
            SandboxError::new(Step::Session, reason, ASK_DOCTOR).with_detail(machine.console())
        };
        write_go(&mut line, &go)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mux = Arc::new(Mux::new(line, Side::Service));
        let greeted = tokio::select! {
            greeted = timeout(BEGINS, greeting(&mux)) => greeted.map_err(|_| failed("the guest did not answer in time".to_owned()))?,
            how = machine.ended() => return Err(failed(format!("the machine ended: {how}"))),
        };
        let (hello, told) = greeted.map_err(|error| failed(error.to_string()))?;
        // Compared without a hint of where it differs; it is good for one machine and one moment in any case.
        if aws_lc_rs::constant_time::verify_slices_are_equal(hello.token.as_bytes(), token.as_bytes())
            .is_err()
        {
            return Err(failed(
                "what answers is not the guest that was started".to_owned(),
            ));
        }
        if let Some(step) = hello.steps.iter().find(|step| step.fault.is_some()) {
            let why = step.fault.as_deref().unwrap_or_default();
            return Err(failed(format!("in the guest, \"{}\" failed: {why}", step.step)));
        }
        let tasks = vec![
            tokio::spawn(tell(told, events)),
            tokio::spawn(accept(Arc::clone(&mux), connections)),
        ];
        Ok(Self {
            mux,
            machine: machine.into(),
            summary: Summary {
                origin,
                means,
                took: begun.elapsed(),
                steps: hello.steps,
            },
            tasks,
        })
    }

    /// How it began.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Starts a command, where this computer has room for what it writes.
    pub async fn start(&self, command: Command) -> Result<Job, SandboxError> {
        let machine = Arc::clone(&self.machine);
        let room = tokio::task::spawn_blocking(move || machine.room()).await;
        room.unwrap_or_else(|error| Err(SandboxError::new(Step::Run, error.to_string(), ASK_DOCTOR)))?;
        let request = RunRequest {
            arguments: command.arguments,
            folder: command.folder,
            environment: command.environment.into_iter().collect(),
            input: command.input,
            limits: RunLimits {
                // The service's clock counts. The guest's may run too fast where its computer was busy while it started; its own
                // limit stands behind for a service that forgets.
                time: command.limits.time.saturating_mul(GUEST_TIME),
                ..command.limits
            },
        };
        let limits = command.limits;
        let stream = self.open(&Opening::Run(request)).await?;
        Ok(Job::new(stream, limits, &self.mux, &self.machine))
    }

    /// A folder under `/mnt`: the guest's file requests come on the stream, for as long as it is open.
    pub async fn mount(&self, name: &str, writable: bool) -> Result<Stream, SandboxError> {
        let name = name.to_owned();
        self.open(&Opening::Mount { name, writable }).await
    }

    /// Tells the guest the time, after this computer slept.
    pub async fn set_time(&self) -> Result<(), SandboxError> {
        self.open(&Opening::Time { now: now() }).await.map(drop)
    }

    /// Waits until its machine has ended; says how.
    pub async fn ended(&self) -> String {
        self.machine.ended().await
    }

    /// What its kernel wrote last.
    pub fn console(&self) -> String {
        self.machine.console()
    }

    /// The process of this computer that runs it.
    pub fn process(&self) -> Option<u32> {
        self.machine.process()
    }

    async fn open(&self, opening: &Opening) -> Result<Stream, SandboxError> {
        let opened = timeout(OPENS, open(&self.mux, opening)).await;
        let opened =
            opened.unwrap_or_else(|_| Err(WireError::Line("the guest takes nothing more".to_owned())));
        opened.map_err(|error| {
            SandboxError::new(Step::Run, error.to_string(), ASK_DOCTOR).with_detail(self.machine.console())
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.machine.end();
    }
}

/// The guest's first stream.
async fn greeting(mux: &Mux) -> Result<(deskhand_vm_protocol::Hello, Stream), WireError> {
    let Some(mut stream) = mux.accept().await else {
        return Err(WireError::Line(mux.ended().await));
    };
    match Opening::read(&mut stream).await? {
        Opening::Hello(hello) => Ok((hello, stream)),
        _ => Err(WireError::Line("the guest did not greet".to_owned())),
    }
}

/// Opens a stream and says what it is for.
pub(crate) async fn open(mux: &Mux, opening: &Opening) -> Result<Stream, WireError> {
    let mut stream = mux.open().await?;
    opening.write(&mut stream).await?;
    Ok(stream)
}

/// What the guest tells, until it ends or says something that cannot be read.
async fn tell(mut from: Stream, events: mpsc::Sender<GuestEvent>) {
    while let Ok(event) = read_json::<_, GuestEvent>(&mut from, "an event of the guest", MAX_FRAME).await {
        if events.send(event).await.is_err() {
            return;
        }
    }
}

/// The guest's connections.
async fn accept(mux: Arc<Mux>, connections: Option<Arc<dyn Connections>>) {
    // They end with the session.
    let mut served = JoinSet::new();
    while let Some(mut stream) = mux.accept().await {
        while served.try_join_next().is_some() {}
        let Some(connections) = connections.clone() else {
            continue;
        };
        served.spawn(async move {
            // Anything else than a connection is no business of a guest.
            if let Ok(Ok(Opening::Egress)) = timeout(SAYS, Opening::read(&mut stream)).await {
                connections.serve(stream).await;
            }
        });
    }
}

/// 32 bytes of chance, in hexadecimal.
fn chance() -> Result<String, SandboxError> {
    let mut bytes = [0; 32];
    fill(&mut bytes)
        .map_err(|_| SandboxError::new(Step::Session, "this computer gives no random numbers", ASK_DOCTOR))?;
    Ok(hexadecimal(&bytes))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64
}
