//! `range.find`.

use deskhand_operations::answer::FoundCells;
use deskhand_operations::workbook::RangeFind;
use deskhand_operations::{Area, Cell, CellValue, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::values::{formula, shown, value};
use crate::sheet::Worksheet;
use crate::strings;
use crate::styles::Styles;
use crate::workbook::{SheetKind, Workbook};

/// Cells in one answer.
const MAX_FOUND: usize = 200;

pub(super) fn answer(workbook: &Workbook, find: &RangeFind) -> Outcome<FoundCells> {
    let wanted = find.text.trim().to_lowercase();
    if wanted.is_empty() {
        return refuse(RefusalCode::BadInput, "There are no words to look for.");
    }
    let within: Vec<(usize, Option<Area>)> = match &find.range {
        Some(range) => vec![addresses::place(workbook, range)?],
        None => (0..workbook.sheets.len()).map(|index| (index, None)).collect(),
    };
    let strings = strings::shared(workbook)?;
    let styles = Styles::read(workbook)?;
    let mut found = FoundCells::default();
    for (index, area) in within {
        let sheet = &workbook.sheets[index];
        if sheet.kind != SheetKind::Worksheet {
            continue;
        }
        let content = workbook.package.part(&sheet.part)?;
        let keep = area.map_or(Keep::All, |area| Keep::Areas(vec![area]));
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &keep)?;
        for cell in &scanned.data.cells {
            let value = value(cell, &strings);
            let formula = formula(cell);
            let text = shown(&value, cell.style, &styles);
            let has = |text: &str| text.to_lowercase().contains(&wanted);
            let matches = if find.in_formulas {
                formula.as_deref().map_or_else(|| has(&text), has)
            } else {
                has(&text) || matches!(value, CellValue::Number(number) if has(&number.to_string()))
            };
            if !matches {
                continue;
            }
            if found.cells.len() == MAX_FOUND {
                found.more = true;
                return Ok(found);
            }
            let address = addresses::cell(sheet, cell.row, cell.column);
            found.cells.push(Cell {
                address,
                value,
                formula,
                text: (!text.is_empty()).then_some(text),
            });
        }
    }
    Ok(found)
}
