//! What is wrong, or worth knowing, in a file of settings before it is deployed: line by line.

mod places;
mod secrets;

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::definition::{Definition, Effect};
use crate::format::{Profile, ProfileEntry};
use crate::keys::{Policy, definition, definitions, unused};
use crate::nearest::nearest;
use crate::order::Change;
use crate::render::words::value as shown;
use crate::shape::native;
use crate::source::{Encoding, ProblemKind};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Wrong: the check fails.
    Error,
}

/// What kind of thing a finding is. The word is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingCode {
    /// No key has this name.
    UnknownKey,
    /// The value is none of its key.
    InvalidValue,
    /// A list or object stands where text must hold it.
    NativeList,
    /// The name of a key, a dot and something below it.
    DottedName,
    /// The key stands there twice.
    DuplicateKey,
    /// An earlier name.
    EarlierName,
    /// Its new name is there and counts.
    Covered,
    /// The key is deprecated.
    Deprecated,
    /// The name is known, and Deskhand has no use for it.
    NotUsed,
    /// The key means nothing in Deskhand.
    NotApplicable,
    /// The key acts with a part that is not there yet.
    ActsLater,
    /// The restriction cannot be enforced yet: sessions do not start.
    NotEnforceable,
    /// A secret that whoever reads the file can read.
    SecretInClear,
    /// What is shown in the place of a secret: the value was given out without it.
    MaskedSecret,
    /// A reference to the secret store of a user.
    SecretReference,
    /// The value is the default.
    IsDefault,
    /// Keys that do not go together.
    Contradiction,
    /// Something in the file that is not read.
    NotRead,
    /// The file sets nothing.
    NothingSet,
    /// Nobody could start a session.
    NoProvider,
    /// An address that is good, and hardly the one that is meant.
    Address,
    /// What a model is asked may be answered outside of the region that is set.
    LeavesRegion,
    /// Whether it may cannot be told from the file.
    RegionUnknown,
}

impl FindingCode {
    /// Its stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown-key",
            Self::InvalidValue => "invalid-value",
            Self::NativeList => "native-list",
            Self::DottedName => "dotted-name",
            Self::DuplicateKey => "duplicate-key",
            Self::EarlierName => "earlier-name",
            Self::Covered => "covered",
            Self::Deprecated => "deprecated",
            Self::NotUsed => "not-used",
            Self::NotApplicable => "not-applicable",
            Self::ActsLater => "acts-later",
            Self::NotEnforceable => "not-enforceable",
            Self::SecretInClear => "secret-in-clear",
            Self::MaskedSecret => "masked-secret",
            Self::SecretReference => "secret-reference",
            Self::IsDefault => "is-default",
            Self::Contradiction => "contradiction",
            Self::NotRead => "not-read",
            Self::NothingSet => "nothing-set",
            Self::NoProvider => "no-provider",
            Self::Address => "address",
            Self::LeavesRegion => "leaves-region",
            Self::RegionUnknown => "region-unknown",
        }
    }
}

/// Something to say about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, where the form has lines.
    pub line: Option<usize>,
    /// The key, as the file writes it.
    pub key: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// What kind of thing it is.
    pub code: FindingCode,
    /// What it is. Never holds a value that may be secret.
    pub sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}: ")?;
        }
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(formatter, "{severity} [{}] ", self.code.word())?;
        if let Some(key) = &self.key {
            write!(formatter, "`{key}`: ")?;
        }
        formatter.write_str(&self.sentence)
    }
}

/// Everything to say about a file, by line.
pub fn check(profile: &Profile) -> Vec<Finding> {
    let mut check = Check {
        profile,
        findings: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for entry in &profile.entries {
        if seen.insert(entry.key.as_str()) {
            check.entry(entry);
        } else {
            let sentence = "the key stands there twice: neither value counts";
            check.about(entry, Severity::Error, FindingCode::DuplicateKey, sentence);
        }
    }
    check.together();
    for remark in &profile.remarks {
        check.findings.push(Finding {
            line: remark.line,
            key: None,
            severity: Severity::Warning,
            code: FindingCode::NotRead,
            sentence: remark.sentence.clone(),
        });
    }
    let mut findings = check.findings;
    findings.sort_by_key(|finding| finding.line.unwrap_or(usize::MAX));
    findings
}

/// Whether a file with these findings should not be deployed.
pub fn fails(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// The keys whose effective values differ between two files, and which way.
pub fn diff(before: &Profile, after: &Profile) -> Vec<Change> {
    resolved(before).changes(&resolved(after))
}

/// The policy that follows from a file as the administrator's source.
pub fn resolved(profile: &Profile) -> Policy {
    Policy::resolve(&profile.reading("file"), &[])
}

/// Findings for a terminal, a line each, with a count at the end.
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let _ = writeln!(text, "{finding}");
    }
    let count = |severity, word| {
        let found = findings.iter().filter(|finding| finding.severity == severity);
        let count = found.count();
        format!("{count} {word}{}", if count == 1 { "" } else { "s" })
    };
    let _ = writeln!(
        text,
        "{}, {}, {}",
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note")
    );
    text
}

