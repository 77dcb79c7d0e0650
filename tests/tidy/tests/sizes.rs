//! How large a file may be: what does not fit into a head does not fit into a file.

use deskhand_test_support::repository;
use deskhand_tidy::{hold, sources};

/// Files aim at 300 lines and stop at 500; here is the end.
const MOST: usize = 600;
/// What is written by hand and read by people.
const WRITTEN: [&str; 9] = ["cs", "css", "html", "js", "mjs", "py", "rs", "ts", "tsx"];
/// Larger files, each with its reason.
const EXCEPTIONS: [(&str, &str); 0] = [];

#[test]
fn no_file_is_longer_than_600_lines() {
    let long = sources(&repository()).into_iter().filter(|source| {
        source.is(&WRITTEN)
            && !source.is_generated()
            && source.text.lines().count() > MOST
            && !EXCEPTIONS.iter().any(|(path, _)| *path == source.path)
    });
    hold(
        "split these files by what they own:",
        long.map(|source| format!("{}: {} lines", source.path, source.text.lines().count())),
    );
}

#[test]
fn every_exception_is_still_needed() {
    let sources = sources(&repository());
    let needed = |path: &str| {
        sources
            .iter()
            .any(|source| source.path == path && source.text.lines().count() > MOST)
    };
    let idle = EXCEPTIONS.iter().filter(|(path, _)| !needed(path));
    hold(
        "take these out of the list of exceptions:",
        idle.map(|(path, _)| (*path).to_owned()),
    );
}
