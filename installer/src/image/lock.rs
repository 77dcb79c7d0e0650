//! The lock files of the recipe: exactly which packages and libraries a build is made of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{Locks, recipe};

const HEAD: &str = "# Made by `cargo xtask image --update`: do not edit.\n";

/// Compares the packages of this build with the lock, or writes them there.
pub(super) fn packages(built: &Path, locks: Locks) -> Result<()> {
    let built = fs::read_to_string(built).context("the list of packages of this build")?;
    compare(&packages_lock(), &built, locks)
}

/// The same for the layer: what it has beyond the base's lock. A package of the base in another version is among it, as it
/// is in the layer.
pub(super) fn layer(built: &Path, locks: Locks) -> Result<()> {
    let built = fs::read_to_string(built).context("the list of packages of this build")?;
    let base = fs::read_to_string(packages_lock())?;
    compare(&layer_lock(), &beyond(&base, &built), locks)
}

/// The lines that the base's lock does not have.
fn beyond(base: &str, built: &str) -> String {
    let base: BTreeSet<&str> = base.lines().collect();
    let mut text = String::new();
    for line in built.lines().filter(|line| !base.contains(line)) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn compare(lock: &Path, built: &str, locks: Locks) -> Result<()> {
    if locks == Locks::Updated {
        return Ok(fs::write(lock, format!("{HEAD}{built}"))?);
    }
    let kept = fs::read_to_string(lock).unwrap_or_default();
    let differences = differences(&kept, built);
    for line in &differences {
        println!("   {line}");
    }
    ensure!(
        differences.is_empty() || locks == Locks::Told,
        "this build is not the one of {}: {} lines differ. `cargo xtask image --update` takes the new packages",
        lock.display(),
        differences.len()
    );
    if !differences.is_empty() {
        println!(
            "   Debian offers other packages than the lock has; `cargo xtask image --update` takes them."
        );
    }
    Ok(())
}

/// What stands in one list only, with its sign.
fn differences(kept: &str, built: &str) -> Vec<String> {
    let set = |text: &str| -> BTreeSet<String> {
        text.lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (kept, built) = (set(kept), set(built));
    let gone = kept.difference(&built).map(|line| format!("- {line}"));
    let new = built.difference(&kept).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

/// Writes the exact versions and hashes of what pip chose.
pub(super) fn requirements(report: &Path) -> Result<()> {
    // pip's report is JSON; Python, which is there, reads it.
    const READ: &str = "import json,sys
for item in sorted(json.load(open(sys.argv[1]))['install'], key=lambda item: item['metadata']['name'].lower()):
    name, version = item['metadata']['name'], item['metadata']['version']
    print(f\"{name}=={version} --hash=sha256:{item['download_info']['archive_info']['hashes']['sha256']}\")";
    let python = crate::place::cache()?.join("python/bin/python");
    let lines = crate::command::output(crate::command::command(python, &["-c", READ]).arg(report))?;
    Ok(fs::write(requirements_lock(), format!("{HEAD}{lines}"))?)
}

fn packages_lock() -> PathBuf {
    recipe().join("packages.lock")
}

fn layer_lock() -> PathBuf {
    recipe().join("office/packages.lock")
}

fn requirements_lock() -> PathBuf {
    recipe().join("requirements.lock")
}

#[cfg(test)]
mod tests {
    use super::super::listed;
    use super::*;

    #[test]
    fn every_package_and_library_of_the_recipe_is_in_its_lock() {
        let stale = |list: &str, lock: &Path, end: &str| {
            let kept = fs::read_to_string(lock).unwrap_or_default().to_lowercase();
            let names = listed(list).unwrap();
            let missing: Vec<String> = names
                .into_iter()
                .filter(|name| {
                    !kept
                        .lines()
                        .any(|line| line.starts_with(&format!("{}{end}", name.to_lowercase())))
                })
                .collect();
            assert!(
                missing.is_empty(),
                "run `cargo xtask image --update`: {list} has {missing:?}"
            );
        };
        stale("packages.txt", &packages_lock(), " ");
        stale("office/packages.txt", &layer_lock(), " ");
        stale("requirements.txt", &requirements_lock(), "==");
    }

    #[test]
    fn the_layers_lock_has_what_the_bases_has_not_and_other_versions_of_it() {
        let base = format!("{HEAD}git 1:2.39 amd64\njq 1.6 amd64\n");
        let built = "git 1:2.40 amd64\njq 1.6 amd64\nnodejs 18 amd64\n";
        assert_eq!(beyond(&base, built), "git 1:2.40 amd64\nnodejs 18 amd64\n");
    }

    #[test]
    fn what_differs_from_the_lock_is_said_line_by_line() {
        let kept = format!("{HEAD}git 1:2.39 amd64\njq 1.6 amd64\n");
        let built = "git 1:2.40 amd64\njq 1.6 amd64\n";
        assert_eq!(
            differences(&kept, built),
            ["- git 1:2.39 amd64", "+ git 1:2.40 amd64"]
        );
        assert!(differences(built, built).is_empty());
    }
}
