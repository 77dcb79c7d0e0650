//! What a chain cannot follow: other workbooks, and functions that decide only when computed what they read.

use std::collections::BTreeSet;

use deskhand_formula::{Kind, references, tokens};
use deskhand_operations::Area;

use crate::model::Model;
use crate::runs::Run;

/// How deep names that refer to names are followed.
const DEPTH: u32 = 8;

/// Notes what a run's formula reads outside, and what of it cannot be followed.
pub(super) fn note(
    model: &Model,
    run: &Run,
    formula: &str,
    outside: &mut BTreeSet<String>,
    not_followed: &mut BTreeSet<String>,
) {
    let place = model.address(run.sheet, run.area);
    let mut functions = BTreeSet::new();
    let mut books = BTreeSet::new();
    gather(model, run.sheet, formula, DEPTH, &mut functions, &mut books);
    outside.extend(books.into_iter().map(|book| format!("{place} reads {book}")));
    if !functions.is_empty() {
        let functions: Vec<_> = functions.into_iter().collect();
        not_followed.insert(format!("{place} ({})", functions.join(", ")));
    }
}

/// The functions at fault and the references to other workbooks, through names.
pub(crate) fn gather(
    model: &Model,
    sheet: usize,
    formula: &str,
    depth: u32,
    functions: &mut BTreeSet<String>,
    books: &mut BTreeSet<String>,
) {
    let found = references(formula);
    let undecided = |name: &String| matches!(name.as_str(), "INDIRECT" | "OFFSET");
    functions.extend(found.functions.into_iter().filter(undecided));
    if found.external {
        books.extend(external(model, formula));
    }
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for name in &found.names {
        if let Some(refers_to) = model.refers_to(name, sheet) {
            gather(model, sheet, refers_to, depth, functions, books);
        }
    }
}

/// References to other workbooks, with the books' names where they are known.
fn external(model: &Model, formula: &str) -> Vec<String> {
    let all = tokens(formula);
    let mut found = Vec::new();
    for pair in all.windows(2) {
        let [sheet, cell] = pair else { continue };
        if sheet.kind != Kind::Sheet || !matches!(cell.kind, Kind::Reference | Kind::Name) {
            continue;
        }
        let book = sheet.text.trim_start_matches('\'');
        let Some((number, rest)) = book.strip_prefix('[').and_then(|book| book.split_once(']')) else {
            if sheet.text.contains(['[', '/', '\\']) {
                found.push(format!("{}{}", sheet.text, cell.text));
            }
            continue;
        };
        let named = number
            .parse::<usize>()
            .ok()
            .and_then(|number| model.books.get(number.checked_sub(1)?));
        let name = named.map_or(number, String::as_str);
        let rest = rest.trim_end_matches('!').trim_end_matches('\'');
        let area = Area::parse(cell.text).map_or_else(|_| cell.text.to_owned(), |area| area.to_string());
        found.push(format!("[{name}]{rest}!{area}"));
    }
    found
}
