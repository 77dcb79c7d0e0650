//! `deskhand journal …`: the files that the agent changed or deleted, and their way back.

use deskhand_protocol::change::{
    ChangeSetAnswer, ChangeSetParams, JournalAnswer, JournalEntry, JournalParams,
};
use deskhand_protocol::{ErrorCode, Method, SessionId, UserError};

use super::client::Client;
use super::safe::safe_line;
use super::sessions::{print, print_json};
use super::when;

/// `journal list`.
pub(crate) async fn list(client: &mut Client, session: Option<String>, json: bool) -> anyhow::Result<()> {
    let answer = entries(client, session).await?;
    if json {
        return print_json(&answer);
    }
    if answer.entries.is_empty() {
        return print("The journal holds no file.");
    }
    answer.entries.iter().try_for_each(|entry| print(&line(entry)))
}

fn line(entry: &JournalEntry) -> String {
    let state = if entry.undone { "restored" } else { "" };
    format!(
        "{}  {}  {state:<8}  {}\n  {}",
        entry.change_set,
        when(entry.at),
        entry.title,
        entry.path
    )
}

/// `journal restore`.
pub(crate) async fn restore(
    client: &mut Client,
    change: &str,
    overwrite: bool,
    json: bool,
) -> anyhow::Result<()> {
    let found = entries(client, None).await?.entries;
    let Some(entry) = found
        .into_iter()
        .find(|entry| entry.change_set.as_str() == change)
    else {
        let sentence = format!("The journal holds no change `{change}`.");
        return Err(UserError {
            action: "`deskhand journal list` names them.".to_owned(),
            ..UserError::new(ErrorCode::DocumentNotFound).happened(sentence)
        }
        .into());
    };
    let params = ChangeSetParams {
        session: entry.session,
        change_set: entry.change_set,
        overwrite,
    };
    let answer: ChangeSetAnswer = client.call(Method::ChangeSetUndo, params).await?;
    if json {
        return print_json(&serde_json::json!({ "restored": entry.path, "kept": answer.kept }));
    }
    for place in &answer.kept {
        print(&format!(
            "Left alone, for it was changed since: {}",
            safe_line(place)
        ))?;
    }
    if answer.kept.is_empty() {
        print(&format!("Restored {}.", entry.path))
    } else {
        print(&rest(answer.kept.len()))
    }
}

async fn entries(client: &mut Client, session: Option<String>) -> anyhow::Result<JournalAnswer> {
    let session = session.map(SessionId::from_text);
    client.call(Method::JournalList, JournalParams { session }).await
}

/// What is said where something was left alone.
fn rest(kept: usize) -> String {
    match kept {
        1 => "Restored the rest. --overwrite undoes this one, too: it overwrites 1 file.".to_owned(),
        _ => format!("Restored the rest. --overwrite undoes these, too: it overwrites {kept} files."),
    }
}

#[cfg(test)]
mod tests {
    use super::rest;

    #[test]
    fn what_was_left_alone_is_told_with_how_many_files_would_be_overwritten() {
        assert!(rest(1).ends_with("this one, too: it overwrites 1 file."));
        assert!(rest(12).ends_with("these, too: it overwrites 12 files."));
    }
}
