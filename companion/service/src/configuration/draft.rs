//! A draft of the user's own values: what each may be, what is refused, and the policy that would follow.

use std::collections::BTreeMap;

use deskhand_policy::types::MASK;
use deskhand_policy::{Definition, Encoding, Origin, Policy, Reading, Values, definitions};
use deskhand_protocol::configuration::{ProblemWeight, SettingProblem};
use deskhand_protocol::{ErrorCode, UserError};
use serde_json::Value;

use super::{Sources, refused};
use crate::settings::USER_SECRETS;

/// Characters of a name that is no key.
const NAME: usize = 80;
/// Refusals that are told one by one.
const TOLD: usize = 100;

/// A key with its new value; none where it is no longer set.
pub(super) type Edit = (String, Option<Value>);

/// A draft beside the sources it is for.
pub(super) struct Draft {
    /// What would be in effect.
    pub(super) policy: Box<Policy>,
    /// What goes into the user's file.
    pub(super) edits: Vec<Edit>,
    /// What goes into the secret store.
    pub(super) secret_edits: Vec<Edit>,
    refusals: Vec<(ErrorCode, SettingProblem)>,
}

impl Draft {
    pub(super) fn new(sources: &Sources, changes: &BTreeMap<String, Value>) -> Self {
        let (mut edits, mut secret_edits, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in changes {
            let value = Some(value).filter(|value| !value.is_null());
            match place(&sources.policy, name, value) {
                Ok(Place::File) => edits.push((name.clone(), value.cloned())),
                Ok(Place::SecretStore) => secret_edits.push((name.clone(), value.cloned())),
                Err((code, sentence)) => {
                    let key = name.chars().take(NAME).collect();
                    refusals.push((code, problem(key, sentence)));
                }
            }
        }
        refusals.truncate(TOLD);
        let user = edited(&sources.watched.user, &edits);
        let secrets = edited(&sources.secrets, &secret_edits);
        Self {
            policy: Box::new(
                sources
                    .bootstrap
                    .resolve(&sources.watched.managed, &[user, secrets]),
            ),
            edits,
            secret_edits,
            refusals,
        }
    }

    /// What cannot be applied.
    pub(super) fn refused(&self) -> Vec<SettingProblem> {
        self.refusals.iter().map(|(_, problem)| problem.clone()).collect()
    }

    /// Why the draft cannot be applied, by its first refusal; one about a lock comes first.
    pub(super) fn refusal(&self) -> Option<UserError> {
        let locked = |(code, _): &&(ErrorCode, SettingProblem)| *code == ErrorCode::SettingLocked;
        let first = self.refusals.iter().find(locked).or(self.refusals.first());
        first.map(|(code, problem)| refused(*code, problem))
    }
}

enum Place {
    File,
    SecretStore,
}

/// Where a value belongs, or why it belongs nowhere.
fn place(policy: &Policy, name: &str, value: Option<&Value>) -> Result<Place, (ErrorCode, String)> {
    let wrong = |sentence: String| (ErrorCode::SettingRefused, sentence);
    let row: &Definition = definitions()
        .find(|row| row.name == name)
        .ok_or_else(|| wrong("There is no such key.".to_owned()))?;
    if let Some(entry) = policy.entry(row.name).filter(|entry| entry.locked) {
        let sentence = format!("It is fixed by your organisation ({}).", entry.origin);
        return Err((ErrorCode::SettingLocked, sentence));
    }
    let kept = USER_SECRETS.contains(&row.name);
    let Some(value) = value else {
        return Ok(if kept { Place::SecretStore } else { Place::File });
    };
    if holds_mask(value) {
        return Err(wrong(
            "A secret in it is shown masked: give the secret itself.".to_owned(),
        ));
    }
    (row.check)(value, Encoding::Json).map_err(|reason| wrong(sentence(&reason.to_string())))?;
    match (row.secret, kept) {
        (true, true) => Ok(Place::SecretStore),
        (true, false) => Err(wrong(
            "It is secret, and this build keeps it in the administrator's settings alone.".to_owned(),
        )),
        (false, _) => Ok(Place::File),
    }
}

/// Whether a value holds what is shown in the place of a secret, so that it would be written over the secret.
fn holds_mask(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK,
        Value::Array(entries) => entries.iter().any(holds_mask),
        Value::Object(fields) => fields.values().any(holds_mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A source with a draft over it.
fn edited(source: &Reading, edits: &[Edit]) -> Reading {
    let mut values = match source {
        Reading::Present(values) => values.clone(),
        // It has to be corrected first; applying says so.
        Reading::Unusable(..) => return source.clone(),
        Reading::Absent if edits.is_empty() => return Reading::Absent,
        Reading::Absent => Values {
            origin: Origin::User("draft".into()),
            encoding: Encoding::Json,
            entries: BTreeMap::new(),
        },
    };
    for (name, value) in edits {
        let earlier = definitions().find(|row| row.name == name).map(|row| row.aliases);
        for name in earlier.into_iter().flatten() {
            values.entries.remove(*name);
        }
        match value {
            Some(value) => values.entries.insert(name.clone(), Ok(value.clone())),
            None => values.entries.remove(name),
        };
    }
    Reading::Present(values)
}

fn problem(key: String, sentence: String) -> SettingProblem {
    SettingProblem {
        key,
        place: String::new(),
        line: None,
        sentence,
        weight: ProblemWeight::Refused,
    }
}

/// A reason as a sentence.
pub(super) fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if reason.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str()).replace('`', "")
}
