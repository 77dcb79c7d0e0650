//! Taking over a profile that was written for the reference product. Every key of it is either taken over with the same
//! effect or named among the differences, and so is every absent key whose default differs: nothing loosens silently.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::check::{becomes, name, no_such_key};
use crate::definition::{Consequence, Definition, Effect};
use crate::format::{Profile, ProfileEntry, WrittenFor};
use crate::keys::{definition, definitions, unused};
use crate::render::words::{paragraph, value as shown};
use crate::settings::Settings;
use crate::shape::native;
use crate::source::Encoding;

/// In which way the effect differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// No such key: not taken over.
    Unknown,
    /// Known by name, without use: not taken over.
    NotUsed,
    /// The value is none of the key: written as what it becomes, or left out.
    Invalid,
    /// Another entry of the same key counts: not taken over.
    Covered,
    /// Not read where it stands: not taken over.
    NotRead,
    /// Taken over under its present name; the effect is the same.
    Renamed,
    /// Taken over; it means nothing in Deskhand.
    NotApplicable,
    /// Taken over; the part that it acts in is not there yet.
    ActsLater,
    /// Taken over; sessions do not start while it is set.
    NotEnforceable,
    /// Taken over; the same value does something else.
    Effect,
    /// Absent, and absence does something else.
    Default,
}

impl DifferenceKind {
    /// Its stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown-key",
            Self::NotUsed => "not-used",
            Self::Invalid => "invalid-value",
            Self::Covered => "covered",
            Self::NotRead => "not-read",
            Self::Renamed => "renamed",
            Self::NotApplicable => "not-applicable",
            Self::ActsLater => "acts-later",
            Self::NotEnforceable => "not-enforceable",
            Self::Effect => "effect-differs",
            Self::Default => "default-differs",
        }
    }
}

/// Something that does not do after the import what it did before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line, where the form has lines and the key stands in the file.
    pub line: Option<usize>,
    /// The key, as the file writes it; empty where it is about something else in the file.
    pub key: String,
    /// In which way.
    pub kind: DifferenceKind,
    /// What differs. Never holds a value that may be secret.
    pub sentence: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}: ")?;
        }
        write!(formatter, "[{}] ", self.kind.word())?;
        if !self.key.is_empty() {
            write!(formatter, "`{}`: ", self.key)?;
        }
        formatter.write_str(&self.sentence)
    }
}

/// What an import gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The values for Deskhand, to be exported in any form.
    pub settings: Settings,
    /// Every difference, those of the file first, in its order.
    pub differences: Vec<Difference>,
}

/// Takes a profile over. Of one that was written for Deskhand only what is wrong is told.
pub fn import(profile: &Profile) -> Import {
    let foreign = profile.written_for != WrittenFor::Deskhand;
    let mut import = Import {
        settings: Settings::default(),
        differences: Vec::new(),
    };
    let mut counts: BTreeSet<&str> = BTreeSet::new();
    let twice: BTreeSet<&str> = {
        let keys = profile.entries.iter().map(|entry| entry.key.as_str());
        keys.filter(|key| !counts.insert(key)).collect()
    };
    for entry in &profile.entries {
        take(
            &mut import,
            profile,
            entry,
            twice.contains(entry.key.as_str()),
            foreign,
        );
    }
    for remark in &profile.remarks {
        import.differences.push(Difference {
            line: remark.line,
            key: String::new(),
            kind: DifferenceKind::NotRead,
            sentence: remark.sentence.clone(),
        });
    }
    if foreign {
        let absent = definitions().filter(|row| !import.settings.iter().any(|(set, _)| set.name == row.name));
        let differing: Vec<Difference> = absent.filter_map(absence).collect();
        import.differences.extend(differing);
    }
    import
}

/// The report for a terminal, a line each.
pub fn text(import: &Import) -> String {
    let mut text = String::new();
    for difference in &import.differences {
        let _ = writeln!(text, "{difference}");
    }
    let _ = writeln!(
        text,
        "{} keys taken over, {} differences",
        import.settings.len(),
        import.differences.len()
    );
    text
}

