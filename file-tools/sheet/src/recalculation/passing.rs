//! Formulas and values of large sheets, taken up as the cells pass by. Nothing where a sheet is unusual: it is read in the
//! general way then.

use deskhand_formula::{CellAt, Constant};
use deskhand_opc::Package;
use deskhand_operations::{Area, CellValue};

use super::book::BookFormula;
use super::caches::is_kept;
use crate::cell_edit::computed;
use crate::element_list::Edit;
use crate::error::Outcome;
use crate::stream::{RowTag, SharedTexts, Streamed, StreamedCell, StreamedValue, Visitor, cells};

/// Takes up the formulas of a sheet. Answers whether it hides rows.
pub(crate) fn formulas(
    package: &Package,
    part: &str,
    sheet: usize,
    take: impl FnMut(BookFormula) -> bool,
) -> Outcome<Option<bool>> {
    let mut passing = Formulas {
        sheet,
        take,
        none: SharedTexts::default(),
        hides_rows: false,
        is_unusual: false,
    };
    let (how, _) = cells(package, part, &mut passing)?;
    Ok((how == Streamed::Done && !passing.is_unusual).then_some(passing.hides_rows))
}

struct Formulas<F> {
    sheet: usize,
    take: F,
    none: SharedTexts,
    hides_rows: bool,
    is_unusual: bool,
}

impl<F: FnMut(BookFormula) -> bool> Formulas<F> {
    /// The formula of a cell, where it is of one cell.
    fn read(&self, cell: &StreamedCell<'_>) -> Option<BookFormula> {
        let text = cell.formula().ok().flatten().filter(|_| !cell.is_array())?;
        let cached = if cell.has_value() {
            Some(constant(cell, &self.none)?)
        } else {
            None
        };
        Some(BookFormula {
            cell: CellAt {
                sheet: self.sheet,
                row: cell.row,
                column: cell.column,
            },
            text: text.into_owned(),
            array: false,
            fills: None,
            cached,
        })
    }
}

impl<F: FnMut(BookFormula) -> bool> Visitor for Formulas<F> {
    fn row(&mut self, _: u32, tag: &RowTag, _: &[u8], _: u64) {
        self.hides_rows |= tag.hidden;
    }

    fn cell(&mut self, cell: &StreamedCell<'_>, _: Option<Area>) -> bool {
        if !cell.has_formula() {
            return true;
        }
        let Some(formula) = self.read(cell) else {
            self.is_unusual = true;
            return false;
        };
        formula.text.is_empty() || (self.take)(formula)
    }
}

/// A cell's value as formulas read it; none where it is unusual.
fn constant(cell: &StreamedCell<'_>, texts: &SharedTexts) -> Option<Constant> {
    Some(match cell.value(texts)? {
        StreamedValue::Empty => Constant::Value(CellValue::Empty),
        StreamedValue::Number(number) => Constant::Value(CellValue::Number(number)),
        StreamedValue::Boolean(value) => Constant::Value(CellValue::Boolean(value)),
        StreamedValue::Text(text) if cell.is_error() => Constant::Error(text.into_owned()),
        StreamedValue::Text(text) => Constant::Value(CellValue::Text(text.into_owned())),
    })
}

/// Takes up the values of the cells that are `wanted`, until `take` answers false. False where the sheet is unusual, and
/// what was taken does not count.
pub(crate) fn values(
    package: &Package,
    part: &str,
    texts: &SharedTexts,
    wanted: impl Fn(u32, u32) -> bool,
    mut take: impl FnMut(u32, u32, Constant) -> bool,
) -> Outcome<bool> {
    let mut is_unusual = false;
    let mut pass = |cell: &StreamedCell<'_>| {
        if !cell.has_value() || !wanted(cell.row, cell.column) {
            return true;
        }
        let Some(constant) = constant(cell, texts) else {
            is_unusual = true;
            return false;
        };
        take(cell.row, cell.column, constant)
    };
    let (how, _) = cells(package, part, &mut pass)?;
    Ok(how == Streamed::Done && !is_unusual)
}

/// The edits that write computed values, in the order of their cells, where others stand.
pub(crate) fn caches<'v>(
    package: &Package,
    part: &str,
    values: impl Iterator<Item = (&'v CellAt, &'v (CellValue, bool))>,
) -> Outcome<Option<Vec<Edit>>> {
    let mut values = values.peekable();
    let (mut edits, none) = (Vec::new(), SharedTexts::default());
    let mut is_unusual = false;
    let mut pass = |cell: &StreamedCell<'_>| {
        let place = (cell.row, cell.column);
        while values.next_if(|(at, _)| (at.row, at.column) < place).is_some() {}
        let Some((_, (value, error))) = values.next_if(|(at, _)| (at.row, at.column) == place) else {
            return values.peek().is_some();
        };
        let held = if cell.has_value() {
            Some(constant(cell, &none))
        } else {
            None
        };
        is_unusual |= matches!(held, Some(None));
        if !is_kept(held.flatten().as_ref(), value, *error)
            && let Some((kind, value)) = computed(value, *error)
        {
            edits.extend(cell.revalue((kind, &value)));
        }
        !is_unusual && values.peek().is_some()
    };
    let (how, _) = cells(package, part, &mut pass)?;
    Ok((how == Streamed::Done && !is_unusual).then_some(edits))
}
