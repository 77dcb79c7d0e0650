//! `range.clear`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::RangeClear;

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::error::Outcome;
use crate::ops::{within, writing};
use crate::stream::SheetPart;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, clear: &RangeClear) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &clear.range)?;
    let sheet = workbook.worksheet(index)?;
    let part = SheetPart::of(&workbook.package, &sheet.part, &[(area.top, area.bottom)])?;
    let scanned = part.read(workbook, &Keep::Areas(vec![area]))?;
    let filled = scanned
        .data
        .cells
        .iter()
        .filter(|cell| cell.value.is_some() || cell.formula.is_some());
    let changes: CellEdits = filled
        .map(|cell| {
            (
                (cell.row, cell.column),
                CellEdit {
                    content: Content::Empty,
                    style: None,
                },
            )
        })
        .collect();
    within(changes.len() as u64)?;
    if changes.is_empty() {
        return Ok(Applied {
            target: addresses::on(sheet, area),
            ..Applied::default()
        });
    }
    writing::write(workbook, draft, index, area, &changes)
}
