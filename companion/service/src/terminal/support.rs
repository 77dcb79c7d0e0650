//! `deskhand support bundle`: what support needs, scrubbed, listed before it is written. Nothing of it is sent. The doctor's part
//! of it asks the model provider and the collector whether they answer: they are named first, and asked once a person agrees.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use deskhand_egress::Gate;
use deskhand_platform::{Paths, machine};
use deskhand_telemetry::bundle::{Bundle, Content};

use super::doctor::{self, Asks};
use super::sessions::print;
use crate::serve::{gate, open_secrets};
use crate::settings::Settings;
use crate::{clock, diagnostics, logging};

/// What was chosen on the command line.
#[derive(Clone, Debug)]
pub(crate) struct BundleOptions {
    /// The file that is written.
    pub(crate) output: Option<PathBuf>,
    /// Nothing is asked: everything is agreed to.
    pub(crate) yes: bool,
    /// The model provider and the collector are not asked.
    pub(crate) offline: bool,
}

/// Says whom it would ask, lists what the bundle holds, asks, and writes it.
pub(crate) async fn bundle(paths: &Paths, options: BundleOptions) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let settings = Settings::load(paths, &open_secrets(paths).await?)?;
    let asks = may_ask(&gate(&settings, None, None), &options)?;
    let kept = |folder: &'static str, files: Vec<PathBuf>| {
        files
            .into_iter()
            .map(move |file| (format!("{folder}/{}", name(&file)), Content::Kept(file)))
    };
    let mut sources = vec![
        ("versions.txt".to_owned(), Content::Text(versions())),
        (
            "settings.txt".to_owned(),
            Content::Text(settings_told(&settings)?),
        ),
        (
            "doctor.txt".to_owned(),
            Content::Text(Box::pin(doctor::report(paths, asks)).await?),
        ),
    ];
    sources.extend(kept("logs", log_files(paths)));
    let diagnostics = diagnostics::open(paths, &settings, false)?;
    sources.extend(kept("diagnostics", diagnostics.files()));
    let bundle = Bundle::plan(sources, &diagnostics::scrubber());
    print("The bundle holds:")?;
    print(bundle.listing().trim_end())?;
    let output = options
        .output
        .unwrap_or_else(|| PathBuf::from(format!("deskhand-support-{}.zip", clock::now())));
    if !options.yes && !agreed(&format!("Write {}?", output.display()))? {
        bail!("Nothing was written. Answer with `y`, or add `--yes`.");
    }
    bundle
        .write(&output)
        .with_context(|| format!("writing {}", output.display()))?;
    print(&format!(
        "Written to {}. Nothing of it was sent: look into it, then give it to your administrator.",
        output.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The log files that are there, by name.
pub(crate) fn log_files(paths: &Paths) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(logging::folder(paths)).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| name(file).contains(".log"));
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether the provider and the collector may be asked.
fn may_ask(gate: &Gate, options: &BundleOptions) -> anyhow::Result<Asks> {
    let contacts = doctor::contacts(gate);
    if options.offline || contacts.is_empty() {
        return Ok(Asks::Nobody);
    }
    print("To tell whether they answer, this would ask, and send nothing of the bundle:")?;
    contacts
        .iter()
        .try_for_each(|contact| print(&format!("  {contact}")))?;
    if options.yes || agreed("Ask them?")? {
        return Ok(Asks::Everybody);
    }
    print("They were not asked.")?;
    Ok(Asks::Nobody)
}

/// Asks a person; where none can answer, that is a no.
fn agreed(question: &str) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    print(&format!("{question} [y/N]"))?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn versions() -> String {
    format!(
        "Deskhand {}\n{} {} {}\nProcessor {}\nMemory {} MB\n",
        env!("CARGO_PKG_VERSION"),
        machine::os(),
        machine::os_version(),
        machine::arch(),
        machine::cpu(),
        machine::memory() >> 20,
    )
}

/// Each key that is set, with where it comes from. Secrets are masked.
fn settings_told(settings: &Settings) -> anyhow::Result<String> {
    let mut text = String::new();
    for entry in settings.policy.entries() {
        if *entry.origin != deskhand_policy::Origin::Default {
            writeln!(text, "{} = {} ({})", entry.name, entry.value, entry.origin)?;
        }
    }
    if text.is_empty() {
        text.push_str("Every key is at its default.\n");
    }
    for problem in &settings.policy.problems {
        writeln!(text, "{problem}")?;
    }
    Ok(text)
}
