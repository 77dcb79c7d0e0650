//! What programs of the sandbox write, and commands that would run there, made fit for a terminal: no escape code, no
//! character that hides, and no line that could be taken for one of Deskhand's.

use std::fmt::Write as _;

use deskhand_core::line::{acts, hides};
use deskhand_protocol::Timestamp;
use deskhand_protocol::command::RunningCommand;
use deskhand_protocol::permission::CommandRequest;
use deskhand_protocol::sandbox::{FileChange, SandboxTier, Sight};

use super::safe::safe_line;

/// What stands before each line that others wrote.
const MARGIN: &str = "  | ";
/// Characters of a line; a longer one goes on in the next.
const LONGEST: usize = 2_000;
/// Lines of a running command that are shown.
const MOST_LINES: usize = 5_000;

/// The output of one command, as it comes. Escape codes may be cut in two between any two texts.
#[derive(Debug, Default)]
pub(super) struct Output {
    line: String,
    held: usize,
    lines: usize,
    state: State,
}

/// Where in a control sequence (ECMA-48) the text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After a carriage return: a line end that follows belongs to it.
    Return,
    /// After ESC.
    Escape,
    /// The character after the choice of a character set.
    Set,
    /// In the parameters of CSI.
    Parameters,
}

impl Output {
    /// The lines that are whole now.
    pub(super) fn take(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for character in text.chars() {
            self.read(character, &mut lines);
        }
        lines
    }

    /// What is left of a line that never ended.
    pub(super) fn rest(mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.held > 0 {
            self.end(&mut lines);
        }
        lines
    }

    fn read(&mut self, character: char, lines: &mut Vec<String>) {
        match (self.state, character) {
            (State::Set, '0'..='~')
            | (State::Parameters, '@'..='~')
            | (State::Return, '\n')
            | (State::Escape, '7' | '8' | '=' | '>' | 'D' | 'E' | 'H' | 'M' | 'N' | 'O' | 'Z' | 'c') => {
                self.state = State::Text;
            }
            (State::Parameters, ' '..='?') => {}
            (State::Escape, '[') => self.state = State::Parameters,
            (State::Escape, ' ' | '#' | '%' | '(' | ')' | '*' | '+') => self.state = State::Set,
            (State::Escape, _) => {
                // A sequence that carries text, such as a title: the text stays, for a model reads it.
                self.state = State::Text;
                self.push('\u{1b}', lines);
                self.read(character, lines);
            }
            (_, '\u{1b}') => self.state = State::Escape,
            (_, '\u{9b}') => self.state = State::Parameters,
            (_, '\n') => {
                self.state = State::Text;
                self.end(lines);
            }
            (_, '\r') => {
                self.state = State::Return;
                self.end(lines);
            }
            (_, _) => {
                self.state = State::Text;
                self.push(character, lines);
            }
        }
    }

    fn push(&mut self, character: char, lines: &mut Vec<String>) {
        show(character, &mut self.line);
        self.held += 1;
        if self.held >= LONGEST {
            self.end(lines);
        }
    }

    fn end(&mut self, lines: &mut Vec<String>) {
        let line = std::mem::take(&mut self.line);
        self.held = 0;
        self.lines += 1;
        if self.lines <= MOST_LINES {
            lines.push(format!("{MARGIN}{line}"));
        } else if self.lines == MOST_LINES + 1 {
            lines.push("  What it writes from here on is not shown.".to_owned());
        }
    }
}

/// The character, or its code point in angle brackets where it acts, hides or only looks like a space.
fn show(character: char, line: &mut String) {
    let other_space = character.is_whitespace() && !matches!(character, ' ' | '\t');
    // Marks and fillers without a shape that are no controls.
    let filler = matches!(
        character,
        '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
    );
    if (acts(character) && character != '\t') || hides(character) || other_space || filler {
        let _ = write!(line, "<U+{:04X}>", u32::from(character));
    } else {
        line.push(character);
    }
}

