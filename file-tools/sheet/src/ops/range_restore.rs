//! `range.restore`.

use deskhand_opc::Draft;
use deskhand_operations::answer::Applied;
use deskhand_operations::workbook::{CellFormat, RangeRestore};
use deskhand_operations::{Area, CellInput, CellValue, RefusalCode};

use crate::addresses;
use crate::cell_edit::{CellEdit, CellEdits, Content};
use crate::error::{Outcome, refuse};
use crate::ops::{range_format, range_write, within, writing};
use crate::style_edit::StyleEdit;
use crate::workbook::Workbook;

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, restore: &RangeRestore) -> Outcome<Applied> {
    let image = &restore.image;
    let (index, area) = addresses::area(workbook, &image.address)?;
    within(area.cells())?;
    let mut except = Vec::new();
    for address in &restore.except {
        let inside = deskhand_operations::Address::parse(address)?.area;
        except.extend(inside);
    }
    let left = |row: u32, column: u32| except.iter().any(|area: &Area| area.contains(row, column));
    let mut changes = CellEdits::new();
    if let Some(grid) = image.formulas.as_ref().or(image.values.as_ref()) {
        sized(area, grid)?;
        for (row, column, value) in cells(area, grid).filter(|(row, column, _)| !left(*row, *column)) {
            let input = match value {
                CellValue::Empty => CellInput::Clear(deskhand_operations::ClearMark { clear: true }),
                CellValue::Boolean(value) => CellInput::Boolean(*value),
                CellValue::Number(value) => CellInput::Number(*value),
                // A text that looks like a formula stands in both grids: it must not come back as one.
                CellValue::Text(text) if is_text(image.values.as_ref(), area, (row, column), text) => {
                    CellInput::Text(format!("'{text}"))
                }
                CellValue::Text(text) => CellInput::Text(text.clone()),
            };
            if let Some(content) = range_write::content(workbook, index, row, column, &input)? {
                changes.insert((row, column), CellEdit { content, style: None });
            }
        }
    }
    if image.number_formats.is_some() || image.formats.is_some() {
        restyle(workbook, draft, index, area, restore, &left, &mut changes)?;
    }
    if changes.is_empty() {
        return refuse(
            RefusalCode::BadInput,
            "The image holds nothing to restore; nothing was changed.",
        );
    }
    writing::write(workbook, draft, index, area, &changes)
}

/// True when the value of the cell is this very text.
fn is_text(values: Option<&Vec<Vec<CellValue>>>, area: Area, (row, column): (u32, u32), text: &str) -> bool {
    let value = values
        .and_then(|grid| grid.get((row - area.top) as usize))
        .and_then(|line| line.get((column - area.left) as usize));
    matches!(value, Some(CellValue::Text(value)) if value == text)
}

/// Adds the styles of the image to the changes.
fn restyle(
    workbook: &Workbook,
    draft: &mut Draft,
    index: usize,
    area: Area,
    restore: &RangeRestore,
    left: &dyn Fn(u32, u32) -> bool,
    changes: &mut CellEdits,
) -> Outcome<()> {
    let image = &restore.image;
    if let Some(grid) = &image.number_formats {
        sized(area, grid)?;
    }
    for format in image.formats.iter().flatten().flatten() {
        range_format::check(format)?;
    }
    if let Some(grid) = &image.formats {
        sized(area, grid)?;
    }
    let mut wanted = |row: u32, column: u32| {
        let (at, across) = ((row - area.top) as usize, (column - area.left) as usize);
        let mut format = image
            .formats
            .as_ref()
            .map_or_else(CellFormat::default, |grid| grid[at][across].clone());
        if let Some(grid) = &image.number_formats {
            format.number_format = Some(grid[at][across].clone());
        }
        (!left(row, column)).then_some(format)
    };
    let mut styles = StyleEdit::new(workbook, draft)?;
    let restyled = range_format::styled(workbook, draft, index, area, &mut wanted, &mut styles)?;
    styles.finish(draft)?;
    for (cell, change) in restyled {
        let held = changes.entry(cell).or_insert(CellEdit {
            content: Content::Keep,
            style: None,
        });
        held.style = change.style;
    }
    Ok(())
}

fn sized<T>(area: Area, grid: &[Vec<T>]) -> Outcome<()> {
    let rows = grid.len() == area.rows() as usize;
    if rows && grid.iter().all(|row| row.len() == area.columns() as usize) {
        return Ok(());
    }
    refuse(
        RefusalCode::BadInput,
        "The image is not of the size of its address; nothing was changed.",
    )
}

fn cells<T>(area: Area, grid: &[Vec<T>]) -> impl Iterator<Item = (u32, u32, &T)> {
    (area.top..).zip(grid).flat_map(move |(row, cells)| {
        (area.left..)
            .zip(cells)
            .map(move |(column, value)| (row, column, value))
    })
}
