//! Rows and columns that come or go: everything that says where something is follows.
//!
//! Owns the order of the work and what all followers share. Each kind of part has a follower of its own; a part that holds
//! references and is not known refuses the operation by name.

mod anchors;
mod cells;
mod chain;
mod columns;
mod edits;
mod elements;
mod fresh;
mod guard;
mod names;
mod notes;
mod parts;
mod rules;
mod tables;
mod worksheet;

use std::collections::{BTreeMap, HashSet};

use deskhand_formula::{Axis, Book, BookTable, CellAt, Change, Holder, Rewritten, Shift, rewritten};
use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::{Area, MAX_COLUMNS, MAX_ROWS, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::recalculation;
use crate::sources;
use crate::workbook::{SheetEntry, Workbook};

use fresh::Fresh;

/// Cells and names said in one warning.
const NAMED: usize = 10;

/// Whether rows and columns come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Insert,
    Delete,
}

/// What the followers share.
pub(super) struct Follow<'w> {
    workbook: &'w Workbook,
    /// The sheet whose rows or columns come or go.
    index: usize,
    shift: Shift,
    book: Book,
    changes: Vec<Change>,
    /// Formulas whose value may be another one, at their new places.
    affected: Vec<CellAt>,
    /// What refers to `#REF!` now.
    lost: Vec<String>,
    warnings: Vec<String>,
    /// New cells that hold something.
    fresh: BTreeMap<(u32, u32), Fresh>,
    /// Tables that go: the relationship from the sheet, and the part.
    tables_gone: Vec<(String, String)>,
}

/// Inserts or deletes the rows or columns that the range names.
pub(super) fn plan(
    workbook: &Workbook,
    draft: &mut Draft,
    range: &str,
    axis: Axis,
    way: Way,
) -> Outcome<Applied> {
    let (index, shift) = asked(workbook, range, axis, way)?;
    let mut follow = Follow::new(workbook, index, shift)?;
    let sheet = workbook.worksheet(index)?;
    guard::check(&follow, sheet)?;
    tables::plan(&mut follow, sheet)?;
    names::mark(&mut follow);
    names::follow(&mut follow, draft)?;
    parts::follow(&mut follow, draft)?;
    tables::remove(&follow, draft, sheet)?;
    sources::shifted(workbook, draft, sheet.id, &|area| shift.area(area))?;
    follow.affected.sort_unstable();
    follow.affected.dedup();
    if !follow.affected.is_empty() {
        let computed = recalculation::recalculate(workbook, draft, &follow.affected)?;
        follow.warnings.extend(computed.warnings);
    }
    Ok(Applied {
        target: range.to_owned(),
        changed: shift.count,
        warnings: follow.said(),
        ..Applied::default()
    })
}

/// The sheet and what happens to it.
fn asked(workbook: &Workbook, range: &str, axis: Axis, way: Way) -> Outcome<(usize, Shift)> {
    let (index, area) = addresses::area(workbook, range)?;
    let (whole, at, count, example) = match axis {
        Axis::Rows => (
            area.left == 0 && area.right == MAX_COLUMNS - 1,
            area.top,
            area.rows(),
            "Data!5:7",
        ),
        Axis::Columns => (
            area.top == 0 && area.bottom == MAX_ROWS - 1,
            area.left,
            area.columns(),
            "Data!C:D",
        ),
    };
    if !whole {
        let message = format!(
            "`{range}` does not name whole {}, as `{example}` does; nothing was changed.",
            said(axis)
        );
        return refuse(RefusalCode::BadInput, message);
    }
    let insert = way == Way::Insert;
    Ok((
        index,
        Shift {
            axis,
            at,
            count,
            insert,
        },
    ))
}

/// An area as attributes hold it: whole columns too with their rows, `D1:D1048576`.
fn corners(area: Area) -> String {
    let (first, last) = (
        Area::cell(area.top, area.left),
        Area::cell(area.bottom, area.right),
    );
    if first == last {
        first.to_string()
    } else {
        format!("{first}:{last}")
    }
}

/// A formula as an element's text: quotes stay as they are, so that what does not change reads as before.
fn text(formula: &str) -> String {
    let mut text = String::with_capacity(formula.len() + 8);
    for character in formula.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\r' => text.push_str("&#13;"),
            other => text.push(other),
        }
    }
    text
}

/// How a person calls them.
fn said(axis: Axis) -> &'static str {
    match axis {
        Axis::Rows => "rows",
        Axis::Columns => "columns",
    }
}

impl<'w> Follow<'w> {
    fn new(workbook: &'w Workbook, index: usize, shift: Shift) -> Outcome<Self> {
        let sheet = workbook.worksheet(index)?;
        let tables = crate::tables::all(workbook)?
            .into_iter()
            .map(|(sheet, table)| BookTable {
                name: table.name,
                sheet: workbook.sheets[sheet].name.clone(),
                area: table.area,
                columns: table.columns,
            });
        let book = Book {
            sheets: workbook.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
            tables: tables.collect(),
            touched: HashSet::new(),
        };
        Ok(Self {
            workbook,
            index,
            shift,
            book,
            changes: vec![Change::Shifted {
                sheet: sheet.name.clone(),
                shift,
            }],
            affected: Vec::new(),
            lost: Vec::new(),
            warnings: Vec::new(),
            fresh: BTreeMap::new(),
            tables_gone: Vec::new(),
        })
    }

    /// The sheet whose rows or columns come or go.
    fn sheet(&self) -> &'w SheetEntry {
        &self.workbook.sheets[self.index]
    }

    /// A formula after everything that happens.
    fn formula(&self, text: &str, holder: &Holder<'_>) -> Rewritten {
        let mut result = Rewritten::default();
        for change in &self.changes {
            let next = rewritten(result.text.as_deref().unwrap_or(text), holder, change, &self.book);
            result.affected |= next.affected;
            result.lost |= next.lost;
            result.text = next.text.or(result.text);
        }
        result
    }

    /// As [`Follow::formula`]; a reference that is lost is said to be of `place`.
    fn noted(&mut self, text: &str, holder: &Holder<'_>, place: &dyn Fn() -> String) -> Option<String> {
        let result = self.formula(text, holder);
        if result.lost {
            self.lost.push(place());
        }
        result.text
    }

    /// A sheet's part in which every reference without a sheet means that sheet.
    fn holder(sheet: &SheetEntry) -> Holder<'_> {
        Holder::Cell {
            sheet: &sheet.name,
            row: 0,
            column: 0,
        }
    }

    /// What a person should know.
    fn said(mut self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.lost.is_empty() {
            let mut named = HashSet::new();
            self.lost.retain(|place| named.insert(place.clone()));
            let more = self.lost.len().saturating_sub(NAMED);
            self.lost.truncate(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            warnings.push(format!(
                "What these referred to is gone, they read `#REF!` now: {}{more}.",
                self.lost.join(", ")
            ));
        }
        warnings.append(&mut self.warnings);
        warnings
    }
}
