//! The host, or somebody on it, swaps folders for links at speed while a guest works: nothing outside of the shared folder is
//! read, written, made or removed. After each round the tree outside is compared.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use deskhand_vm_files::{Access, Share, UndoLog};
use pretty_assertions::assert_eq;
use support::guest::{Guest, OPEN, READLINK, named, set_body, words};
use support::{Agreeing, tree};

/// Things that the guest tries in each suite, all of them while names change.
const TRIES: u64 = 3_000;

/// A tree that nobody may touch, and a shared folder with the same names.
fn places() -> (tempfile::TempDir, tempfile::TempDir) {
    let (host, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for home in [&host, &out] {
        fs::create_dir_all(home.path().join("d/e")).unwrap();
    }
    for name in ["d/a", "d/e/a"] {
        fs::write(host.path().join(name), "inside").unwrap();
        fs::write(out.path().join(name), "canary").unwrap();
    }
    (host, out)
}

/// Runs what the guest does until it has tried often enough, while names change at speed. Answers how often they did.
fn while_swapping(swap: impl Fn() + Sync, mut guest_does: impl FnMut(u64)) -> u64 {
    let is_over = AtomicBool::new(false);
    let swaps = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                swap();
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        for attempt in 0..TRIES {
            guest_does(attempt);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    swaps.into_inner()
}

/// Everything that a guest can do below a folder.
fn do_one(guest: &mut Guest, attempt: u64) {
    let file = ["d/a", "d/e/a", "d/x", "d/e/x"][attempt as usize / 11 % 4];
    let _ = match attempt % 11 {
        0 => guest.put(file, b"guest"),
        1 => guest.unlink(file),
        2 => guest.mkdir("d/e/m"),
        3 => guest.rmdir("d/e/m"),
        4 => guest.rename("d/e/a", "d/x"),
        5 => guest.rename("d/x", "d/e/a"),
        6 => guest.symlink("d/l", "e/a"),
        7 => guest.set(file, 1, 0, 0, 0o700, 0),
        8 => guest.set(file, 1 << 3, 2, 0, 0, 0),
        9 => guest.set(file, 1 << 5, 0, 99, 0, 0),
        _ => match guest.open(file, 2) {
            Ok(handle) => {
                let read = guest.read(handle, 0, 100);
                assert!(
                    !read.as_ref().is_ok_and(|text| text.starts_with(b"canary")),
                    "read from outside"
                );
                let _ = guest.write(handle, 0, b"GUEST");
                guest.close(handle)
            }
            Err(errno) => Err(errno),
        },
    };
}

fn swap_with_link(host: &Path, out: &Path, name: &str) {
    let (here, away) = (host.join(name), host.join("away"));
    if fs::rename(&here, &away).is_ok() {
        drop(symlink(out.join(name), &here));
        drop(fs::remove_file(&here));
        drop(fs::rename(&away, &here));
    }
}

#[test]
fn a_parent_that_is_swapped_for_a_link_leads_nowhere() {
    for name in ["d", "d/e"] {
        let (host, out) = places();
        let before = tree(out.path());
        let mut guest = Guest::new(
            Share::open(host.path(), Access::ReadWrite, 0, 0).unwrap(),
            Arc::new(Agreeing::default()),
        );
        let swaps = while_swapping(
            || swap_with_link(host.path(), out.path(), name),
            |attempt| do_one(&mut guest, attempt),
        );
        assert!(swaps > 100, "{swaps}");
        assert_eq!(tree(out.path()), before, "{name}");
    }
}

#[test]
fn a_file_that_is_swapped_for_a_link_is_not_followed() {
    let (host, out) = places();
    let before = tree(out.path());
    let mut guest = Guest::new(
        Share::open(host.path(), Access::ReadWrite, 0, 0).unwrap(),
        Arc::new(Agreeing::default()),
    );
    while_swapping(
        || {
            let here = host.path().join("d/a");
            drop(fs::remove_file(&here));
            drop(symlink(out.path().join("d/a"), &here));
            drop(fs::remove_file(&here));
            drop(fs::write(&here, "inside"));
        },
        |attempt| {
            if let Ok(node) = guest.node("d/a") {
                // Also what no kernel would do with a link.
                if let Ok(opened) = guest.ask(OPEN, node, &words(&[2, 0])) {
                    let handle = support::guest::u64_at(&opened, 0);
                    let read = guest.read(handle, 0, 100);
                    assert!(
                        !read.is_ok_and(|text| text.starts_with(b"canary")),
                        "read from outside"
                    );
                    let _ = guest.write(handle, 0, b"GUEST");
                    let _ = guest.close(handle);
                }
                let _ = guest.ask(
                    support::guest::SETATTR,
                    node,
                    &set_body(1 | 1 << 5, 0, 5, 0o777, 0),
                );
                let _ = guest.ask(READLINK, node, &[]);
            }
            do_one(&mut guest, attempt);
        },
    );
    assert_eq!(tree(out.path()), before);
}

#[test]
fn a_journal_that_keeps_and_an_undo_that_restores_touch_nothing_outside() {
    let (host, out) = places();
    let home = tempfile::tempdir().unwrap();
    let before = tree(out.path());
    let log = Arc::new(UndoLog::open(home.path()).unwrap());
    let mut guest = Guest::new(
        Share::open(host.path(), Access::ReadWrite, 0, 0).unwrap(),
        log.clone(),
    );
    let root = cap_std::fs::Dir::open_ambient_dir(host.path(), cap_std::ambient_authority()).unwrap();
    while_swapping(
        || swap_with_link(host.path(), out.path(), "d"),
        |attempt| {
            do_one(&mut guest, attempt);
            if attempt % 500 == 499 {
                drop(log.undo(&root));
            }
        },
    );
    assert_eq!(tree(out.path()), before);
    let kept = fs::read_dir(home.path().join("content")).unwrap();
    for entry in kept {
        let content = fs::read(entry.unwrap().path()).unwrap();
        assert!(!content.starts_with(b"canary"), "kept from outside");
    }
}

#[test]
fn what_the_host_writes_while_the_guest_writes_is_never_lost() {
    for round in 0..300_u32 {
        let host = tempfile::tempdir().unwrap();
        fs::write(host.path().join("a"), "old").unwrap();
        let mut guest = Guest::new(
            Share::open(host.path(), Access::ReadWrite, 0, 0).unwrap(),
            Arc::new(Agreeing::default()),
        );
        let handle = guest.open("a", 1).unwrap();
        guest.write(handle, 0, b"the guest's").unwrap();
        let text = format!("the host's {round}");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let new = host.path().join("new");
                fs::write(&new, &text).unwrap();
                fs::rename(&new, host.path().join("a")).unwrap();
            });
            let _ = guest.close(handle);
        });
        let contents: Vec<String> = fs::read_dir(host.path())
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        // The host's is newer than the guest's, or the guest's lies beside it; the host's is there either way.
        assert!(contents.contains(&text), "round {round}: {contents:?}");
        drop(guest.ask(support::guest::LOOKUP, 1, &named(&[], &[b"a"])));
    }
}
