//! What is said of a row, the same in every form.

use serde_json::Value;

use crate::definition::{Definition, Effect};

/// Words of names that are written in capitals.
const CAPITALS: &[&str] = &[
    "api", "aws", "cli", "dxt", "id", "mcp", "oidc", "otlp", "pac", "sso", "ssh", "ttl", "url", "uuid", "vm",
];

/// A doc comment as one paragraph.
pub(crate) fn paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text for places that know no Markdown.
pub(crate) fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// The title of a key: its name in words.
pub(crate) fn title(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    let word = |(index, word): (usize, &String)| {
        if CAPITALS.contains(&word.as_str()) {
            return word.to_uppercase();
        }
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index == 0 => first.to_uppercase().chain(letters).collect(),
            _ => word.clone(),
        }
    };
    words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ")
}

/// What the table says of a row beside its doc: label and sentence, in Markdown.
pub(crate) fn facts(row: &Definition) -> Vec<(&'static str, String)> {
    let shown = if row.secret { ", never shown" } else { "" };
    let mut facts = vec![
        ("Type", format!("{}{shown}", (row.kind)())),
        ("Default", value((row.default)())),
        ("Set by", format!("user, {}", row.scope.words())),
    ];
    if !row.aliases.is_empty() {
        let names: Vec<String> = row.aliases.iter().map(|name| format!("`{name}`")).collect();
        facts.push(("Earlier names", names.join(", ")));
    }
    if let Some(effect) = effect(row.effect) {
        facts.push(("Effect", effect));
    }
    let becomes = value((row.invalid_becomes)());
    let consequence = row.invalid_consequence.words();
    let why = row.invalid_why;
    facts.push((
        "An invalid value becomes",
        format!("{becomes}{consequence}, because {why}"),
    ));
    if let Some(differs) = row.differs {
        facts.push(("Imported profiles", paragraph(differs)));
    }
    facts.push(("Since", row.since.to_owned()));
    facts
}

/// All that is said of a row, without Markdown, a line each.
pub(crate) fn lines(row: &Definition) -> Vec<String> {
    let facts = facts(row)
        .into_iter()
        .map(|(label, fact)| format!("{label}: {}", plain(&fact)));
    std::iter::once(plain(&paragraph(row.doc))).chain(facts).collect()
}

/// A value in Markdown.
pub(crate) fn value(value: Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        value => format!("`{value}`"),
    }
}

/// What is said of a key that is not in effect.
pub(crate) fn effect(effect: Effect) -> Option<String> {
    match effect {
        Effect::Enforced => None,
        Effect::ActsWith(part) => Some(format!("known, acts with {part}")),
        Effect::ActsInPart(which) => Some(format!("acts in part: {which}")),
        Effect::NotEnforceable(part) => Some(format!(
            "sessions do not start while it is set, until {part} can enforce it"
        )),
        Effect::NotApplicable(why) => Some(format!("known, not applicable: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_name_in_words() {
        let cases = [
            ("inferenceGatewayBaseUrl", "Inference gateway base URL"),
            ("otlpEndpoint", "OTLP endpoint"),
            ("mcpToolTimeoutSec", "MCP tool timeout sec"),
            ("banner", "Banner"),
        ];
        for (name, expected) in cases {
            assert_eq!(title(name), expected);
        }
    }
}
