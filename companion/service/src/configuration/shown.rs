//! What the window shows of sources, settings, problems, changes and contacts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;

use deskhand_egress::{Carries, Destination, EgressEntry, Feature, Gate, Row, Target};
use deskhand_policy::input::{Field, Input, field};
use deskhand_policy::{
    Definition, Effect, Entry, KeptSecrets, Origin, Page, Policy, Problem, Reading, SECTIONS, Section, check,
    definition, format,
};
use deskhand_protocol::configuration::{
    ConfigurationPage, ConfigurationPageId, ConfigurationSection, EgressView, ProblemWeight, SettingChange,
    SettingInput, SettingOrigin, SettingProblem, SettingView, SourceView,
};

use super::Sources;
use super::draft::sentence;
use crate::reload::closes;

/// Pages in their order.
const PAGES: [(Page, ConfigurationPageId); 9] = [
    (Page::Connection, ConfigurationPageId::Connection),
    (Page::Workspace, ConfigurationPageId::Workspace),
    (Page::Sandbox, ConfigurationPageId::Sandbox),
    (Page::Connectors, ConfigurationPageId::Connectors),
    (Page::Plugins, ConfigurationPageId::Plugins),
    (Page::Telemetry, ConfigurationPageId::Telemetry),
    (Page::Usage, ConfigurationPageId::Usage),
    (Page::Appearance, ConfigurationPageId::Appearance),
    (Page::Source, ConfigurationPageId::Source),
];

/// The places that settings come from, the strongest first.
pub(super) fn sources(sources: &Sources, user_file: &str) -> Vec<SourceView> {
    [
        (&sources.watched.managed, Origin::Managed("".into())),
        (&sources.watched.user, Origin::User(user_file.into())),
    ]
    .map(|(reading, absent)| source(reading, &absent))
    .into_iter()
    .chain([secret_store(&sources.kept)])
    .collect()
}

fn secret_store(kept: &KeptSecrets) -> SourceView {
    let (kind, place) = origin_of(&KeptSecrets::origin());
    SourceView {
        kind,
        place,
        keys: Some(count(kept.0.len())).filter(|keys| *keys > 0),
        problem: None,
    }
}

fn source(reading: &Reading, absent: &Origin) -> SourceView {
    let view = |origin: &Origin| {
        let (kind, place) = origin_of(origin);
        SourceView {
            kind,
            place,
            keys: None,
            problem: None,
        }
    };
    match reading {
        Reading::Absent => view(absent),
        Reading::Present(values) => SourceView {
            keys: Some(count(values.entries.len())),
            ..view(&values.origin)
        },
        Reading::Unusable(origin, reason) => SourceView {
            problem: Some(sentence(reason)),
            ..view(origin)
        },
    }
}

fn origin_of(origin: &Origin) -> (SettingOrigin, String) {
    match origin {
        Origin::Default => (SettingOrigin::Default, String::new()),
        Origin::Managed(place) => (SettingOrigin::Managed, place.to_string()),
        Origin::ManagedForUser(place) => (SettingOrigin::ManagedForUser, place.to_string()),
        Origin::Bootstrap(place) => (SettingOrigin::Bootstrap, place.to_string()),
        Origin::User(place) => (SettingOrigin::User, place.to_string()),
    }
}

/// Every setting, by page.
pub(super) fn pages(sources: &Sources) -> Vec<ConfigurationPage> {
    let page = |(page, id): &(Page, ConfigurationPageId)| ConfigurationPage {
        id: *id,
        title: page.title().to_owned(),
        sections: SECTIONS
            .iter()
            .filter(|section| section.page == *page)
            .map(|part| section(part, sources))
            .collect(),
    };
    PAGES.iter().map(page).collect()
}

fn section(section: &Section, sources: &Sources) -> ConfigurationSection {
    let entries = section.rows.iter();
    let entries = entries.filter_map(|row| sources.policy.entry(row.name));
    ConfigurationSection {
        title: section.title.to_owned(),
        about: section.doc.split_whitespace().collect::<Vec<_>>().join(" "),
        settings: entries.map(|entry| setting(&entry, sources)).collect(),
    }
}

fn setting(entry: &Entry<'_>, sources: &Sources) -> SettingView {
    let row = entry.row;
    let Field { title, help, input } = field(row);
    let (origin, place) = origin_of(entry.origin);
    let own = |reading: &Reading| match reading {
        Reading::Present(values) => {
            let mut names = std::iter::once(&row.name).chain(row.aliases);
            names.any(|name| values.entries.contains_key(*name))
        }
        Reading::Absent | Reading::Unusable(..) => false,
    };
    let inert = !matches!(row.effect, Effect::Enforced | Effect::ActsInPart(_));
    SettingView {
        key: row.name.to_owned(),
        title,
        help,
        input: input_of(input, row),
        value: entry.value.clone(),
        default: (row.default)(),
        origin,
        place,
        locked: entry.locked,
        editable: !entry.locked && !inert,
        own: own(&sources.watched.user) || sources.kept.0.contains_key(row.name),
        inert,
        secrets: row.holds_secrets(),
        effect: effect(row.effect),
        problem: entry.problem.map(|problem| sentence(&problem.reason)),
    }
}

