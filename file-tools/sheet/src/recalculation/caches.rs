//! Computed values in the file: only the cell whose value differs is written, its formula stays as it stands.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_formula::CellAt;
use deskhand_opc::Draft;
use deskhand_operations::CellValue;

use crate::cell_edit::cached;
use crate::cells::Keep;
use crate::error::Outcome;
use crate::ops::values::value;
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// Writes computed values into the caches of the draft, where they differ from what stands there. Answers how many did.
pub(crate) fn write_caches(
    workbook: &Workbook,
    draft: &mut Draft,
    values: &BTreeMap<CellAt, (CellValue, bool)>,
) -> Outcome<usize> {
    let sheets: BTreeSet<usize> = values.keys().map(|cell| cell.sheet).collect();
    let mut changed = 0;
    for index in sheets {
        let sheet = &workbook.sheets[index];
        let content = draft.package().part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        let edits = scanned.data.cells.iter().filter_map(|cell| {
            let (computed, error) = values.get(&CellAt {
                sheet: index,
                row: cell.row,
                column: cell.column,
            })?;
            let held = value(cell, &[]);
            let kept = cell.value.is_some() && (cell.kind == "e") == *error && same(&held, computed);
            if kept {
                None
            } else {
                cached(&scanned, cell, computed, *error)
            }
        });
        let edits: Vec<_> = edits.collect();
        changed += edits.len();
        if !edits.is_empty() {
            draft.edit(&sheet.part, edits)?;
        }
    }
    Ok(changed)
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
