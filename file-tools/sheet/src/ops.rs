//! The operations, one file each, and what they share.

mod chart_add;
mod chart_delete;
mod chart_update;
mod check;
mod clip;
mod column_width;
mod columns_delete;
mod columns_insert;
mod comment_read;
mod comment_reply;
mod conditional_format_set;
mod data_validation_set;
mod filter_set;
mod freeze;
mod guards;
mod info;
mod name_delete;
mod name_set;
mod note_delete;
mod note_set;
mod page_setup;
mod picture_add;
mod pivot_info;
mod pivot_refresh;
mod range_clear;
mod range_copy;
mod range_fill;
mod range_find;
mod range_format;
mod range_merge;
mod range_read;
mod range_restore;
mod range_sort;
mod range_unmerge;
mod range_write;
mod recalculate;
mod row_height;
mod rows_delete;
mod rows_insert;
mod series;
pub(crate) mod sheet_add;
mod sheet_copy;
mod sheet_delete;
mod sheet_hide;
mod sheet_move;
mod sheet_rename;
mod shifting;
pub(crate) mod table_add;
mod table_delete;
mod table_resize;
mod text_table;
mod tie_out;
mod tie_out_report;
mod trace;
pub(crate) mod values;
mod writing;

pub(crate) use sheet_add::check_name;
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
        Op::TieOut(asked) => WorkbookAnswer::TieOut(tie_out::answer(workbook, asked)?),
        Op::Create(_) => {
            return refuse(
                RefusalCode::BadInput,
                "`workbook.create` makes a new file, and this one is there already; nothing was changed.",
            );
        }
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
    check(workbook, changed, &patches, moves(operation))?;
    Ok(Planned { answer, patches })
}

/// Makes the change in the draft. What it leaves behind is not checked.
pub(crate) fn change(
    workbook: &Workbook,
    to: &mut Draft,
    operation: &WorkbookOperation,
) -> Outcome<WorkbookAnswer> {
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
        Op::RangeCopy(copy) => Answer::RangeCopy(range_copy::plan(workbook, to, copy)?),
        Op::RangeFill(fill) => Answer::RangeFill(range_fill::plan(workbook, to, fill)?),
        Op::RangeMerge(merge) => Answer::RangeMerge(range_merge::plan(workbook, to, merge)?),
        Op::RangeUnmerge(unmerge) => Answer::RangeUnmerge(range_unmerge::plan(workbook, to, unmerge)?),
        Op::RangeSort(sort) => Answer::RangeSort(range_sort::plan(workbook, to, sort)?),
        Op::RowsInsert(asked) => Answer::RowsInsert(rows_insert::plan(workbook, to, asked)?),
        Op::RowsDelete(asked) => Answer::RowsDelete(rows_delete::plan(workbook, to, asked)?),
        Op::ColumnsInsert(asked) => Answer::ColumnsInsert(columns_insert::plan(workbook, to, asked)?),
        Op::ColumnsDelete(asked) => Answer::ColumnsDelete(columns_delete::plan(workbook, to, asked)?),
        Op::ColumnWidth(width) => Answer::ColumnWidth(column_width::plan(workbook, to, width)?),
        Op::RowHeight(height) => Answer::RowHeight(row_height::plan(workbook, to, height)?),
        Op::Freeze(freeze) => Answer::Freeze(freeze::plan(workbook, to, freeze)?),
        Op::PageSetup(page) => Answer::PageSetup(page_setup::plan(workbook, to, page)?),
        Op::SheetRename(rename) => Answer::SheetRename(sheet_rename::plan(workbook, to, rename)?),
        Op::SheetMove(moved) => Answer::SheetMove(sheet_move::plan(workbook, to, moved)?),
        Op::SheetCopy(copy) => Answer::SheetCopy(sheet_copy::plan(workbook, to, copy)?),
        Op::SheetHide(hide) => Answer::SheetHide(sheet_hide::plan(workbook, to, hide)?),
        Op::TableResize(resize) => Answer::TableResize(table_resize::plan(workbook, to, resize)?),
        Op::NameSet(set) => Answer::NameSet(name_set::plan(workbook, to, set)?),
        Op::NameDelete(delete) => Answer::NameDelete(name_delete::plan(workbook, to, delete)?),
        Op::FilterSet(filter) => Answer::FilterSet(filter_set::plan(workbook, to, filter)?),
        Op::ConditionalFormatSet(set) => {
            Answer::ConditionalFormatSet(conditional_format_set::plan(workbook, to, set)?)
        }
        Op::DataValidationSet(set) => {
            Answer::DataValidationSet(data_validation_set::plan(workbook, to, set)?)
        }
        Op::NoteSet(set) => Answer::NoteSet(note_set::plan(workbook, to, set)?),
        Op::NoteDelete(delete) => Answer::NoteDelete(note_delete::plan(workbook, to, delete)?),
        Op::CommentReply(reply) => Answer::CommentReply(comment_reply::plan(workbook, to, reply)?),
        Op::PivotRefresh(refresh) => Answer::PivotRefresh(pivot_refresh::plan(workbook, to, refresh)?),
        Op::Recalculate(_) => Answer::Recalculate(recalculate::plan(workbook, to)?),
        Op::TieOutReport(asked) => Answer::TieOutReport(tie_out_report::plan(workbook, to, asked)?),
        Op::Create(_)
        | Op::Info(_)
        | Op::RangeRead(_)
        | Op::RangeFind(_)
        | Op::CommentRead(_)
        | Op::PivotInfo(_)
        | Op::Trace(_)
        | Op::Check(_)
        | Op::TieOut(_) => return answer(workbook, operation),
    })
}

/// True for an operation after which the same thing stands at another place, or on a sheet of another name.
fn moves(operation: &WorkbookOperation) -> bool {
    use WorkbookOperation as Op;
    matches!(
        operation,
        Op::RowsInsert(_)
            | Op::RowsDelete(_)
            | Op::ColumnsInsert(_)
            | Op::ColumnsDelete(_)
            | Op::RangeSort(_)
            | Op::SheetRename(_)
    )
}

/// Refuses a change that leaves a finding which was not there before. Files may have findings of their own.
fn check(workbook: &Workbook, changed: Package, patches: &PatchSet, moves: bool) -> Outcome<()> {
    let touched: HashSet<String> = patches
        .patches
        .iter()
        .map(|patch| patch.part().to_lowercase())
        .collect();
    match new_finding(workbook, changed, Some(&touched), moves)? {
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

/// The first finding of some parts, or of all, that a change would bring. Where things move, as many findings of a kind as
/// a part had before are the same ones.
pub(crate) fn new_finding(
    workbook: &Workbook,
    changed: Package,
    only: Option<&HashSet<String>>,
    moves: bool,
) -> Outcome<Option<Finding>> {
    let after = lint::findings(&Workbook::read(changed)?, only)?;
    if after.is_empty() {
        return Ok(None);
    }
    let before = lint::findings(workbook, only)?;
    let count = |all: &[Finding], one: &Finding| {
        let same = |other: &&Finding| (other.code, &other.part) == (one.code, &one.part);
        all.iter().filter(same).count()
    };
    let mut new = after.iter().filter(|finding| !before.contains(finding));
    Ok(new
        .find(|finding| !moves || count(&after, finding) > count(&before, finding))
        .cloned())
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
