//! The reference page.

use super::NOTE;
use super::words::{facts, paragraph};
use crate::definition::{Definition, Section};

/// What holds for all keys.
pub(super) const LOCKING: &str = "Once an administrator's source exists, every key is locked: absent keys stay at their \
     default. A bad key never spoils the rest, and is never silently unset: it becomes what its row says.";

/// How each form writes values.
const FORMS: &str = "\
| Type | Property list (macOS) | Registry (Windows) | File (Linux) |
|---|---|---|---|
| boolean | `<true/>`, `<false/>`, or the text `true`, `false` | `REG_SZ` `true`, `false`, or `REG_DWORD` 1, 0 | `true`, `false` |
| integer | `<integer>`, or the text of its digits | `REG_DWORD`, or `REG_SZ` with its digits | number |
| text, choice | `<string>` | `REG_SZ` | text |
| list, object | one `<string>` that holds JSON | one `REG_SZ` that holds JSON | JSON |
";

/// The reference page in Markdown.
pub(super) fn render(sections: &[Section]) -> String {
    let mut page = format!(
        "<!-- {NOTE} -->\n\n# Settings\n\n{LOCKING} On Linux the administrator's source is \
         `/etc/deskhand/managed-settings.json`, a regular file of root in a folder of root, both writable by root alone; \
         where it is there and not so, every key is invalid.\n\n{FORMS}"
    );
    for section in sections {
        page.push_str(&format!("\n## {}\n\n{}\n", section.title, paragraph(section.doc)));
        page.extend(section.rows.iter().map(row));
    }
    page
}

fn row(row: &Definition) -> String {
    let facts: String = facts(row)
        .into_iter()
        .map(|(label, fact)| format!("| {label} | {} |\n", fact.replace('|', "\\|")))
        .collect();
    format!(
        "\n### `{}`\n\n{}\n\n| | |\n|---|---|\n{facts}",
        row.name,
        paragraph(row.doc)
    )
}