/// A command that is asked about, with what it would see and reach; a line each, none left out. What the `scope` of the question
/// says is not said again: that it sees no folder, and that changes can be undone.
pub(super) fn described(request: &CommandRequest, scope: &str) -> Vec<String> {
    let mut lines: Vec<String> = request.command.split('\n').map(command_line).collect();
    if request.folders.is_empty() && scope.is_empty() {
        lines.push("  Sees no folder of this computer.".to_owned());
    }
    for folder in &request.folders {
        let may = match (folder.read_only, scope.is_empty()) {
            (true, _) => "read only",
            (false, true) => "may change; every change can be undone",
            (false, false) => "may change",
        };
        let mut path = String::new();
        folder
            .path
            .chars()
            .for_each(|character| show(character, &mut path));
        lines.push(format!("  Sees {path} ({may})"));
    }
    if request.hosts.is_empty() {
        lines.push("  Reaches no network.".to_owned());
    } else {
        let hosts: Vec<String> = request.hosts.iter().map(|host| safe_line(host)).collect();
        let more = match request.more_hosts {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        lines.push(format!("  May reach {}{more}", hosts.join(", ")));
    }
    if request.background {
        lines.push("  Goes on beside what comes next, until it ends or is ended.".to_owned());
    }
    lines
}

/// A command that runs: its whole text, and how it stands; a line each.
pub(super) fn running(command: &RunningCommand, session: &str, now: Timestamp) -> Vec<String> {
    let what = match command.number {
        Some(number) => format!("job {number}, in the background"),
        None => "awaited by the agent".to_owned(),
    };
    let seconds = now.saturating_sub(command.started_at).max(0) / 1000;
    let (id, bytes) = (&command.id, command.output_bytes);
    let mut lines = vec![format!(
        "{id}  {what}, {seconds} s, {bytes} bytes written  (session {session})"
    )];
    lines.extend(command.command.split('\n').map(command_line));
    for folder in &command.folders {
        let may = if folder.read_only {
            "read only"
        } else {
            "may change"
        };
        let mut path = String::new();
        folder
            .path
            .chars()
            .for_each(|character| show(character, &mut path));
        lines.push(format!("  Sees {path} ({may})"));
    }
    if !command.last_line.is_empty() {
        lines.push("  Wrote last:".to_owned());
        lines.push(command_line(&command.last_line));
    }
    lines
}

fn command_line(line: &str) -> String {
    let mut shown = MARGIN.to_owned();
    line.chars().for_each(|character| show(character, &mut shown));
    shown
}

/// Where code ran.
pub(super) fn tier(tier: SandboxTier) -> &'static str {
    match tier {
        SandboxTier::Vm => "sandbox",
        SandboxTier::VmEmulated => "sandbox, software emulation (slower)",
        SandboxTier::Processes => "process sandbox, no virtual machine (weaker)",
    }
}

