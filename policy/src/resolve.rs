//! From sources to values: who wins, what is locked, what becomes of the invalid. Pure.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::bootstrap::{Answer, answer};
use crate::definition::{Consequence, Definition, Effect};
use crate::keys::{Policy, definition, definitions, unused};
use crate::nearest::nearest;
use crate::secrets::{KeptSecrets, refers};
use crate::sent::{Withheld, withheld};
use crate::source::{Origin, Problem, ProblemKind, Reading, Sourced, Values};
use crate::value::PolicyValue;
use crate::{json, rules};

/// Names that no row has, told one by one for each source; the rest is counted.
const UNKNOWN_CAP: usize = 50;

/// The key with which an administrator opens others.
pub(crate) const OPENS: &str = "deskhandUserMaySet";

/// The sources, the strongest first.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'a> {
    /// The administrator's source on the machine.
    pub managed: &'a Reading,
    /// The answer of the bootstrap address; absent while there is none.
    pub bootstrap: &'a Reading,
    /// Whether that answer has ended: what is there of it then is what outlasts it, and sessions wait for another.
    pub ended: bool,
    /// Whether the user consented to what this answer says of programs, files with credentials and sign-in.
    pub consented: bool,
    /// The user's own sources, of which a later one covers an earlier one.
    pub user: &'a [Reading],
    /// The secrets that the user gave; they cover the sources of the user, which may refer to them.
    pub kept: &'a KeptSecrets,
}

impl<'a> Layers<'a> {
    /// Sources without a bootstrap answer.
    pub fn new(managed: &'a Reading, user: &'a [Reading]) -> Self {
        Self {
            managed,
            bootstrap: &Reading::Absent,
            ended: false,
            consented: false,
            user,
            kept: KeptSecrets::NONE,
        }
    }
}

impl Policy {
    /// The policy that follows from the administrator's source and the user's own ones.
    pub fn resolve(managed: &Reading, user: &[Reading]) -> Self {
        Self::resolve_layers(Layers::new(managed, user))
    }

    /// The same, with the secrets that the user gave.
    pub fn resolve_with(managed: &Reading, user: &[Reading], kept: &KeptSecrets) -> Self {
        Self::resolve_layers(Layers {
            kept,
            ..Layers::new(managed, user)
        })
    }

    /// The policy that follows from all sources. Where a managed source locks, users set nothing but what it opens; what
    /// the bootstrap answer holds, users do not set either.
    pub fn resolve_layers(layers: Layers<'_>) -> Self {
        let kept = layers.kept.reading();
        let answer = answer(layers, &mut Sources::new(layers, &Answer::default(), &kept));
        let mut policy = Self::read(&mut Sources::new(layers, &answer, &kept));
        let withheld = withheld(&policy, layers.kept);
        if !withheld.is_empty() {
            let mut sources = Sources::new(layers, &answer, &kept);
            sources.withheld = withheld;
            policy = Self::read(&mut sources);
        }
        let conflicts = rules::conflicts(&policy, layers);
        policy.problems.extend(conflicts);
        policy
    }
}

/// The sources while they are read. Collects what is wrong.
pub(crate) struct Sources<'a> {
    managed: &'a Reading,
    /// Whether the managed source locks what it does not hold.
    locks: bool,
    bootstrap: &'a Answer,
    /// The strongest first.
    user: Vec<&'a Reading>,
    kept: &'a KeptSecrets,
    /// Credentials that are not sent where they would go.
    withheld: Withheld,
    opened: Vec<&'static str>,
    problems: Vec<Problem>,
    seen: BTreeSet<&'static str>,
}

