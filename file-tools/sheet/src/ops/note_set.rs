//! `note.set`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::NoteSet;
use deskhand_operations::{Area, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::note_edit;
use crate::notes;
use crate::ops::guards;
use crate::workbook::{SheetEntry, Workbook};

/// Characters of a note.
const MAX_TEXT: usize = 32_000;
/// Characters of an author's name.
const MAX_AUTHOR: usize = 255;
/// Who writes where nobody is named.
const AUTHOR: &str = "Deskhand";

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, set: &NoteSet) -> Outcome<Applied> {
    let (index, row, column) = cell(workbook, &set.cell)?;
    let sheet = workbook.worksheet(index)?;
    guards::of_part(workbook, draft, sheet)?;
    let author = set.author.as_deref().unwrap_or(AUTHOR);
    let long = set.text.encode_utf16().count() > MAX_TEXT || author.encode_utf16().count() > MAX_AUTHOR;
    if set.text.is_empty() || long || author.starts_with("tc=") {
        return refuse(
            RefusalCode::BadInput,
            "A note has a text of 1 to 32,000 characters and an author of at most 255; nothing was changed.",
        );
    }
    no_thread(workbook, sheet, row, column)?;
    note_edit::set(workbook, draft, index, (row, column), author, &set.text)?;
    Ok(Applied {
        target: addresses::cell(sheet, row, column),
        changed: 1,
        ..Applied::default()
    })
}

/// One cell with its sheet.
pub(super) fn cell(workbook: &Workbook, text: &str) -> Outcome<(usize, u32, u32)> {
    let (index, area) = addresses::area(workbook, text)?;
    if area != Area::cell(area.top, area.left) {
        return refuse(
            RefusalCode::BadInput,
            format!("`{text}` is not one cell; nothing was changed."),
        );
    }
    Ok((index, area.top, area.left))
}

/// Refuses a cell whose note stands for a thread of comments; answers whether it has a note.
pub(super) fn no_thread(workbook: &Workbook, sheet: &SheetEntry, row: u32, column: u32) -> Outcome<bool> {
    let all = notes::of_sheet(&workbook.package, sheet)?;
    let found = all.iter().find(|note| (note.row, note.column) == (row, column));
    if found.is_some_and(|note| note.is_thread) {
        return refuse(
            RefusalCode::Unsupported,
            format!(
                "{} has a thread of comments, not a note; nothing was changed.",
                addresses::cell(sheet, row, column)
            ),
        );
    }
    Ok(found.is_some())
}
