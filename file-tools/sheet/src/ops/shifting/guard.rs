//! What is refused before anything is planned, as Excel refuses it.

use deskhand_formula::{Axis, Shift};
use deskhand_opc::xml::Tree;
use deskhand_operations::{Area, RefusalCode};

use super::{Follow, said};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::sheet::Worksheet;
use crate::workbook::{SheetEntry, is_true};

pub(super) fn check(follow: &Follow<'_>, sheet: &SheetEntry) -> Outcome<()> {
    let (workbook, shift) = (follow.workbook, follow.shift);
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    let name = &sheet.name;
    if !scanned.data.ordered {
        return refuse(
            RefusalCode::Corrupt,
            format!("The cells of `{name}` are out of order; nothing was changed."),
        );
    }
    if scanned.protected && !allowed(&scanned, shift) {
        return refuse(
            RefusalCode::Protected,
            format!("The sheet `{name}` is protected; nothing was changed."),
        );
    }
    if let Some(used) = scanned.data.used.filter(|_| shift.insert) {
        let (_, last) = shift.along(&used);
        if last >= shift.at && shift.index(last).is_none() {
            let message =
                format!("Cells that hold something would fall off the end of `{name}`; nothing was changed.");
            return refuse(RefusalCode::TooLarge, message);
        }
    }
    for array in scanned.data.arrays.iter().filter(|array| array.cells() > 1) {
        if cuts(shift, array) {
            let message = format!(
                "The formula that fills {array} on `{name}` would be cut: it can only be changed as a whole; nothing was changed."
            );
            return refuse(RefusalCode::Protected, message);
        }
    }
    revisions(follow)?;
    pivots(follow, sheet)
}

/// True when a protected sheet says that this may be done all the same. Deleting also asks that no cell is locked, which
/// the protection cannot tell: it is left to Excel.
fn allowed(scanned: &Worksheet<'_>, shift: Shift) -> bool {
    let name = match shift.axis {
        Axis::Rows => "insertRows",
        Axis::Columns => "insertColumns",
    };
    let protection = scanned.find("sheetProtection");
    shift.insert
        && protection
            .and_then(|element| element.tag.attribute(name))
            .is_some_and(|value| !is_true(&value))
}

/// True when an area would be cut: rows come between its rows, or some of them go and others stay.
pub(super) fn cuts(shift: Shift, area: &Area) -> bool {
    let (first, last) = shift.along(area);
    shift.touches(first, last) && (shift.insert || shift.span(first, last).is_some())
}

/// A shared workbook keeps every change in logs that name cells.
fn revisions(follow: &Follow<'_>) -> Outcome<()> {
    let package = &follow.workbook.package;
    if let Some(part) = package.related(&follow.workbook.part, "revisionHeaders")?.first() {
        let message = format!(
            "The workbook is shared and keeps its changes in `{part}`: {} come and go in Excel only; nothing was changed.",
            said(follow.shift.axis)
        );
        return refuse(RefusalCode::Unsupported, message);
    }
    Ok(())
}

/// Pivot tables are moved as a whole, never cut.
fn pivots(follow: &Follow<'_>, sheet: &SheetEntry) -> Outcome<()> {
    let package = &follow.workbook.package;
    for part in package.related(&sheet.part, "pivotTable")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let root = tree.root();
        let location = root.child("location");
        let Some(mut area) = location.and_then(|node| Area::parse(&node.attribute("ref")?).ok()) else {
            continue;
        };
        // The filters stand above the table, one row each and a free row between.
        let filters = root.child("pageFields").map_or(0, |list| list.children().count());
        if filters > 0 {
            let rows = u32::try_from(filters).unwrap_or(u32::MAX).saturating_add(1);
            area.top = area.top.saturating_sub(rows);
        }
        let (first, last) = follow.shift.along(&area);
        if follow.shift.touches(first, last) {
            let name = root.attribute("name").unwrap_or_default();
            let message = format!("The pivot table `{name}` would be cut; nothing was changed.");
            return refuse(RefusalCode::Protected, message);
        }
    }
    Ok(())
}