/// What a source says of one key.
struct Said<'a> {
    source: Source,
    origin: &'a Origin,
    alias: Option<&'static str>,
    value: Result<(&'a Values, &'a serde_json::Value), &'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Managed,
    Bootstrap,
    User,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(layers: Layers<'a>, bootstrap: &'a Answer, kept: &'a Reading) -> Self {
        let readings = [layers.managed, &bootstrap.reading];
        let unusable = readings.into_iter().chain(layers.user).filter_map(|reading| {
            let Reading::Unusable(origin, reason) = reading else {
                return None;
            };
            Some(Problem {
                key: String::new(),
                origin: origin.clone(),
                kind: ProblemKind::Source,
                reason: reason.clone(),
                consequence: Consequence::StopsSessions,
            })
        });
        let problems = unusable.chain(bootstrap.refused.iter().cloned()).collect();
        Self {
            managed: layers.managed,
            locks: locks(layers.managed),
            bootstrap,
            user: std::iter::once(kept).chain(layers.user.iter().rev()).collect(),
            kept: layers.kept,
            withheld: Withheld::new(),
            opened: opened(layers.managed),
            problems,
            seen: BTreeSet::new(),
        }
    }

    pub(crate) fn managed(&self) -> bool {
        !matches!(self.managed, Reading::Absent)
    }

    pub(crate) fn awaiting_consent(&self) -> Vec<&'static str> {
        self.bootstrap.awaiting.clone()
    }

    /// The value of one row.
    pub(crate) fn take<T: PolicyValue>(
        &mut self,
        row: Option<&'static Definition>,
        default: impl Fn() -> T,
        invalid: impl FnOnce() -> T,
    ) -> Sourced<T> {
        let unset = |locked| Sourced {
            value: default(),
            origin: Origin::Default,
            locked,
            alias: None,
            problem: None,
        };
        let Some(row) = row else { return unset(true) };
        self.seen.insert(row.name);
        self.seen.extend(row.aliases);
        let open = !self.locks || self.opened.contains(&row.name);
        let Some(said) = self.said(row, open) else {
            return unset(!open);
        };
        let parsed = said.value.map_err(str::to_owned).and_then(|(values, value)| {
            let value = self.filled(row, said.source, value)?;
            T::parse(&value, values.encoding).map_err(|reason| reason.to_string())
        });
        let (value, problem) = match (parsed, self.withheld.remove(row.name)) {
            (Ok(_), Some((reason, consequence))) => {
                (invalid(), Some((ProblemKind::Withheld, reason, consequence)))
            }
            (Ok(value), None) => (value, None),
            (Err(reason), _) => (
                invalid(),
                Some((ProblemKind::Invalid, reason, row.invalid_consequence)),
            ),
        };
        // What cannot be enforced stops sessions, also where it is what an invalid value became.
        let waits = match row.effect {
            Effect::NotEnforceable(part) if value != default() => Some((
                ProblemKind::NotEnforceable,
                format!("this build cannot enforce it yet: it waits for {part}"),
                Consequence::StopsSessions,
            )),
            _ => None,
        };
        let problem = problem.or(waits).map(|(kind, reason, consequence)| Problem {
            key: said.alias.unwrap_or(row.name).to_owned(),
            origin: said.origin.clone(),
            kind,
            reason,
            consequence,
        });
        self.problems.extend(problem.clone());
        let opened = self.opened.contains(&row.name);
        Sourced {
            value,
            origin: said.origin.clone(),
            locked: !open || (said.source != Source::User && !opened),
            alias: said.alias,
            problem,
        }
    }

    /// A value with the secrets that it refers to.
    fn filled<'v>(
        &self,
        row: &Definition,
        source: Source,
        value: &'v serde_json::Value,
    ) -> Result<Cow<'v, serde_json::Value>, String> {
        if !refers(value) {
            return Ok(Cow::Borrowed(value));
        }
        if source != Source::User {
            return Err(
                "refers to the secret store of a user, which holds nothing for this source".to_owned(),
            );
        }
        self.kept.fill(row, value).map(Cow::Owned)
    }

    /// What the strongest source that has the key says of it. What is opened, users say first.
    fn said(&self, row: &'static Definition, open: bool) -> Option<Said<'a>> {
        let managed = (Source::Managed, self.managed);
        let bootstrap = (Source::Bootstrap, &self.bootstrap.reading);
        let users = self.user.iter().map(|reading| (Source::User, *reading));
        let mut order: Vec<(Source, &'a Reading)> = Vec::with_capacity(2 + self.user.len());
        if self.opened.contains(&row.name) {
            order.extend(users.clone());
        }
        order.extend([managed, bootstrap]);
        if open {
            order.extend(users);
        }
        order
            .into_iter()
            .find_map(|(source, reading)| said_by(source, reading, row))
    }

    /// Everything wrong, keys that no row has included.
    pub(crate) fn problems(&mut self) -> Vec<Problem> {
        let sources = [self.managed, &self.bootstrap.reading];
        let users: Vec<&Reading> = self.user.iter().rev().copied().collect();
        // What users set is not even looked at where everything is locked.
        let users = users
            .into_iter()
            .filter(|_| !self.locks || !self.opened.is_empty());
        for reading in sources.into_iter().chain(users) {
            if let Reading::Present(values) = reading {
                self.problems.extend(names(values, &self.seen));
            }
        }
        std::mem::take(&mut self.problems)
    }
}

fn said_by<'a>(source: Source, reading: &'a Reading, row: &'static Definition) -> Option<Said<'a>> {
    let (origin, alias, value) = match reading {
        Reading::Absent => return None,
        // A bootstrap answer that cannot be used makes invalid what it could have set.
        Reading::Unusable(..) if source == Source::Bootstrap && !row.scope.takes_bootstrap() => return None,
        Reading::Unusable(origin, reason) => (origin, None, Err(reason.as_str())),
        Reading::Present(values) => {
            let earlier = row.aliases.iter().copied().map(Some);
            let (alias, said) = std::iter::once(None)
                .chain(earlier)
                .find_map(|alias| Some((alias, values.entries.get(alias.unwrap_or(row.name))?)))?;
            let value = said.as_ref().map(|value| (values, value));
            (&values.origin, alias, value.map_err(String::as_str))
        }
    };
    Some(Said {
        source,
        origin,
        alias,
        value,
    })
}

/// Whether a managed source locks what it does not hold: all do but those that hold nothing but how the app behaves.
fn locks(managed: &Reading) -> bool {
    match managed {
        Reading::Absent => false,
        Reading::Unusable(..) => true,
        Reading::Present(values) => {
            let behaviour = |key: &String| definition(key).is_some_and(|row| !row.locks);
            values.entries.is_empty() || !values.entries.keys().all(behaviour)
        }
    }
}

/// The keys that the managed source opens to users. A malformed list opens none.
fn opened(managed: &Reading) -> Vec<&'static str> {
    let Reading::Present(values) = managed else {
        return Vec::new();
    };
    let Some(Ok(list)) = values.entries.get(OPENS) else {
        return Vec::new();
    };
    crate::types::KeyNames::parse(list, values.encoding).map_or_else(|_| Vec::new(), |names| names.0)
}

