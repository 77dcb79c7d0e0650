//! `range.write`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{CellFormat, RangeWrite};
use deskhand_operations::{Area, CellInput, CellValue, DateInput, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::cells::Keep;
use crate::error::{Outcome, refuse};
use crate::ops::{range_format, within, writing};
use crate::sources;
use crate::stream::SheetPart;
use crate::style_edit::StyleEdit;
use crate::styles::{Styles, shows_dates};
use crate::workbook::Workbook;

/// Characters in a cell, and in a formula (Excel specifications and limits).
const MAX_TEXT: usize = 32_767;
const MAX_FORMULA: usize = 8_192;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, write: &RangeWrite) -> Outcome<Applied> {
    let (index, asked) = addresses::area(workbook, &write.range)?;
    let area = area(&write.range, asked, &write.cells)?;
    within(area.cells())?;
    let mut changes = CellEdits::new();
    for (row, cells) in (area.top..).zip(&write.cells) {
        for (column, input) in (area.left..).zip(cells) {
            if let Some(content) = content(workbook, index, row, column, input)? {
                changes.insert((row, column), CellEdit { content, style: None });
            }
        }
    }
    if changes.is_empty() {
        return refuse(
            RefusalCode::BadInput,
            "There is nothing to write; nothing was changed.",
        );
    }
    if write
        .cells
        .iter()
        .flatten()
        .any(|input| matches!(input, CellInput::Date(_)))
    {
        show_dates(workbook, draft, index, area, &write.cells, &mut changes)?;
    }
    let mut applied = writing::write(workbook, draft, index, area, &changes)?;
    let warnings = sources::keep(workbook, draft, index, &changes, &write.sources)?;
    applied.warnings.extend(warnings);
    Ok(applied)
}

/// Gives cells of dates a number format: the one that is asked for, otherwise their own where it shows dates, otherwise
/// one that fits.
fn show_dates(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    area: Area,
    cells: &[Vec<CellInput>],
    changes: &mut CellEdits,
) -> Outcome<()> {
    let held = Styles::read(workbook)?;
    let sheet = workbook.worksheet(index)?;
    let part = SheetPart::of(&workbook.package, &sheet.part, &[(area.top, area.bottom)])?;
    let scanned = part.read(workbook, &Keep::Areas(vec![area]))?;
    let mut wanted = |row: u32, column: u32| {
        let input = &cells[(row - area.top) as usize][(column - area.left) as usize];
        let CellInput::Date(date) = input else { return None };
        let found = scanned
            .data
            .cells
            .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column));
        let style = found.map_or_else(
            |_| scanned.style_for_new(row, column),
            |index| scanned.data.cells[index].style,
        );
        let own = shows_dates(held.number_format(style));
        let format = match &date.format {
            Some(format) => format.clone(),
            None if own => return None,
            None => date.fitting_format().to_owned(),
        };
        Some(CellFormat {
            number_format: Some(format),
            ..CellFormat::default()
        })
    };
    for date in cells.iter().flatten() {
        if let CellInput::Date(DateInput {
            format: Some(format), ..
        }) = date
        {
            let number_format = Some(format.clone());
            range_format::check(&CellFormat {
                number_format,
                ..CellFormat::default()
            })?;
        }
    }
    let mut styles = StyleEdit::new(workbook, draft)?;
    let styled = range_format::styled(workbook, draft, index, area, &mut wanted, &mut styles)?;
    styles.finish(draft)?;
    for (cell, change) in styled {
        if let Some(held) = changes.get_mut(&cell) {
            held.style = change.style;
        }
    }
    Ok(())
}

/// The area written: of the size of the cells.
fn area(text: &str, asked: Area, cells: &[Vec<CellInput>]) -> Outcome<Area> {
    let columns = cells.first().map_or(0, Vec::len);
    if columns == 0 || cells.iter().any(|row| row.len() != columns) {
        return refuse(
            RefusalCode::BadInput,
            "The rows to write are empty or of different lengths; nothing was changed.",
        );
    }
    let size = (cells.len() as u32, columns as u32);
    let Some(area) = Area::of_size(asked.top, asked.left, size.0, size.1) else {
        return refuse(
            RefusalCode::BadInput,
            format!("The cells to write do not fit on the sheet from `{text}`; nothing was changed."),
        );
    };
    if asked.cells() > 1 && asked != area {
        return refuse(
            RefusalCode::BadInput,
            format!(
                "`{text}` is not of the size of the {} by {} cells to write; nothing was changed.",
                size.0, size.1
            ),
        );
    }
    Ok(area)
}

/// What an input puts into its cell; `None` to leave it.
pub(super) fn content(
    workbook: &Workbook,
    sheet: usize,
    row: u32,
    column: u32,
    input: &CellInput,
) -> Outcome<Option<Content>> {
    let at = || addresses::cell(&workbook.sheets[sheet], row, column);
    Ok(Some(match input {
        CellInput::Leave => return Ok(None),
        CellInput::Clear(_) => Content::Empty,
        CellInput::Boolean(value) => Content::Value(CellValue::Boolean(*value)),
        CellInput::Number(value) if value.is_finite() => Content::Value(CellValue::Number(*value)),
        CellInput::Date(date) => match date.serial(workbook.date_1904) {
            Some(serial) => Content::Value(CellValue::Number(serial)),
            None => {
                return refuse(
                    RefusalCode::BadInput,
                    format!(
                        "`{}` for {} is no date such as 2026-03-31; nothing was changed.",
                        date.date,
                        at()
                    ),
                );
            }
        },
        CellInput::Number(_) => {
            return refuse(
                RefusalCode::BadInput,
                format!("The number for {} is not finite; nothing was changed.", at()),
            );
        }
        CellInput::Text(text) => {
            if let Some(formula) = input.formula() {
                return Ok(Some(Content::Formula(checked(formula, &at)?)));
            }
            let text = text.strip_prefix('\'').unwrap_or(text);
            if text.encode_utf16().count() > MAX_TEXT {
                let sentence = format!(
                    "The text for {} is longer than a cell holds; nothing was changed.",
                    at()
                );
                return refuse(RefusalCode::TooLarge, sentence);
            }
            Content::Value(CellValue::Text(text.to_owned()))
        }
    }))
}

/// A formula as the file holds it.
fn checked(formula: &str, at: &dyn Fn() -> String) -> Outcome<String> {
    let body = formula.trim_start_matches('=').trim();
    let bad = |why: &str| {
        refuse(
            RefusalCode::BadInput,
            format!("The formula for {} {why}; nothing was changed.", at()),
        )
    };
    if body.is_empty() || !deskhand_formula::balanced(body) {
        return bad("has brackets or quotes that are not closed");
    }
    if body.encode_utf16().count() > MAX_FORMULA {
        return bad("is longer than Excel allows");
    }
    match deskhand_formula::to_file(body) {
        Ok(held) => Ok(held),
        Err(function) => refuse(
            RefusalCode::Unsupported,
            format!(
                "{function} in {} fills several cells, which can only be written while the workbook is open in Excel; nothing was changed.",
                at()
            ),
        ),
    }
}
