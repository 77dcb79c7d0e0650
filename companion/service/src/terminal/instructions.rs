//! `deskhand instructions …`: what the model is told beside a conversation.

use std::io::Read as _;

use anyhow::Context as _;
use deskhand_protocol::Method;
use deskhand_protocol::instructions::{Guidance, InstructionsAnswer, PutInstructionsParams};
use deskhand_protocol::session::Nothing;

use super::client::Client;
use super::sessions::{print, print_json};
use super::when;

/// Bytes of standard input that are read; the service refuses much less.
const MAX_INPUT: u64 = 1 << 20;

/// `instructions list`.
pub(crate) async fn list(client: &mut Client, json: bool) -> anyhow::Result<()> {
    let answer: InstructionsAnswer = client.call(Method::InstructionsList, Nothing {}).await?;
    if json {
        return print_json(&answer);
    }
    if let Some(text) = &answer.organization {
        print("Your organisation:")?;
        text.lines().try_for_each(|line| print(&format!("  {line}")))?;
    }
    if answer.organization.is_none() && answer.guidance.is_empty() {
        return print("There are no instructions and no notes.");
    }
    for one in &answer.guidance {
        print(&heading(one, answer.notes_closed))?;
        one.text
            .lines()
            .try_for_each(|line| print(&format!("  {line}")))?;
    }
    Ok(())
}

fn heading(one: &Guidance, notes_closed: bool) -> String {
    let place = one.folder.as_deref().unwrap_or("All sessions");
    let note = one.note.as_ref().map(|name| format!(", note “{name}”"));
    let by = if one.by_agent {
        ", written by the agent"
    } else {
        ""
    };
    let state = match (one.paused, one.note.is_some() && notes_closed) {
        (_, true) => ", closed by your organisation",
        (true, false) => ", paused",
        (false, false) => "",
    };
    format!(
        "{place}{}{by}, {}{state}:",
        note.unwrap_or_default(),
        when(one.changed_at)
    )
}

/// `instructions set`: the text from standard input.
pub(crate) async fn set(
    client: &mut Client,
    (folder, note): (Option<String>, Option<String>),
    paused: bool,
    json: bool,
) -> anyhow::Result<()> {
    let mut text = String::new();
    let read = std::io::stdin().take(MAX_INPUT).read_to_string(&mut text);
    read.context("the text on standard input")?;
    anyhow::ensure!(
        !text.trim().is_empty(),
        "There is no text on standard input; nothing was changed. `deskhand instructions delete` deletes."
    );
    let params = PutInstructionsParams {
        folder,
        note,
        text,
        paused,
    };
    put(
        client,
        params,
        json,
        "Kept. The model is told from its next step on.",
    )
    .await
}

/// `instructions delete`.
pub(crate) async fn delete(
    client: &mut Client,
    (folder, note): (Option<String>, Option<String>),
    json: bool,
) -> anyhow::Result<()> {
    let params = PutInstructionsParams {
        folder,
        note,
        text: String::new(),
        paused: false,
    };
    put(client, params, json, "Deleted.").await
}

async fn put(
    client: &mut Client,
    params: PutInstructionsParams,
    json: bool,
    said: &str,
) -> anyhow::Result<()> {
    let answer: InstructionsAnswer = client.call(Method::InstructionsPut, params).await?;
    if json { print_json(&answer) } else { print(said) }
}