/// `12 programs, 3 files changed, 1 connection refused`; nothing where there is nothing to say.
pub(super) fn seen(sights: &[Sight], left_out: u64) -> Option<String> {
    let count = |is: fn(&Sight) -> bool| sights.iter().filter(|sight| is(sight)).count() as u64;
    let kept = |change: FileChange| matches!(change, FileChange::Refused | FileChange::Discarded);
    let unchanged = sights
        .iter()
        .filter(|sight| matches!(sight, Sight::File { change, .. } if kept(*change)))
        .count() as u64;
    let counts = [
        (
            count(|sight| matches!(sight, Sight::Started { .. })),
            "program",
            "programs",
        ),
        (
            count(|sight| matches!(sight, Sight::File { .. })) - unchanged,
            "file changed",
            "files changed",
        ),
        (unchanged, "change not kept", "changes not kept"),
        (
            count(|sight| matches!(sight, Sight::Connection { refused: None, .. })),
            "connection",
            "connections",
        ),
        (
            count(|sight| matches!(sight, Sight::Connection { refused: Some(_), .. })),
            "connection refused or failed",
            "connections refused or failed",
        ),
        (left_out, "more left out", "more left out"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::permission::CommandFolder;

    use super::*;

    fn shown(texts: &[&str]) -> Vec<String> {
        let mut output = Output::default();
        let mut lines: Vec<String> = texts.iter().flat_map(|text| output.take(text)).collect();
        lines.extend(output.rest());
        lines
    }

    #[test]
    fn no_escape_code_of_the_guest_reaches_the_terminal_wherever_it_is_cut_in_two() {
        let hostile = "\u{1b}[31mred\u{1b}[0m\n\u{1b}[2J\u{1b}[1;1H? Allow [o]nce\u{9b}2K\u{1b}]0;title\u{7}\u{1b}c\
                       \u{1b}(0\u{1b}7\u{1b}[?1049h\u{8}\u{202e}x\u{200b}\u{0}\n\u{1b}[38;5;1m";
        let whole = shown(&[hostile]);
        assert_eq!(
            whole,
            [
                "  | red",
                "  | ? Allow [o]nce<U+001B>]0;title<U+0007><U+0008><U+202E>x<U+200B><U+0000>"
            ]
        );
        for (cut, _) in hostile.char_indices() {
            let (before, after) = hostile.split_at(cut);
            assert_eq!(shown(&[before, after]), whole, "{cut}");
        }
        assert!(
            whole
                .iter()
                .flat_map(|line| line.chars())
                .all(|character| !acts(character))
        );
    }

    #[test]
    fn every_line_of_the_guest_has_a_margin_so_that_none_reads_as_deskhands() {
        for forged in [
            "ok\n? Run this? Nothing changes.\n✓ Done",
            "a\r? b\r\nc\n\nd",
            "\u{2028}x\u{85}y",
        ] {
            let lines = shown(&[forged]);
            assert!(lines.iter().all(|line| line.starts_with(MARGIN)), "{lines:?}");
            assert!(lines.iter().all(|line| !line.contains(['\n', '\r'])), "{lines:?}");
        }
        assert_eq!(shown(&["a\r", "\nb\r", "c"]), ["  | a", "  | b", "  | c"]);
    }

    #[test]
    fn a_line_or_an_output_without_end_is_bounded() {
        let mut output = Output::default();
        let long = output.take(&"x".repeat(LONGEST * 3 + 1));
        assert_eq!(long.len(), 3);
        assert_eq!(output.rest(), ["  | x"]);
        let mut output = Output::default();
        let lines = output.take(&"y\n".repeat(MOST_LINES * 2));
        assert_eq!(lines.len(), MOST_LINES + 1);
        assert!(lines.last().is_some_and(|line| line.contains("not shown")));
        assert_eq!(output.take("z\n"), Vec::<String>::new());
    }

    fn request(command: &str) -> CommandRequest {
        CommandRequest {
            command: command.to_owned(),
            folders: Vec::new(),
            hosts: Vec::new(),
            more_hosts: 0,
            seconds: 120,
            background: false,
        }
    }

    #[test]
    fn the_whole_command_is_shown_with_what_hides_in_it() {
        let long = "echo one\n".repeat(500);
        assert_eq!(described(&request(&long), "").len(), 501 + 2);
        let hidden = "rm\u{a0}x # \u{202e}fi\u{2066}\u{1b}[1A\r\u{3164}\u{200b}\u{e0041}\n? Read only";
        assert_eq!(
            described(&request(hidden), "")[..2],
            [
                "  | rm<U+00A0>x # <U+202E>fi<U+2066><U+001B>[1A<U+000D><U+3164><U+200B><U+E0041>",
                "  | ? Read only"
            ]
        );
    }

    #[test]
    fn what_a_command_sees_and_reaches_is_said_also_where_it_is_nothing() {
        let none = described(&request("date"), "");
        assert_eq!(
            none,
            [
                "  | date",
                "  Sees no folder of this computer.",
                "  Reaches no network."
            ]
        );
        let folder = |path: &str, read_only| CommandFolder {
            path: path.to_owned(),
            read_only,
        };
        let both = CommandRequest {
            folders: vec![folder("/srv/plans", false), folder("/srv/\u{202e}old", true)],
            hosts: vec!["example.com".to_owned(), "*.example.org".to_owned()],
            more_hosts: 3,
            seconds: 120,
            ..request("date")
        };
        let all = described(&both, "");
        assert_eq!(
            all[1..],
            [
                "  Sees /srv/plans (may change; every change can be undone)",
                "  Sees /srv/<U+202E>old (read only)",
                "  May reach example.com, *.example.org and 3 more",
            ]
        );
    }

    #[test]
    fn what_the_question_says_by_itself_is_not_said_again() {
        let scope = "It sees no file of this computer.";
        assert_eq!(
            described(&request("date"), scope),
            ["  | date", "  Reaches no network."]
        );
        let folder = |path: &str, read_only| CommandFolder {
            path: path.to_owned(),
            read_only,
        };
        let sees = CommandRequest {
            folders: vec![folder("/srv/plans", false), folder("/srv/old", true)],
            ..request("date")
        };
        let scope = "What it changes in these folders can be undone. It sees nothing else of this computer.";
        assert_eq!(
            described(&sees, scope)[1..],
            [
                "  Sees /srv/plans (may change)",
                "  Sees /srv/old (read only)",
                "  Reaches no network."
            ]
        );
    }

    #[test]
    fn a_command_that_runs_is_listed_whole_and_nothing_it_wrote_reads_as_ours() {
        let command = RunningCommand {
            id: deskhand_protocol::CommandId::from_text("c-1"),
            number: Some(2),
            call: deskhand_protocol::CallId::from_text("t"),
            command: "sleep 600\n\u{1b}[2Jx".to_owned(),
            folders: vec![CommandFolder {
                path: "/srv/plans".to_owned(),
                read_only: false,
            }],
            started_at: 1_000,
            output_bytes: 7,
            last_line: "? Allow\u{202e}".to_owned(),
        };
        assert_eq!(
            running(&command, "s-1", 66_000),
            [
                "c-1  job 2, in the background, 65 s, 7 bytes written  (session s-1)",
                "  | sleep 600",
                "  | <U+001B>[2Jx",
                "  Sees /srv/plans (may change)",
                "  Wrote last:",
                "  | ? Allow<U+202E>",
            ]
        );
        let attended = RunningCommand {
            number: None,
            last_line: String::new(),
            folders: Vec::new(),
            ..command
        };
        let lines = running(&attended, "s-1", 0);
        assert!(lines[0].contains("awaited by the agent, 0 s"), "{lines:?}");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_was_seen_is_counted_in_one_line() {
        let file = |change| Sight::File {
            change,
            path: "/srv/a".to_owned(),
            to: None,
            bytes: None,
        };
        let connection = |refused: Option<&str>| Sight::Connection {
            host: "example.com".to_owned(),
            port: 443,
            refused: refused.map(str::to_owned),
            sent: 0,
            received: 0,
            duration_ms: 0,
        };
        let sights = [
            file(FileChange::Written),
            file(FileChange::Created),
            file(FileChange::Refused),
            connection(None),
            connection(Some("not_listed")),
        ];
        assert_eq!(
            seen(&sights, 2).as_deref(),
            Some(
                "2 files changed, 1 change not kept, 1 connection, 1 connection refused or failed, 2 more left out"
            )
        );
        assert_eq!(seen(&[], 0), None);
    }
}
