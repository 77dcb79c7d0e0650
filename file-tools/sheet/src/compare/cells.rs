//! The cells of a sheet by row and column, and which of them changed.

use std::collections::BTreeMap;

use deskhand_operations::CellValue;

use super::align::Alignment;
use crate::ops::values::value;
use crate::sheet::Worksheet;
use crate::styles::Styles;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    /// The formula with `=`.
    pub(super) formula: Option<String>,
    /// The formula as seen from its cell.
    pub(super) relative: Option<String>,
    /// The value; of a formula what it answers.
    pub(super) value: CellValue,
    /// Whether the style is another one: its meaning, so that numbering does not count.
    pub(super) style: u32,
}

/// Cells by row, then column.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    pub(super) rows: BTreeMap<u32, BTreeMap<u32, Held>>,
    /// Styles by meaning: equal numbers in both workbooks mean the same look.
    pub(super) looks: Vec<u64>,
}

/// What changed about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Value,
    Formula,
    Result,
    Look,
}

/// A cell that changed, at its place in the later sheet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) kind: Kind,
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) before: Option<Held>,
    pub(super) after: Option<Held>,
}

impl Change {
    /// True for what a person did, and false for what follows from it.
    pub(super) fn weighs(&self) -> bool {
        matches!(self.kind, Kind::Value | Kind::Formula)
    }
}

/// The cells of a sheet that hold something or look like something.
pub(super) fn read(sheet: &Worksheet<'_>, strings: &[String], styles: &Styles) -> Grid {
    let mut grid = Grid {
        looks: styles.marks(),
        ..Grid::default()
    };
    for cell in &sheet.data.cells {
        let formula = cell
            .formula
            .as_ref()
            .map(|formula| formula.text.as_str())
            .filter(|text| !text.is_empty());
        let held = Held {
            relative: formula.map(|formula| deskhand_formula::relative(formula, cell.row, cell.column)),
            formula: formula.map(|formula| format!("={}", deskhand_formula::from_file(formula))),
            value: value(cell, strings),
            style: cell.style,
        };
        grid.rows.entry(cell.row).or_default().insert(cell.column, held);
    }
    grid
}

/// The cells that differ when the sheets are laid beside each other so, by row and column of the later one.
pub(super) fn changes(before: &Grid, after: &Grid, alignment: &Alignment) -> Vec<Change> {
    let mut changes = Vec::new();
    let empty = BTreeMap::new();
    let rows = before
        .rows
        .keys()
        .filter_map(|row| alignment.rows.later(*row))
        .chain(after.rows.keys().copied());
    let mut rows: Vec<u32> = rows.collect();
    rows.sort_unstable();
    rows.dedup();
    for row in rows {
        let Some(earlier_row) = alignment.rows.earlier(row) else {
            // A new row: what stands in it is new.
            for (column, held) in after.rows.get(&row).unwrap_or(&empty) {
                push(&mut changes, (row, *column), None, Some(held), (before, after));
            }
            continue;
        };
        let earlier = before.rows.get(&earlier_row).unwrap_or(&empty);
        let later = after.rows.get(&row).unwrap_or(&empty);
        let columns = earlier
            .keys()
            .filter_map(|column| alignment.columns.later(*column));
        let mut columns: Vec<u32> = columns.chain(later.keys().copied()).collect();
        columns.sort_unstable();
        columns.dedup();
        for column in columns {
            let held = alignment
                .columns
                .earlier(column)
                .and_then(|column| earlier.get(&column));
            push(
                &mut changes,
                (row, column),
                held,
                later.get(&column),
                (before, after),
            );
        }
    }
    changes
}

fn push(
    changes: &mut Vec<Change>,
    (row, column): (u32, u32),
    before: Option<&Held>,
    after: Option<&Held>,
    (earlier, later): (&Grid, &Grid),
) {
    let empty = |held: Option<&Held>| {
        held.is_none_or(|held| held.formula.is_none() && held.value == CellValue::Empty)
    };
    let look = |held: Option<&Held>, grid: &Grid| {
        held.map_or(0, |held| {
            grid.looks.get(held.style as usize).copied().unwrap_or_default()
        })
    };
    let relative = |held: Option<&Held>| held.and_then(|held| held.relative.clone());
    let value = |held: Option<&Held>| held.map_or(CellValue::Empty, |held| held.value.clone());
    let text = |held: Option<&Held>| held.and_then(|held| held.formula.clone());
    let mut add = |kind| {
        changes.push(Change {
            kind,
            row,
            column,
            before: before.cloned(),
            after: after.cloned(),
        });
    };
    // A formula that reads the same is the same wherever it stands: absolute references stay when cells move.
    if relative(before) != relative(after) && text(before) != text(after) {
        add(Kind::Formula);
    } else if value(before) != value(after) {
        add(if relative(after).is_some() {
            Kind::Result
        } else {
            Kind::Value
        });
    }
    if look(before, earlier) != look(after, later)
        && !(empty(before) && empty(after) && (before.is_none() || after.is_none()))
    {
        add(Kind::Look);
    }
}
