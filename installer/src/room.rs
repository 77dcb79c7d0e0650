//! Room on the disk: the build folder is shared by all clones and nothing in it is ever taken out by cargo, so that it
//! grows by some ten gigabytes with each clone until a build fails for want of space.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use crate::command::{cargo, command, output};
use crate::ledger::Outcome;

/// What one full test run of a new clone takes, and as much again.
const ENOUGH: u64 = 30 << 30;

/// Younger files may belong to a build that is under way in another clone.
const SETTLED: Duration = Duration::from_hours(1);

/// Takes the oldest build results of our own crates out until there is enough room. Cargo makes again what it misses.
pub(crate) fn make() -> Result<Outcome> {
    let folder = build_folder()?;
    let Some(free) = free(&folder) else {
        return Ok(Outcome::Skipped(
            "this system does not tell the room on its disk".to_owned(),
        ));
    };
    if free >= ENOUGH {
        return Ok(Outcome::InPlace);
    }
    let stale = stale(&folder, SystemTime::now());
    take_out(&stale, ENOUGH - free);
    Ok(Outcome::Done)
}

fn build_folder() -> Result<PathBuf> {
    let text = output(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&text).context("what `cargo metadata` says is no JSON")?;
    let folder = metadata["build_directory"]
        .as_str()
        .or_else(|| metadata["target_directory"].as_str())
        .context("`cargo metadata` names no build folder")?;
    Ok(PathBuf::from(folder))
}

/// Bytes a user may still write where `folder` is, by `df` as POSIX describes it.
fn free(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|path| path.is_dir())?;
    let text = output(command("df", &["-Pk"]).arg(there)).ok()?;
    let blocks: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(blocks << 10)
}

/// A build result that can go.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stale {
    /// State of incremental builds goes first: it is of use only where it was made.
    built: bool,
    modified: SystemTime,
    path: PathBuf,
    bytes: u64,
}

/// What can go, in the order in which it is missed least.
fn stale(folder: &Path, now: SystemTime) -> Vec<Stale> {
    let mut found: Vec<Stale> = ["debug", "release"]
        .iter()
        .flat_map(|profile| {
            let incremental = entries(&folder.join(profile).join("incremental")).map(|path| (false, path));
            let deps = entries(&folder.join(profile).join("deps"));
            incremental.chain(deps.filter(|path| is_own(path)).map(|path| (true, path)))
        })
        .filter_map(|(built, path)| {
            let modified = path.metadata().and_then(|metadata| metadata.modified()).ok()?;
            let settled = now.duration_since(modified).is_ok_and(|age| age >= SETTLED);
            settled.then(|| Stale {
                built,
                modified,
                bytes: size(&path),
                path,
            })
        })
        .collect();
    found.sort();
    found
}

/// Programs, and libraries of our own: third-party libraries serve every clone.
fn is_own(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    name.contains("deskhand") || (path.extension().is_none() && !name.starts_with("lib"))
}

fn take_out(stale: &[Stale], mut wanted: u64) {
    for one in stale {
        if wanted == 0 {
            return;
        }
        let gone = if one.path.is_dir() {
            fs::remove_dir_all(&one.path)
        } else {
            fs::remove_file(&one.path)
        };
        if gone.is_ok() {
            wanted = wanted.saturating_sub(one.bytes);
        }
    }
}

fn size(path: &Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else {
        return 0;
    };
    if metadata.is_dir() {
        return entries(path).map(|inner| size(&inner)).sum();
    }
    metadata.len()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(folder: &Path, name: &str, age: Duration) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let file = fs::File::create(&path).expect("made");
        file.set_len(1000).expect("sized");
        file.set_modified(SystemTime::now() - age).expect("dated");
        path
    }

    #[test]
    fn old_results_of_our_own_go_first_and_libraries_of_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let day = Duration::from_hours(24);
        let older = planted(folder.path(), "debug/deps/documents-0123", 2 * day);
        let old = planted(folder.path(), "debug/deps/libdeskhand_opc-0123.rlib", day);
        planted(folder.path(), "debug/deps/libserde-0123.rlib", 3 * day);
        planted(folder.path(), "debug/deps/deskhand-4567", Duration::ZERO);

        let stale = stale(folder.path(), SystemTime::now());

        let paths: Vec<&PathBuf> = stale.iter().map(|one| &one.path).collect();
        assert_eq!(paths, [&older, &old]);
        take_out(&stale, 500);
        assert!(!older.exists() && old.exists());
    }

    #[test]
    fn the_room_on_this_disk_is_told() {
        assert!(free(Path::new("/no/such/folder")).is_some_and(|bytes| bytes > 0));
    }
}
