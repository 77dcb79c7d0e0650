//! What holds for every Rust file.

use deskhand_test_support::repository;
use deskhand_tidy::{Source, code, code_without_tests, hold, lines_with, sources};

/// Where unsafe code may be: the crate for it, and one file on each side of the sandbox, which must not know that crate.
const UNSAFE: [&str; 3] = [
    "companion/platform/",
    "sandbox/guest/src/sys.rs",
    "sandbox/host/src/child.rs",
];

/// Where a program talks to the person who started it.
const SPEAKS: [&str; 6] = [
    "companion/service/src/",
    "file-tools/sheet/examples/",
    "installer/",
    "tests/bench/",
    "tests/standins/src/main.rs",
    "tests/standins/src/bin/",
];

#[test]
fn every_file_opens_with_what_it_owns() {
    let mute = rust_files()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "));
    hold(
        "begin these files with `//!`, what they own and what they must not know:",
        mute.map(|source| source.path),
    );
}

#[test]
fn unsafe_code_lives_in_its_homes_alone() {
    let elsewhere = rust_files()
        .into_iter()
        .filter(|source| !UNSAFE.iter().any(|home| source.path.starts_with(home)));
    let found = elsewhere.flat_map(|source| {
        let code = code(&source.text);
        lines_with(
            &source.path,
            &code,
            &[
                "unsafe {",
                "unsafe fn",
                "unsafe impl",
                "unsafe extern",
                "allow(unsafe_code",
                "expect(unsafe_code",
            ],
        )
    });
    hold(
        "move this into a home of unsafe code, behind a safe function:",
        found,
    );
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_switched_off() {
    let found = rust_files().into_iter().flat_map(|source| {
        let code = code(&source.text);
        lines_with(
            &source.path,
            &code,
            &["todo!(", "unimplemented!(", "#[ignore", "dbg!("],
        )
    });
    hold("finish this, or take it out:", found);
}

#[test]
fn no_file_is_a_promise() {
    // In two halves, so that this file keeps its own rule.
    let promise = concat!("Not written", " yet");
    let found = rust_files()
        .into_iter()
        .filter(|source| source.text.contains(promise));
    hold("write these files:", found.map(|source| source.path));
}

#[test]
fn only_programs_print() {
    let silent = rust_files()
        .into_iter()
        .filter(|source| !source.is_test() && !SPEAKS.iter().any(|place| source.path.starts_with(place)));
    let found = silent.flat_map(|source| {
        let code = code_without_tests(&source.text).replace("eprint", "");
        lines_with(&source.path, &code, &["println!(", "print!("])
    });
    hold("hand this to the caller or to tracing:", found);
}

#[test]
fn a_module_is_a_file_with_its_name() {
    let found = rust_files()
        .into_iter()
        .filter(|source| source.path.ends_with("/mod.rs"));
    hold(
        "name these `foo.rs` beside `foo/`:",
        found.map(|source| source.path),
    );
}

fn rust_files() -> Vec<Source> {
    let files: Vec<Source> = sources(&repository())
        .into_iter()
        .filter(|source| source.is(&["rs"]))
        .collect();
    assert!(
        files.len() > 50,
        "the walk lost its way: {} Rust files",
        files.len()
    );
    files
}
