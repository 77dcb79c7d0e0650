//! `columnWidth`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::ColumnWidth;
use deskhand_operations::{Area, MAX_ROWS, RefusalCode};

use crate::addresses;
use crate::column_width::{self, Width};
use crate::error::{Outcome, refuse};
use crate::ops::guards;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, width: &ColumnWidth) -> Outcome<Applied> {
    let (index, asked) = addresses::area(workbook, &width.range)?;
    let sheet = workbook.worksheet(index)?;
    if width.width.is_some_and(|width| !(0.0..=255.0).contains(&width)) {
        return refuse(
            RefusalCode::BadInput,
            "A column is 0 to 255 characters wide; nothing was changed.",
        );
    }
    if width.fit && width.width.is_some() {
        return refuse(
            RefusalCode::BadInput,
            "A column is fitted or given a width, not both; nothing was changed.",
        );
    }
    guards::of_part(workbook, draft, sheet)?;
    let columns = Area {
        top: 0,
        bottom: MAX_ROWS - 1,
        ..asked
    };
    let plain = width.width.is_none() && !width.fit && width.hidden.is_none();
    let wish = match width.width {
        Some(width) if width > 0.0 => Some(Width::Characters(width)),
        _ if plain => Some(Width::Default),
        _ => None,
    };
    let hidden = if width.width == Some(0.0) {
        Some(true)
    } else {
        width.hidden
    };
    if wish.is_some() || hidden.is_some() {
        column_width::set(workbook, draft, index, columns, wish, hidden)?;
    }
    if width.fit {
        column_width::fit(workbook, draft, index, columns)?;
    }
    Ok(Applied {
        target: addresses::on(sheet, columns),
        changed: columns.columns(),
        ..Applied::default()
    })
}
