//! What the text of the repository may not say.

use deskhand_test_support::repository;
use deskhand_tidy::{Source, hold, lines_with, sources};

/// Folders of one machine, and what has no place in a page. Written in two halves, so that this file may say them.
const PLACES: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/", "bash_jobs"),
];
const PAGE_CALLS: [&str; 9] = [
    "window.alert(",
    "window.confirm(",
    "window.prompt(",
    "history.pushState",
    "history.replaceState",
    "@ts-ignore",
    "@ts-nocheck",
    "innerHTML =",
    "dangerouslySetInnerHTML",
];
const SWITCHED_OFF: [&str; 7] = [
    "it.skip(",
    "test.skip(",
    "describe.skip(",
    "it.only(",
    "test.only(",
    "describe.only(",
    "it.todo(",
];

#[test]
fn no_path_of_one_machine_is_written_down() {
    let found = sources(&repository()).into_iter().flat_map(|source| {
        let lines = source
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| names_a_place(line));
        lines
            .map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim()))
            .collect::<Vec<_>>()
    });
    hold("name no machine's folders:", found);
}

#[test]
fn no_page_calls_what_office_takes_away_or_builds_markup_from_text() {
    let found = pages().flat_map(|source| lines_with(&source.path, &source.text, &PAGE_CALLS));
    hold("do this with components:", found);
}

#[test]
fn no_page_test_is_switched_off() {
    let found = pages().flat_map(|source| lines_with(&source.path, &source.text, &SWITCHED_OFF));
    hold("run these tests:", found);
}

#[test]
fn generated_files_say_that_they_are() {
    let generated = sources(&repository()).into_iter().filter(Source::is_generated);
    let mute = generated.filter(|source| {
        let head: String = source.text.chars().take(2000).collect();
        !head.to_lowercase().contains("generated")
    });
    hold(
        "have the generator say so at the head of these files:",
        mute.map(|source| source.path),
    );
}

#[test]
fn lock_files_name_no_address() {
    let locks = sources(&repository())
        .into_iter()
        .filter(|source| source.path.ends_with("/package-lock.json"));
    let found = locks.flat_map(|source| lines_with(&source.path, &source.text, &["\"resolved\": \"http"]));
    hold("write the lock file without addresses:", found);
}

/// Whether a line has one of the places at the start of a path.
fn names_a_place(line: &str) -> bool {
    PLACES.iter().any(|place| {
        line.match_indices(place).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|sign| !sign.is_alphanumeric() && !"-_.~/>}$".contains(sign))
        })
    })
}

/// The source of the pages; settings of tools beside it may name what they forbid.
fn pages() -> impl Iterator<Item = Source> {
    let pages = sources(&repository()).into_iter();
    pages.filter(|source| source.path.starts_with("addin-web/") && source.is(&["ts", "tsx"]))
}
