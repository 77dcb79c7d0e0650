//! `rowHeight`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::RowHeight;
use deskhand_operations::{Area, MAX_COLUMNS, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::ops::{guards, within};
use crate::row_edit::{self, Height, RowChange};
use crate::workbook::Workbook;

/// The highest row, in points.
const HIGHEST: f64 = 409.5;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, height: &RowHeight) -> Outcome<Applied> {
    let (index, asked) = addresses::area(workbook, &height.range)?;
    let sheet = workbook.worksheet(index)?;
    within(u64::from(asked.rows()))?;
    if let Some(points) = height.height
        && !(0.0..=HIGHEST).contains(&points)
    {
        return refuse(
            RefusalCode::BadInput,
            "A row is 0 to 409 points high; nothing was changed.",
        );
    }
    let change = RowChange {
        height: match (height.height, height.hidden) {
            (Some(points), _) if points > 0.0 => Some(Height::Points(points)),
            (None, None) => Some(Height::Fitting),
            _ => None,
        },
        hidden: if height.height == Some(0.0) {
            Some(true)
        } else {
            height.hidden
        },
    };
    guards::of_part(workbook, draft, sheet)?;
    let changes = (asked.top..=asked.bottom).map(|row| (row, change)).collect();
    row_edit::apply(workbook, draft, &sheet.part, &changes)?;
    let rows = Area {
        left: 0,
        right: MAX_COLUMNS - 1,
        ..asked
    };
    Ok(Applied {
        target: addresses::on(sheet, rows),
        changed: rows.rows(),
        ..Applied::default()
    })
}
