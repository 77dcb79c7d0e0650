//! The reference page.

use serde_json::Value;

use super::schema::paragraph;
use crate::definition::Definition;

/// The reference page in Markdown.
pub fn markdown(rows: &[Definition]) -> String {
    let mut page = String::from(
        "<!-- Generated from policy/src/keys.rs. Do not edit. -->\n\n# Settings\n\n\
         Once an administrator's source exists, every key is locked: absent keys stay at their default. A bad key never \
         spoils the rest, and is never silently unset: it becomes what its row says. On Linux the administrator's \
         source is `/etc/deskhand/managed-settings.json`, a regular file of root in a folder of root, both writable by \
         root alone; where it is there and not so, every key is invalid.\n",
    );
    page.extend(rows.iter().map(section));
    page
}

fn section(row: &Definition) -> String {
    let name = row.name;
    let doc = paragraph(row.doc);
    let kind = (row.kind)();
    let shown = if row.secret { ", never shown" } else { "" };
    let default = words((row.default)());
    let scope = row.scope.words();
    let management = row.under_management.words();
    let becomes = words((row.invalid_becomes)());
    let consequence = row.invalid_consequence.words();
    let why = row.invalid_why;
    let since = row.since;
    format!(
        "\n## `{name}`\n\n{doc}\n\n| | |\n|---|---|\n| Type | {kind}{shown} |\n| Default | {default} |\n\
         | Set by | user, {scope} |\n| Under management | {management} |\n\
         | An invalid value becomes | {becomes}{consequence}, because {why} |\n| Since | {since} |\n"
    )
}

fn words(value: Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        value => format!("`{value}`"),
    }
}
