//! A question at the terminal: what is shown of it, and what a person types.

use std::io::IsTerminal as _;

use deskhand_protocol::permission::{AskReason, Choice, PermissionRequest};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::ask::Shown;
use super::programs;
use super::safe::safe_line;

/// Lines of a change that are shown.
const MOST_ROWS: usize = 6;

/// What a person said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) choice: Choice,
    /// Another folder than the one that was asked about.
    pub(super) folder: Option<String>,
}

impl From<Choice> for Said {
    fn from(choice: Choice) -> Self {
        Self { choice, folder: None }
    }
}

/// Asks the person; nothing where there is no terminal.
pub(super) async fn asked(request: &PermissionRequest, shown: &mut Shown) -> anyhow::Result<Option<Said>> {
    shown.line_end();
    for line in described(request) {
        shown.note(&line);
    }
    if !std::io::stdin().is_terminal() {
        shown.note("Answer in the window or a pane, or give --yes or --no.");
        return Ok(None);
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        Shown::ask(words(request))?;
        let Some(line) = lines.next_line().await? else {
            return Ok(Some(Choice::Deny.into()));
        };
        if let Some(said) = read(request, line.trim()) {
            return Ok(Some(said));
        }
    }
}

/// What a person should see before they answer, a line each. Line ends in a cell would let it write further lines of the
/// question.
fn described(request: &PermissionRequest) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(path) = &request.path {
        let read_only = request
            .directory
            .as_ref()
            .is_some_and(|directory| directory.read_only);
        let access = if read_only { " (read only)" } else { "" };
        lines.push(format!("  {}{access}", safe_line(path)));
    }
    if let Some(web) = &request.web {
        lines.push(format!("  {}", safe_line(&web.sent)));
    }
    if let Some(command) = &request.command {
        lines.extend(programs::described(command, &request.scope));
    }
    if let Some(directory) = &request.directory {
        lines.push(format!(
            "  The model asks, and says why: “{}”",
            safe_line(&directory.reason)
        ));
    }
    // What outlives the session is read whole.
    let most = if request.reason == AskReason::Remembers {
        usize::MAX
    } else {
        MOST_ROWS
    };
    for row in request.rows.iter().take(most) {
        let [cell, now, after] = [&row.cell, &row.now, &row.after].map(|text| safe_line(text));
        lines.push(format!("  {cell:<8} {now} -> {after}"));
    }
    let shown = request.rows.len().min(most);
    // Of a command nothing is counted: it is shown whole.
    if request.command.is_none() && request.total as usize > shown {
        lines.push(format!("  and {} more", request.total as usize - shown));
    }
    let read = request.read.iter().take(3).map(|read| safe_line(&read.target));
    let read: Vec<String> = read.filter(|target| !target.is_empty()).collect();
    if !read.is_empty() {
        lines.push(format!("  Read before this: {}", read.join(", ")));
    }
    for risk in &request.risks {
        let [cells, reach, rule] = [&risk.cells, &risk.reach, &risk.rule].map(|text| safe_line(text));
        lines.push(format!("  {cells} {reach}. {rule}"));
    }
    lines
}

fn words(request: &PermissionRequest) -> &'static str {
    let may = |choice: Choice| request.choices.contains(&choice);
    match (&request.directory, &request.path) {
        (Some(_), Some(_)) => return "[a]ttach it, the path of another folder, or [d]eny? ",
        (Some(_), None) => return "The path of the folder, or [d]eny? ",
        (None, _) => {}
    }
    if request.reason == AskReason::Runs && may(Choice::AllowSession) {
        return "Allow [o]nce, all commands in the sandbox for this [s]ession, or [d]eny? ";
    }
    match (may(Choice::AllowSession), may(Choice::AllowAlways)) {
        (true, true) => "Allow [o]nce, for this [s]ession, [a]lways in this folder, or [d]eny? ",
        (true, false) => "Allow [o]nce, for this [s]ession, or [d]eny? ",
        _ => "Allow [o]nce or [d]eny? ",
    }
}

/// What was typed; nothing where it is no answer to this question.
fn read(request: &PermissionRequest, typed: &str) -> Option<Said> {
    let may = |choice: Choice| request.choices.contains(&choice);
    if matches!(typed, "d" | "deny" | "n" | "no") {
        return Some(Choice::Deny.into());
    }
    if request.directory.is_some() {
        return match typed {
            "a" | "attach" | "y" | "yes" => request.path.is_some().then(|| Choice::AllowOnce.into()),
            _ => Some(Said {
                choice: Choice::AllowOnce,
                folder: Some(path(typed)?),
            }),
        };
    }
    match typed {
        "o" | "once" | "y" | "yes" => Some(Choice::AllowOnce.into()),
        "a" | "always" if may(Choice::AllowAlways) => Some(Choice::AllowAlways.into()),
        "s" | "session" if may(Choice::AllowSession) => Some(Choice::AllowSession.into()),
        _ => None,
    }
}

