//! The operations, one file each, and what they share.

mod chart_add;
mod chart_delete;
mod chart_update;
mod check;
mod columns_delete;
mod columns_insert;
mod comment_read;
mod comment_reply;
mod info;
mod picture_add;
mod pivot_info;
mod pivot_refresh;
mod range_clear;
mod range_find;
mod range_format;
mod range_read;
mod range_restore;
mod range_write;
mod recalculate;
mod rows_delete;
mod rows_insert;
mod sheet_add;
mod sheet_delete;
mod shifting;
mod table_add;
mod table_delete;
mod trace;
pub(crate) mod values;
mod writing;

pub(crate) use table_add::{relationship_attribute, relationship_type};

use std::collections::HashSet;

use deskhand_opc::{Draft, Package, PatchSet};
use deskhand_operations::{Effect, RefusalCode, WorkbookAnswer, WorkbookOperation};

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
        Op::CommentRead(read) => WorkbookAnswer::CommentRead(comment_read::answer(workbook, read)?),
        Op::PivotInfo(info) => WorkbookAnswer::PivotInfo(pivot_info::answer(workbook, info)?),
        Op::Trace(asked) => WorkbookAnswer::Trace(trace::answer(workbook, asked)?),
        Op::Check(_) => WorkbookAnswer::Check(check::answer(workbook)?),
        Op::TieOut(_) => return not_yet(operation),
        _ => {
            return refuse(
                RefusalCode::BadInput,
                "This operation changes the workbook: it has to be planned.",
            );
        }
    })
}

/// The refusal of an operation that closed files do not know yet.
fn not_yet<T>(operation: &WorkbookOperation) -> Outcome<T> {
    let name = operation.definition().name;
    refuse(
        RefusalCode::Unsupported,
        format!("`{name}` is not known for closed files; nothing was changed."),
    )
}

/// Plans an operation that changes, and checks what it would leave behind.
pub(crate) fn plan(workbook: &Workbook, operation: &WorkbookOperation) -> Outcome<Planned> {
    if operation.definition().effect == Effect::Read {
        return Ok(Planned {
            answer: answer(workbook, operation)?,
            patches: PatchSet::default(),
        });
    }
    let mut draft = Draft::new(&workbook.package);
    let answer = change(workbook, &mut draft, operation)?;
    let changed = draft.package().clone();
    let patches = draft.finish();
    check(workbook, changed, &patches)?;
    Ok(Planned { answer, patches })
}

/// Makes the change in the draft.
#[expect(clippy::match_same_arms, reason = "one arm an operation")]
fn change(workbook: &Workbook, to: &mut Draft, operation: &WorkbookOperation) -> Outcome<WorkbookAnswer> {
    use WorkbookAnswer as Answer;
    use WorkbookOperation as Op;
    Ok(match operation {
        Op::RangeWrite(write) => Answer::RangeWrite(range_write::plan(workbook, to, write)?),
        Op::RangeFormatting(format) => Answer::RangeFormatting(range_format::plan(workbook, to, format)?),
        Op::RangeClear(clear) => Answer::RangeClear(range_clear::plan(workbook, to, clear)?),
        Op::RangeRestore(restore) => Answer::RangeRestore(range_restore::plan(workbook, to, restore)?),
        Op::SheetAdd(add) => Answer::SheetAdd(sheet_add::plan(workbook, to, add)?),
        Op::SheetDelete(delete) => Answer::SheetDelete(sheet_delete::plan(workbook, to, delete)?),
        Op::TableAdd(add) => Answer::TableAdd(table_add::plan(workbook, to, add)?),
        Op::TableDelete(delete) => Answer::TableDelete(table_delete::plan(workbook, to, delete)?),
        Op::ChartAdd(add) => Answer::ChartAdd(chart_add::plan(workbook, to, add)?),
        Op::PictureAdd(add) => Answer::PictureAdd(picture_add::plan(workbook, to, add)?),
        Op::ChartUpdate(update) => Answer::ChartUpdate(chart_update::plan(workbook, to, update)?),
        Op::ChartDelete(delete) => Answer::ChartDelete(chart_delete::plan(workbook, to, delete)?),
        Op::RangeCopy(_) => return not_yet(operation),
        Op::RangeFill(_) => return not_yet(operation),
        Op::RangeMerge(_) => return not_yet(operation),
        Op::RangeUnmerge(_) => return not_yet(operation),
        Op::RangeSort(_) => return not_yet(operation),
        Op::RowsInsert(asked) => Answer::RowsInsert(rows_insert::plan(workbook, to, asked)?),
        Op::RowsDelete(asked) => Answer::RowsDelete(rows_delete::plan(workbook, to, asked)?),
        Op::ColumnsInsert(asked) => Answer::ColumnsInsert(columns_insert::plan(workbook, to, asked)?),
        Op::ColumnsDelete(asked) => Answer::ColumnsDelete(columns_delete::plan(workbook, to, asked)?),
        Op::ColumnWidth(_) => return not_yet(operation),
        Op::RowHeight(_) => return not_yet(operation),
        Op::Freeze(_) => return not_yet(operation),
        Op::PageSetup(_) => return not_yet(operation),
        Op::SheetRename(_) => return not_yet(operation),
        Op::SheetMove(_) => return not_yet(operation),
        Op::SheetCopy(_) => return not_yet(operation),
        Op::SheetHide(_) => return not_yet(operation),
        Op::TableResize(_) => return not_yet(operation),
        Op::NameSet(_) => return not_yet(operation),
        Op::NameDelete(_) => return not_yet(operation),
        Op::FilterSet(_) => return not_yet(operation),
        Op::ConditionalFormatSet(_) => return not_yet(operation),
        Op::DataValidationSet(_) => return not_yet(operation),
        Op::NoteSet(_) => return not_yet(operation),
        Op::NoteDelete(_) => return not_yet(operation),
        Op::CommentReply(reply) => Answer::CommentReply(comment_reply::plan(workbook, to, reply)?),
        Op::PivotRefresh(refresh) => Answer::PivotRefresh(pivot_refresh::plan(workbook, to, refresh)?),
        Op::Recalculate(_) => Answer::Recalculate(recalculate::plan(workbook, to)?),
        Op::TieOutReport(_) => return not_yet(operation),
        Op::Info(_)
        | Op::RangeRead(_)
        | Op::RangeFind(_)
        | Op::CommentRead(_)
        | Op::PivotInfo(_)
        | Op::Trace(_)
        | Op::Check(_)
        | Op::TieOut(_) => return answer(workbook, operation),
    })
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
