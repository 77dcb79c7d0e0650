//! Which of two values lets less happen: for settings that change while sessions run, and for comparing profiles.

use serde_json::{Value, json};

use crate::definition::{Definition, Effect};
use crate::source::{Origin, Sourced};
use crate::value::PolicyValue;

/// How the values of a key are ordered from loose to tight.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// Of a boolean, what an invalid value becomes is the tight one; of other values neither is.
    Plain,
    /// Of a boolean, this one is the tight one.
    Tight(bool),
    /// A list of what is allowed; absent allows everything. Tells whether an entry allows all that another does.
    Allows(fn(&Value, &Value) -> bool),
    /// The same, where absent allows something of its own that no entry needs to name.
    AllowsInstead(fn(&Value, &Value) -> bool),
    /// A list of what is refused.
    Refuses,
    /// A number; less is tighter, and absent is no limit.
    Less,
    /// An object of words; more of this word is tighter.
    Words(&'static str),
}

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less may happen.
    Tightens,
    /// More may happen.
    Loosens,
    /// Something else happens, or which of both cannot be told.
    Other,
}

impl Direction {
    fn of(tighter: bool, looser: bool) -> Self {
        match (tighter, looser) {
            (true, false) => Self::Tightens,
            (false, true) => Self::Loosens,
            _ => Self::Other,
        }
    }
}

impl Order {
    /// What the change from `before` to `after` does; `closed` is what an invalid value becomes.
    fn direction(self, closed: &Value, before: &Value, after: &Value) -> Direction {
        match self {
            Self::Plain => Direction::of(
                closed.is_boolean() && before.is_boolean() && after == closed,
                closed.is_boolean() && after.is_boolean() && before == closed,
            ),
            Self::Tight(tight) => Direction::of(*after == json!(tight), *before == json!(tight)),
            Self::Allows(covers) => {
                Direction::of(within(after, before, covers), within(before, after, covers))
            }
            Self::AllowsInstead(covers) => {
                // An absent list is one with an entry that only a rule for everything covers.
                let filled = |list: &Value| list.as_array().map_or(json!([null]), |list| json!(list));
                let (before, after) = (filled(before), filled(after));
                Direction::of(within(&after, &before, covers), within(&before, &after, covers))
            }
            Self::Refuses => Direction::of(
                within(before, after, |one, other| one == other),
                within(after, before, |one, other| one == other),
            ),
            Self::Less => {
                let limit = |value: &Value| value.as_f64().unwrap_or(f64::INFINITY);
                Direction::of(limit(after) < limit(before), limit(after) > limit(before))
            }
            Self::Words(word) => {
                let (old, new) = (with_word(before, word), with_word(after, word));
                let holds = |all: &[&str], some: &[&str]| some.iter().all(|name| all.contains(name));
                Direction::of(holds(&new, &old), holds(&old, &new))
            }
        }
    }
}

/// Whether a list of allowed things lies within another; absent is everything.
fn within(inner: &Value, outer: &Value, covers: fn(&Value, &Value) -> bool) -> bool {
    match (inner.as_array(), outer.as_array()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner
            .iter()
            .all(|entry| outer.iter().any(|wider| covers(wider, entry))),
    }
}

fn with_word<'a>(value: &'a Value, word: &str) -> Vec<&'a str> {
    let entries = value.as_object().into_iter().flatten();
    entries
        .filter(|(_, said)| said.as_str() == Some(word))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// A key whose value is another one than before.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key.
    pub name: &'static str,
    /// Its value before, masked where it is secret.
    pub before: Value,
    /// Its value now, masked where it is secret.
    pub after: Value,
    /// What the change does.
    pub direction: Direction,
    /// Where the value comes from now.
    pub origin: Origin,
}

impl Change {
    pub(crate) fn new<T: PolicyValue>(
        row: Option<&'static Definition>,
        old: &Sourced<T>,
        new: &Sourced<T>,
    ) -> Option<Self> {
        let row = row.filter(|_| old.value != new.value)?;
        let (before, after) = (old.value.to_json(), new.value.to_json());
        let direction = match row.effect {
            Effect::NotApplicable(_) => Direction::Other,
            _ if row.secret => Direction::Other,
            _ => row.order.direction(&(row.invalid_becomes)(), &before, &after),
        };
        Some(Self {
            name: row.name,
            before: row.shown(before),
            after: row.shown(after),
            direction,
            origin: new.origin.clone(),
        })
    }
}
