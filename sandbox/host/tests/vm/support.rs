//! A workshop, a session and commands, for tests.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use deskhand_test_support::sandbox_images;
use deskhand_vm_host::{
    Command, Connections, End, Ended, Engine, GuestEvent, Qemu, RunLimits, RunOutput, Session, SessionSpec,
    Settings, Workshop,
};
use tokio::sync::mpsc;

/// Names the engine that is tested, where it is not QEMU.
const ENGINE: &str = "DESKHAND_TEST_ENGINE";

/// The engine behind the port. Another one is added here, and everything holds for it as well but what says that it looks
/// at QEMU: `caged`, `room`, and in `image` what looks for the program.
pub(crate) fn engine(home: &Path) -> Arc<dyn Engine> {
    match std::env::var(ENGINE).as_deref() {
        Err(_) | Ok("qemu") => Arc::new(Qemu::find(None, &home.join("machines")).expect("QEMU")),
        Ok(other) => panic!("no engine is called {other}"),
    }
}

/// A workshop of its own.
pub(crate) async fn workshop(home: &Path) -> Workshop {
    workshop_with(home, engine(home)).await
}

pub(crate) async fn workshop_with(home: &Path, engine: Arc<dyn Engine>) -> Workshop {
    Workshop::open_with(engine, settings(home))
        .await
        .unwrap_or_else(|error| panic!("{error}; {}", error.remedy))
}

/// Software emulation, so that every computer tests the same.
pub(crate) fn settings(home: &Path) -> Settings {
    Settings {
        images: sandbox_images(),
        workplace: home.to_owned(),
        engine: None,
        memory: std::env::var("MEM")
            .ok()
            .and_then(|m| m.parse().ok())
            .unwrap_or(1024),
        processors: std::env::var("SMP")
            .ok()
            .and_then(|m| m.parse().ok())
            .unwrap_or(1),
        accelerator: Some(deskhand_vm_host::Accelerator::Tcg),
    }
}

pub(crate) fn spec() -> SessionSpec {
    SessionSpec {
        user: 20_001,
        memory: 400 << 20,
        processes: 512,
        network: true,
        zone: None,
    }
}

pub(crate) async fn session(workshop: &Workshop) -> Session {
    session_with(workshop, None).await
}

pub(crate) async fn session_with(workshop: &Workshop, connections: Option<Arc<dyn Connections>>) -> Session {
    begun(workshop, connections).await.0
}

/// A session, and what its guest tells.
pub(crate) async fn session_heard(workshop: &Workshop) -> (Session, mpsc::Receiver<GuestEvent>) {
    begun(workshop, None).await
}

async fn begun(
    workshop: &Workshop,
    connections: Option<Arc<dyn Connections>>,
) -> (Session, mpsc::Receiver<GuestEvent>) {
    let (events, heard) = mpsc::channel(4096);
    let session = workshop.session(spec(), connections, events).await;
    let session =
        session.unwrap_or_else(|error| panic!("{error}\n{}", error.detail.clone().unwrap_or_default()));
    (session, heard)
}

pub(crate) fn limits() -> RunLimits {
    RunLimits {
        time: 60_000,
        processor: 60_000,
        memory: 384 << 20,
        processes: 128,
        output: 16 << 20,
    }
}

/// What a command wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) ended: Ended,
}

impl Ran {
    /// Its output, where it ended well.
    pub(crate) fn ok(self) -> String {
        assert_eq!(
            self.ended.end,
            End::Exited { code: 0 },
            "{}{}",
            self.out,
            self.err
        );
        self.out
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    Command {
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        folder: None,
        environment: BTreeMap::new(),
        input: false,
        limits: limits(),
    }
}

pub(crate) async fn run(session: &Session, arguments: &[&str]) -> Ran {
    run_command(session, command(arguments)).await
}

pub(crate) async fn shell(session: &Session, script: &str) -> Ran {
    run(session, &["/bin/sh", "-c", script]).await
}

pub(crate) async fn run_command(session: &Session, command: Command) -> Ran {
    let mut job = session.start(command).await.expect("the line is open");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    loop {
        match job.next().await.expect("the line is open") {
            Some(RunOutput::Started(_)) => {}
            Some(RunOutput::Out(bytes)) => out.extend(bytes),
            Some(RunOutput::Err(bytes)) => err.extend(bytes),
            Some(RunOutput::Ended(ended)) => {
                return Ran {
                    out: String::from_utf8_lossy(&out).into_owned(),
                    err: String::from_utf8_lossy(&err).into_owned(),
                    ended,
                };
            }
            None => panic!("the machine ended: {}", session.console()),
        }
    }
}
