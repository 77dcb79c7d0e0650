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
        let all = all_sessions(async |params| {
            let page: ListAnswer = client.call(Method::SessionList, params).await?;
            Ok(page.sessions)
        });
        let may_run = |one: &SessionSummary| one.background > 0 || one.status == SessionStatus::Working;
        all.await?.into_iter().filter(may_run).map(|one| one.id).collect()
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

/// All sessions, page by page. One that is used meanwhile comes before those that were read: the beginning is read again.
async fn all_sessions(
    mut page: impl AsyncFnMut(ListParams) -> anyhow::Result<Vec<SessionSummary>>,
) -> anyhow::Result<Vec<SessionSummary>> {
    let mut all: Vec<SessionSummary> = Vec::new();
    let mut before = None;
    loop {
        let params = ListParams {
            before,
            ..ListParams::default()
        };
        let found = page(params).await?;
        // Others may have been used in the same millisecond as the last of the page.
        let oldest = found.last().map(|one| one.updated_at);
        let is_new = add(&mut all, found);
        before = match oldest {
            Some(at) if is_new => Some(at + 1),
            Some(at) => Some(at),
            None => break,
        };
    }
    add(&mut all, page(ListParams::default()).await?);
    Ok(all)
}

/// Adds those that are not among them, or are newer there; false where there is none.
fn add(all: &mut Vec<SessionSummary>, found: Vec<SessionSummary>) -> bool {
    let before = all.len();
    for one in found {
        match all.iter_mut().find(|known| known.id == one.id) {
            Some(known) => *known = one,
            None => all.push(one),
        }
    }
    all.len() > before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: usize, at: i64) -> SessionSummary {
        SessionSummary {
            id: SessionId::from_text(number.to_string()),
            title: String::new(),
            created_at: 0,
            updated_at: at,
            status: SessionStatus::Idle,
            last_seq: 0,
            documents: Vec::new(),
            changes: 0,
            background: 0,
        }
    }

    #[tokio::test]
    async fn sessions_beyond_the_first_page_are_listed_also_where_one_is_used_meanwhile() {
        // Two of each millisecond, the newest first, three a page.
        let mut kept: Vec<_> = (0..31)
            .map(|number| session(number, 100 - (number as i64) / 2))
            .collect();
        let mut pages = 0;
        let all = all_sessions(async |params| {
            pages += 1;
            if pages == 3 {
                let mut last = kept.pop().expect("a session");
                (last.updated_at, last.background) = (200, 1);
                kept.insert(0, last);
            }
            let older = kept
                .iter()
                .filter(|one| params.before.is_none_or(|before| one.updated_at < before));
            Ok(older.take(3).cloned().collect())
        });
        let mut all = all.await.expect("sessions");
        all.sort_by_key(|one| one.id.as_str().parse::<usize>().expect("a number"));
        let ids: Vec<_> = all.iter().map(|one| one.id.to_string()).collect();
        assert_eq!(ids, (0..31).map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(all[30].background, 1, "as it is now");
    }
}
