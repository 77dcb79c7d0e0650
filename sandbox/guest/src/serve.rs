//! The machine from its start to its end: ready, a session, its streams.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use deskhand_vm_protocol::{
    Hello, Mux, Opening, Ready, Side, Stream, VERSION, WireError, read_go, write_ready,
};
use tokio::net::TcpListener;

use crate::boot::{self, BootError, Purpose, step};
use crate::line::{self, Device};
use crate::session::{self, Room, Session};
use crate::{command, share, way_out};

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
    let port = boot::port()?;
    let runtime = step(
        "the agent's own threads",
        tokio::runtime::Builder::new_current_thread().enable_all().build(),
    )?;
    runtime.block_on(serve(&port, purpose, begun))
}

async fn serve(port: &Path, purpose: Purpose, begun: Instant) -> Result<(), MachineError> {
    let mut line = step("opening the line", line::open(port).and_then(Device::watch))?;
    let room = match purpose {
        Purpose::Session => Some(step("the corner of commands", Room::new())?),
        Purpose::Proof => None,
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
    if let Some(witness) = witness {
        // It ends with the line.
        tokio::spawn(witness.tell(events));
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
        Ok(Opening::Time { now }) => session::set_clock(now).map_err(WireError::from),
        Ok(Opening::Hello(_) | Opening::Egress) => {
            Err(WireError::Line("only the guest opens these".to_owned()))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        eprintln!("deskhand-vm-guest: a stream ended: {error}");
    }
}