fn absence(row: &'static Definition) -> Option<Difference> {
    let differs = row.differs_when_absent?;
    Some(Difference {
        line: None,
        key: row.name.to_owned(),
        kind: DifferenceKind::Default,
        sentence: format!("not in the file: {}", paragraph(differs)),
    })
}

fn take(import: &mut Import, profile: &Profile, entry: &ProfileEntry, twice: bool, foreign: bool) {
    let mut tell = |kind, sentence: String| {
        import.differences.push(Difference {
            line: entry.line,
            key: name(&entry.key),
            kind,
            sentence,
        });
    };
    if let Some(unused) = unused(&entry.key) {
        let sentence = format!("not taken over: {}", unused.words());
        return tell(DifferenceKind::NotUsed, sentence);
    }
    let Some(row) = definition(&entry.key) else {
        let sentence = format!("not taken over: {}", no_such_key(&entry.key).1);
        return tell(DifferenceKind::Unknown, sentence);
    };
    if row.name != entry.key {
        if stronger(profile, row, &entry.key) {
            let sentence = format!("not taken over: `{}` is there under another name, too", row.name);
            return tell(DifferenceKind::Covered, sentence);
        }
        tell(
            DifferenceKind::Renamed,
            format!("written under its name, `{}`", row.name),
        );
    }
    let value = match &entry.value {
        _ if twice => Err(crate::json::TWICE.to_owned()),
        Ok(value) => native(row, value, profile.encoding).map_err(|reason| reason.to_string()),
        Err(reason) => Err(reason.clone()),
    };
    match value {
        Ok(value) => {
            for (kind, sentence) in effects(row, &value, foreign) {
                tell(kind, sentence);
            }
            import.settings.insert(row, value);
        }
        Err(reason) => {
            let closed = closed(row);
            let outcome = match (&closed, row.invalid_consequence) {
                (Some(value), _) => format!("written as {}", shown(value.clone())),
                (None, Consequence::StopsSessions) => "left out, so that it restricts nothing: put in what was meant before the profile is deployed".to_owned(),
                (None, Consequence::UsesValue) => "left out".to_owned(),
            };
            tell(
                DifferenceKind::Invalid,
                format!("{reason}; {outcome}. As it stands, {}", becomes(row)),
            );
            if let Some(value) = closed {
                import.settings.insert(row, value);
            }
        }
    }
}

/// What an invalid value can be written as without a change of effect: what it becomes, unless it also stops sessions.
fn closed(row: &Definition) -> Option<Value> {
    let value = (row.invalid_becomes)();
    let stops = row.invalid_consequence == Consequence::StopsSessions;
    Some(value).filter(|value| !row.secret && !stops && (row.check)(value, Encoding::Json).is_ok())
}

/// Whether an entry under a name that counts before `key` is there.
fn stronger(profile: &Profile, row: &Definition, key: &str) -> bool {
    let names = std::iter::once(&row.name).chain(row.aliases);
    let mut before = names.take_while(|name| **name != key);
    before.any(|name| profile.entries.iter().any(|other| other.key == *name))
}

/// In which ways a valid value does something else than the reference product made of it.
fn effects(row: &Definition, value: &Value, foreign: bool) -> Vec<(DifferenceKind, String)> {
    let mut effects = Vec::new();
    match row.effect {
        Effect::ActsWith(part) => effects.push((
            DifferenceKind::ActsLater,
            format!("taken over; it does nothing until Deskhand has {part}"),
        )),
        Effect::ActsInPart(which) => effects.push((
            DifferenceKind::ActsLater,
            format!("taken over; it acts in part: {which}"),
        )),
        Effect::NotApplicable(why) => effects.push((
            DifferenceKind::NotApplicable,
            format!("taken over; it does nothing in Deskhand: {why}"),
        )),
        Effect::NotEnforceable(part) if *value != (row.default)() => effects.push((
            DifferenceKind::NotEnforceable,
            format!("taken over; sessions do not start, because it waits for {part}"),
        )),
        Effect::Enforced | Effect::NotEnforceable(_) => {}
    }
    if let Some(differs) = row.differs.filter(|_| foreign) {
        effects.push((
            DifferenceKind::Effect,
            format!("taken over; {}", paragraph(differs)),
        ));
    }
    effects
}
