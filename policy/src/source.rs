//! Where values come from, and what is known of each: a value or what is wrong with it, always with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

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
    /// The administrator's source, by its place.
    Managed(Arc<str>),
    /// The user's own configuration, by its place.
    User(Arc<str>),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Managed(place) => write!(formatter, "managed: {place}"),
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
    /// True where users may not set it, because a managed source exists.
    pub locked: bool,
    /// What is wrong with what the source says.
    pub problem: Option<Problem>,
}

impl<T> Sourced<T> {
    /// True where no source sets it.
    pub fn is_default(&self) -> bool {
        self.origin == Origin::Default
    }
}

/// Something wrong in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as the source writes it; empty where it is about the whole source.
    pub key: String,
    /// The source.
    pub origin: Origin,
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
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'static str,
    /// Its value as JSON; masked where it is secret, null where it is unset.
    pub value: Value,
    /// Where it comes from.
    pub origin: &'a Origin,
    /// True where users may not set it.
    pub locked: bool,
    /// What is wrong with it.
    pub problem: Option<&'a Problem>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new<T: PolicyValue>(
        row: Option<&'static Definition>,
        sourced: &'a Sourced<T>,
    ) -> Option<Self> {
        let row = row?;
        let shown = match sourced.value.to_json() {
            Value::Null => Value::Null,
            Value::Object(map) if map.is_empty() => Value::Object(map),
            _ if row.secret => json!("••••"),
            value => value,
        };
        Some(Self {
            name: row.name,
            value: shown,
            origin: &sourced.origin,
            locked: sourced.locked,
            problem: sourced.problem.as_ref(),
        })
    }
}
