//! The state of a machine, out of QEMU and into it, over a socket: QEMU may start no program, and writes no file.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;
use tokio::time::timeout;

use super::qmp::{Qmp, failed};
use crate::error::SandboxError;

/// The largest state: the memory of the largest machine.
const MAX_STATE: u64 = 16 << 30;

/// How long the whole of it may take.
const WHOLE: Duration = Duration::from_mins(2);

/// Stops the machine and takes its state.
pub(super) async fn take(qmp: &mut Qmp, folder: &Path) -> Result<Vec<u8>, SandboxError> {
    qmp.command("stop", None).await?;
    events(qmp).await?;
    let socket = folder.join("state");
    let listener = UnixListener::bind(&socket).map_err(|error| failed(&error.to_string()))?;
    // The default holds the network of a data centre free.
    qmp.command(
        "migrate-set-parameters",
        Some(json!({ "max-bandwidth": 1_u64 << 40 })),
    )
    .await?;
    qmp.command("migrate", Some(json!({ "uri": uri(&socket) })))
        .await?;
    let whole = async {
        let (from, _) = listener
            .accept()
            .await
            .map_err(|error| failed(&error.to_string()))?;
        let mut bytes = Vec::new();
        let read = from.take(MAX_STATE).read_to_end(&mut bytes).await;
        read.map_err(|error| failed(&error.to_string()))?;
        Ok(bytes)
    };
    let (bytes, done) = tokio::join!(timeout(WHOLE, whole), timeout(WHOLE, completed(qmp)));
    done.unwrap_or_else(|_| Err(late()))?;
    bytes.unwrap_or_else(|_| Err(late()))
}

/// Gives a state to a machine that was started to take one.
pub(super) async fn give(qmp: &mut Qmp, folder: &Path, bytes: &[u8]) -> Result<(), SandboxError> {
    events(qmp).await?;
    let socket = folder.join("state");
    qmp.command("migrate-incoming", Some(json!({ "uri": uri(&socket) })))
        .await?;
    let whole = async {
        let mut to = super::socket(&socket).await?;
        to.write_all(bytes).await?;
        to.shutdown().await
    };
    let (given, done) = tokio::join!(timeout(WHOLE, whole), timeout(WHOLE, completed(qmp)));
    given
        .map_err(|_| late())?
        .map_err(|error| failed(&format!("QEMU does not take the state: {error}")))?;
    done.unwrap_or_else(|_| Err(late()))
}

async fn events(qmp: &mut Qmp) -> Result<(), SandboxError> {
    let capability = json!({ "capabilities": [{ "capability": "events", "state": true }] });
    qmp.command("migrate-set-capabilities", Some(capability)).await?;
    Ok(())
}

async fn completed(qmp: &mut Qmp) -> Result<(), SandboxError> {
    loop {
        let told = qmp.event("MIGRATION").await?;
        match told.get("status").and_then(Value::as_str) {
            Some("completed") => return Ok(()),
            Some("failed" | "cancelled") => return Err(failed("QEMU did not take or give the state")),
            _ => {}
        }
    }
}

fn uri(socket: &Path) -> String {
    format!("unix:{}", socket.display())
}

fn late() -> SandboxError {
    failed("the state took too long")
}
