//! `deskhand command …`: the commands of the agent that run, and their end.

use deskhand_protocol::command::{CommandsAnswer, EndCommandAnswer, EndCommandParams, RunningCommand};
use deskhand_protocol::session::{ListAnswer, ListParams, SessionParams, SessionStatus, SessionSummary};
use deskhand_protocol::{ErrorCode, Method, SessionId, UserError};

use super::client::Client;
use super::programs;
use super::sessions::{print, print_json};
use crate::clock::now;

/// `command list`.
pub(crate) async fn list(client: &mut Client, session: Option<String>, json: bool) -> anyhow::Result<()> {
    let running = running(client, session.map(SessionId::from_text)).await?;
    if json {
        let line = |(session, command): &(SessionId, RunningCommand)| serde_json::json!({ "session": session, "command": command });
        return print_json(&running.iter().map(line).collect::<Vec<_>>());
    }
    if running.is_empty() {
        return print("No command runs.");
    }
    for (session, command) in &running {
        for line in programs::running(command, session.as_str(), now()) {
            print(&line)?;
        }
    }
    Ok(())
}

/// `command end`.
pub(crate) async fn end(client: &mut Client, id: &str, json: bool) -> anyhow::Result<()> {
    let found = running(client, None).await?.into_iter();
    let mut found = found.filter(|(_, command)| command.id.as_str() == id);
    let ended = match found.next() {
        Some((session, command)) => {
            let params = EndCommandParams {
                session,
                command: command.id,
            };
            let answer: EndCommandAnswer = client.call(Method::CommandEnd, params).await?;
            answer.ended
        }
        None => false,
    };
    if !ended {
        let sentence = format!("No command `{id}` runs.");
        return Err(UserError {
            action: "`deskhand command list` names those that do.".to_owned(),
            ..UserError::new(ErrorCode::BadRequest).happened(sentence)
        }
        .into());
    }
    if json {
        print_json(&serde_json::json!({ "ended": id }))
    } else {
        print("Ended. What it changed stays, and can be undone.")
    }
}

/// The commands of a session, or of all in which some may run.
async fn running(
    client: &mut Client,
    session: Option<SessionId>,
) -> anyhow::Result<Vec<(SessionId, RunningCommand)>> {
    let sessions = if let Some(session) = session {
        vec![session]
    } else {
        let all: ListAnswer = client.call(Method::SessionList, ListParams::default()).await?;
        let may_run = |one: &SessionSummary| one.background > 0 || one.status == SessionStatus::Working;
        let some = all.sessions.into_iter().filter(may_run);
        some.map(|one| one.id).collect()
    };
    let mut running = Vec::new();
    for session in sessions {
        let params = SessionParams {
            session: session.clone(),
        };
        let answer: CommandsAnswer = client.call(Method::CommandList, params).await?;
        let commands = answer.commands.into_iter();
        running.extend(commands.map(|command| (session.clone(), command)));
    }
    Ok(running)
}
