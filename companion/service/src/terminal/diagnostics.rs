//! `deskhand diagnostics show`: what Deskhand keeps of its own failures, times and counts. It stays on this computer.

use std::process::ExitCode;

use deskhand_platform::Paths;
use deskhand_telemetry::diagnostics::Category;
use serde::Serialize;
use serde_json::Value;

use super::sessions::{print, print_json};
use crate::diagnostics;
use crate::serve::open_secrets;
use crate::settings::Settings;

/// A category with its records.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    category: &'static str,
    /// The policy key that closes it.
    key: &'static str,
    closed: bool,
    records: Vec<Value>,
}

/// Shows the records of each category, the oldest first.
pub(crate) async fn show(paths: &Paths, json: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let settings = Settings::load(paths, &open_secrets(paths).await?)?;
    let diagnostics = diagnostics::open(paths, &settings, false)?;
    let kept = |category: Category| Kept {
        category: diagnostics::name(category),
        key: category.key(),
        closed: !diagnostics.keeps(category),
        records: diagnostics.kept(category),
    };
    let all = Category::ALL.map(kept);
    if json {
        print_json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    print("These records stay on this computer. Nothing sends them.")?;
    for one in &all {
        let state = match (one.closed, one.records.len()) {
            (true, _) => format!("closed by `{}`", one.key),
            (false, count) => format!("{count} records; `{}` closes it", one.key),
        };
        print(&format!("\n{}: {state}", one.category))?;
        one.records
            .iter()
            .try_for_each(|record| print(&record.to_string()))?;
    }
    Ok(ExitCode::SUCCESS)
}
