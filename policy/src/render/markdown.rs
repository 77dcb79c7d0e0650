//! The reference page.

use serde_json::Value;

use super::schema::paragraph;
use crate::definition::{Definition, Effect, Section};

/// The reference page in Markdown.
pub fn markdown(sections: &[Section]) -> String {
    let mut page = String::from(
        "<!-- Generated from policy/src/keys.rs. Do not edit. -->\n\n# Settings\n\n\
         Once an administrator's source exists, every key is locked: absent keys stay at their default. A bad key never \
         spoils the rest, and is never silently unset: it becomes what its row says. On Linux the administrator's \
         source is `/etc/deskhand/managed-settings.json`, a regular file of root in a folder of root, both writable by \
         root alone; where it is there and not so, every key is invalid.\n",
    );
    for section in sections {
        page.push_str(&format!("\n## {}\n\n{}\n", section.title, paragraph(section.doc)));
        page.extend(section.rows.iter().map(row));
    }
    page
}

fn row(row: &Definition) -> String {
    let name = row.name;
    let doc = paragraph(row.doc);
    let kind = (row.kind)();
    let shown = if row.secret { ", never shown" } else { "" };
    let default = words((row.default)());
    let scope = row.scope.words();
    let effect = effect(row.effect);
    let becomes = words((row.invalid_becomes)());
    let consequence = row.invalid_consequence.words();
    let why = row.invalid_why;
    let since = row.since;
    format!(
        "\n### `{name}`\n\n{doc}\n\n| | |\n|---|---|\n| Type | {kind}{shown} |\n| Default | {default} |\n\
         | Set by | user, {scope} |\n{effect}| An invalid value becomes | {becomes}{consequence}, because {why} |\n| Since | {since} |\n"
    )
}

fn words(value: Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        value => format!("`{value}`"),
    }
}

/// A line of the table for what is not in effect.
fn effect(effect: Effect) -> String {
    match effect {
        Effect::Enforced => String::new(),
        Effect::ActsWith(part) => format!("| Effect | known, acts with {part} |\n"),
        Effect::NotEnforceable(part) => {
            format!("| Effect | sessions do not start while it is set, until {part} can enforce it |\n")
        }
        Effect::NotApplicable(why) => format!("| Effect | known, not applicable: {why} |\n"),
    }
}
