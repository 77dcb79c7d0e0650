//! Computed values in the file: only the cell whose value differs is written, its formula stays as it stands.

use std::collections::BTreeMap;

use deskhand_formula::{CellAt, Constant};
use deskhand_opc::Draft;
use deskhand_operations::CellValue;

use super::passing;
use super::values::constant;
use crate::cell_edit::cached;
use crate::cells::Keep;
use crate::element_list::Edit;
use crate::error::Outcome;
use crate::sheet::Worksheet;
use crate::stream::is_large;
use crate::workbook::Workbook;

/// Values, and whether they are errors.
type Values = BTreeMap<CellAt, (CellValue, bool)>;

/// Writes computed values into the caches of the draft, where they differ from what stands there. Answers how many did.
pub(crate) fn write_caches(workbook: &Workbook, draft: &mut Draft, values: &Values) -> Outcome<usize> {
    let mut changed = 0;
    for (index, sheet) in workbook.sheets.iter().enumerate() {
        let at = |sheet| CellAt {
            sheet,
            row: 0,
            column: 0,
        };
        let mut own = values.range(at(index)..at(index + 1)).peekable();
        if own.peek().is_none() {
            continue;
        }
        let package = draft.package();
        let passed = if is_large(package, &sheet.part)? {
            passing::caches(package, &sheet.part, own)?
        } else {
            None
        };
        let edits = match passed {
            Some(edits) => edits,
            None => edits(workbook, draft, index, values)?,
        };
        changed += edits.len();
        if !edits.is_empty() {
            draft.edit(&sheet.part, edits)?;
        }
    }
    Ok(changed)
}

/// What is to be written in a sheet, read in the general way.
fn edits(workbook: &Workbook, draft: &Draft, index: usize, values: &Values) -> Outcome<Vec<Edit>> {
    let part = &workbook.sheets[index].part;
    let content = draft.package().part(part)?;
    let scanned = Worksheet::read(workbook, part, &content, &Keep::Formulas)?;
    let edits = scanned.data.cells.iter().filter_map(|cell| {
        let (value, error) = values.get(&CellAt {
            sheet: index,
            row: cell.row,
            column: cell.column,
        })?;
        let held = cell.value.is_some().then(|| constant(cell, &[]));
        if is_kept(held.as_ref(), value, *error) {
            None
        } else {
            cached(&scanned, cell, value, *error)
        }
    });
    Ok(edits.collect())
}

/// True where the cell holds this value already.
pub(super) fn is_kept(held: Option<&Constant>, computed: &CellValue, error: bool) -> bool {
    match (held, computed) {
        (Some(Constant::Error(held)), CellValue::Text(computed)) => error && held == computed,
        (Some(Constant::Value(held)), computed) => !error && same(held, computed),
        _ => false,
    }
}

/// True when two values are the same but for the last digits of arithmetic.
fn same(one: &CellValue, other: &CellValue) -> bool {
    match (one, other) {
        (CellValue::Number(one), CellValue::Number(other)) => {
            (one - other).abs() <= 1e-14 * one.abs().max(other.abs())
        }
        _ => one == other,
    }
}
