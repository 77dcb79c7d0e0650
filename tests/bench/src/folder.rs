//! Searching a folder beside ripgrep, and what the journal costs where files are replaced.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use deskhand_storage::{Change, Durability, MasterKey, OpenOptions, Store};
use deskhand_workspace::{Expected, Folder, Folders, RelativePath, Search, WalkLimits};
use uuid::Uuid;

use crate::figure::{Aim, Report, say};

const FILES: usize = 100_000;
const FOLDERS: usize = 1_000;
const RUNS: usize = 5;
/// The copy for the journal: a thousand files of a megabyte.
const COPIES: usize = 1_000;
const SIZE: usize = 1_000_000;

/// Grep and Glob over many files, each beside ripgrep on the same files in the same run.
pub(crate) fn searching(report: &mut Report) {
    let place = tempfile::tempdir().expect("a folder");
    make(place.path());
    let folder = Folders::new(None).open(place.path()).expect("the folder opens");
    let limits = WalkLimits {
        time: Duration::from_mins(5),
        ..WalkLimits::default()
    };
    for (name, pattern) in [
        ("words in 1 of 100 files", "needle in"),
        ("an expression", r"n[a-e]+dle\s+\w+ 0\b"),
    ] {
        let search = Search {
            pattern: pattern.to_owned(),
            most: FILES,
            ..Search::default()
        };
        let ours = best(|| {
            folder
                .grep(&search, limits.clone())
                .expect("a search")
                .files
                .len()
        });
        let theirs = best(|| matched(place.path(), &["-n", pattern]));
        compare(
            report,
            &format!("Grep over {FILES} files, {name}"),
            ours,
            theirs,
            Aim::AtMost(1.3),
        );
    }
    let ours = best(|| {
        folder
            .glob("*7.md", FILES, limits.clone())
            .expect("a search")
            .total
    });
    let theirs = best(|| matched(place.path(), &["--files", "-g", "*7.md"]));
    compare(
        report,
        &format!("Glob over {FILES} files"),
        ours,
        theirs,
        Aim::None,
    );
}

fn make(place: &Path) {
    for folder in 0..FOLDERS {
        let folder_path = place.join(format!("area-{}/team-{folder}", folder % 20));
        fs::create_dir_all(&folder_path).expect("made");
        for file in 0..FILES / FOLDERS {
            let number = folder * (FILES / FOLDERS) + file;
            let mut text = "Revenue grows, costs stay, the plan holds.\n".repeat(10 + number % 40);
            if number.is_multiple_of(100) {
                let _ = writeln!(text, "a needle in {}", number % 10);
            }
            fs::write(folder_path.join(format!("note-{number}.md")), text).expect("written");
        }
    }
}

/// Runs ripgrep; how many lines it told.
fn matched(place: &Path, arguments: &[&str]) -> usize {
    let output = Command::new("rg")
        .args(arguments)
        .arg(place)
        .stdin(Stdio::null())
        .output();
    output.map_or(0, |output| {
        String::from_utf8_lossy(&output.stdout).lines().count()
    })
}

/// The shortest of some runs, in milliseconds, with what was found.
fn best(run: impl Fn() -> usize) -> (f64, usize) {
    let mut shortest = f64::INFINITY;
    let mut found = 0;
    for _ in 0..RUNS {
        let begun = Instant::now();
        found = run();
        shortest = shortest.min(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    (shortest, found)
}

fn compare(report: &mut Report, name: &str, ours: (f64, usize), theirs: (f64, usize), aim: Aim) {
    report.add(name, ours.0, "ms", Aim::None);
    if theirs.1 == 0 {
        return say("  ripgrep is not installed, so there is nothing beside it");
    }
    assert_eq!(ours.1, theirs.1, "both find the same: {name}");
    report.add("  ripgrep", theirs.0, "ms", Aim::None);
    report.add("  ratio", ours.0 / theirs.0, "", aim);
}

/// Replacing the files of a folder with both contents in the journal, beside the same without a journal.
pub(crate) async fn journal(report: &mut Report) {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folders::new(None).open(place.path()).expect("the folder opens");
    let session = Uuid::now_v7();
    let data = tempfile::tempdir().expect("a folder");
    let store = Store::open(OpenOptions {
        folder: data.path().to_owned(),
        deployment: None,
        master_key: MasterKey::new([7; 32]),
        text_of: |_| None,
        max_bytes: None,
    });
    let store = store.expect("the store opens");
    let create = Change::Create {
        at: 0,
        meta: Vec::new(),
    };
    store
        .write(session, vec![create], Durability::Flushed)
        .await
        .expect("a session");
    let begun = Instant::now();
    for number in 0..COPIES {
        put(&folder, &name(number, "plain"), &content(number));
    }
    let plain = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    for number in 0..COPIES {
        let content = content(number);
        let kept = vec![Change::PutBlob(content.clone())];
        store
            .write(session, kept, Durability::Flushed)
            .await
            .expect("kept");
        put(&folder, &name(number, "kept"), &content);
    }
    let kept = begun.elapsed().as_secs_f64();
    report.add("writing 1 GB of files, verified", plain, "s", Aim::None);
    report.add(
        "  the same with every content in the journal",
        kept,
        "s",
        Aim::None,
    );
    report.add("  ratio", kept / plain, "", Aim::None);
    let begun = Instant::now();
    for number in 0..COPIES {
        let again = vec![Change::PutBlob(content(number))];
        store
            .write(session, again, Durability::Flushed)
            .await
            .expect("kept");
    }
    report.add(
        "  contents that are there already",
        begun.elapsed().as_secs_f64(),
        "s",
        Aim::None,
    );
}

fn name(number: usize, kind: &str) -> RelativePath {
    RelativePath::parse(&format!("{kind}-{number}.bin")).expect("a path")
}

/// A megabyte that no other number has.
fn content(number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let words = std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state
    });
    words.take(SIZE / 8).flat_map(u64::to_le_bytes).collect()
}

fn put(folder: &Folder, path: &RelativePath, content: &[u8]) {
    folder.replace(path, content, Expected::Nothing).expect("written");
}
