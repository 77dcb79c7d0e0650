//! Finds the running service of this user, or starts one for the time of a command.

use std::process::Stdio;

use anyhow::Context as _;
use deskhand_platform::Paths;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_server::DEFAULT_PORT;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::client::{Client, join};

/// A process that does not hear the Ctrl+C of its parent's console (winbase.h).
#[cfg(windows)]
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;

/// A service that was started for a command.
#[derive(Debug)]
pub(crate) struct Started(Child);

impl Started {
    /// Stops it and waits for its end.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        // Closing its input asks the service to end; see `--until-stdin-closes`.
        drop(self.0.stdin.take());
        self.0.wait().await.context("stopping the service")?;
        Ok(())
    }
}

/// A connection, and the service when it was started here.
async fn join_or_start(paths: &Paths) -> anyhow::Result<(Client, Option<Started>)> {
    if let Some((_, client)) = join(paths).await? {
        return Ok((client, None));
    }
    let started = match start(DEFAULT_PORT).await? {
        // The terminal finds its service over the local channel; only panes need the port that manifests name.
        Err(said) if said.contains(ErrorCode::PortTaken.as_str()) => start(0).await?,
        outcome => outcome,
    };
    // The service has said what is wrong, in the words of every front end and with its code.
    let started = started.map_err(anyhow::Error::msg)?;
    let (_, client) = join(paths)
        .await?
        .ok_or_else(|| UserError::new(ErrorCode::ServiceUnavailable))?;
    Ok((client, Some(started)))
}

/// Starts a service on a port; its last words when it ended at once.
async fn start(port: u16) -> anyhow::Result<Result<Started, String>> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["serve", "--ready-json", "--until-stdin-closes", "--port"])
        .arg(port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Ctrl+C at the terminal is for the command: the service has to live on to stop the turn.
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(windows)]
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
    let mut child = command.spawn().context("starting the service")?;
    let output = child.stdout.take().context("the service's output")?;
    let ready = BufReader::new(output).lines().next_line().await?;
    if ready.is_none() {
        let said = child.wait_with_output().await?.stderr;
        let said = String::from_utf8_lossy(&said);
        return Ok(Err(said.trim().lines().last().unwrap_or_default().to_owned()));
    }
    // What it logs from here on belongs to nobody.
    drop(child.stderr.take());
    Ok(Ok(Started(child)))
}

/// Works with the running service, or with one that is started for this alone.
pub(crate) async fn with_client<T>(
    paths: &Paths,
    work: impl AsyncFnOnce(&mut Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (mut client, started) = Box::pin(join_or_start(paths)).await?;
    let outcome = work(&mut client).await;
    drop(client);
    if let Some(started) = started {
        started.stop().await?;
    }
    outcome
}
