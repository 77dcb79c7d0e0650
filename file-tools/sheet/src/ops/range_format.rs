//! `range.format`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{CellFormat, RangeFormatting};
use deskhand_operations::{Area, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::column_width;
use crate::error::{Outcome, refuse};
use crate::ops::{within, writing};
use crate::stream::SheetPart;
use crate::style_edit::StyleEdit;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, formatting: &RangeFormatting) -> Outcome<Applied> {
    let (index, area) = addresses::area(workbook, &formatting.range)?;
    within(area.cells())?;
    check(&formatting.format)?;
    let sheet = workbook.worksheet(index)?;
    let mut applied = Applied {
        target: addresses::on(sheet, area),
        ..Applied::default()
    };
    if formatting.format != CellFormat::default() {
        let mut styles = StyleEdit::new(workbook, draft)?;
        let changes = styled(
            workbook,
            draft,
            index,
            area,
            &mut |_, _| Some(formatting.format.clone()),
            &mut styles,
        )?;
        styles.finish(draft)?;
        applied = writing::write(workbook, draft, index, area, &changes)?;
        applied.read_back = None;
    }
    if formatting.fit_columns {
        column_width::fit(workbook, draft, index, area)?;
    }
    Ok(applied)
}

/// Changes of style for the cells of an area.
pub(super) fn styled(
    workbook: &Workbook,
    draft: &Draft,
    index: usize,
    area: Area,
    wanted: &mut dyn FnMut(u32, u32) -> Option<CellFormat>,
    styles: &mut StyleEdit,
) -> Outcome<CellEdits> {
    let sheet = workbook.worksheet(index)?;
    let part = SheetPart::of(draft.package(), &sheet.part, &[(area.top, area.bottom)])?;
    let scanned = part.read(workbook, &Keep::Areas(vec![area]))?;
    let mut changes = CellEdits::new();
    for row in area.top..=area.bottom {
        for column in area.left..=area.right {
            let Some(format) = wanted(row, column) else {
                continue;
            };
            let held = scanned
                .data
                .cells
                .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
            let old = held.map_or_else(
                |_| scanned.style_for_new(row, column),
                |cell| scanned.data.cells[cell].style,
            );
            let style = Some(styles.with(old, &format)?);
            changes.insert(
                (row, column),
                CellEdit {
                    content: Content::Keep,
                    style,
                },
            );
        }
    }
    Ok(changes)
}

/// Refuses formats that Excel would refuse.
pub(super) fn check(format: &CellFormat) -> Outcome<()> {
    let bad = |what: String| refuse(RefusalCode::BadInput, format!("{what}; nothing was changed."));
    let hex = |color: &str| {
        color.len() == 7 && color.starts_with('#') && color[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let plain = |color: &&String| !color.is_empty() && !hex(color);
    if let Some(color) = format.fill_color.iter().chain(&format.font_color).find(plain) {
        return bad(format!("`{color}` is not a colour such as `#1F4E78`"));
    }
    if format
        .font_size
        .is_some_and(|size| !(1.0..=409.0).contains(&size))
    {
        return bad("A text size lies between 1 and 409 points".to_owned());
    }
    if let Some(code) = &format.number_format
        && (code.is_empty() || code.chars().count() > 255 || code.matches('"').count() % 2 == 1)
    {
        return bad(format!("`{code}` is not a number format"));
    }
    Ok(())
}