/// What becomes of an invalid value, and why.
pub(crate) fn becomes(row: &Definition) -> String {
    format!(
        "it becomes {}{}, because {}",
        shown((row.invalid_becomes)()),
        row.invalid_consequence.words(),
        row.invalid_why
    )
}

/// Why a key is none, in a sentence.
pub(crate) fn no_such_key(key: &str) -> (FindingCode, String) {
    if let Some((name, _)) = key.split_once('.').filter(|(name, _)| definition(name).is_some()) {
        let sentence =
            format!("no such key: names with dots are not read; `{name}` is one value that holds all of it");
        return (FindingCode::DottedName, sentence);
    }
    let names = definitions().map(|row| row.name);
    let sentence = match nearest(key, names) {
        Some(name) => format!("no such key; the nearest is `{name}`"),
        None => "no such key".to_owned(),
    };
    (FindingCode::UnknownKey, sentence)
}

/// A name as it is shown: short, without control characters.
pub(crate) fn name(key: &str) -> String {
    crate::json::shown(key)
}

struct Check<'a> {
    profile: &'a Profile,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn about(
        &mut self,
        entry: &ProfileEntry,
        severity: Severity,
        code: FindingCode,
        sentence: impl Into<String>,
    ) {
        self.findings.push(Finding {
            line: entry.line,
            key: Some(name(&entry.key)),
            severity,
            code,
            sentence: sentence.into(),
        });
    }

    fn entry(&mut self, entry: &ProfileEntry) {
        if let Some(unused) = unused(&entry.key) {
            return self.about(entry, Severity::Note, FindingCode::NotUsed, unused.words());
        }
        let Some(row) = definition(&entry.key) else {
            let (code, sentence) = no_such_key(&entry.key);
            return self.about(entry, Severity::Error, code, sentence);
        };
        if row.name != entry.key {
            let newer = self.profile.entries.iter().any(|other| other.key == row.name);
            let (code, sentence) = if newer {
                (
                    FindingCode::Covered,
                    format!("not used: `{}` is there, too", row.name),
                )
            } else {
                (
                    FindingCode::EarlierName,
                    format!("an earlier name; write `{}`", row.name),
                )
            };
            self.about(entry, Severity::Warning, code, sentence);
        }
        let encoding = self.profile.encoding;
        if let Some((code, sentence)) = entry
            .value
            .as_ref()
            .ok()
            .and_then(|value| secrets::absent(row, value))
        {
            return self.about(entry, Severity::Error, code, sentence);
        }
        let valid = match &entry.value {
            Ok(value) => native(row, value, encoding).map_err(|reason| reason.to_string()),
            Err(reason) => Err(reason.clone()),
        };
        match valid {
            Ok(value) => self.valid(entry, row, &value),
            Err(reason) => {
                let list = matches!(entry.value, Ok(Value::Array(_) | Value::Object(_)));
                let code = if list && encoding == Encoding::Text {
                    FindingCode::NativeList
                } else {
                    FindingCode::InvalidValue
                };
                let sentence = format!("{reason}; {}", becomes(row));
                self.about(entry, Severity::Error, code, sentence);
            }
        }
    }

    fn valid(&mut self, entry: &ProfileEntry, row: &Definition, value: &Value) {
        let is_default = *value == (row.default)();
        match row.effect {
            Effect::ActsWith(part) => {
                let sentence =
                    format!("does nothing yet: it acts with {part}, which this build does not have");
                self.about(entry, Severity::Note, FindingCode::ActsLater, sentence);
            }
            Effect::ActsInPart(which) => {
                let sentence = format!("acts in part: {which}");
                self.about(entry, Severity::Note, FindingCode::ActsLater, sentence);
            }
            Effect::NotApplicable(why) => {
                let sentence = format!("does nothing in Deskhand: {why}");
                self.about(entry, Severity::Note, FindingCode::NotApplicable, sentence);
            }
            Effect::NotEnforceable(part) if !is_default => {
                let sentence =
                    format!("cannot be enforced yet, so sessions do not start: it waits for {part}");
                self.about(entry, Severity::Error, FindingCode::NotEnforceable, sentence);
            }
            Effect::Enforced | Effect::NotEnforceable(_) => {}
        }
        if row.doc.trim_start().starts_with("Deprecated") {
            let sentence = crate::render::words::paragraph(row.doc);
            self.about(entry, Severity::Warning, FindingCode::Deprecated, sentence);
        }
        let path = value.as_str().map_or("", |address| address.trim_end_matches('/'));
        let signal = ["/v1/logs", "/v1/metrics", "/v1/traces"]
            .into_iter()
            .find(|signal| path.ends_with(signal));
        if let Some(signal) = signal.filter(|_| row.name == "otlpEndpoint") {
            let sentence = format!(
                "write the address before `{signal}`: Deskhand adds that itself, for each kind of record"
            );
            self.about(entry, Severity::Warning, FindingCode::Address, sentence);
        }
        if let Some(sentence) = secrets::clear(row, value) {
            self.about(entry, Severity::Warning, FindingCode::SecretInClear, sentence);
        }
        if is_default {
            let sentence = "this is the default: the same as to leave it out";
            self.about(entry, Severity::Note, FindingCode::IsDefault, sentence);
        }
    }

    /// What several keys say together, as they are in effect.
    fn together(&mut self) {
        let policy = resolved(self.profile);
        for problem in &policy.problems {
            if problem.kind == ProblemKind::Conflict {
                self.on(
                    &problem.key,
                    Severity::Error,
                    FindingCode::Contradiction,
                    problem.reason.clone(),
                );
            }
        }
        if self.profile.entries.is_empty() {
            let sentence = "the file sets nothing; deployed, it locks every key at its default";
            self.on(
                "",
                Severity::Warning,
                FindingCode::NothingSet,
                sentence.to_owned(),
            );
            return;
        }
        for (key, sentence) in contradictions(&policy) {
            self.on(key, Severity::Warning, FindingCode::Contradiction, sentence);
        }
        for (key, severity, code, sentence) in places::findings(&policy) {
            self.on(key, severity, code, sentence);
        }
        for entry in &self.profile.entries {
            if definition(&entry.key).is_some() && !policy.concerns(&entry.key) {
                let sentence = "ignored: it belongs to another provider than `inferenceProvider` names";
                self.on(
                    &entry.key,
                    Severity::Note,
                    FindingCode::Contradiction,
                    sentence.to_owned(),
                );
            }
        }
        let behaviour = |entry: &ProfileEntry| definition(&entry.key).is_some_and(|row| !row.locks);
        let set = |key: &str| !policy.value(key).is_null();
        let opened = policy.value("deskhandUserMaySet");
        let opened = opened
            .as_array()
            .is_some_and(|keys| keys.iter().any(|key| key == "inferenceProvider"));
        if !self.profile.entries.iter().all(behaviour)
            && !opened
            && !set("inferenceProvider")
            && !set("bootstrapUrl")
        {
            let sentence = "neither `inferenceProvider` nor `bootstrapUrl` is set, and users may not set a provider: nobody can start a session";
            self.on(
                "",
                Severity::Warning,
                FindingCode::NoProvider,
                sentence.to_owned(),
            );
        }
    }

    fn on(&mut self, key: &str, severity: Severity, code: FindingCode, sentence: String) {
        let entry = self.profile.entries.iter().find(|entry| entry.key == key);
        self.findings.push(Finding {
            line: entry.and_then(|entry| entry.line),
            key: Some(name(key)).filter(|key| !key.is_empty()),
            severity,
            code,
            sentence,
        });
    }
}

