//! What the model and the card are told of a call.

use std::fmt::Write as _;

use deskhand_core::instructions::as_data;
use deskhand_core::tool::{BASH_OUTPUT_TOOL, ToolFailure, ToolResult};
use deskhand_protocol::UserError;
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::command::CommandEnd;
use deskhand_protocol::event::ToolOutcome;
use deskhand_vm_host::{End, Ended, SandboxError};

use crate::collected::Collected;
use crate::fault;
use crate::machine::Machine;
use crate::told;

/// Changed files that the model is told by name.
const TOLD: usize = 40;

pub(crate) fn stopped_early() -> ToolResult {
    let output = "Stopped by the user before the command began. Nothing was changed.";
    ToolResult::new(ToolOutcome::Stopped, "Stopped", output)
}

/// How a command ended: for the card, and for the model.
pub(crate) struct How {
    outcome: ToolOutcome,
    title: String,
    words: String,
    /// True where somebody did it to the command.
    was_done: bool,
}

impl How {
    pub(crate) fn of(ended: &Result<Ended, SandboxError>, by: Option<CommandEnd>, cancelled: bool) -> Self {
        let words = by
            .and_then(CommandEnd::words)
            .map_or_else(|| told::end(ended), str::to_owned);
        let (outcome, title) = match ended {
            _ if cancelled => (ToolOutcome::Stopped, "Stopped".to_owned()),
            _ if by.is_some() => (ToolOutcome::Stopped, format!("Ran, {words}")),
            Ok(ended) if ended.end == (End::Exited { code: 0 }) => (ToolOutcome::Done, "Ran".to_owned()),
            Ok(ended) if matches!(ended.end, End::Exited { .. }) => {
                (ToolOutcome::Done, format!("Ran, {words}"))
            }
            _ => (ToolOutcome::Failed, format!("Ran, {words}")),
        };
        Self {
            outcome,
            title,
            words,
            was_done: by.is_some()
                || matches!(ended, Ok(ended) if matches!(ended.end, End::NotStarted { .. })),
        }
    }
}

pub(crate) fn result(
    ended: &Result<Ended, SandboxError>,
    how: &How,
    output: &Collected,
    changed: Option<ChangeSet>,
    machine: &Machine,
) -> ToolResult {
    let was = if how.was_done { "was " } else { "" };
    let mut text = format!("The command {was}{}", how.words);
    let mut written = output.text();
    told::add_reason(&mut written, ended);
    if let Ok(ended) = ended {
        let _ = write!(text, " after {:.1} s", ended.time as f64 / 1000.0);
    }
    text.push_str(".\n");
    if written.is_empty() {
        text.push_str("It wrote nothing.");
    } else {
        text.push_str(&as_data("output of the command", &written));
    }
    append_changes(&mut text, changed.as_ref());
    text.push_str(machine.remark());
    let mut result = ToolResult::new(how.outcome, how.title.clone(), text);
    result.change_set = changed;
    result.tier = Some(machine.tier());
    result
}

pub(crate) fn append_changes(text: &mut String, changed: Option<&ChangeSet>) {
    let Some(changed) = changed else { return };
    let paths = changed
        .entries
        .iter()
        .take(TOLD)
        .map(|entry| entry.document.as_str());
    let mut list = paths.collect::<Vec<_>>().join("\n");
    if changed.entries.len() > TOLD {
        list.push_str("\nand others");
    }
    let _ = write!(
        text,
        "\nOn the user's computer: {}, which the user can undo.\n{}",
        changed.title,
        as_data("changed files", &list)
    );
}

pub(crate) fn not_started(error: &SandboxError, changed: Option<ChangeSet>) -> ToolResult {
    let ToolFailure { title, mut output } = fault::of_call(error);
    // What runs beside it may have changed something.
    append_changes(&mut output, changed.as_ref());
    let mut result = ToolResult::new(ToolOutcome::Failed, title, output);
    result.change_set = changed;
    result
}

pub(crate) fn left(number: u32, changed: Option<ChangeSet>, machine: &Machine) -> ToolResult {
    let mut output =
        format!("Left to run as job {number}. {BASH_OUTPUT_TOOL} tells what it wrote and ends it.");
    append_changes(&mut output, changed.as_ref());
    let mut result = ToolResult::new(ToolOutcome::Done, format!("Left to run as job {number}"), output);
    result.change_set = changed;
    result.tier = Some(machine.tier());
    result
}

pub(crate) fn whole(result: Result<ToolResult, ToolFailure>) -> ToolResult {
    result.unwrap_or_else(|failure| ToolResult::new(ToolOutcome::Failed, failure.title, failure.output))
}

pub(crate) fn failure(why: &str) -> ToolFailure {
    ToolFailure {
        title: "Nothing was run".to_owned(),
        output: format!("Nothing was run: {why}."),
    }
}

pub(crate) fn trouble(error: &UserError) -> ToolFailure {
    ToolFailure {
        title: error.happened.clone(),
        output: error.to_string(),
    }
}
