//! A draft of the user's own values: what each may be, what is refused, and the policy that would follow.

use std::collections::BTreeMap;

use deskhand_policy::secrets::{KeptSecret, holds_mask};
use deskhand_policy::{Definition, Encoding, Layers, Origin, Policy, Reading, Values, definitions};
use deskhand_protocol::configuration::{ProblemWeight, SettingProblem};
use deskhand_protocol::{ErrorCode, UserError};
use serde_json::Value;

use super::{Sources, refused};
use crate::kept::{SecretEdit, is_kept, split};

/// Characters of a name that is no key.
const NAME: usize = 80;
/// Refusals that are told one by one.
const TOLD: usize = 100;

/// A key with its new value; none where it is no longer set.
pub(super) type Edit = (String, Option<Value>);
/// Why a value cannot be applied.
type Refusal = (ErrorCode, String);

/// A draft beside the sources it is for.
pub(super) struct Draft {
    /// What would be in effect.
    pub(super) policy: Box<Policy>,
    /// What goes into the user's file.
    pub(super) edits: Vec<Edit>,
    /// The user's file as it would be.
    pub(super) user: Reading,
    /// What goes into the secret store.
    pub(super) secret_edits: Vec<SecretEdit>,
    refusals: Vec<(ErrorCode, SettingProblem)>,
}

impl Draft {
    pub(super) fn new(sources: &Sources, changes: &BTreeMap<String, Value>) -> Self {
        let (mut edits, mut secret_edits, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        let mut refusals = Vec::new();
        let mut refuse = |name: &str, (code, sentence): Refusal| {
            let key = name.chars().take(NAME).collect();
            refusals.push((code, problem(key, sentence)));
        };
        for (name, value) in changes {
            let value = Some(value).filter(|value| !value.is_null());
            match place(sources, name, value) {
                Ok(Place::File(value, secrets)) => {
                    edits.push((name.clone(), value));
                    secret_edits.extend(secrets);
                }
                Ok(Place::SecretStore) => whole.push((name, value)),
                Err(refusal) => refuse(name, refusal),
            }
        }
        // What stands in clear in the file goes out of it.
        let clear = whole.iter().map(|(name, _)| (*name).clone());
        let clear = clear.filter(|name| said(&sources.watched.user, name).is_some());
        edits.extend(clear.map(|name| (name, None)));
        if !changes.is_empty() {
            for (name, secret) in clear_ones(sources, changes) {
                edits.push((name.clone(), None));
                secret_edits.push((name, Some(secret)));
            }
        }
        let user = edited(&sources.watched.user, &edits);
        let of_file = Layers::new(&sources.watched.managed, std::slice::from_ref(&user));
        let addresses = sources.bootstrap.resolve(of_file);
        for (name, value) in whole {
            match value.map(|value| (value, addresses.sent_to(name))) {
                Some((_, goes_to)) if goes_to.is_empty() => {
                    let sentence = "It is kept for the address that it goes to: set that as well.";
                    refuse(name, (ErrorCode::SettingRefused, sentence.to_owned()));
                }
                given => {
                    let given = given.map(|(value, goes_to)| KeptSecret::new(value.clone(), goes_to));
                    secret_edits.push((name.clone(), given));
                }
            }
        }
        refusals.truncate(TOLD);
        let mut kept = sources.kept.clone();
        for (name, secret) in &secret_edits {
            match secret {
                Some(secret) => kept.0.insert(name.clone(), secret.clone()),
                None => kept.0.remove(name),
            };
        }
        Self {
            policy: Box::new(sources.bootstrap.resolve(Layers {
                kept: &kept,
                ..Layers::new(&sources.watched.managed, std::slice::from_ref(&user))
            })),
            edits,
            user,
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

/// Secret keys that the user's file has in clear and the draft does not set: what they are for is where they go before it.
fn clear_ones(sources: &Sources, changes: &BTreeMap<String, Value>) -> Vec<(String, KeptSecret)> {
    let policy = &sources.policy;
    let rows = definitions().filter(|row| is_kept(row) && !changes.contains_key(row.name));
    let open = rows.filter(|row| policy.entry(row.name).is_some_and(|entry| !entry.locked));
    let clear = open.filter_map(|row| {
        let value = said(&sources.watched.user, row.name)?.as_ref().ok()?;
        let goes_to = policy.sent_to(row.name);
        let counts = !sources.kept.0.contains_key(row.name) && !goes_to.is_empty();
        let valid = (row.check)(value, Encoding::Json).is_ok();
        (counts && valid).then(|| (row.name.to_owned(), KeptSecret::new(value.clone(), goes_to)))
    });
    clear.collect()
}

enum Place {
    /// The file, with references to these secrets.
    File(Option<Value>, Vec<SecretEdit>),
    SecretStore,
}

/// Where a value belongs, or why it belongs nowhere.
fn place(sources: &Sources, name: &str, value: Option<&Value>) -> Result<Place, Refusal> {
    let wrong = |sentence: &str| (ErrorCode::SettingRefused, sentence.to_owned());
    let row: &Definition = definitions()
        .find(|row| row.name == name)
        .ok_or_else(|| wrong("There is no such key."))?;
    if let Some(entry) = sources.policy.entry(row.name).filter(|entry| entry.locked) {
        let sentence = format!("It is fixed by your organisation ({}).", entry.origin);
        return Err((ErrorCode::SettingLocked, sentence));
    }
    let Some(value) = value else {
        return Ok(if is_kept(row) {
            Place::SecretStore
        } else {
            Place::File(None, Vec::new())
        });
    };
    if !row.secret {
        let before = said(&sources.watched.user, row.name).and_then(|said| said.as_ref().ok());
        let (value, secrets) = split(row, value, before).map_err(|reason| wrong(&sentence(&reason)))?;
        return Ok(Place::File(Some(value), secrets));
    }
    if holds_mask(value) {
        return Err(wrong("A secret in it is shown masked: give the secret itself."));
    }
    (row.check)(value, Encoding::Json).map_err(|reason| wrong(&sentence(&reason.to_string())))?;
    if is_kept(row) {
        Ok(Place::SecretStore)
    } else {
        Err(wrong(
            "It is secret and does nothing in this build: it is not kept.",
        ))
    }
}

/// What a source says of a key.
fn said<'a>(source: &'a Reading, name: &str) -> Option<&'a Result<Value, String>> {
    match source {
        Reading::Present(values) => values.entries.get(name),
        Reading::Absent | Reading::Unusable(..) => None,
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
