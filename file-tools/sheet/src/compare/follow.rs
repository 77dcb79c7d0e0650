//! What only follows from rows, columns and names that changed is no difference of its own: a formula whose references
//! moved along is the same formula.

use deskhand_formula::{Axis, Book, Change as Structural, Holder, Shift, rewrite};

use super::align::{Alignment, Lines};
use super::cells::{Change, Kind};
use crate::workbook::{SheetEntry, Workbook};

/// Two sheets laid beside each other.
#[derive(Debug)]
pub(super) struct Beside<'w> {
    pub(super) earlier: &'w SheetEntry,
    pub(super) later: &'w SheetEntry,
    pub(super) alignment: Alignment,
    pub(super) changes: Vec<Change>,
}

/// What changed about the structure of all sheets, in an order in which it could have been done.
#[derive(Debug)]
pub(super) struct Follow {
    changes: Vec<Structural>,
    book: Book,
}

impl Follow {
    pub(super) fn new(before: &Workbook, sheets: &[Beside<'_>]) -> Self {
        let mut changes = Vec::new();
        for sheet in sheets {
            let name = &sheet.earlier.name;
            for (axis, lines) in [
                (Axis::Rows, &sheet.alignment.rows),
                (Axis::Columns, &sheet.alignment.columns),
            ] {
                changes.extend(shifts(axis, lines).map(|shift| Structural::Shifted {
                    sheet: name.clone(),
                    shift,
                }));
            }
        }
        for sheet in sheets
            .iter()
            .filter(|sheet| sheet.earlier.name != sheet.later.name)
        {
            let (from, to) = (sheet.earlier.name.clone(), sheet.later.name.clone());
            changes.push(Structural::SheetRenamed { from, to });
        }
        let book = Book {
            sheets: before.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
            ..Book::default()
        };
        Self { changes, book }
    }

    /// Takes formulas out of the changes of a sheet that are what the earlier ones had to become; where they answer
    /// something else, that stays.
    pub(super) fn drop_what_follows(&self, sheet: &mut Beside<'_>) {
        if self.changes.is_empty() {
            return;
        }
        let (name, alignment) = (&sheet.earlier.name, &sheet.alignment);
        sheet.changes.retain_mut(|change| {
            if change.kind != Kind::Formula || !self.follows(name, alignment, change) {
                return true;
            }
            change.kind = Kind::Result;
            let value = |held: &Option<super::cells::Held>| held.as_ref().map(|held| held.value.clone());
            value(&change.before) != value(&change.after)
        });
    }

    fn follows(&self, sheet: &str, alignment: &Alignment, change: &Change) -> bool {
        let (Some(before), Some(after)) = (&change.before, &change.after) else {
            return false;
        };
        let (Some(held), Some(now)) = (&before.formula, &after.formula) else {
            return false;
        };
        let (Some(mut row), Some(mut column)) = (
            alignment.rows.earlier(change.row),
            alignment.columns.earlier(change.column),
        ) else {
            return false;
        };
        let mut expected = held.clone();
        for structural in &self.changes {
            let holder = Holder::Cell { sheet, row, column };
            if let Some(moved) = rewrite(&expected, &holder, structural, &self.book) {
                expected = moved;
            }
            if let Structural::Shifted { sheet: on, shift } = structural
                && on == sheet
            {
                let line = if shift.axis == Axis::Rows {
                    &mut row
                } else {
                    &mut column
                };
                *line = shift.index(*line).unwrap_or(*line);
            }
        }
        expected == *now
    }
}

/// Deletions from the end on, in the numbers of the earlier sheet; then insertions from the start on, in those of the later.
fn shifts(axis: Axis, lines: &Lines) -> impl Iterator<Item = Shift> {
    let shift = move |(first, last): (u32, u32), insert| Shift {
        axis,
        at: first,
        count: last - first + 1,
        insert,
    };
    let deleted = lines.deleted.iter().rev().map(move |block| shift(*block, false));
    let inserted = lines.inserted.iter().map(move |block| shift(*block, true));
    deleted.chain(inserted)
}
