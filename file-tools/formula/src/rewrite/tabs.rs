//! Sheets that get another name, or go.

use deskhand_operations::Address;

use super::{Change, LOST, Scope, Walk, same};

/// A sheet prefix with its `!` after the change; `None` where it stays.
pub(super) fn prefix(walk: &mut Walk<'_>, text: &str) -> Option<String> {
    match walk.change {
        Change::SheetRenamed { from, to } => renamed(walk, text, from, to),
        Change::SheetDeleted { sheet } => deleted(walk, text, sheet),
        _ => None,
    }
}

fn renamed(walk: &Walk<'_>, text: &str, from: &str, to: &str) -> Option<String> {
    let named = |name: &str| {
        if same(name, from) {
            to.to_owned()
        } else {
            name.to_owned()
        }
    };
    match walk.scope(Some(text)) {
        Scope::Named(name) if same(&name, from) => Some(written(to)),
        Scope::Span(first, last) if same(&first, from) || same(&last, from) => {
            Some(span(&named(&first), &named(&last)))
        }
        _ => None,
    }
}

fn deleted(walk: &mut Walk<'_>, text: &str, sheet: &str) -> Option<String> {
    let scope = walk.scope(Some(text));
    if !walk.covers(&scope, sheet) {
        return None;
    }
    walk.result.affected = true;
    match scope {
        Scope::Named(_) => {
            walk.result.lost = true;
            Some(LOST.to_owned())
        }
        // The end that goes moves to its neighbour inside the span.
        Scope::Span(first, last) => {
            let place = |name: &str| walk.book.sheets.iter().position(|known| same(known, name));
            let (Some(one), Some(other)) = (place(&first), place(&last)) else {
                return None;
            };
            let towards = |from: usize, to: usize| {
                if from < to {
                    from + 1
                } else {
                    from.saturating_sub(1)
                }
            };
            let ends = match (same(&first, sheet), same(&last, sheet)) {
                (false, false) => return None,
                (true, true) => {
                    walk.result.lost = true;
                    return Some(LOST.to_owned());
                }
                (true, false) => (towards(one, other), other),
                (false, true) => (one, towards(other, one)),
            };
            let name = |index: usize| walk.book.sheets.get(index);
            let (first, last) = (name(ends.0)?, name(ends.1)?);
            Some(if ends.0 == ends.1 {
                written(first)
            } else {
                span(first, last)
            })
        }
        _ => None,
    }
}

/// A sheet as a prefix, with quotes where Excel wants them.
pub(super) fn written(name: &str) -> String {
    if needs_quotes(name) {
        format!("'{}'!", name.replace('\'', "''"))
    } else {
        format!("{name}!")
    }
}

fn span(first: &str, last: &str) -> String {
    if needs_quotes(first) || needs_quotes(last) {
        format!("'{}:{}'!", first.replace('\'', "''"), last.replace('\'', "''"))
    } else {
        format!("{first}:{last}!")
    }
}

fn needs_quotes(name: &str) -> bool {
    let address = Address {
        sheet: Some(name.to_owned()),
        area: None,
    };
    address.to_string().starts_with('\'') || is_row_column(name)
}

/// True for `R1C1`, `RC`, `r2` and the like, which read as cells in the other notation.
fn is_row_column(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let digits = |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
    match upper.strip_prefix('R').map(digits) {
        Some(rest) => rest.is_empty() || rest.strip_prefix('C').is_some_and(|rest| digits(rest).is_empty()),
        None => upper
            .strip_prefix('C')
            .is_some_and(|rest| digits(rest).is_empty()),
    }
}
