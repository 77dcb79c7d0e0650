//! The generated files are what the table says. A stale one is rewritten, and the test fails once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use deskhand_telemetry::schema::{Signal, definitions, render, standard};

#[test]
fn generated_files_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    let files = [("events.md", render::markdown()), ("events.json", render::json())];
    fs::create_dir_all(&folder).unwrap();
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
fn no_row_says_a_name_twice() {
    let mut names = BTreeSet::new();
    for definition in definitions() {
        let signal = std::mem::discriminant(&definition.signal);
        assert!(
            names.insert((format!("{signal:?}"), definition.full_name())),
            "{}",
            definition.full_name()
        );
        let mut attributes = BTreeSet::new();
        let shared = match definition.signal {
            Signal::Event => standard()[0].attributes,
            Signal::Counter { .. } | Signal::Span => standard()[1].attributes,
            Signal::SpanEvent => &[],
        };
        for attribute in definition.attributes.iter().chain(shared) {
            assert!(
                attributes.insert(attribute.name),
                "{}: {}",
                definition.full_name(),
                attribute.name
            );
        }
    }
}
