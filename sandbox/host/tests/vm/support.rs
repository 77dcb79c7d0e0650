//! A session and commands, for tests of every engine.
use std::collections::BTreeMap;
use std::sync::Arc;

use deskhand_vm_host::{
    Command, Connections, End, Ended, GuestEvent, RunLimits, RunOutput, Session, SessionSpec,
};
use tokio::sync::mpsc;

/// What makes sessions, of the engine that this program tests.
pub(crate) use crate::engine::{KIND, Shop, workshop};

/// What keeps a session in, where a test has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Machine,
    Processes,
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

pub(crate) async fn session(workshop: &Shop) -> Session {
    session_with(workshop, None).await
}

pub(crate) async fn session_with(workshop: &Shop, connections: Option<Arc<dyn Connections>>) -> Session {
    begun(workshop, connections).await.0
}

/// A session, and what its guest tells.
pub(crate) async fn session_heard(workshop: &Shop) -> (Session, mpsc::Receiver<GuestEvent>) {
    begun(workshop, None).await
}

/// A session of another kind than the usual.
pub(crate) async fn session_of(workshop: &Shop, spec: SessionSpec) -> Session {
    begun_as(workshop, spec, None).await.0
}

async fn begun(
    workshop: &Shop,
    connections: Option<Arc<dyn Connections>>,
) -> (Session, mpsc::Receiver<GuestEvent>) {
    begun_as(workshop, spec(), connections).await
}

async fn begun_as(
    workshop: &Shop,
    spec: SessionSpec,
    connections: Option<Arc<dyn Connections>>,
) -> (Session, mpsc::Receiver<GuestEvent>) {
    let (events, heard) = mpsc::channel(4096);
    let session = workshop.session(spec, connections, events).await;
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
