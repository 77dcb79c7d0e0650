//! The reference page of the table.

use std::fmt::Write as _;

use crate::kinds::{Activity, Kind, camel};

/// The reference page in Markdown.
pub fn markdown(kinds: &[Kind]) -> String {
    let mut page = String::from(
        "<!-- Generated from companion/trail/src/kinds.rs. Do not edit. -->\n\n# Records of the audit\n\n\
         Every record says who (`by`: `window`, `excel`, `powerpoint`, `terminal`, `agent`, `service`, `policy` or \
         `unknown`; `user`: the account of the operating system), when (`at`), which session, where there is one (`session`), and what (`type`, with the \
         fields below). Content is known by its length and a digest keyed by the session, unless `deskhandAuditContent` is \
         `full`: then it is kept, sealed, for as long as its session, or, where it belongs to none, as its record.\n",
    );
    page.extend(kinds.iter().map(section));
    page
}

fn section(kind: &Kind) -> String {
    let Activity(number, name) = kind.activity;
    let class = kind.class as u16;
    let mut section = format!("\n## `{}`\n\n{}\n", kind.name, kind.summary);
    if !kind.content.is_empty() {
        let _ = writeln!(section, "Content: {}.", kind.content);
    }
    let _ = writeln!(section, "OCSF class {class}, activity {number} ({name}).");
    if !kind.fields.is_empty() {
        section.push_str("\n| Field | Type | |\n|---|---|---|\n");
    }
    for field in kind.fields {
        let _ = writeln!(
            section,
            "| `{}` | `{}` | {} |",
            camel(field.name),
            field.of,
            field.summary
        );
    }
    section
}
