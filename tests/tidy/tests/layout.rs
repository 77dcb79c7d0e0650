//! Where things are: the fixed top level, a README in each room, nothing committed that is made or belongs to others.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use deskhand_test_support::repository;
use deskhand_tidy::{hold, place, sources};

const ROOMS: [&str; 8] = [
    "addin-web",
    "companion",
    "file-tools",
    "installer",
    "office-manifests",
    "policy",
    "sandbox",
    "tests",
];
const FILES: [&str; 4] = ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md"];

#[test]
fn the_top_level_is_the_fixed_one() {
    let expected: BTreeSet<String> = ROOMS
        .iter()
        .chain(&FILES)
        .map(|name| (*name).to_owned())
        .collect();
    let entries = fs::read_dir(repository()).expect("a readable root");
    let names = entries.map(|entry| {
        entry
            .expect("a readable entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let found: BTreeSet<String> = names
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_room_says_what_it_is_for() {
    let root = repository();
    let mute = ROOMS
        .iter()
        .map(|room| format!("{room}/README.md"))
        .filter(|path| !place(&root, path).is_file());
    hold("write these:", mute);
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = repository();
    let documents = sources(&root).into_iter().filter(|source| source.is(&["md"]));
    let broken = documents.flat_map(|source| {
        let folder = source
            .path
            .rsplit_once('/')
            .map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let root = root.clone();
        let targets: Vec<String> = links(&source.text).map(str::to_owned).collect();
        let missing = targets
            .into_iter()
            .filter(move |target| !place(&root, &format!("{folder}{target}")).exists());
        missing
            .map(move |target| format!("{}: {target}", source.path))
            .collect::<Vec<_>>()
    });
    hold("these links lead nowhere:", broken);
}

#[test]
fn nothing_is_committed_that_is_made_or_belongs_to_others() {
    let mut git = Command::new("git");
    let output = git
        .args(["ls-files", "-z"])
        .current_dir(repository())
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let files = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = files.split('\0').filter(|path| {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let office = name.starts_with("office.") && ending == "js";
        let made = folders
            .split('/')
            .any(|folder| ["node_modules", "dist", "target"].contains(&folder));
        office || made || ["db", "key", "pem", "sqlite"].contains(&ending)
    });
    hold("take these out of the repository:", found.map(str::to_owned));
}

/// The targets of Markdown links that are paths, without the part behind `#`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next());
    targets
        .map(|target| target.split('#').next().unwrap_or(""))
        .filter(|target| {
            !target.is_empty() && !target.contains(':') && target.chars().all(|sign| !"{}<>*".contains(sign))
        })
}
