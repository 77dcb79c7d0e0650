//! What a key does, and why it has the value that it has.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::definition::Effect;
use crate::forbids::sentence;
use crate::keys::{Policy, definition, unused};
use crate::render::words::{facts, paragraph, plain, title};

/// An explanation of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Its name.
    pub key: &'static str,
    /// Its name in words.
    pub title: String,
    /// What it does.
    pub doc: String,
    /// What the table says beside: label and sentence.
    pub facts: Vec<(&'static str, String)>,
    /// The value in effect, masked where it is secret.
    pub value: Value,
    /// Why it has this value.
    pub because: String,
    /// Whether users may change it now.
    pub locked: bool,
    /// What it forbids or stops right now; `None` where it does not.
    pub forbids: Option<String>,
}

/// Explains a key by its name or an earlier one; a sentence where there is none.
pub fn explain(policy: &Policy, key: &str) -> Result<Explanation, String> {
    if let Some(unused) = unused(key) {
        return Err(unused.words());
    }
    let (Some(row), Some(entry)) = (definition(key), policy.entry(key)) else {
        return Err(crate::check::no_such_key(key).1);
    };
    let stopping = policy.stopping();
    let stops = stopping
        .iter()
        .find(|problem| definition(&problem.key).is_some_and(|other| other.name == row.name));
    let forbids = match (stops, row.effect) {
        (Some(problem), _) => Some(format!("sessions do not start: {}", problem.reason)),
        (None, Effect::Enforced | Effect::ActsInPart(_)) => {
            sentence(row.forbids, &policy.value(row.name)).map(|what| format!("it forbids {what}"))
        }
        (None, _) => None,
    };
    let because = match (entry.problem, entry.origin, entry.alias) {
        (Some(problem), origin, _) => format!(
            "{origin} has a value that is not taken: {}; {}",
            problem.reason,
            crate::check::becomes(row)
        ),
        (None, crate::source::Origin::Default, _) => "no source sets it, so it is at its default".to_owned(),
        (None, origin, Some(alias)) => format!("{origin} sets it under its earlier name `{alias}`"),
        (None, origin, None) => format!("{origin} sets it"),
    };
    Ok(Explanation {
        key: row.name,
        title: title(row.name),
        doc: paragraph(row.doc),
        facts: facts(row),
        value: entry.value.clone(),
        because,
        locked: entry.locked,
        forbids,
    })
}

impl Explanation {
    /// As JSON, for programs.
    pub fn to_json(&self) -> Value {
        let facts: Vec<Value> = self
            .facts
            .iter()
            .map(|(label, fact)| json!({ "label": label, "fact": plain(fact) }))
            .collect();
        json!({
            "key": self.key,
            "title": self.title,
            "doc": plain(&self.doc),
            "facts": facts,
            "value": self.value,
            "because": self.because,
            "locked": self.locked,
            "forbids": self.forbids,
        })
    }
}

/// For a terminal.
pub fn text(explanation: &Explanation) -> String {
    let mut text = format!(
        "{}: {}\n\n{}\n\n",
        explanation.key,
        explanation.title,
        plain(&explanation.doc)
    );
    for (label, fact) in &explanation.facts {
        let _ = writeln!(text, "{label}: {}", plain(fact));
    }
    let value = match &explanation.value {
        Value::Null => "unset".to_owned(),
        value => value.to_string(),
    };
    let _ = writeln!(text, "\nValue now: {value}");
    let _ = writeln!(text, "Because: {}", plain(&explanation.because));
    let _ = writeln!(
        text,
        "Users may change it: {}",
        if explanation.locked { "no" } else { "yes" }
    );
    if let Some(forbids) = &explanation.forbids {
        let _ = writeln!(text, "Right now: {}", plain(forbids));
    }
    text
}
