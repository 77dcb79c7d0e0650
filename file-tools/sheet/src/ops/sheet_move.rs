//! `sheet.move`.

use deskhand_formula::{CellAt, references};
use deskhand_opc::Draft;
use deskhand_opc::xml::Tree;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::SheetMove;

use crate::addresses;
use crate::cells::Keep;
use crate::error::Outcome;
use crate::recalculation;
use crate::sheet::Worksheet;
use crate::tabs::{self, Shift};
use crate::workbook::{SheetKind, Workbook, guard_structure};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, moved: &SheetMove) -> Outcome<Applied> {
    let Some(from) = workbook.sheet_index(&moved.name) else {
        return addresses::no_sheet(workbook, &moved.name);
    };
    let to = match &moved.after {
        None => 0,
        Some(after) => match workbook.sheet_index(after) {
            // What stands behind the sheet moves up when it goes.
            Some(index) if index < from => index + 1,
            Some(index) => index,
            None => return addresses::no_sheet(workbook, after),
        },
    };
    let mut applied = Applied {
        target: workbook.sheets[from].name.clone(),
        ..Applied::default()
    };
    let content = draft.package().part(&workbook.part)?;
    let tree = Tree::parse(&workbook.part, &content, draft.package().limits())?;
    let root = tree.root();
    guard_structure(root)?;
    if from == to {
        return Ok(applied);
    }
    let Some(list) = root.child("sheets") else {
        return Ok(applied);
    };
    let entries: Vec<_> = list.children().collect();
    let (Some(entry), Some(neighbour)) = (entries.get(from), entries.get(to)) else {
        return Ok(applied);
    };
    let xml = String::from_utf8_lossy(&content[entry.span()]).into_owned();
    let mut edits = vec![
        entry.replace(""),
        if to < from {
            neighbour.before(&xml)
        } else {
            neighbour.after(&xml)
        },
    ];
    edits.extend(tabs::edits(root, Shift::Moved { from, to }));
    draft.edit(&workbook.part, edits)?;
    let spans = span_formulas(&Workbook::read(draft.package().clone())?)?;
    let recalculated = recalculation::recalculate(workbook, draft, &spans)?;
    applied.changed = 1;
    applied.warnings = recalculated.warnings;
    Ok(applied)
}

/// Formulas that read all sheets from one to another (`Jan:Mar!A1`): they read others when a sheet moves.
fn span_formulas(workbook: &Workbook) -> Outcome<Vec<CellAt>> {
    let mut found = Vec::new();
    let worksheets = workbook.sheets.iter().enumerate();
    for (index, sheet) in worksheets.filter(|(_, sheet)| sheet.kind == SheetKind::Worksheet) {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            let Some(formula) = &cell.formula else { continue };
            if !formula.text.contains(':') {
                continue;
            }
            let spans = references(&formula.text).ranges;
            if spans.iter().any(|range| range.last_sheet.is_some()) {
                found.push(CellAt {
                    sheet: index,
                    row: cell.row,
                    column: cell.column,
                });
            }
        }
    }
    Ok(found)
}
