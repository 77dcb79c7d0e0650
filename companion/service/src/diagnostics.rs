//! Diagnostics of the service: what failed, how long steps took, how often what was used. They stay on this computer, for
//! `deskhand diagnostics show` and the support bundle; nothing sends them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::CommandFactory as _;
use deskhand_platform::{Paths, machine};
use deskhand_policy::Policy;
use deskhand_protocol::diagnostics::{DiagnosticsAnswer, DiagnosticsView};
use deskhand_telemetry::diagnostics::{Category, Diagnostic, Diagnostics, Machine, record_panics};
use deskhand_telemetry::scrub::{Known, Scrubber};
use serde_json::Value;
use uuid::Uuid;

use crate::audit::{hostname, user};
use crate::clock::now;
use crate::options::Options;
use crate::settings::Settings;
use crate::telemetry::Exporting;

/// The file of the random id of this installation.
const INSTALL_ID: &str = "install-id";

/// Most records of a category that the window shows; the terminal shows all.
const MOST_SHOWN: usize = 200;

/// What a category holds, in a few words.
pub(crate) fn name(category: Category) -> &'static str {
    match category {
        Category::Essential => "Crashes and times",
        Category::Usage => "Figures of use",
        Category::Services => "Helper services",
        Category::Updates => "Updates",
    }
}

/// The folder of diagnostics.
pub(crate) fn folder(paths: &Paths) -> PathBuf {
    paths.data().join("diagnostics")
}

/// The random id that was made when Deskhand first ran here: of no hardware, account or sign-in.
pub(crate) fn install_id(paths: &Paths) -> std::io::Result<String> {
    let path = paths.data().join(INSTALL_ID);
    let read = || {
        let text = std::fs::read_to_string(&path).ok()?;
        Uuid::parse_str(text.trim()).ok()
    };
    if let Some(id) = read() {
        return Ok(id.to_string());
    }
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| std::io::Error::other("the system gave no random numbers"))?;
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    // Another process may make one at the same time: the last one that is there counts.
    let mut file = tempfile::NamedTempFile::new_in(paths.data())?;
    file.write_all(id.to_string().as_bytes())?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(read().unwrap_or(id).to_string())
}

/// The rules that take names and places of this computer out of texts.
pub(crate) fn scrubber() -> Scrubber {
    let home = std::env::home_dir();
    let program = std::env::current_exe().ok();
    let install = program.as_deref().and_then(std::path::Path::parent);
    Scrubber::new(Known {
        homes: home.iter().map(|path| path.display().to_string()).collect(),
        install: install.iter().map(|path| path.display().to_string()).collect(),
        names: [user(), hostname()]
            .into_iter()
            .filter(|name| name != "unknown")
            .collect(),
        words: own_words(),
    })
}

/// Words that were written when Deskhand was: names of settings, the words that they take, commands and their options.
fn own_words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for row in deskhand_policy::definitions() {
        words.insert(row.name.to_owned());
        words.extend(row.aliases.iter().map(|alias| (*alias).to_owned()));
        collect_words(&(row.schema)(), &mut words);
    }
    collect_commands(&Options::command(), "", &mut words);
    words
}

/// The words of every `enum` and `const` of a schema.
fn collect_words(schema: &Value, words: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| collect_words(item, words)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("enum", Value::Array(items)) => {
                        words.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    ("const", Value::String(word)) => drop(words.insert(word.clone())),
                    _ => collect_words(value, words),
                }
            }
        }
        _ => {}
    }
}

/// A command as it is typed, those below it, and their options.
fn collect_commands(command: &clap::Command, above: &str, words: &mut BTreeSet<String>) {
    let typed = format!("{above}{}", command.get_name());
    let options = command.get_arguments().filter_map(clap::Arg::get_long);
    words.extend(options.map(|option| format!("--{option}")));
    for below in command.get_subcommands() {
        collect_commands(below, &format!("{typed} "), words);
    }
    words.insert(typed);
}

/// The categories that policy closes.
pub(crate) fn closed(policy: &Policy) -> Vec<Category> {
    let is_closed = |category: &Category| match category {
        Category::Essential => policy.telemetry.disable_essential_telemetry.value,
        Category::Usage => policy.telemetry.disable_nonessential_telemetry.value,
        Category::Services => policy.telemetry.disable_nonessential_services.value,
        Category::Updates => policy.updates.disable_auto_updates.value,
    };
    Category::ALL.into_iter().filter(is_closed).collect()
}

