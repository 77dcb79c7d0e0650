//! `range.merge`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::RangeMerge;
use deskhand_operations::{Area, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::merges;
use crate::ops::guards::Ground;
use crate::ops::{within, writing};
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

/// Merged areas that one operation may make.
const MAX_AREAS: u32 = 10_000;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, merge: &RangeMerge) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &merge.range)?;
    let areas = areas(area, merge.across)?;
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(vec![area]))?;
    let ground = Ground {
        package: &workbook.package,
        sheet,
        scanned: &scanned,
        area,
    };
    ground.is_open()?;
    ground.no_tables()?;
    ground.no_pivots()?;
    ground.no_arrays()?;
    ground.no_cut_merges()?;
    let lost = |row: u32, column: u32| {
        let home = areas.iter().find(|area| area.contains(row, column));
        home.is_some_and(|area| (area.top, area.left) != (row, column))
    };
    let filled = scanned.data.cells.iter();
    let changes: CellEdits = filled
        .filter(|cell| (cell.value.is_some() || cell.formula.is_some()) && lost(cell.row, cell.column))
        .map(|cell| {
            let content = Content::Empty;
            ((cell.row, cell.column), CellEdit { content, style: None })
        })
        .collect();
    within(changes.len() as u64)?;
    let mut applied = Applied {
        target: addresses::on(sheet, area),
        ..Applied::default()
    };
    if !changes.is_empty() {
        applied.warnings = writing::write(workbook, draft, index, area, &changes)?.warnings;
        let emptied = changes.len();
        applied.warnings.push(format!(
            "{emptied} {} inside the merged cells {} emptied.",
            if emptied == 1 { "cell" } else { "cells" },
            if emptied == 1 { "was" } else { "were" }
        ));
    }
    merges::set(
        workbook,
        draft,
        &sheet.part,
        &|held| held.intersection(&area).is_some(),
        &areas,
    )?;
    applied.changed = areas.len() as u32;
    Ok(applied)
}

/// The areas to merge, each of several cells.
fn areas(area: Area, across: bool) -> Outcome<Vec<Area>> {
    let bad = |why: &str| refuse(RefusalCode::BadInput, format!("{why}; nothing was changed."));
    if area.cells() == 1 || (across && area.columns() == 1) {
        return bad("There is nothing to merge in a single cell");
    }
    if !across {
        return Ok(vec![area]);
    }
    if area.rows() > MAX_AREAS {
        return bad("That is more rows than can be merged at once");
    }
    let row = |row: u32| Area {
        top: row,
        bottom: row,
        ..area
    };
    Ok((area.top..=area.bottom).map(row).collect())
}
