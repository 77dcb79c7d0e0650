//! `note.delete`.

use deskhand_opc::Draft;
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::NoteDelete;

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::note_edit;
use crate::ops::guards;
use crate::ops::note_set::{cell, no_thread};
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, delete: &NoteDelete) -> Outcome<Applied> {
    let (index, row, column) = cell(workbook, &delete.cell)?;
    let sheet = workbook.worksheet(index)?;
    guards::of_part(workbook, draft, sheet)?;
    if !no_thread(workbook, sheet, row, column)? {
        return refuse(
            RefusalCode::NotFound,
            format!(
                "{} has no note; nothing was changed.",
                addresses::cell(sheet, row, column)
            ),
        );
    }
    note_edit::clear(workbook, draft, sheet, &|cell| cell == (row, column), false)?;
    Ok(Applied {
        target: addresses::cell(sheet, row, column),
        changed: 1,
        ..Applied::default()
    })
}
