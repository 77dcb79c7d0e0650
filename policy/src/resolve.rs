//! From sources to values: who wins, what is locked, what becomes of the invalid. Pure.

use std::collections::BTreeSet;

use crate::definition::{Consequence, Definition};
use crate::keys::{Policy, definitions};
use crate::nearest::nearest;
use crate::source::{Origin, Problem, Reading, Sourced, Values};
use crate::value::PolicyValue;

impl Policy {
    /// The policy that follows from the administrator's source and the user's own ones, of which a later one covers an
    /// earlier one. Where a managed source exists, users set nothing.
    pub fn resolve(managed: &Reading, user: &[Reading]) -> Self {
        Self::read(&mut Sources::new(managed, user))
    }
}

/// The sources while they are read. Collects what is wrong.
pub(crate) struct Sources<'a> {
    managed: &'a Reading,
    /// The strongest first.
    user: Vec<&'a Reading>,
    problems: Vec<Problem>,
    seen: BTreeSet<&'static str>,
}

/// What a source says of one key.
enum Said<'a> {
    Value(&'a Values, &'a serde_json::Value),
    Invalid(&'a Origin, String),
}

impl<'a> Sources<'a> {
    fn new(managed: &'a Reading, user: &'a [Reading]) -> Self {
        let mut problems = Vec::new();
        for reading in std::iter::once(managed).chain(user) {
            if let Reading::Unusable(origin, reason) = reading {
                let consequence = Consequence::StopsSessions;
                problems.push(Problem {
                    key: String::new(),
                    origin: origin.clone(),
                    reason: reason.clone(),
                    consequence,
                });
            }
        }
        Self {
            managed,
            user: user.iter().rev().collect(),
            problems,
            seen: BTreeSet::new(),
        }
    }

    pub(crate) fn managed(&self) -> bool {
        !matches!(self.managed, Reading::Absent)
    }

    /// The value of one row.
    pub(crate) fn take<T: PolicyValue>(
        &mut self,
        row: Option<&'static Definition>,
        default: impl FnOnce() -> T,
        invalid: impl FnOnce() -> T,
    ) -> Sourced<T> {
        let Some(row) = row else {
            return Sourced {
                value: default(),
                origin: Origin::Default,
                locked: true,
                problem: None,
            };
        };
        self.seen.insert(row.name);
        let locked = self.managed();
        let (origin, reason) = match self.said(row.name, locked) {
            None => {
                return Sourced {
                    value: default(),
                    origin: Origin::Default,
                    locked,
                    problem: None,
                };
            }
            Some(Said::Value(values, value)) => match T::parse(value, values.encoding) {
                Ok(value) => {
                    return Sourced {
                        value,
                        origin: values.origin.clone(),
                        locked,
                        problem: None,
                    };
                }
                Err(reason) => (values.origin.clone(), reason.to_string()),
            },
            Some(Said::Invalid(origin, reason)) => (origin.clone(), reason),
        };
        let consequence = row.invalid_consequence;
        let problem = Problem {
            key: row.name.to_owned(),
            origin: origin.clone(),
            reason,
            consequence,
        };
        self.problems.push(problem.clone());
        Sourced {
            value: invalid(),
            origin,
            locked,
            problem: Some(problem),
        }
    }

    fn said(&self, name: &str, locked: bool) -> Option<Said<'a>> {
        let user = if locked { &[][..] } else { &self.user[..] };
        std::iter::once(&self.managed)
            .chain(user)
            .find_map(|reading| match reading {
                Reading::Absent => None,
                Reading::Unusable(origin, reason) => Some(Said::Invalid(origin, reason.clone())),
                Reading::Present(values) => match values.entries.get(name)? {
                    Ok(value) => Some(Said::Value(values, value)),
                    Err(reason) => Some(Said::Invalid(&values.origin, reason.clone())),
                },
            })
    }

    /// Everything wrong, keys that no row has included.
    pub(crate) fn problems(&mut self) -> Vec<Problem> {
        let sources = std::iter::once(self.managed).chain(self.user.iter().rev().copied());
        for reading in sources {
            let Reading::Present(values) = reading else {
                continue;
            };
            for key in values
                .entries
                .keys()
                .filter(|key| !self.seen.contains(key.as_str()))
            {
                self.problems.push(unknown(key, values));
            }
        }
        std::mem::take(&mut self.problems)
    }
}

fn unknown(key: &str, values: &Values) -> Problem {
    let shown: String = key
        .chars()
        .take(80)
        .filter(|letter| !letter.is_control())
        .collect();
    let names = definitions().map(|row| row.name);
    let reason = nearest(key, names).map_or_else(
        || "no such key".to_owned(),
        |name| format!("no such key; the nearest is `{name}`"),
    );
    Problem {
        key: shown,
        origin: values.origin.clone(),
        reason,
        consequence: Consequence::UsesValue,
    }
}
