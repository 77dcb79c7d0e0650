//! Moves bytes in one direction: one buffer, so that a slow reader slows the writer, and an end that is passed on as an end.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::Limits;
use crate::audit::Counts;
use crate::peeked::{CHUNK, Client, Far};
use crate::refusal::{Reason, Refusal};

/// Who failed.
#[derive(Debug)]
pub(crate) enum PumpError {
    Reading(io::Error),
    Writing(io::Error),
}

/// One direction. It can be stopped by dropping what [`Pump::run`] gave, and run again, without a byte lost.
#[derive(Debug)]
pub(crate) struct Pump {
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
}

impl Pump {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; CHUNK],
            from: 0,
            to: 0,
            ended: false,
        }
    }

    /// Moves bytes until the reader ends; the writer is then told of it. `moved` counts what the writer took.
    pub(crate) async fn run(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
        writer: &mut (impl AsyncWrite + Unpin),
        moved: impl Fn(usize),
    ) -> Result<(), PumpError> {
        while !self.ended {
            self.empty(writer, &moved).await?;
            let read = reader.read(&mut self.buffer).await.map_err(PumpError::Reading)?;
            if read == 0 {
                writer.shutdown().await.map_err(PumpError::Writing)?;
                self.ended = true;
            }
            (self.from, self.to) = (0, read);
        }
        Ok(())
    }

    /// Writes what was read and not yet written.
    async fn empty(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin),
        moved: &impl Fn(usize),
    ) -> Result<(), PumpError> {
        while self.from < self.to {
            let written = writer.write(&self.buffer[self.from..self.to]).await;
            let written = written.map_err(PumpError::Writing)?;
            if written == 0 {
                return Err(PumpError::Writing(io::ErrorKind::WriteZero.into()));
            }
            self.from += written;
            moved(written);
        }
        writer.flush().await.map_err(PumpError::Writing)
    }

    /// What the far side said and the client has not read yet: it comes before anything that the far side says next.
    pub(crate) async fn drain(
        &mut self,
        output: &mut (impl AsyncWrite + Unpin),
        counts: &Counts,
    ) -> Result<(), Refusal> {
        let emptied = self.empty(output, &|bytes| counts.received(bytes)).await;
        emptied.map_err(|error| gone(&error, Reason::ServerGone, Reason::ClientGone))
    }

    /// From the far side to the client.
    pub(crate) async fn listen(
        &mut self,
        input: &mut (impl AsyncRead + Unpin),
        output: &mut (impl AsyncWrite + Unpin),
        counts: &Counts,
    ) -> Result<(), Refusal> {
        let run = self.run(input, output, |bytes| counts.received(bytes));
        run.await
            .map_err(|error| gone(&error, Reason::ServerGone, Reason::ClientGone))
    }
}

/// Both directions until both ended, one broke, or nothing moved for too long.
pub(crate) async fn both(
    client: &mut Client<'_>,
    far: &mut Far,
    mut down: Pump,
    limits: &Limits,
    counts: &Counts,
) -> Result<(), Refusal> {
    let mut up = Pump::new();
    let up = async {
        let run = up
            .run(&mut client.input, &mut far.output, |bytes| counts.sent(bytes))
            .await;
        run.map_err(|error| gone(&error, Reason::ClientGone, Reason::ServerGone))
    };
    let down = down.listen(&mut far.input, &mut client.output, counts);
    tokio::select! {
        moved = async { tokio::try_join!(up, down) } => moved.map(|_| ()),
        idle = counts.idle(limits.idle) => Err(idle),
    }
}

fn gone(error: &PumpError, reading: Reason, writing: Reason) -> Refusal {
    let (reason, error) = match error {
        PumpError::Reading(error) => (reading, error),
        PumpError::Writing(error) => (writing, error),
    };
    reason.because(format!("the connection broke: {}", error.kind()))
}
