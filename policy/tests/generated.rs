//! The generated files are what the table says. A stale one is rewritten, and the test fails once.

use std::fs;
use std::path::Path;

use deskhand_policy::{SECTIONS, definitions, render};

#[test]
fn generated_files_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let files = [
        ("settings.md", render::markdown::markdown(SECTIONS)),
        ("settings.schema.json", render::schema::schema(definitions())),
    ];
    let mut stale = Vec::new();
    for (name, expected) in files {
        if fs::read_to_string(folder.join(name)).ok().as_deref() != Some(expected.as_str()) {
            fs::write(folder.join(name), expected).unwrap();
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "rewritten, commit them: {stale:?}");
}

#[test]
fn every_generated_file_is_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["settings.md", "settings.schema.json"]);
}