/// Pairs of keys of which one takes the sense from the other: the key and a sentence.
pub fn contradictions(policy: &Policy) -> Vec<(&'static str, String)> {
    let set = |key: &str| match policy.value(key) {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        value => value != Value::Bool(false),
    };
    let mut found = Vec::new();
    let collector = definitions().filter(|row| row.name.starts_with("otlp") && row.name != "otlpEndpoint");
    for row in collector {
        if set(row.name) && policy.value(row.name) != (row.default)() && !set("otlpEndpoint") {
            found.push((
                row.name,
                "nothing is sent, because `otlpEndpoint` names no collector".to_owned(),
            ));
        }
    }
    if set("egressProxyUrl") && set("egressProxyPacUrl") {
        found.push(("egressProxyUrl", "not used: `egressProxyPacUrl` wins".to_owned()));
    }
    if policy.value("inferenceModels") == Value::Array(Vec::new()) {
        found.push((
            "inferenceModels",
            "the list is empty: there is no model to choose".to_owned(),
        ));
    } else if policy.value("modelDiscoveryEnabled") == Value::Bool(false) && !set("inferenceModels") {
        found.push((
            "modelDiscoveryEnabled",
            "off, and `inferenceModels` names no model: there is none to choose".to_owned(),
        ));
    }
    if policy.value("deskhandEnabled") == Value::Bool(false) {
        found.push((
            "deskhandEnabled",
            "switches Deskhand off; the other keys have no effect".to_owned(),
        ));
    }
    let disabled = &policy.workspace.disabled_builtin_tools.value;
    if let Value::Object(rules) = policy.value("builtinToolPolicy") {
        for rule in rules.keys() {
            let tool = rule.split('(').next().unwrap_or_default();
            if disabled.has(tool) {
                found.push((
                    "builtinToolPolicy",
                    format!(
                        "a rule for `{}` has no effect: `disabledBuiltinTools` takes the tool away",
                        name(tool)
                    ),
                ));
            }
        }
    }
    found
}
