//! What a person is asked before a file is changed: every line that changes, as it is and as it would be.

use std::path::Path;

use deskhand_core::tool::{Ask, AskReason};
use deskhand_document::plain_text;
use deskhand_formula::risk;
use deskhand_protocol::permission::{BeforeAfter, RiskNote};
use deskhand_workspace::FileKind;
use similar::{ChangeTag, TextDiff};

use super::Act;
use crate::preview::{MAX_RISKS, MAX_ROWS, short};

/// Endings of files that a system runs when they are opened, or that tell it what to run.
const RUNS: [&str; 34] = [
    "app", "bat", "cmd", "com", "command", "cpl", "desktop", "dll", "exe", "hta", "inf", "jar", "js", "jse",
    "lnk", "msc", "msi", "pif", "pkg", "ps1", "psm1", "py", "reg", "scf", "scpt", "scr", "service", "sh",
    "url", "vbe", "vbs", "workflow", "wsf", "wsh",
];

/// What is to be asked about.
pub(super) struct Question<'a> {
    pub(super) path: &'a str,
    /// The path below the attached folder.
    pub(super) below: &'a Path,
    pub(super) act: Act,
    pub(super) before: Option<&'a [u8]>,
    pub(super) after: Option<&'a [u8]>,
    /// True where the session itself left what is there.
    pub(super) is_own: bool,
    /// The kind of a new document, with its template.
    pub(super) new: Option<(&'static str, Option<String>)>,
}

/// How many lines change, and the question where one is asked.
pub(super) fn of(asked: &Question<'_>) -> (u32, Option<Ask>) {
    let name = Path::new(asked.path)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    if asked.act == Act::Deleted {
        return (1, Some(deletion(asked, &name)));
    }
    if let Some((kind, template)) = &asked.new {
        return (1, Some(creation(asked, &name, kind, template.as_deref())));
    }
    let (rows, total) = lines(asked.before.unwrap_or_default(), asked.after.unwrap_or_default());
    let risks = risks(asked, &name);
    let counted = if total == 1 {
        "1 line".to_owned()
    } else {
        format!("{total} lines")
    };
    let (reason, question, scope) = words(asked.act, &name, &counted);
    let reason = if risks.is_empty() {
        reason
    } else {
        AskReason::ReachesOutside
    };
    // What the session itself left there is nobody's work to lose.
    if asked.is_own && risks.is_empty() {
        return (total, None);
    }
    (
        total,
        Some(Ask {
            reason,
            question,
            scope: scope.to_owned(),
            rows,
            total,
            risks,
        }),
    )
}

fn creation(asked: &Question<'_>, name: &str, kind: &str, template: Option<&str>) -> Ask {
    let risks = risks(asked, name);
    let scope = "No other file changes.";
    Ask {
        reason: if risks.is_empty() {
            AskReason::Creates
        } else {
            AskReason::ReachesOutside
        },
        question: format!("Make the new {kind} {name}?"),
        scope: template.map_or_else(
            || scope.to_owned(),
            |template| format!("Its look comes from {template}. {scope}"),
        ),
        rows: Vec::new(),
        total: 1,
        risks,
    }
}

/// The question, with what is to be said of a file that is read for it.
pub(crate) fn with_note(ask: Ask, note: Option<RiskNote>) -> Ask {
    let Some(note) = note else { return ask };
    Ask {
        reason: ask.reason.max(AskReason::Ruled),
        risks: std::iter::once(note).chain(ask.risks).collect(),
        ..ask
    }
}

fn deletion(asked: &Question<'_>, name: &str) -> Ask {
    let size = size(asked.before.map_or(0, <[u8]>::len));
    Ask {
        reason: AskReason::Removes,
        question: format!("Delete {name}, {size}?"),
        scope: "It moves to the journal, from where you can restore it.".to_owned(),
        rows: Vec::new(),
        total: 1,
        risks: Vec::new(),
    }
}

