//! A person may overwrite what they changed after the guest: what they had is kept first, and comes back.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use deskhand_vm_files::{Access, Share, UndoLimits, UndoLog, Undone};
use pretty_assertions::assert_eq;
use support::guest::Guest;
use support::random::{Chance, change, fill};
use support::tree;

/// Sequences of random changes and edits.
const SEQUENCES: u64 = 1_000;

fn guest(host: &Path, log: &Arc<UndoLog>) -> Guest {
    Guest::new(Share::open(host, Access::ReadWrite, 0, 0).unwrap(), log.clone())
}

fn undo(host: &Path, log: &UndoLog) -> Undone {
    log.undo(&Dir::open_ambient_dir(host, ambient_authority()).unwrap())
        .unwrap()
}

/// The content of each file below a folder.
fn contents(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        if metadata.is_dir() {
            found.extend(contents(&path));
        } else if metadata.is_file() {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

fn undo_over(host: &Path, log: &UndoLog, over: &UndoLog) -> Undone {
    let root = Dir::open_ambient_dir(host, ambient_authority()).unwrap();
    log.undo_over(&root, &std::collections::BTreeSet::new(), over)
        .unwrap()
}

/// What the guest changes, and what the host does there afterwards.
type Acts = (fn(&mut Guest), fn(&Path));

fn files() -> [(&'static str, Acts); 5] {
    [
        (
            "a file that was made",
            (
                |guest| drop(guest.put("new", b"guest")),
                |host| fs::write(host.join("new"), "host").unwrap(),
            ),
        ),
        (
            "a file that was written",
            (
                |guest| drop(guest.put("a", b"guest")),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a file that was written twice",
            (
                |guest| drop((guest.put("a", b"guest"), guest.put("a", b"once more"))),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a file that was removed",
            (
                |guest| drop(guest.unlink("a")),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a file that was written, and removed by the host",
            (
                |guest| drop(guest.put("a", b"guest")),
                |host| fs::remove_file(host.join("a")).unwrap(),
            ),
        ),
    ]
}

fn others() -> [(&'static str, Acts); 5] {
    [
        (
            "a file in whose place another one was renamed",
            (
                |guest| drop((guest.put("beside", b"guest"), guest.rename("beside", "a"))),
                |host| fs::write(host.join("a"), "host").unwrap(),
            ),
        ),
        (
            "a folder that was made, with what the host put there",
            (
                |guest| drop((guest.mkdir("d"), guest.put("d/in", b"guest"))),
                |host| {
                    fs::create_dir(host.join("d/own")).unwrap();
                    fs::write(host.join("d/own/file"), "host").unwrap();
                },
            ),
        ),
        (
            "a file of a folder that was made, with it",
            (
                |guest| drop((guest.mkdir("d"), guest.put("d/in", b"guest"))),
                |host| fs::write(host.join("d/in"), "host").unwrap(),
            ),
        ),
        (
            "a file of a folder that was made in the place of a file",
            (
                |guest| drop((guest.unlink("a"), guest.mkdir("a"), guest.put("a/in", b"guest"))),
                |host| fs::write(host.join("a/in"), "host").unwrap(),
            ),
        ),
        (
            "a folder in the place of a file",
            (
                |guest| drop(guest.unlink("a")),
                |host| {
                    fs::create_dir(host.join("a")).unwrap();
                    fs::write(host.join("a/file"), "host").unwrap();
                },
            ),
        ),
    ]
}

#[test]
fn what_the_host_changed_since_is_overwritten_where_a_person_says_so_and_comes_back_where_they_think_better()
{
    for (what, (change, edit)) in files().into_iter().chain(others()) {
        let (host, home, beside) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        fs::write(host.path().join("a"), "before").unwrap();
        let before = tree(host.path());
        let log = Arc::new(UndoLog::open(home.path()).unwrap());
        let mut guest = guest(host.path(), &log);
        change(&mut guest);
        drop(guest);
        edit(host.path());
        let of_host = contents(host.path());
        let first = undo(host.path(), &log);
        assert!(!first.conflicts.is_empty(), "{what}");
        // Asked again, it is the same answer, also of another process.
        drop(log);
        let log = UndoLog::open(home.path()).unwrap();
        let over = UndoLog::open(beside.path()).unwrap();
        let second = undo_over(host.path(), &log, &over);
        assert_eq!(second.conflicts, [], "{what}");
        assert_eq!(tree(host.path()), before, "{what}");
        let back = undo(host.path(), &over);
        assert_eq!(back.conflicts, [], "{what}");
        let after = contents(host.path());
        for (path, content) in of_host.iter().filter(|(_, content)| *content == b"host") {
            assert_eq!(after.get(path), Some(content), "{what}: {path:?}");
        }
    }
}

#[test]
fn a_file_that_was_renamed_and_then_written_to_by_the_host_gets_its_name_back_and_keeps_what_was_written() {
    let (host, home, beside) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    fs::write(host.path().join("a"), "before").unwrap();
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.rename("a", "b").unwrap();
    drop(guest);
    fs::write(host.path().join("b"), "host").unwrap();
    assert!(!undo(host.path(), &log).conflicts.is_empty());
    let over = UndoLog::open(beside.path()).unwrap();
    assert_eq!(undo_over(host.path(), &log, &over).conflicts, []);
    assert_eq!(fs::read(host.path().join("a")).unwrap(), b"host");
    assert!(!host.path().join("b").exists());
    assert_eq!(undo(host.path(), &over).conflicts, []);
    assert_eq!(fs::read(host.path().join("b")).unwrap(), b"host");
}

#[test]
fn nothing_is_overwritten_that_cannot_be_kept() {
    let (host, home, beside) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.put("a", b"guest").unwrap();
    drop(guest);
    fs::write(host.path().join("a"), vec![7; 5_000]).unwrap();
    let over = UndoLog::open(beside.path()).unwrap().with_limits(UndoLimits {
        bytes: 1_000,
        ..UndoLimits::default()
    });
    let root = Dir::open_ambient_dir(host.path(), ambient_authority()).unwrap();
    let refused = log.undo_over(&root, &std::collections::BTreeSet::new(), &over);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(io::ErrorKind::QuotaExceeded)
    );
    assert_eq!(fs::read(host.path().join("a")).unwrap(), vec![7; 5_000]);
}

#[test]
fn what_was_renamed_over_stays_kept_and_named_until_it_is_back() {
    let (host, home, beside) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    fs::write(host.path().join("a"), "a before").unwrap();
    fs::write(host.path().join("b"), "b before").unwrap();
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = guest(host.path(), &log);
    guest.rename("a", "b").unwrap();
    drop(guest);
    fs::write(host.path().join("b"), "host").unwrap();
    undo(host.path(), &log);
    // It takes the move, and not what is to come into its place.
    let over = UndoLog::open(beside.path()).unwrap().with_limits(UndoLimits {
        records: 1,
        ..UndoLimits::default()
    });
    let root = Dir::open_ambient_dir(host.path(), ambient_authority()).unwrap();
    let refused = log.undo_over(&root, &std::collections::BTreeSet::new(), &over);
    refused.expect_err("it could not be kept");
    let conflicts = undo(host.path(), &log).conflicts;
    let kept: Vec<_> = conflicts
        .iter()
        .filter_map(|conflict| conflict.kept.as_ref())
        .collect();
    assert!(!kept.is_empty(), "{conflicts:?}");
    assert_eq!(fs::read_to_string(kept[0]).unwrap(), "b before");
}

#[test]
fn whatever_was_changed_and_edited_nothing_that_the_host_wrote_is_lost_by_overwriting_it() {
    let mut overwritten = 0;
    for seed in 1..=SEQUENCES {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (host, home, beside) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
        );
        fill(host.path(), &mut chance);
        let log = Arc::new(UndoLog::open(home.path()).unwrap());
        let mut guest = guest(host.path(), &log);
        for _ in 0..chance.below(12) {
            change(&mut guest, &mut chance);
        }
        drop(guest);
        for number in 0..chance.below(5) {
            // Some fail: where the path leads nowhere, nothing is edited.
            let path = host.path().join(chance.path());
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
                continue;
            }
            drop(fs::write(&path, format!("of the host {seed} {number}")));
        }
        let of_host = |folder: &Path| -> std::collections::BTreeSet<Vec<u8>> {
            let found = contents(folder).into_values();
            found
                .filter(|content| content.starts_with(b"of the host"))
                .collect()
        };
        let written = of_host(host.path());
        let conflicts = undo(host.path(), &log).conflicts.len();
        assert_eq!(
            of_host(host.path()),
            written,
            "{seed}: nothing of the host goes without a word"
        );
        let over = UndoLog::open(beside.path()).unwrap();
        let left = undo_over(host.path(), &log, &over).conflicts.len();
        overwritten += conflicts.saturating_sub(left);
        undo(host.path(), &over);
        assert_eq!(of_host(host.path()), written, "{seed}: all of it is back");
    }
    assert!(overwritten > 50, "{overwritten}");
}