/// Opens the diagnostics as policy lets them be: what was kept of a closed category is removed.
pub(crate) fn open(paths: &Paths, settings: &Settings, tour: bool) -> std::io::Result<Diagnostics> {
    let machine = Machine {
        install: install_id(paths)?,
        organization: settings.organisation.map(|id| id.hyphenated().to_string()),
        mode: match (tour, settings.managed) {
            (true, _) => "tour",
            (false, true) => "managed",
            (false, false) => "user",
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os: format!("{} {}", machine::os(), machine::os_version()),
        arch: machine::arch().to_owned(),
        cpu: machine::cpu(),
        memory: machine::memory(),
    };
    let closed = closed(&settings.policy);
    Diagnostics::open(&folder(paths), &closed, machine, Arc::new(scrubber()))
}

/// What the service keeps of itself while it runs.
#[derive(Debug)]
pub(crate) struct Watch {
    diagnostics: Diagnostics,
    started: Instant,
    used: Mutex<BTreeMap<&'static str, u64>>,
}

impl Watch {
    /// Begins: panics are recorded from here on, where policy does not close that.
    pub(crate) fn begin(paths: &Paths, settings: &Settings, tour: bool) -> anyhow::Result<Self> {
        let diagnostics = open(paths, settings, tour).context("diagnostics")?;
        diagnostics.step("start");
        if diagnostics.keeps(Category::Essential) {
            record_panics(diagnostics.clone(), now);
        }
        Ok(Self {
            diagnostics,
            started: Instant::now(),
            used: Mutex::default(),
        })
    }

    /// A step is done that began at `since`.
    pub(crate) fn timed(&self, step: &'static str, since: Instant) {
        self.diagnostics.step(step);
        let duration_ms = milliseconds(since.elapsed());
        self.diagnostics
            .record(now(), &Diagnostic::Timing { step, duration_ms });
    }

    /// The export begins: what waited for another collector than the one that is named now was dropped.
    pub(crate) fn dropped(&self, exporting: Option<&Exporting>) {
        let count = exporting.map_or(0, Exporting::elsewhere);
        if count > 0 {
            let kept = "telemetry for another collector";
            tracing::warn!(count, "{kept} was dropped");
            self.diagnostics
                .record(now(), &Diagnostic::Dropped { kept, count });
        }
    }

    /// The service is there for front ends.
    pub(crate) fn ready(&self) {
        self.timed("ready", self.started);
    }

    /// A front end called a method.
    pub(crate) fn used(&self, feature: &'static str) {
        if self.diagnostics.keeps(Category::Usage) {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            *used.entry(feature).or_default() += 1;
        }
    }

    /// A person typed so many characters.
    pub(crate) fn typed(&self, feature: &'static str, length: usize) {
        let length = length as u64;
        self.diagnostics
            .record(now(), &Diagnostic::Typed { feature, length });
    }

    /// What is kept, for the window.
    pub(crate) fn shown(&self) -> DiagnosticsAnswer {
        let view = |category: Category| {
            let kept = self.diagnostics.kept(category);
            let newest = &kept[kept.len().saturating_sub(MOST_SHOWN)..];
            DiagnosticsView {
                category: name(category).to_owned(),
                key: category.key().to_owned(),
                closed: !self.diagnostics.keeps(category),
                count: u32::try_from(kept.len()).unwrap_or(u32::MAX),
                records: newest.iter().map(Value::to_string).collect(),
            }
        };
        DiagnosticsAnswer {
            categories: Category::ALL.map(view).into(),
        }
    }

    /// The service ends: what was used is kept, and how long it ran.
    pub(crate) fn end(&self) {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        for (feature, count) in used {
            self.diagnostics
                .record(now(), &Diagnostic::Used { feature, count });
        }
        let ended = Diagnostic::Exit {
            process: "service",
            code: Some(0),
            duration_ms: milliseconds(self.started.elapsed()),
        };
        self.diagnostics.record(now(), &ended);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