/// A path as the service takes it. One word without a separator is more likely a slip than a folder.
fn path(typed: &str) -> Option<String> {
    if typed == "~" || typed.starts_with("~/") {
        return Some(typed.to_owned());
    }
    let is_path = typed.contains(std::path::is_separator) || matches!(typed, "." | "..");
    let whole = is_path.then(|| std::path::absolute(typed).ok()).flatten()?;
    whole.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::permission::{AskReason, CommandRequest, DirectoryRequest, WebRequest};
    use deskhand_protocol::{CallId, PermissionId, TurnId};

    use super::*;

    fn request(path: Option<&str>) -> PermissionRequest {
        PermissionRequest {
            id: PermissionId::from_text("p"),
            turn: TurnId::from_text("t"),
            call: CallId::from_text("c"),
            question: "Attach the folder plans?".to_owned(),
            reason: AskReason::Attaches,
            scope: String::new(),
            document: None,
            path: path.map(str::to_owned),
            folder: None,
            directory: Some(DirectoryRequest {
                reason: "to sum\u{1b}[2J it up".to_owned(),
                read_only: true,
            }),
            web: None,
            command: None,
            read: Vec::new(),
            rows: Vec::new(),
            total: 0,
            risks: Vec::new(),
            choices: vec![Choice::AllowOnce, Choice::Deny],
        }
    }

    #[test]
    fn a_folder_is_allowed_denied_or_replaced_by_another() {
        let named = request(Some("/srv/plans"));
        let other = |path: &str| {
            Some(Said {
                choice: Choice::AllowOnce,
                folder: Some(path.to_owned()),
            })
        };
        assert_eq!(read(&named, "a"), Some(Choice::AllowOnce.into()));
        assert_eq!(read(&named, "no"), Some(Choice::Deny.into()));
        assert_eq!(read(&named, "~/plans"), other("~/plans"));
        if cfg!(unix) {
            assert_eq!(read(&named, "/srv/others"), other("/srv/others"));
        }
        for slip in ["", "s", "o", "ja", "always"] {
            assert_eq!(read(&named, slip), None, "{slip}");
        }
        assert_eq!(
            read(&request(None), "a"),
            None,
            "nothing is named that could be allowed"
        );
    }

    #[test]
    fn a_command_is_shown_whole_and_an_answer_for_the_session_says_that_it_is_for_all_of_them() {
        let command = CommandRequest {
            command: "cat \u{1b}[2Jrates.csv\nrm -r old".to_owned(),
            folders: Vec::new(),
            hosts: Vec::new(),
            more_hosts: 0,
            seconds: 120,
            background: false,
        };
        let asks = PermissionRequest {
            reason: AskReason::Runs,
            directory: None,
            command: Some(Box::new(command)),
            total: 1,
            choices: vec![Choice::AllowOnce, Choice::AllowSession, Choice::Deny],
            ..request(None)
        };
        let lines = described(&asks);
        assert_eq!(
            lines,
            [
                "  | cat <U+001B>[2Jrates.csv",
                "  | rm -r old",
                "  Sees no folder of this computer.",
                "  Reaches no network.",
            ]
        );
        assert!(words(&asks).contains("all commands in the sandbox for this [s]ession"));
        assert_eq!(read(&asks, "s"), Some(Choice::AllowSession.into()));
        let once = PermissionRequest {
            choices: vec![Choice::AllowOnce, Choice::Deny],
            ..asks
        };
        assert_eq!(read(&once, "s"), None);
        assert!(!words(&once).contains("session"));
    }

    #[test]
    fn all_that_would_be_sent_to_the_web_is_shown() {
        let sent = format!("https://example.com/?about={}", "budget".repeat(100));
        let page = PermissionRequest {
            directory: None,
            web: Some(WebRequest {
                host: "example.com".to_owned(),
                sent: sent.clone(),
            }),
            ..request(None)
        };
        assert_eq!(described(&page), [format!("  {sent}")]);
    }

    #[test]
    fn the_whole_path_and_the_words_of_the_model_are_shown_as_such() {
        let lines = described(&request(Some("/srv/plans")));
        assert_eq!(lines[0], "  /srv/plans (read only)");
        assert!(
            lines[1].starts_with("  The model asks, and says why: “to sum\u{fffd}[2J"),
            "{lines:?}"
        );
        assert_eq!(lines.len(), 2);
    }
}