/// What is wrong with the names in a source: unknown ones, ones without use, ones that stand beside their new name.
fn names(values: &Values, seen: &BTreeSet<&'static str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut unknown = 0;
    for key in values.entries.keys() {
        let (kind, reason) = if let Some(key) = unused(key) {
            (ProblemKind::Unused, key.words())
        } else if seen.contains(key.as_str()) {
            match definition(key).filter(|row| row.name != key && values.entries.contains_key(row.name)) {
                Some(row) => (
                    ProblemKind::Covered,
                    format!("not used: `{}` is there, too", row.name),
                ),
                None => continue,
            }
        } else {
            unknown += 1;
            if unknown > UNKNOWN_CAP {
                continue;
            }
            (ProblemKind::Unknown, without_row(key))
        };
        problems.push(told(json::shown(key), values, kind, reason));
    }
    if unknown > UNKNOWN_CAP {
        let rest = format!("{} more keys that do not exist", unknown - UNKNOWN_CAP);
        problems.push(told(String::new(), values, ProblemKind::Unknown, rest));
    }
    problems
}

fn told(key: String, values: &Values, kind: ProblemKind, reason: String) -> Problem {
    Problem {
        key,
        origin: values.origin.clone(),
        kind,
        reason,
        consequence: Consequence::UsesValue,
    }
}

fn without_row(key: &str) -> String {
    let parts = key.split_once('.').filter(|(name, _)| definition(name).is_some());
    if let Some((name, _)) = parts {
        return format!("no such key; what belongs to `{name}` stands inside its one value");
    }
    let names = definitions().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
    nearest(key, names).map_or_else(
        || "no such key".to_owned(),
        |name| format!("no such key; the nearest is `{name}`"),
    )
}
