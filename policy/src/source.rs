//! Where values come from, and what is known of each: a value or what is wrong with it, always with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::definition::{Consequence, Definition};
use crate::value::PolicyValue;

/// How a source writes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Native JSON: files and bootstrap answers.
    Json,
    /// Text: plist and registry. Lists and objects are one string that holds JSON.
    Text,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table: no source sets it.
    Default,
    /// The administrator's source for the whole machine, by its place.
    Managed(Arc<str>),
    /// The administrator's source for this user alone, by its place.
    ManagedForUser(Arc<str>),
    /// The answer of the bootstrap address, by its origin.
    Bootstrap(Arc<str>),
    /// The user's own configuration, by its place.
    User(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Managed(place) => write!(formatter, "managed: {place}"),
            Self::ManagedForUser(place) => write!(formatter, "managed for this user: {place}"),
            Self::Bootstrap(place) => write!(formatter, "bootstrap: {place}"),
            Self::User(place) => write!(formatter, "user: {place}"),
        }
    }
}

/// What reading a source found.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// There is no such source.
    Absent,
    /// Its values.
    Present(Values),
    /// It is there and cannot be used, with the reason: every key it could set is invalid.
    Unusable(Origin, String),
}

/// The values of a source, as it writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// Which source.
    pub origin: Origin,
    /// How it writes values.
    pub encoding: Encoding,
    /// By key: the value, or why it cannot be told (a key that stands there twice).
    pub entries: BTreeMap<String, Result<Value, String>>,
}

/// A value with where it comes from and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The value in effect: for an invalid one, what its row makes of it.
    pub value: T,
    /// Where it comes from; for an invalid one, where that stands.
    pub origin: Origin,
    /// True where users may not set it: a managed source locks it, or the bootstrap answer holds it.
    pub locked: bool,
    /// The earlier name under which the source has it.
    pub alias: Option<&'static str>,
    /// What is wrong with what the source says.
    pub problem: Option<Problem>,
}

impl<T> Sourced<T> {
    /// True where no source sets it.
    pub fn is_default(&self) -> bool {
        self.origin == Origin::Default
    }

    /// True where the organisation sets it, not the user.
    pub fn is_of_organisation(&self) -> bool {
        match self.origin {
            Origin::Managed(_) | Origin::ManagedForUser(_) | Origin::Bootstrap(_) => true,
            Origin::User(_) | Origin::Default => false,
        }
    }
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The whole source cannot be used.
    Source,
    /// The value is none of this key.
    Invalid,
    /// No key has this name.
    Unknown,
    /// The name is known, and Deskhand has no use for it.
    Unused,
    /// Its new name stands beside it and counts.
    Covered,
    /// This source may not set it.
    Refused,
    /// The value is good, and this build cannot enforce it.
    NotEnforceable,
    /// The value is good alone, but not together with another key.
    Conflict,
    /// A credential that is not sent where it would go.
    Withheld,
}

/// Something wrong in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as the source writes it; empty where it is about the whole source.
    pub key: String,
    /// The source.
    pub origin: Origin,
    /// What kind of thing it is.
    pub kind: ProblemKind,
    /// What is wrong. Never holds a secret.
    pub reason: String,
    /// What follows.
    pub consequence: Consequence,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(formatter, "{}: {}", self.origin, self.reason),
            key => write!(formatter, "`{key}` ({}): {}", self.origin, self.reason),
        }
    }
}

/// A key as it is shown.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'static str,
    /// Its row: section, doc, effect, what an invalid value becomes.
    pub row: &'static Definition,
    /// Its value as JSON; masked where it is secret, null where it is unset.
    pub value: Value,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// True where users may not set it.
    pub locked: bool,
    /// The earlier name under which the source has it.
    pub alias: Option<&'static str>,
    /// What is wrong with it.
    pub problem: Option<&'a Problem>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new<T: PolicyValue>(
        row: Option<&'static Definition>,
        sourced: &'a Sourced<T>,
    ) -> Option<Self> {
        let row = row?;
        Some(Self {
            name: row.name,
            row,
            value: row.shown(sourced.value.to_json()),
            origin: &sourced.origin,
            locked: sourced.locked,
            alias: sourced.alias,
            problem: sourced.problem.as_ref(),
        })
    }
}
