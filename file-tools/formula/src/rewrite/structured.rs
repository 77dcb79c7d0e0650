//! Structured references: tables and columns that get another name, or go (ECMA-376 part 1, 18.17.6.2).

use std::ops::Range;

use super::{BookTable, Change, Holder, LOST, Walk, same};

/// `Sales[…]` after the change.
pub(super) fn table(walk: &mut Walk<'_>, name: &str, columns: &str) -> Option<String> {
    match walk.change {
        Change::TableRenamed { from, to } if same(name, from) => Some(format!("{to}{columns}")),
        Change::TableDeleted { table } if same(name, table) => Some(walk.lost()),
        Change::ColumnRenamed { table, from, to } if same(name, table) => {
            Some(format!("{name}{}", renamed(columns, from, to)?))
        }
        Change::ColumnsDeleted { table, columns: gone } if same(name, table) => {
            let new = deleted(walk, table, columns, gone)?;
            Some(format!("{name}{new}"))
        }
        _ => None,
    }
}

/// `Sales` without columns.
pub(super) fn alone(walk: &mut Walk<'_>, name: &str) -> Option<String> {
    match walk.change {
        Change::TableRenamed { from, to } if same(name, from) => Some(to.clone()),
        Change::TableDeleted { table } if same(name, table) => Some(walk.lost()),
        _ => None,
    }
}

/// `[@Price]` inside the table itself.
pub(super) fn own(walk: &mut Walk<'_>, columns: &str) -> Option<String> {
    let Holder::Cell { sheet, row, column } = *walk.holder else {
        return None;
    };
    let holds = |table: &&BookTable| same(&table.sheet, sheet) && table.area.contains(row, column);
    let name = &walk.book.tables.iter().find(holds)?.name;
    match walk.change {
        Change::ColumnRenamed { table, from, to } if same(name, table) => renamed(columns, from, to),
        Change::ColumnsDeleted { table, columns: gone } if same(name, table) => {
            deleted(walk, table, columns, gone)
        }
        _ => None,
    }
}

/// Names of columns inside the brackets: where they stand, and what they say. Keywords (`#Totals`) are none.
fn columns(text: &str) -> Vec<(Range<usize>, String)> {
    let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Vec::new();
    };
    let lists = inner
        .trim_start()
        .trim_start_matches('@')
        .trim_start()
        .starts_with('[');
    if !lists {
        let at = 1 + (inner.len() - inner.trim_start().len());
        let name = inner.trim();
        let bare = name.strip_prefix('@').unwrap_or(name);
        let at = at + name.len() - bare.len();
        return if bare.is_empty() || bare.starts_with('#') {
            Vec::new()
        } else {
            vec![(at..at + bare.len(), plain(bare))]
        };
    }
    let (mut found, mut open, mut escaped) = (Vec::new(), None, false);
    for (at, character) in inner.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\'' => escaped = true,
            '[' => open = Some(at + 2),
            ']' => {
                if let Some(from) = open.take() {
                    let name = &text[from..=at];
                    if !name.starts_with('#') {
                        found.push((from..at + 1, plain(name)));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// A column's name without its escapes.
fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\'' {
            characters.next()
        } else {
            Some(character)
        });
    }
    text
}

/// A column's name as it stands in brackets.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '[' | ']' | '#' | '\'' | '@') {
            text.push('\'');
        }
        text.push(character);
    }
    text
}

fn renamed(text: &str, from: &str, to: &str) -> Option<String> {
    let found: Vec<_> = columns(text)
        .into_iter()
        .filter(|(_, name)| same(name, from))
        .collect();
    let (first, _) = found.first()?;
    // `[@Unit Price]` is no reference: a name of several words takes brackets of its own there.
    let single =
        text[1..first.start].trim_start() == "@" && !to.chars().all(|c| c.is_alphanumeric() || c == '_');
    let mut new = text.to_owned();
    for (range, _) in found.into_iter().rev() {
        let name = if single {
            format!("[{}]", escaped(to))
        } else {
            escaped(to)
        };
        new.replace_range(range, &name);
    }
    Some(new)
}

/// Brackets after columns are gone. Of a run of columns the ends move inside.
fn deleted(walk: &mut Walk<'_>, table: &str, text: &str, gone: &[String]) -> Option<String> {
    let is_gone = |name: &str| gone.iter().any(|gone| same(gone, name));
    let found = columns(text);
    let known = walk.book.tables.iter().find(|known| same(&known.name, table));
    let place = |name: &str| known?.columns.iter().position(|column| same(column, name));
    if let [(first, one), (second, other)] = found.as_slice()
        && text[first.end..second.start].contains(':')
        && let (Some(low), Some(high)) = (place(one), place(other))
    {
        let (low, high) = (low.min(high), low.max(high));
        let run = &known?.columns[low..=high];
        if !run.iter().any(|name| is_gone(name)) {
            return None;
        }
        walk.result.affected = true;
        let left: Vec<&String> = run.iter().filter(|name| !is_gone(name)).collect();
        let (Some(start), Some(end)) = (left.first(), left.last()) else {
            return Some(format!("[{}]", walk.lost()));
        };
        if same(start, one) && same(end, other) {
            return None;
        }
        let mut new = text.to_owned();
        new.replace_range(second.clone(), &escaped(end));
        new.replace_range(first.clone(), &escaped(start));
        return Some(new);
    }
    if found.is_empty() {
        // All columns: fewer now.
        walk.result.affected = true;
        return None;
    }
    found.iter().any(|(_, name)| is_gone(name)).then(|| {
        walk.lost();
        format!("[{LOST}]")
    })
}
