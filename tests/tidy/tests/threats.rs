//! The pages of threats and of escapes name tests that are there.

use std::fs;

use deskhand_test_support::repository;
use deskhand_tidy::{hold, place};

/// Between the file and the name of a test of the pages.
const PAGE_TEST: &str = ".test.tsx: ";
const PAGE: &str = "companion/THREATS.md";
const ESCAPES: &str = "sandbox/ESCAPES.md";

#[test]
fn every_test_that_the_page_of_threats_names_exists() {
    names_tests_that_exist(PAGE);
}

#[test]
fn every_test_that_the_list_of_escapes_names_exists() {
    names_tests_that_exist(ESCAPES);
}

fn names_tests_that_exist(page: &str) {
    let root = repository();
    let page = fs::read_to_string(place(&root, page)).expect("the page");
    let named: Vec<(&str, &str)> = page
        .split('`')
        .filter_map(|text| text.split_once(".rs: "))
        .collect();
    assert!(named.len() > 20, "the page is read: {}", named.len());
    let missing = named.into_iter().filter(|(file, test)| {
        let text = fs::read_to_string(place(&root, &format!("{file}.rs"))).unwrap_or_default();
        !is_test(&text, test)
    });
    let missing = missing.map(|(file, test)| format!("{file}.rs: {test}"));
    let pages = page.split('`').filter_map(|text| text.split_once(PAGE_TEST));
    let missing_pages = pages.filter(|(file, test)| {
        let text = fs::read_to_string(place(&root, &format!("{file}.test.tsx"))).unwrap_or_default();
        !text.contains(&format!("it(\"{test}\""))
    });
    let missing_pages = missing_pages.map(|(file, test)| format!("{file}{PAGE_TEST}{test}"));
    hold("name tests that exist:", missing.chain(missing_pages));
}

#[test]
fn every_defence_on_the_page_of_threats_names_a_test() {
    rows_name_tests(PAGE, 2);
}

#[test]
fn every_kind_in_the_list_of_escapes_names_a_test() {
    rows_name_tests(ESCAPES, 1);
}

/// Rows of tables with so many inner borders say how they are shown.
fn rows_name_tests(page: &str, borders: usize) {
    let page = fs::read_to_string(place(&repository(), page)).expect("the page");
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && line.matches(" | ").count() == borders);
    let bare =
        rows.filter(|row| !row.contains("Shown by") && !row.contains(".rs: ") && !row.contains(PAGE_TEST));
    hold("say how these are shown:", bare.map(str::to_owned));
}

/// Whether a file holds a test of this name: a function under an attribute that ends in `test]` or has arguments, or a case that
/// is made a test for every provider.
fn is_test(text: &str, name: &str) -> bool {
    let cases = text
        .split_once("over_every_provider! {")
        .and_then(|(_, rest)| rest.split_once('}'));
    let is_case = |(cases, _): (&str, &str)| cases.lines().any(|line| line.trim() == format!("{name},"));
    if cases.is_some_and(is_case) {
        return text.contains(&format!("async fn {name}(subject: &dyn Subject)"));
    }
    let head = format!("fn {name}()");
    let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
    let Some(at) = lines.iter().position(|line| line.contains(&head)) else {
        return false;
    };
    lines.truncate(at);
    let attributes = lines
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    attributes
        .into_iter()
        .any(|line| line.contains("test]") || line.contains("test("))
}
