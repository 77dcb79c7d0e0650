//! The events and results that a turn makes of a call.

use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::SettledBy;
use deskhand_protocol::{EventBody, Timestamp, TurnId};

use super::describe::{Described, describe};
use crate::line::one_line;
use crate::session::Call;
use crate::tool::{ToolResult, bounded};

pub(super) fn started(turn: &TurnId, call: &Call) -> EventBody {
    let Described {
        title,
        document,
        target,
    } = describe(&call.name, &call.input);
    EventBody::ToolCallStarted {
        turn: turn.clone(),
        call: call.id.clone(),
        name: call.name.clone(),
        input: call.input.clone(),
        title,
        document,
        target,
    }
}

pub(super) fn completed(
    turn: TurnId,
    call: &Call,
    since: Timestamp,
    now: Timestamp,
    result: &ToolResult,
) -> EventBody {
    EventBody::ToolCallCompleted {
        turn,
        call: call.id.clone(),
        outcome: result.outcome,
        title: result.title.clone(),
        output: bounded(result.output.clone()),
        attachments: result.attachments.clone(),
        tier: result.tier,
        duration_ms: u64::try_from(now - since).unwrap_or(0),
    }
}

fn result(outcome: ToolOutcome, title: &str, output: String) -> ToolResult {
    ToolResult::new(outcome, title, output)
}

pub(super) fn failed(title: &str, output: String) -> ToolResult {
    result(ToolOutcome::Failed, title, output)
}

pub(super) fn denied(why: &str) -> ToolResult {
    let output = format!(
        "{why} Nothing was changed. Do not try the same again; say what it means and offer another way."
    );
    result(ToolOutcome::Denied, "You said no", output)
}

/// The outcome of a call that no person was asked about.
pub fn denied_by(by: SettledBy) -> ToolResult {
    let (title, why) = match by {
        SettledBy::Policy => (
            "Switched off by your organisation",
            "The user's organisation has switched this tool off, for this file or for all.",
        ),
        _ => ("Not in read-only mode", "The user chose the read-only mode."),
    };
    ToolResult {
        title: title.to_owned(),
        ..denied(why)
    }
}

pub(super) fn stopped() -> ToolResult {
    result(
        ToolOutcome::Stopped,
        "Stopped",
        "Stopped by the user. Nothing was changed.".to_owned(),
    )
}

/// The first words of a prompt, at most 60 characters, cut at a space.
pub(super) fn title_of(text: &str) -> String {
    let line = one_line(text.trim().lines().next().unwrap_or(""));
    if line.chars().count() <= 60 {
        return line;
    }
    let cut: String = line.chars().take(60).collect();
    let end = cut.rfind(' ').filter(|end| *end > 20).unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end())
}
