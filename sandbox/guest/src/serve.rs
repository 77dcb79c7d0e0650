//! The machine from its start to its end: ready, a session, its streams.

use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use deskhand_vm_protocol::{
    Hello, Mux, Opening, Ready, Side, Stream, VERSION, WireError, read_go, write_ready,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::boot::{self, BootError, Purpose, step};
use crate::line::{self, Device};
use crate::session::{self, Kind, Room, Session};
use crate::witness::Source;
use crate::{command, contained, share, way_out};

/// Why the machine ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MachineError {
    /// It did not start.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// The line to the service broke.
    #[error("the line to the service: {0}")]
    Line(#[from] WireError),
}

/// Runs the machine until the service lets go of the line.
pub(crate) fn machine() -> Result<(), MachineError> {
    let begun = Instant::now();
    let purpose = boot::early()?;
    if purpose == Purpose::Session {
        boot::root()?;
    }
    let line = step("opening the line", line::open(&boot::port()?))?;
    let kind = (purpose == Purpose::Session).then_some(Kind::Machine);
    runtime()?.block_on(serve(line, kind, begun))
}

/// Runs a process sandbox with so many bytes for files until the service lets go of the line.
pub(crate) fn contained(room: &str) -> Result<(), MachineError> {
    let begun = Instant::now();
    let line = contained::early(room)?;
    runtime()?.block_on(serve(line, Some(Kind::Contained), begun))
}

fn runtime() -> Result<Runtime, BootError> {
    step(
        "the agent's own threads",
        tokio::runtime::Builder::new_current_thread().enable_all().build(),
    )
}

async fn serve(line: File, kind: Option<Kind>, begun: Instant) -> Result<(), MachineError> {
    let mut line = step("opening the line", Device::watch(line))?;
    let room = match kind {
        Some(kind) => Some(step("the corner of commands", Room::new(kind))?),
        None => None,
    };
    let ready = Ready {
        deskhand: VERSION,
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        uptime: begun.elapsed().as_millis() as u64,
    };
    write_ready(&mut line, &ready).await?;
    let go = read_go(&mut line).await?;
    let Some(room) = room else {
        return Ok(());
    };
    let (mut session, steps) = session::begin(&go, room).await;
    let witness = session.room.witness.take();
    let session = Arc::new(session);
    let mux = Arc::new(Mux::new(line, Side::Guest));
    if session.spec.network {
        let listener = step("the way out", TcpListener::bind(way_out::ADDRESS).await)?;
        tokio::spawn(way_out::serve(listener, Arc::clone(&mux)));
    }
    let mut events = mux.open().await?;
    let hello = Hello {
        token: go.token,
        steps,
    };
    Opening::Hello(hello).write(&mut events).await?;
    // It ends with the line.
    match witness {
        Some(Source::Kernel(witness)) => drop(tokio::spawn(witness.tell(events))),
        Some(Source::Agent(waiting)) => drop(tokio::spawn(waiting.carry(events))),
        None => {}
    }
    while let Some(stream) = mux.accept().await {
        tokio::spawn(one(Arc::clone(&session), stream));
    }
    Ok(())
}

/// One stream of the service. What is wrong with it ends it alone.
async fn one(session: Arc<Session>, mut stream: Stream) {
    let done = match Opening::read(&mut stream).await {
        Ok(Opening::Run(request)) => command::serve(&session, request, stream).await,
        Ok(Opening::Mount { name, writable }) => share::serve(&session, name, writable, stream)
            .await
            .map_err(WireError::from),
        Ok(Opening::Signal { process, number }) => {
            command::signal(&session, process, number);
            Ok(())
        }
        Ok(Opening::Time { now }) => match session.room.kind {
            Kind::Machine => session::set_clock(now).map_err(WireError::from),
            // The clock is this computer's own.
            Kind::Contained => Ok(()),
        },
        Ok(Opening::Hello(_) | Opening::Egress) => {
            Err(WireError::Line("only the guest opens these".to_owned()))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        eprintln!("deskhand-vm-guest: a stream ended: {error}");
    }
}
