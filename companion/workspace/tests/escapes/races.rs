//! Names that are exchanged at speed while everything is tried. Counted, not timed: an attempt counts whichever side it meets.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use deskhand_workspace::{Access, AllowedFolder, Expected, Fingerprint, Folders};

use crate::stage::{CANARY, Fixture, parse};

/// Attempts of a test.
const ATTEMPTS: usize = 3_000;
/// More than any machine needs to meet both sides.
const MOST: usize = 500_000;

/// Lets `exchange` run in a thread while `attempt` is tried; it answers what it met: inside or not.
fn race(exchange: impl Fn() + Sync, attempt: impl Fn(usize) -> bool) {
    let going = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            while going.load(Ordering::Relaxed) {
                exchange();
            }
        });
        let stop = Stop(&going);
        let mut met = [0, 0];
        for number in 0.. {
            if number >= ATTEMPTS && met.iter().all(|met| *met > 0) {
                break;
            }
            assert!(number < MOST, "the exchange was not met: {met:?}");
            met[usize::from(attempt(number))] += 1;
        }
        drop(stop);
    });
}

/// Ends the other thread also where an attempt fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Reads, writes or removes, and answers whether it met what is inside.
fn one_of_all(fixture: &Fixture, path: &str, number: usize) -> bool {
    let path = parse(path);
    let folder = &fixture.folder;
    let content = format!("inside {number}");
    let canary = Fingerprint::of(CANARY);
    match number % 8 {
        0..4 => folder.read(&path, 100).is_ok_and(|(content, _)| {
            assert!(content.starts_with(b"inside"), "attempt {number} read outside");
            true
        }),
        4 => folder
            .replace(&path, content.as_bytes(), Expected::Content(canary))
            .is_ok_and(|_| panic!("attempt {number} replaced what is outside")),
        5 => folder
            .remove(&path, canary)
            .is_ok_and(|()| panic!("attempt {number} removed what is outside")),
        6 => {
            let found = folder.fingerprint(&path).ok().flatten();
            assert_ne!(found, Some(canary), "attempt {number} read outside");
            let written =
                found.map(|found| folder.replace(&path, content.as_bytes(), Expected::Content(found)));
            written.is_some_and(|written| written.is_ok())
        }
        _ => {
            let found = folder.fingerprint(&path).ok().flatten();
            let is_removed = found.is_some_and(|found| folder.remove(&path, found).is_ok());
            // So that there is something again; it may be met on its way.
            drop(folder.replace(&path, content.as_bytes(), Expected::Nothing));
            is_removed
        }
    }
}

#[test]
fn a_folder_exchanged_for_a_link_at_speed_leads_nowhere() {
    let fixture = Fixture::new();
    fs::write(fixture.inside("sub/canary.xlsx"), b"inside").unwrap();
    symlink("../outside", fixture.inside("other")).unwrap();
    let (one, two, aside) = (
        fixture.inside("sub"),
        fixture.inside("other"),
        fixture.inside("aside"),
    );
    race(
        || {
            fs::rename(&one, &aside).unwrap();
            fs::rename(&two, &one).unwrap();
            fs::rename(&aside, &two).unwrap();
        },
        |number| one_of_all(&fixture, "sub/canary.xlsx", number),
    );
    fixture.nothing_happened();
}

#[test]
fn a_file_exchanged_for_a_link_at_speed_leads_nowhere() {
    let fixture = Fixture::new();
    let at = fixture.inside("canary.xlsx");
    let aside = fixture.inside("aside");
    race(
        || {
            fs::write(&aside, "inside").unwrap();
            fs::rename(&aside, &at).unwrap();
            symlink("../outside/canary.xlsx", &aside).unwrap();
            fs::rename(&aside, &at).unwrap();
        },
        |number| one_of_all(&fixture, "canary.xlsx", number),
    );
    fixture.nothing_happened();
}

#[cfg(target_os = "linux")]
#[test]
fn folders_are_made_and_taken_away_inside_while_a_link_comes_and_goes() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let fixture = Fixture::new();
    let (one, two) = (fixture.inside("sub"), fixture.inside("other"));
    symlink("../outside", &two).unwrap();
    race(
        // At one moment: a name that is missing would be made.
        || renameat_with(CWD, &one, CWD, &two, RenameFlags::EXCHANGE).unwrap(),
        |number| {
            let made = fixture.folder.make_parents(&parse("sub/new/deep/a.xlsx"));
            let deep = [parse("sub/deep"), parse("sub/new/deep"), parse("sub/new")];
            for folder in &deep[usize::from(number % 2 == 0)..] {
                drop(fixture.folder.remove_empty(folder));
            }
            made.is_ok()
        },
    );
    fixture.nothing_happened();
}

#[test]
fn an_allowed_folder_exchanged_for_a_link_at_speed_opens_nothing_else() {
    let fixture = Fixture::new();
    let root = fixture.root.path().canonicalize().unwrap();
    let allowed = AllowedFolder {
        path: root.join("inside"),
        access: Access::ReadWrite,
    };
    let folders = Folders::new(Some(vec![allowed]));
    let (one, two, aside) = (root.join("inside"), root.join("other"), root.join("aside"));
    symlink("outside", &two).unwrap();
    race(
        || {
            fs::rename(&one, &aside).unwrap();
            fs::rename(&two, &one).unwrap();
            fs::rename(&aside, &two).unwrap();
        },
        |number| {
            let Ok(folder) = folders.attach(&one) else {
                return false;
            };
            let found = folder.read(&parse("canary.xlsx"), 100);
            assert!(found.is_err(), "attempt {number} attached what is outside");
            assert!(folders.detach(folder.path()));
            true
        },
    );
    fixture.nothing_happened();
}

#[test]
fn searches_meet_nothing_outside_while_folders_are_exchanged_for_links() {
    let fixture = Fixture::new();
    symlink("../outside", fixture.inside("other")).unwrap();
    let (one, two, aside) = (
        fixture.inside("sub"),
        fixture.inside("other"),
        fixture.inside("aside"),
    );
    let going = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            while going.load(Ordering::Relaxed) {
                fs::rename(&one, &aside).unwrap();
                fs::rename(&two, &one).unwrap();
                fs::rename(&aside, &two).unwrap();
            }
        });
        let stop = Stop(&going);
        for _ in 0..200 {
            for (what, outcome) in fixture.leaks_nothing("missing/a.xlsx") {
                let text = format!("{outcome:?}");
                assert!(!text.contains("canary."), "{what}: {text}");
            }
        }
        drop(stop);
    });
    fixture.nothing_happened();
}

#[test]
fn a_file_that_is_renamed_at_speed_is_taken_for_no_other_name() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.inside("own.xlsx"), fixture.inside("other.xlsx"));
    // Whoever takes one name for the other is told of this.
    fs::write(fixture.inside("~$other.xlsx"), "").unwrap();
    race(
        || {
            fs::rename(&one, &other).unwrap();
            fs::rename(&other, &one).unwrap();
        },
        |number| {
            for _ in 0..10 {
                let lock = fixture.folder.lock_file(&parse("own.xlsx")).unwrap();
                assert_eq!(lock, None, "attempt {number}");
            }
            fixture
                .folder
                .fingerprint(&parse("own.xlsx"))
                .is_ok_and(|found| found.is_some())
        },
    );
}
