//! How a command ended, in words.

use deskhand_core::line::one_line;
use deskhand_vm_host::{End, Ended, SandboxError, Step};

/// Characters of a command that a line shows.
const SHOWN: usize = 120;

/// The end of a command in a few words: `ended`, `ended with code 1`.
pub(crate) fn end(ended: &Result<Ended, SandboxError>) -> String {
    match ended {
        Err(error) => format!("ended with its machine: {}", error.reason),
        Ok(ended) => match &ended.end {
            End::Exited { code: 0 } => "ended".to_owned(),
            End::Exited { code } => format!("ended with code {code}"),
            End::Signalled { signal } => format!("ended by signal {signal}"),
            End::NotStarted { reason } => format!("not started: {reason}"),
            End::TimeUp => "ended, for its time was up".to_owned(),
            End::ProcessorUp => "ended, for it had used its time of the processor".to_owned(),
            End::OutOfMemory => "ended, for it wanted more memory than there is for it".to_owned(),
            End::TooMuchOutput => "ended, for it wrote more than is taken".to_owned(),
            End::Stopped => "stopped".to_owned(),
        },
    }
}

/// The machine was gone before the command was over.
pub(crate) fn machine_ended() -> SandboxError {
    SandboxError::new(
        Step::Run,
        "the machine ended before the command did",
        "run the command again: it gets a new machine",
    )
}

/// The first line of a command, for a list.
pub(crate) fn first_line(command: &str) -> String {
    let line = one_line(command.trim().lines().next().unwrap_or_default());
    let short: String = line.chars().take(SHOWN).collect();
    if short.len() < line.len() || command.trim().lines().nth(1).is_some() {
        format!("{short} …")
    } else {
        short
    }
}