/// Reason, question and scope.
fn words(act: Act, name: &str, counted: &str) -> (AskReason, String, &'static str) {
    match act {
        Act::Created => (
            AskReason::Creates,
            format!("Make the new file {name}, {counted}?"),
            "No other file changes.",
        ),
        Act::Edited => (
            AskReason::Edits,
            format!("Change {counted} of {name}?"),
            "The other lines stay as they are.",
        ),
        Act::Overwritten | Act::Deleted => (
            AskReason::Overwrites,
            format!("Overwrite {name}, where {counted} change?"),
            "Undo brings the file back as it was.",
        ),
    }
}

/// Lines that change, at most [`MAX_ROWS`] of them, and how many there are.
fn lines(before: &[u8], after: &[u8]) -> (Vec<BeforeAfter>, u32) {
    let (before, after) = (
        plain_text(before).unwrap_or_default(),
        plain_text(after).unwrap_or_default(),
    );
    let diff = TextDiff::from_lines(&before, &after);
    let mut rows: Vec<BeforeAfter> = Vec::new();
    let mut total = 0_u32;
    // A line that is put where others were taken out stands beside the first of them.
    let mut open = 0..0;
    for change in diff.iter_all_changes() {
        let text = short(change.value().trim_end_matches(['\n', '\r']).to_owned());
        match change.tag() {
            ChangeTag::Equal => open = 0..0,
            ChangeTag::Delete => {
                total += 1;
                if rows.len() < MAX_ROWS {
                    rows.push(row(change.old_index(), text, String::new()));
                    open = if open.is_empty() {
                        rows.len() - 1..rows.len()
                    } else {
                        open.start..rows.len()
                    };
                }
            }
            ChangeTag::Insert => {
                if let Some(at) = open.next() {
                    rows[at].after = text;
                    continue;
                }
                total += 1;
                if rows.len() < MAX_ROWS {
                    rows.push(row(change.new_index(), String::new(), text));
                }
            }
        }
    }
    (rows, total)
}

fn row(index: Option<usize>, now: String, after: String) -> BeforeAfter {
    BeforeAfter {
        cell: index.map_or_else(String::new, |index| (index + 1).to_string()),
        label: None,
        now,
        after,
        formula: false,
    }
}

/// What to weigh: files that run, files that change how other programs work, and formulas in tables of text.
fn risks(asked: &Question<'_>, name: &str) -> Vec<RiskNote> {
    let mut risks = Vec::new();
    let mut note = |cells: &str, reach: String, rule: &str| {
        if risks.len() < MAX_RISKS {
            risks.push(RiskNote {
                cells: cells.to_owned(),
                reach,
                rule: rule.to_owned(),
            });
        }
    };
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase())
        .unwrap_or_default();
    if RUNS.contains(&ending.as_str()) {
        note(
            name,
            "can run as a program when it is opened".to_owned(),
            "Files that run ask every time.",
        );
    }
    let hidden = |part: &std::path::Component<'_>| {
        part.as_os_str()
            .to_str()
            .is_some_and(|part| part.starts_with('.') && part.len() > 1)
    };
    if asked.below.components().any(|part| hidden(&part)) {
        let reach = "is hidden; such files can change how other programs work".to_owned();
        note(name, reach, "Hidden files ask every time.");
    }
    if FileKind::of_name(name) == Some(FileKind::Table) {
        let before = asked
            .before
            .and_then(|before| plain_text(before).ok())
            .unwrap_or_default();
        let after = asked
            .after
            .and_then(|after| plain_text(after).ok())
            .unwrap_or_default();
        let old: std::collections::HashSet<&str> = before.lines().collect();
        for (number, line) in (1..).zip(after.lines()).filter(|(_, line)| !old.contains(line)) {
            if let Some(reason) = fields(line).find_map(risk::outside_reach) {
                let rule = "A table is opened as a workbook, and formulas that reach outside ask every time.";
                note(&format!("line {number}"), reason.to_string(), rule);
            }
        }
    }
    risks
}

/// What a spreadsheet may take for a formula in a line, from its first sign to the end of the line: where the field ends is a
/// matter of taste among programs.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    let begins = line.match_indices(['=', '+', '-', '@']).filter(|(at, _)| {
        let before = line[..*at].trim_end().chars().next_back();
        before.is_none_or(|before| matches!(before, ',' | ';' | '\t' | '|' | '"' | '\''))
    });
    begins.map(|(at, _)| &line[at..])
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
