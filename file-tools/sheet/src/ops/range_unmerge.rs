//! `range.unmerge`.

use deskhand_opc::Draft;
use deskhand_operations::Area;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::RangeUnmerge;

use crate::addresses;
use crate::cells::Keep;
use crate::error::Outcome;
use crate::merges;
use crate::ops::guards;
use crate::sheet::Worksheet;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, unmerge: &RangeUnmerge) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &unmerge.range)?;
    let sheet = workbook.worksheet(index)?;
    let content = workbook.package.part(&sheet.part)?;
    let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Areas(Vec::new()))?;
    guards::open(sheet, &scanned)?;
    let touched = |held: &Area| held.intersection(&area).is_some();
    let changed = scanned.merged.iter().filter(|held| touched(held)).count() as u32;
    merges::set(workbook, draft, &sheet.part, &touched, &[])?;
    Ok(Applied {
        target: addresses::on(sheet, area),
        changed,
        ..Applied::default()
    })
}
