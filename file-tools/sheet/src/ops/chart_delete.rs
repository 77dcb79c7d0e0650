//! `chart.delete`.

use deskhand_opc::Draft;
use deskhand_operations::RefusalCode;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ChartDelete;

use super::chart_update::{find, sheet_address};
use super::sheet_delete::{is_target, remove_with_orphans};
use crate::drawings;
use crate::error::{Outcome, refuse};
use crate::workbook::{SheetKind, Workbook};

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, delete: &ChartDelete) -> Outcome<Applied> {
    let (sheet, chart) = find(workbook, &delete.sheet, &delete.name)?;
    if sheet.kind != SheetKind::Worksheet {
        return refuse(
            RefusalCode::Unsupported,
            format!(
                "`{}` is a chart sheet: delete the sheet; nothing was changed.",
                sheet.name
            ),
        );
    }
    drawings::remove(draft, &chart)?;
    if let Some(part) = &chart.part
        && !is_target(draft, part)?
    {
        remove_with_orphans(draft, part)?;
    }
    Ok(Applied {
        target: format!("{} {}", sheet_address(&sheet.name), chart.name),
        changed: 1,
        ..Applied::default()
    })
}
