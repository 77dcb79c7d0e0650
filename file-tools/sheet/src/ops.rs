//! The operations, one file each, and what they share.

mod chart_add;
mod chart_delete;
mod info;
mod range_clear;
mod range_find;
mod range_format;
mod range_read;
mod range_restore;
mod range_write;
mod sheet_add;
mod sheet_delete;
mod table_add;
mod table_delete;
pub(crate) mod values;
mod writing;

use std::collections::HashSet;

use deskhand_opc::{Draft, Package, PatchSet};
use deskhand_operations::{RefusalCode, WorkbookAnswer, WorkbookOperation};

use crate::error::{Outcome, refuse};
use crate::lint::{self, Finding};
use crate::workbook::{Planned, Workbook};

/// Cells that one changing operation may touch.
pub(crate) const MAX_CELLS: u64 = 200_000;

/// Answers an operation that only looks.
pub(crate) fn answer(workbook: &Workbook, operation: &WorkbookOperation) -> Outcome<WorkbookAnswer> {
    use WorkbookOperation as Op;
    Ok(match operation {
        Op::Info(_) => WorkbookAnswer::Info(info::answer(workbook)?),
        Op::RangeRead(read) => WorkbookAnswer::RangeRead(range_read::answer(workbook, read)?),
        Op::RangeFind(find) => WorkbookAnswer::RangeFind(range_find::answer(workbook, find)?),
        _ => {
            return refuse(
                RefusalCode::BadInput,
                "This operation changes the workbook: it has to be planned.",
            );
        }
    })
}

/// Plans an operation that changes, and checks what it would leave behind.
pub(crate) fn plan(workbook: &Workbook, operation: &WorkbookOperation) -> Outcome<Planned> {
    use WorkbookAnswer as Answer;
    use WorkbookOperation as Op;
    let mut draft = Draft::new(&workbook.package);
    let to = &mut draft;
    let answer = match operation {
        Op::Info(_) | Op::RangeRead(_) | Op::RangeFind(_) => {
            return Ok(Planned {
                answer: answer(workbook, operation)?,
                patches: PatchSet::default(),
            });
        }
        Op::RangeWrite(write) => Answer::RangeWrite(range_write::plan(workbook, to, write)?),
        Op::RangeFormatting(format) => Answer::RangeFormatting(range_format::plan(workbook, to, format)?),
        Op::RangeClear(clear) => Answer::RangeClear(range_clear::plan(workbook, to, clear)?),
        Op::RangeRestore(restore) => Answer::RangeRestore(range_restore::plan(workbook, to, restore)?),
        Op::SheetAdd(add) => Answer::SheetAdd(sheet_add::plan(workbook, to, add)?),
        Op::SheetDelete(delete) => Answer::SheetDelete(sheet_delete::plan(workbook, to, delete)?),
        Op::TableAdd(add) => Answer::TableAdd(table_add::plan(workbook, to, add)?),
        Op::TableDelete(delete) => Answer::TableDelete(table_delete::plan(workbook, to, delete)?),
        Op::ChartAdd(add) => Answer::ChartAdd(chart_add::plan(workbook, to, add)?),
        Op::ChartDelete(delete) => Answer::ChartDelete(chart_delete::plan(workbook, to, delete)?),
    };
    let changed = draft.package().clone();
    let patches = draft.finish();
    check(workbook, changed, &patches)?;
    Ok(Planned { answer, patches })
}

/// Refuses a change that leaves a finding which was not there before. Files may have findings of their own.
fn check(workbook: &Workbook, changed: Package, patches: &PatchSet) -> Outcome<()> {
    let touched: HashSet<String> = patches
        .patches
        .iter()
        .map(|patch| patch.part().to_lowercase())
        .collect();
    match new_finding(workbook, changed, Some(&touched))? {
        Some(finding) => refuse(
            RefusalCode::Failed,
            format!(
                "The change was not made, because the file would not pass its check: {}.",
                finding.sentence
            ),
        ),
        None => Ok(()),
    }
}

/// The first finding of some parts, or of all, that a change would bring.
pub(crate) fn new_finding(
    workbook: &Workbook,
    changed: Package,
    only: Option<&HashSet<String>>,
) -> Outcome<Option<Finding>> {
    let after = lint::findings(&Workbook::read(changed)?, only)?;
    if after.is_empty() {
        return Ok(None);
    }
    let before = lint::findings(workbook, only)?;
    Ok(after.into_iter().find(|finding| !before.contains(finding)))
}

/// Refuses what would touch too many cells.
pub(crate) fn within(cells: u64) -> Outcome<()> {
    if cells > MAX_CELLS {
        return refuse(
            RefusalCode::TooLarge,
            format!(
                "{cells} cells are more than the {MAX_CELLS} that one operation may change; nothing was changed."
            ),
        );
    }
    Ok(())
}
