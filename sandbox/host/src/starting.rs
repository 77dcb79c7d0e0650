//! From an engine to an agent that is up.

use std::time::Duration;

use deskhand_vm_protocol::read_ready;
use tokio::time::timeout;

use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::machine::{Engine, MachineSpec, Origin, Start};
use crate::session::{Ready, ReadyLine};

/// How long a guest may take from the start of the engine until its agent is up: seconds under software emulation, more
/// on a computer that is busy.
const UP: Duration = Duration::from_mins(2);

/// How long a machine whose line has ended may take to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Starts a machine, and waits until its agent says that it is up.
pub(crate) async fn start(
    engine: &dyn Engine,
    spec: &MachineSpec,
    from: Start,
) -> Result<Ready, SandboxError> {
    let origin = match from {
        Start::Cold => Origin::Cold,
        Start::Resume(_) => Origin::Resumed,
    };
    let mut machine = engine.start(spec, from).await?;
    let failed = |reason: String, detail: String| {
        SandboxError::new(Step::Start, reason, ASK_DOCTOR).with_detail(detail)
    };
    let Some(mut line) = machine.line() else {
        return Err(failed("the engine gave no line".to_owned(), machine.console()));
    };
    // The agent of a kept state has said it before.
    if origin == Origin::Cold {
        let ended = |how: String| {
            failed(
                format!("the machine ended before its agent was up: {how}"),
                machine.console(),
            )
        };
        let up = tokio::select! {
            up = timeout(UP, read_ready(&mut line)) => up,
            how = machine.ended() => return Err(ended(how)),
        };
        match up {
            Ok(Ok(_)) => {}
            // A line that ended is the first sign of a machine that does; its last words come with its end.
            Ok(Err(error)) => {
                return Err(match timeout(LAST_WORDS, machine.ended()).await {
                    Ok(how) => ended(how),
                    Err(_) => failed(error.to_string(), machine.console()),
                });
            }
            Err(_) => {
                return Err(failed(
                    "the agent was not up in time".to_owned(),
                    machine.console(),
                ));
            }
        }
    }
    Ok(Ready {
        machine,
        line: ReadyLine(line),
        origin,
        means: engine.means(spec),
        kept: false,
    })
}