/// Why a row does nothing, or not what it says, in this build.
fn effect(effect: Effect) -> Option<String> {
    match effect {
        Effect::Enforced => None,
        Effect::ActsInPart(lacks) => Some(format!("Acts in part: {lacks}.")),
        Effect::ActsWith(part) => Some(format!("No effect yet: this build does not have {part}.")),
        Effect::NotEnforceable(part) => Some(format!(
            "This build cannot enforce it yet: with another value than the default, no session starts until there is {part}."
        )),
        Effect::NotApplicable(why) => Some(format!("No effect: {why}.")),
    }
}

fn input_of(input: Input, row: &Definition) -> SettingInput {
    match input {
        Input::Switch => SettingInput::Switch,
        Input::Choice(words) => SettingInput::Choice { words },
        Input::Number {
            least,
            most,
            whole,
            unit,
        } => SettingInput::Number {
            least: least.and_then(|least| least.try_into().ok()),
            most: most.and_then(|most| most.try_into().ok()),
            whole,
            unit: unit.map(str::to_owned),
        },
        Input::Text { longest, lines } => SettingInput::Text {
            longest: longest.try_into().unwrap_or(u32::MAX),
            lines,
        },
        Input::Secret(longest) => SettingInput::Secret {
            longest: longest.try_into().unwrap_or(u32::MAX),
        },
        Input::List { most, words, objects } => SettingInput::List {
            most: most.and_then(|most| most.try_into().ok()),
            words,
            objects,
        },
        Input::Json => SettingInput::Json { kind: (row.kind)() },
    }
}

/// What is wrong under a policy, and which keys take the sense from each other.
pub(super) fn problems(policy: &Policy) -> Vec<SettingProblem> {
    let stopping = policy.stopping();
    let mut lines = BTreeMap::new();
    let mut view = |problem: &Problem| {
        let (_, place) = origin_of(&problem.origin);
        let lines = lines.entry(place.clone()).or_insert_with(|| key_lines(&place));
        SettingProblem {
            key: definition(&problem.key).map_or_else(|| problem.key.clone(), |row| row.name.to_owned()),
            line: lines.get(&problem.key).copied(),
            place,
            sentence: sentence(&problem.reason),
            weight: if stopping.contains(&problem) {
                ProblemWeight::StopsSessions
            } else {
                ProblemWeight::Note
            },
        }
    };
    let mut told: Vec<SettingProblem> = policy.problems.iter().map(&mut view).collect();
    told.extend(
        check::contradictions(policy)
            .into_iter()
            .map(|(key, reason)| SettingProblem {
                key: key.to_owned(),
                place: String::new(),
                line: None,
                sentence: sentence(&reason),
                weight: ProblemWeight::Note,
            }),
    );
    told
}

/// The lines on which a file has its keys; empty where the place is no file with lines.
fn key_lines(place: &str) -> BTreeMap<String, u32> {
    let mut bytes = Vec::new();
    let read = File::open(place).and_then(|file| file.take(format::FILE_CAP as u64).read_to_end(&mut bytes));
    let profile = read.ok().and_then(|_| format::read(&bytes, "deskhand").ok());
    let entries = profile.into_iter().flat_map(|profile| profile.entries);
    entries
        .filter_map(|entry| Some((entry.key, count(entry.line?))))
        .collect()
}

/// The settings that have another effective value under `after`.
pub(super) fn changes(before: &Policy, after: &Policy) -> Vec<SettingChange> {
    let changes = before.changes(after);
    let view = |change: deskhand_policy::Change| SettingChange {
        key: change.name.to_owned(),
        title: definition(change.name).map_or_else(String::new, |row| field(row).title),
        at_once: closes(&change),
        before: change.before,
        after: change.after,
    };
    changes.into_iter().map(view).collect()
}

/// Every open way out, then those that this build has and that are closed.
pub(super) fn egress(gate: &Gate) -> Vec<EgressView> {
    let open = gate.egress_list();
    let open = open.iter().map(opened);
    let is_closed = |row: &&Row| row.feature == Feature::Built && gate.origins(row.destination).is_err();
    let closed = Destination::TABLE.iter().filter(is_closed).map(closed);
    open.chain(closed).collect()
}

fn opened(entry: &EgressEntry) -> EgressView {
    let (host, ports) = match &entry.target {
        Target::Origin(origin) => (origin.host().to_owned(), vec![origin.port()]),
        Target::Hosts(rule) => (rule.host(), rule.ports()),
    };
    EgressView {
        destination: entry.destination.to_owned(),
        host: Some(host),
        ports,
        why: entry.why.to_owned(),
        key: entry.key.to_owned(),
        opened_by: entry.opened_by.to_owned(),
        carries_content: entry.carries_content,
        built: entry.built,
    }
}

fn closed(row: &Row) -> EgressView {
    EgressView {
        destination: row.id.to_owned(),
        host: None,
        ports: Vec::new(),
        why: row.why.to_owned(),
        key: row.named_by.to_owned(),
        opened_by: row.opened_by.as_str().to_owned(),
        carries_content: row.carries == Carries::Content,
        built: true,
    }
}

fn count(number: usize) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}
