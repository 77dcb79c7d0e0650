//! The npm side: Node itself, the packages of each lock file, the page bundles. Knows no page.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::{command, find, output, run};
use crate::ledger::Outcome;
use crate::place;
use crate::stamp::Stamp;

/// The oldest Node that the bundler runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// The folders that have a lock file of their own, where they exist.
const LOCKED: [&str; 2] = ["addin-web", "file-tools/validators"];

/// Whether Node is there and new enough.
pub(crate) fn node() -> Result<Outcome> {
    let needed = format!(
        "Deskhand's pages are built with Node {}.{} or newer",
        OLDEST_NODE.0, OLDEST_NODE.1
    );
    ensure!(
        find("node").is_some() && find("npm").is_some(),
        "{needed}, and there is no node with npm on the PATH. Install it, then run this again."
    );
    let answer = output(&mut command("node", &["--version"]))?;
    let version =
        read_version(&answer).with_context(|| format!("node says its version is `{}`", answer.trim()))?;
    ensure!(
        version >= OLDEST_NODE,
        "{needed}; this one is {}. Install a newer one, then run this again.",
        answer.trim()
    );
    Ok(Outcome::InPlace)
}

/// Reads `v20.20.2`.
fn read_version(answer: &str) -> Option<(u32, u32)> {
    let mut parts = answer.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Installs the packages of every lock file that changed since.
pub(crate) fn packages() -> Result<Outcome> {
    let mut outcome = Outcome::InPlace;
    for folder in LOCKED {
        let folder = place::root().join(folder);
        let lock = folder.join("package-lock.json");
        if !lock.exists() {
            continue;
        }
        let stamp = Stamp::of(folder.join("node_modules/.deskhand-lock"), &[lock])?;
        if !stamp.holds() {
            run(&mut npm(
                &folder,
                &["ci", "--no-audit", "--no-fund", "--loglevel=error"],
            ))?;
            stamp.keep()?;
            outcome = Outcome::Done;
        }
    }
    Ok(outcome)
}

/// Builds the page bundles into `target/web` when a source changed since.
pub(crate) fn bundles() -> Result<Outcome> {
    build(&addin_web(), "target/web")
}

/// Builds the host page that stands for Office into `target/web-testhost`, apart from the product's pages.
pub(crate) fn host_page() -> Result<Outcome> {
    build(&addin_web().join("testhost"), "target/web-testhost")
}

/// Runs a package's `build` when a source of the pages changed since `made` was made.
fn build(package: &Path, made: &str) -> Result<Outcome> {
    let folder = place::root().join(made);
    let stamp = Stamp::of(folder.with_extension("sources"), &[addin_web()])?;
    if stamp.holds() && folder.is_dir() {
        return Ok(Outcome::InPlace);
    }
    run(&mut npm(package, &["run", "--silent", "build"]))?;
    ensure!(folder.is_dir(), "the bundler ended well and left no {made}");
    stamp.keep()?;
    Ok(Outcome::Done)
}

/// The folder of the pages.
pub(crate) fn addin_web() -> PathBuf {
    place::root().join("addin-web")
}

/// A script of `addin-web/package.json`, or none where it has no such script.
pub(crate) fn script(name: &str) -> Result<Option<std::process::Command>> {
    let folder = addin_web();
    let text = fs::read_to_string(folder.join("package.json")).context("addin-web/package.json")?;
    let manifest: serde_json::Value = serde_json::from_str(&text).context("addin-web/package.json")?;
    let Some(scripts) = manifest.get("scripts").and_then(serde_json::Value::as_object) else {
        bail!("addin-web/package.json has no scripts");
    };
    Ok(scripts
        .contains_key(name)
        .then(|| npm(&folder, &["run", "--silent", name])))
}

fn npm(folder: &Path, arguments: &[&str]) -> std::process::Command {
    let mut npm = command("npm", arguments);
    npm.current_dir(folder).env("npm_config_update_notifier", "false");
    npm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_that_node_prints() {
        let cases = [
            ("v20.20.2\n", Some((20, 20))),
            ("v18.19.0", Some((18, 19))),
            ("20.1.0", None),
            ("v20", None),
        ];
        for (answer, version) in cases {
            assert_eq!(read_version(answer), version, "{answer}");
        }
    }
}
