//! Finds the running service of this user, or starts one for the time of a command.

use std::process::Stdio;

use anyhow::Context as _;
use deskhand_platform::Paths;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_server::Attachment;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::client::find;

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

/// The way in, and the service when it was started here.
pub(crate) async fn find_or_start(paths: &Paths) -> anyhow::Result<(Attachment, Option<Started>)> {
    if let Some(attachment) = find(paths).await? {
        return Ok((attachment, None));
    }
    let program = std::env::current_exe()?;
    let mut child = Command::new(program)
        .args(["serve", "--ready-json", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting the service")?;
    let output = child.stdout.take().context("the service's output")?;
    let ready = BufReader::new(output).lines().next_line().await?;
    if ready.is_none() {
        let said = child.wait_with_output().await?.stderr;
        let said = String::from_utf8_lossy(&said);
        let last = said.trim().lines().last().unwrap_or_default().to_owned();
        return Err(UserError::new(ErrorCode::ServiceUnavailable)
            .happened(last)
            .into());
    }
    // What it logs from here on belongs to nobody.
    drop(child.stderr.take());
    let attachment = find(paths)
        .await?
        .ok_or_else(|| UserError::new(ErrorCode::ServiceUnavailable))?;
    Ok((attachment, Some(Started(child))))
}
