//! `deskhand policy …`: the settings in force and why, files of settings checked, compared, taken over and written.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use deskhand_core::tool::tool_names;
use deskhand_egress::{Gate, Network};
use deskhand_platform::Paths;
use deskhand_policy::format::{self, Profile};
use deskhand_policy::simulate::{self, Place, Question, no_such_tool, simulate};
use deskhand_policy::{
    Direction, Effect, Entry, Format, Policy, RECOMMENDED, Recommended, SECTIONS, check, explain, import,
};
use serde_json::{Value, json};

use super::safe::safe_line;
use super::sessions::{print, print_json};
use crate::configuration::set_ones;
use crate::options::PolicyCommand;
use crate::serve::{gate_values, open_secrets};
use crate::settings::Settings;

/// Bytes that are read of a file; more than any form of settings may have.
const MAX_FILE: u64 = 4 << 20;
/// The name that consoles show of what is exported.
const NAME: &str = "Deskhand";
/// Characters of a value in a list.
const WIDTH: usize = 60;

/// Shows, explains, checks, compares, writes, takes over.
pub(crate) async fn policy(paths: &Paths, command: PolicyCommand, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        PolicyCommand::Show { all } => show(&in_force(paths).await?.policy, all, json)?,
        PolicyCommand::Explain { key } => {
            let settings = in_force(paths).await?;
            let found = explain::explain(&settings.policy, &key).map_err(|why| anyhow!("`{key}`: {why}."))?;
            if json {
                print_json(&found.to_json())?;
            } else {
                print(explain::text(&found).trim_end())?;
            }
        }
        PolicyCommand::Check { file, simulate } => {
            let profile = read(&file)?;
            return match simulate {
                Some(question) => simulated(&profile, &question, json),
                None => checked(&profile, json),
            };
        }
        PolicyCommand::Diff { before, after } => compare(&read(&before)?, &read(&after)?, json)?,
        PolicyCommand::Export {
            format,
            from,
            profile,
            output,
        } => {
            let (settings, left_out) = match (from, profile) {
                (Some(file), _) => (import::import(&read(&file)?).settings, Vec::new()),
                (None, Some(name)) => (recommended(&name)?, Vec::new()),
                (None, None) => set_ones(&in_force(paths).await?.policy),
            };
            if !left_out.is_empty() {
                // Beside the file, which may go to standard output.
                let told = safe_line(&left_out.join(", "));
                writeln!(std::io::stderr().lock(), "Left out, because it is secret: {told}")?;
            }
            export(&settings, named(&format)?, output.as_deref())?;
        }
        PolicyCommand::Import { file, format, output } => {
            let taken = import::import(&read(&file)?);
            if let Some(output) = output {
                let bytes = deskhand_policy::export(named(&format)?, &taken.settings, NAME);
                write(&output, &bytes.ok_or_else(|| no_values(&format))?)?;
            }
            differences(&taken, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(before: &Profile, after: &Profile, json: bool) -> anyhow::Result<()> {
    let changes = check::diff(before, after);
    if json {
        let rows = changes.iter().map(|change| {
            json!({
                "key": change.name,
                "before": change.before,
                "after": change.after,
                "direction": word(change.direction),
            })
        });
        return print_json(&rows.collect::<Vec<_>>());
    }
    for change in &changes {
        let (before, after) = (cut(&change.before), cut(&change.after));
        let direction = word(change.direction);
        print(&format!("{direction:<9} {}: {before} -> {after}", change.name))?;
    }
    match changes.len() {
        1 => print("1 key differs"),
        count => print(&format!("{count} keys differ")),
    }
}

fn differences(taken: &import::Import, json: bool) -> anyhow::Result<()> {
    if !json {
        return print(import::text(taken).trim_end());
    }
    let rows = taken.differences.iter().map(
        |one| json!({ "line": one.line, "key": one.key, "kind": one.kind.word(), "sentence": one.sentence }),
    );
    print_json(&rows.collect::<Vec<_>>())
}

/// The settings in force.
pub(crate) async fn in_force(paths: &Paths) -> anyhow::Result<Settings> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    Settings::load(paths, &secrets)
}

/// The settings in force: those that somebody set or that have a problem, or all of them.
pub(crate) fn show(policy: &Policy, all: bool, json: bool) -> anyhow::Result<()> {
    let entries = policy.entries();
    let told = |entry: &&Entry<'_>| all || !matches!(entry.origin, deskhand_policy::Origin::Default);
    if json {
        let rows: Vec<Value> = entries.iter().filter(told).map(row).collect();
        let problems: Vec<String> = policy.problems.iter().map(ToString::to_string).collect();
        return print_json(&json!({ "managed": policy.managed, "keys": rows, "problems": problems }));
    }
    let who = if policy.managed {
        "Managed: every key is locked, but for those that `deskhandUserMaySet` opens."
    } else {
        "Not managed: the settings are this user's own."
    };
    print(who)?;
    for section in SECTIONS {
        let mut rows = entries
            .iter()
            .filter(told)
            .filter(|entry| entry.row.section == section.id)
            .peekable();
        if rows.peek().is_some() {
            print(&format!("\n{}", section.title))?;
        }
        for entry in rows {
            let locked = if entry.locked { "locked" } else { "" };
            print(&format!(
                "  {:<40} {:<6} {}  ({})",
                entry.name,
                locked,
                cut(&entry.value),
                entry.origin
            ))?;
            if let Some(note) = standing(entry.row.effect) {
                print(&format!("  {:<40}        {note}", ""))?;
            }
        }
    }
    let silent = entries.iter().filter(|entry| !told(entry)).count();
    if silent > 0 {
        let which = if silent == entries.len() {
            "All"
        } else {
            "The other"
        };
        print(&format!(
            "\n{which} {silent} keys are at their default; `--all` shows them."
        ))?;
    }
    for problem in &policy.problems {
        print(&format!("\nProblem: {problem}{}", problem.consequence.words()))?;
    }
    Ok(())
}

fn row(entry: &Entry<'_>) -> Value {
    json!({
        "key": entry.name,
        "value": entry.value,
        "origin": entry.origin.to_string(),
        "locked": entry.locked,
        "effect": standing(entry.row.effect).unwrap_or_else(|| "in effect".to_owned()),
        "problem": entry.problem.map(ToString::to_string),
    })
}

/// What has to be said of a key that is not in effect.
fn standing(effect: Effect) -> Option<String> {
    match effect {
        Effect::Enforced => None,
        Effect::ActsWith(part) => Some(format!("has no effect yet; it acts with {part}")),
        Effect::ActsInPart(which) => Some(format!("acts in part: {which}")),
        Effect::NotEnforceable(part) => Some(format!("sessions do not start until {part} can enforce it")),
        Effect::NotApplicable(why) => Some(format!("not applicable: {why}")),
    }
}

fn checked(profile: &Profile, json: bool) -> anyhow::Result<ExitCode> {
    let findings = check::check(profile);
    if json {
        let rows = findings.iter().map(|one| {
            json!({ "line": one.line, "key": one.key, "code": one.code.word(), "severity": format!("{:?}", one.severity).to_lowercase(), "sentence": one.sentence })
        });
        print_json(&rows.collect::<Vec<_>>())?;
    } else {
        print(check::text(&findings).trim_end())?;
    }
    Ok(if check::fails(&findings) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Answers what would happen under a file.
fn simulated(profile: &Profile, asked: &str, json: bool) -> anyhow::Result<ExitCode> {
    let question = Question::parse(asked).map_err(|why| anyhow!("`{asked}` cannot be answered: {why}."))?;
    if let Some(why) = no_such_tool(&question, &tool_names()) {
        bail!("`{asked}` cannot be answered: {why}.");
    }
    let home = std::env::home_dir().unwrap_or_default();
    let policy = check::resolved(profile);
    let values = gate_values(&policy, None);
    let gate = Gate::new(
        |key| values.get(key).cloned().unwrap_or_default(),
        Network::default(),
    );
    let place = Place {
        home: &home,
        variable: &|name| std::env::var(name).ok(),
        added: &gate.added(),
    };
    let verdict = simulate(&policy, &question, place);
    if json {
        let (key, origin) = (verdict.key, verdict.origin.to_string());
        print_json(&json!({ "allowed": verdict.allowed, "key": key, "origin": origin, "why": verdict.why }))?;
    } else {
        print(simulate::text(&verdict).trim_end())?;
    }
    Ok(if verdict.allowed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Writes values, or the template of all keys in forms that describe keys.
fn export(settings: &deskhand_policy::Settings, form: Format, output: Option<&Path>) -> anyhow::Result<()> {
    let bytes =
        deskhand_policy::export(form, settings, NAME).unwrap_or_else(|| deskhand_policy::template(form));
    match output {
        Some(output) => write(output, &bytes),
        None => Ok(std::io::stdout().lock().write_all(&bytes)?),
    }
}

fn recommended(name: &str) -> anyhow::Result<deskhand_policy::Settings> {
    let found = RECOMMENDED.iter().find(|profile| profile.name == name);
    found.map(Recommended::settings).ok_or_else(|| {
        let known: Vec<_> = RECOMMENDED.iter().map(|profile| profile.name).collect();
        anyhow!(
            "There is no profile `{name}`. Nothing was written. Choose one of: {}.",
            known.join(", ")
        )
    })
}

fn named(format: &str) -> anyhow::Result<Format> {
    Format::named(format).ok_or_else(|| {
        let known: Vec<_> = Format::ALL.iter().map(|(name, ..)| *name).collect();
        anyhow!(
            "There is no format `{format}`. Nothing was written. Choose one of: {}.",
            known.join(", ")
        )
    })
}

fn no_values(format: &str) -> anyhow::Error {
    anyhow!(
        "The format `{format}` describes keys and holds no values. Nothing was written. Use json, reg, mobileconfig or intune."
    )
}

fn read(file: &Path) -> anyhow::Result<Profile> {
    let mut bytes = Vec::new();
    let opened = File::open(file).with_context(|| format!("{} cannot be opened", file.display()))?;
    opened
        .take(MAX_FILE)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    format::read(&bytes, &file.to_string_lossy()).with_context(|| file.display().to_string())
}

/// Never over a file that is there.
fn write(output: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    match File::create_new(output) {
        Ok(mut file) => file
            .write_all(bytes)
            .with_context(|| format!("{} cannot be written", output.display())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!(
                "{} is there already. Nothing was written. Choose another name.",
                output.display()
            )
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", output.display())),
    }
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Tightens => "tighter",
        Direction::Loosens => "looser",
        Direction::Other => "changed",
    }
}

/// A value on one line, not longer than people read.
fn cut(value: &Value) -> String {
    let text = match value {
        Value::Null => "unset".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= WIDTH {
        return text;
    }
    text.chars().take(WIDTH - 1).chain(['…']).collect()
}
