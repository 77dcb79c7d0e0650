//! `deskhand support bundle`: what support needs, scrubbed, listed before it is written.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use deskhand_platform::{Paths, machine};
use deskhand_telemetry::bundle::{Bundle, Content};

use super::doctor;
use super::sessions::print;
use crate::serve::open_secrets;
use crate::settings::Settings;
use crate::telemetry::{arch, os};
use crate::{clock, diagnostics, logging};

/// Lists what the bundle holds, asks, and writes it. Nothing is sent anywhere.
pub(crate) async fn bundle(paths: &Paths, output: Option<PathBuf>, yes: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let settings = Settings::load(paths, &open_secrets(paths).await?)?;
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
            Content::Text(Box::pin(doctor::report(paths)).await?),
        ),
    ];
    sources.extend(kept("logs", log_files(paths)));
    let diagnostics = diagnostics::open(paths, &settings, false)?;
    sources.extend(kept("diagnostics", diagnostics.files()));
    let bundle = Bundle::plan(sources, &diagnostics::scrubber());
    print("The bundle holds:")?;
    print(bundle.listing().trim_end())?;
    let output = output.unwrap_or_else(|| PathBuf::from(format!("deskhand-support-{}.zip", clock::now())));
    if !yes && !agreed(&output)? {
        bail!("Nothing was written. Answer with `y`, or add `--yes`.");
    }
    bundle
        .write(&output)
        .with_context(|| format!("writing {}", output.display()))?;
    print(&format!(
        "Written to {}. Nothing was sent: look into it, then give it to your administrator.",
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

/// Asks a person; where none can answer, that is a no.
fn agreed(output: &Path) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    print(&format!("Write {}? [y/N]", output.display()))?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn versions() -> String {
    format!(
        "Deskhand {}\n{} {} {}\nProcessor {}\nMemory {} MB\n",
        env!("CARGO_PKG_VERSION"),
        os(),
        machine::os_version(),
        arch(),
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
    for problem in &settings.policy.problems {
        writeln!(text, "{problem}")?;
    }
    Ok(text)
}
