//! Measures what a user feels, prints it beside its aim, and keeps it in `target/bench.json`. `cargo xtask bench` builds
//! the programs as they are shipped and calls this; names of benchmarks choose among them. Never a test: figures depend
//! on the machine, and nothing fails on them.

mod audit;
mod context;
mod delay;
mod figure;
mod files;
mod folder;
mod history;
mod litellm;
mod policy;
mod process;
mod provider;
mod providers;
mod sandbox;
mod size;
mod soak;
mod stream;
mod telemetry;
mod together;

use std::process::ExitCode;

use figure::Report;

/// Every benchmark by its name.
const NAMES: [&str; 16] = [
    "sizes",
    "start",
    "replay",
    "search",
    "files",
    "folder",
    "journal",
    "policy",
    "audit",
    "context",
    "telemetry",
    "delay",
    "providers",
    "together",
    "sandbox",
    "soak",
];

#[tokio::main]
async fn main() -> ExitCode {
    let chosen: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = chosen.iter().find(|name| !NAMES.contains(&name.as_str())) {
        figure::say(&format!(
            "There is no benchmark `{unknown}`; there are {}.",
            NAMES.join(", ")
        ));
        return ExitCode::FAILURE;
    }
    let mut report = Report::default();
    for name in NAMES {
        if !chosen.is_empty() && !chosen.iter().any(|chosen| chosen == name) {
            continue;
        }
        match name {
            "sizes" => size::sizes(&mut report),
            "start" => Box::pin(process::start_and_idle(&mut report)).await,
            "replay" => Box::pin(history::replay(&mut report)).await,
            "search" => Box::pin(history::search(&mut report)).await,
            "files" => files::files(&mut report),
            "folder" => folder::searching(&mut report),
            "policy" => {
                policy::settings(&mut report);
                policy::gate(&mut report).await;
            }
            "audit" => Box::pin(audit::appending(&mut report)).await,
            "context" => Box::pin(context::tokens(&mut report)).await,
            "telemetry" => Box::pin(telemetry::telling(&mut report)).await,
            "providers" => Box::pin(providers::providers(&mut report)).await,
            "together" => Box::pin(together::together(&mut report)).await,
            "sandbox" => Box::pin(sandbox::sandbox(&mut report)).await,
            "soak" => Box::pin(soak::soak(&mut report)).await,
            "journal" => Box::pin(folder::journal(&mut report)).await,
            _ => Box::pin(delay::delay(&mut report)).await,
        }
    }
    report.keep();
    ExitCode::SUCCESS
}
