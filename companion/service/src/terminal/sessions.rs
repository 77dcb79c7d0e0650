//! `deskhand session …`: list, show, search, export, delete. Tables for people, JSON for programs.

use std::collections::HashMap;
use std::io::Write as _;

use deskhand_core::tool::BASH_TOOL;
use deskhand_protocol::message::Usage;
use deskhand_protocol::session::{
    ExportAnswer, ListAnswer, ListParams, Nothing, SearchAnswer, SearchParams, SessionAnswer, SessionParams,
    SessionStatus, SessionSummary,
};
use deskhand_protocol::{EventBody, Method, SessionId};
use serde::Serialize;

use super::client::Client;
use super::programs;
use super::safe::{safe, safe_json, safe_line};
use crate::usage::told_of;

/// Prints a line to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{}", safe(text))?)
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(
        std::io::stdout().lock(),
        "{}",
        safe_json(&serde_json::to_string_pretty(value)?)
    )?)
}

fn status(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::Idle => "",
        SessionStatus::Working => "working",
        SessionStatus::Waiting => "waiting for you",
        SessionStatus::Stopped => "stopped",
        SessionStatus::Failed => "failed",
    }
}

fn line(session: &SessionSummary) -> String {
    let SessionSummary {
        id, title, changes, ..
    } = session;
    format!(
        "{id}  {:<15}  {changes:>3} changes  {title}",
        status(session.status)
    )
}

/// `session list`.
pub(crate) async fn list(client: &mut Client, json: bool) -> anyhow::Result<()> {
    let answer: ListAnswer = client.call(Method::SessionList, ListParams::default()).await?;
    if json {
        return print_json(&answer);
    }
    if answer.sessions.is_empty() {
        return print("No sessions.");
    }
    answer
        .sessions
        .iter()
        .try_for_each(|session| print(&line(session)))
}

/// `session show`: what was said, without tool output.
pub(crate) async fn show(client: &mut Client, id: &str, json: bool) -> anyhow::Result<()> {
    let params = SessionParams {
        session: SessionId::from_text(id),
    };
    if json {
        return print_json(&client.call::<SessionAnswer>(Method::SessionShow, params).await?);
    }
    let export: ExportAnswer = client.call(Method::SessionExport, params).await?;
    print(&line(&export.session))?;
    let mut used = Usage::default();
    let mut commands = HashMap::new();
    for event in &export.events {
        if let EventBody::MessageCompleted { usage, .. } | EventBody::ContextCompacted { usage, .. } =
            &event.body
        {
            used = used.plus(*usage);
        }
        match &event.body {
            EventBody::PromptAccepted { text, .. } => print(&format!("\n> {text}"))?,
            EventBody::MessageCompleted { blocks, .. } => {
                for block in blocks {
                    if let deskhand_protocol::message::Block::Text { text } = block {
                        print(&format!("\n{text}"))?;
                    }
                }
            }
            EventBody::ToolCallStarted {
                call, name, target, ..
            } if name == BASH_TOOL => {
                commands.insert(call, target.as_deref().unwrap_or_default());
            }
            EventBody::ToolCallCompleted {
                call, title, tier, ..
            } => {
                let command = commands
                    .remove(call)
                    .map_or_else(String::new, |line| format!(" {line}"));
                let tier = tier.map_or_else(String::new, |tier| format!(" ({})", programs::tier(tier)));
                print(&safe_line(&format!("  {title}{command}{tier}")))?;
            }
            EventBody::SandboxSeen { seen, left_out, .. } => {
                if let Some(seen) = programs::seen(seen, *left_out) {
                    print(&format!("  seen: {seen}"))?;
                }
            }
            EventBody::ChangeSetApplied { change_set } => {
                print(&format!("  changed: {} ({})", change_set.title, change_set.id))?;
            }
            EventBody::TurnEnded { usage, .. } => {
                print(&format!("  used: {}", told_of(*usage)))?;
            }
            _ => {}
        }
    }
    print(&format!("\nUsed in all: {}", told_of(used)))
}

/// `session search`.
pub(crate) async fn search(client: &mut Client, text: String, json: bool) -> anyhow::Result<()> {
    let answer: SearchAnswer = client
        .call(Method::SessionSearch, SearchParams { text, limit: None })
        .await?;
    if json {
        return print_json(&answer);
    }
    if answer.hits.is_empty() {
        return print("Nothing found.");
    }
    answer
        .hits
        .iter()
        .try_for_each(|hit| print(&format!("{}  {}\n  {}", hit.session, hit.title, hit.excerpt)))
}

/// `session export`: one JSON object an event, one a line; with `--json` the whole as one value.
pub(crate) async fn export(client: &mut Client, id: &str, json: bool) -> anyhow::Result<()> {
    let params = SessionParams {
        session: SessionId::from_text(id),
    };
    let answer: ExportAnswer = client.call(Method::SessionExport, params).await?;
    if json {
        return print_json(&answer);
    }
    answer
        .events
        .iter()
        .try_for_each(|event| print(&serde_json::to_string(event)?))
}

/// `session delete`.
pub(crate) async fn delete(client: &mut Client, id: &str, json: bool) -> anyhow::Result<()> {
    let params = SessionParams {
        session: SessionId::from_text(id),
    };
    let _: Nothing = client.call(Method::SessionDelete, params).await?;
    if json {
        print_json(&serde_json::json!({ "deleted": id }))
    } else {
        print("Deleted, with its key.")
    }
}
