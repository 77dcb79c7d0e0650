//! The generated files are what the table says. A stale one is rewritten, and the test fails once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use deskhand_policy::{Format, template};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("generated")
}

/// Every generated file by its place.
fn expected() -> BTreeMap<String, Vec<u8>> {
    let templates = Format::ALL
        .iter()
        .map(|(_, format, file)| ((*file).to_owned(), template(*format)));
    templates.collect()
}

#[test]
fn generated_files_are_current() {
    let mut stale = Vec::new();
    for (name, expected) in expected() {
        let path = folder().join(&name);
        if fs::read(&path).ok().as_ref() != Some(&expected) {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, expected).unwrap();
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "rewritten, commit them: {stale:?}");
}

#[test]
fn every_generated_file_is_known() {
    let mut folders = vec![folder()];
    let expected = expected();
    let mut unknown = Vec::new();
    while let Some(folder_to_read) = folders.pop() {
        for entry in fs::read_dir(folder_to_read).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(folder())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if !expected.contains_key(&name) {
                unknown.push(name);
            }
        }
    }
    assert!(unknown.is_empty(), "no generator makes these: {unknown:?}");
}
