//! `name.set`.

use deskhand_opc::Draft;
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::NameSet;

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::names::{self, NewName};
use crate::recalculation;
use crate::tables;
use crate::workbook::Workbook;

/// Characters of a formula, and of a comment, that Excel takes.
const MAX_FORMULA: usize = 8_192;
const MAX_COMMENT: usize = 255;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, set: &NameSet) -> Outcome<Applied> {
    let bad = |why: String| refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."));
    if !names::is_valid(&set.name) {
        return bad(format!(
            "`{}` cannot be a name: letters, digits, `_`, `.` and `\\`, and nothing that reads as a cell",
            set.name
        ));
    }
    if set
        .comment
        .as_ref()
        .is_some_and(|comment| comment.encode_utf16().count() > MAX_COMMENT)
    {
        return bad(format!("A comment has at most {MAX_COMMENT} characters"));
    }
    let tables = tables::all(workbook)?;
    if tables
        .iter()
        .any(|(_, table)| table.name.eq_ignore_ascii_case(&set.name))
    {
        return refuse(
            RefusalCode::NameTaken,
            format!("A table is called `{}`; nothing was changed.", set.name),
        );
    }
    let local = local(workbook, set.sheet.as_deref())?;
    let refers_to = refers_to(workbook, &set.refers_to)?;
    if names::uses(workbook, &refers_to, local, &set.name, local) {
        return bad(format!("`{}` would refer to itself", set.name));
    }
    let new = NewName {
        name: &set.name,
        local,
        refers_to: &refers_to,
        comment: set.comment.as_deref(),
        hidden: false,
    };
    names::set(workbook, draft, &new)?;
    let after = Workbook::read(draft.package().clone())?;
    let readers = names::readers(&after, &[&set.name])?;
    let recalculated = recalculation::recalculate(workbook, draft, &readers)?;
    Ok(Applied {
        target: set.name.clone(),
        changed: 1,
        warnings: recalculated.warnings,
        ..Applied::default()
    })
}

/// The index of the sheet that a name is local to.
pub(super) fn local(workbook: &Workbook, sheet: Option<&str>) -> Outcome<Option<usize>> {
    match sheet {
        None => Ok(None),
        Some(sheet) => match workbook.sheet_index(sheet) {
            Some(index) => Ok(Some(index)),
            None => addresses::no_sheet(workbook, sheet),
        },
    }
}

/// What the name stands for, as files hold it.
fn refers_to(workbook: &Workbook, text: &str) -> Outcome<String> {
    let Some(formula) = text.trim().strip_prefix('=') else {
        let (index, area) = addresses::area(workbook, text.trim())?;
        return Ok(names::absolute(&workbook.sheets[index].name, area));
    };
    let formula = formula.trim();
    let bad = |why: &str| {
        refuse(
            RefusalCode::BadInput,
            format!("`{text}` {why}; nothing was changed."),
        )
    };
    if formula.is_empty() || !deskhand_formula::balanced(formula) {
        return bad("has brackets or quotes that are not closed");
    }
    if formula.encode_utf16().count() > MAX_FORMULA {
        return bad("is longer than Excel allows");
    }
    // Names may stand for several cells, so functions that spill are welcome here.
    Ok(deskhand_formula::to_file(formula).unwrap_or_else(|_| formula.to_owned()))
}
