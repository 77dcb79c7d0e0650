//! The state of a machine, out of QEMU and into it, over a nameless socket: QEMU may start no program, and writes no file.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::qmp::{Qmp, failed};
use crate::error::SandboxError;
use crate::lines::Pair;
use crate::state::MAX_STATE;

/// How long the whole of it may take.
const WHOLE: Duration = Duration::from_mins(2);

/// What QEMU knows the socket by, and how it is told to use it.
const NAME: &str = "state";
const URI: &str = "fd:state";

/// Stops the machine and takes its state.
pub(super) async fn take(qmp: &mut Qmp) -> Result<Vec<u8>, SandboxError> {
    qmp.command("stop", None).await?;
    events(qmp).await?;
    // The default holds the network of a data centre free.
    qmp.command(
        "migrate-set-parameters",
        Some(json!({ "max-bandwidth": 1_u64 << 40 })),
    )
    .await?;
    let own = give_socket(qmp).await?;
    qmp.command("migrate", Some(json!({ "uri": URI }))).await?;
    let whole = async {
        let mut bytes = Vec::new();
        let read = own.take(MAX_STATE).read_to_end(&mut bytes).await;
        read.map_err(|error| failed(&error.to_string()))?;
        Ok(bytes)
    };
    let (bytes, done) = tokio::join!(timeout(WHOLE, whole), timeout(WHOLE, completed(qmp)));
    done.unwrap_or_else(|_| Err(late()))?;
    bytes.unwrap_or_else(|_| Err(late()))
}

/// Gives a state to a machine that was started to take one.
pub(super) async fn give(qmp: &mut Qmp, bytes: &[u8]) -> Result<(), SandboxError> {
    events(qmp).await?;
    let mut own = give_socket(qmp).await?;
    qmp.command("migrate-incoming", Some(json!({ "uri": URI })))
        .await?;
    let whole = async {
        own.write_all(bytes).await?;
        own.shutdown().await
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

/// The service's end of the socket for a state. QEMU has the other one alone, so that its end is seen.
async fn give_socket(qmp: &mut Qmp) -> Result<UnixStream, SandboxError> {
    let pair = Pair::new().map_err(|error| failed(&error.to_string()))?;
    qmp.give(NAME, &pair.other).await?;
    Ok(pair.own)
}

fn late() -> SandboxError {
    failed("the state took too long")
}
