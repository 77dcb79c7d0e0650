//! Grids of cells: sizes, padding, and which cells differ.

use deskhand_protocol::operations::answer::RangeContent;
use deskhand_protocol::operations::workbook::{CellFormat, RangeWrite};
use deskhand_protocol::operations::{Address, Area, CellInput, CellValue, Refusal, RefusalCode};

/// An address with sheet and area, or a refusal that says what is missing.
pub(crate) fn place(text: &str) -> Result<(String, Area), Refusal> {
    let address =
        Address::parse(text).map_err(|error| Refusal::new(RefusalCode::BadInput, error.to_string()))?;
    match (address.sheet, address.area) {
        (Some(sheet), Some(area)) => Ok((sheet, area)),
        _ => Err(Refusal::new(
            RefusalCode::BadInput,
            format!("`{text}` needs a sheet and cells, as `Data!B2:D9`"),
        )),
    }
}

/// The area that a write covers. `range` may be its top left cell alone.
pub(crate) fn written_area(write: &RangeWrite) -> Result<(String, Area), Refusal> {
    let (sheet, area) = place(&write.range)?;
    let rows = write.cells.len() as u32;
    let columns = write.cells.first().map_or(0, Vec::len) as u32;
    if write.cells.iter().any(|row| row.len() as u32 != columns) {
        return Err(Refusal::new(
            RefusalCode::BadInput,
            "every row of `cells` must have the same length",
        ));
    }
    let sized = Area::of_size(area.top, area.left, rows, columns).ok_or_else(|| {
        Refusal::new(
            RefusalCode::BadInput,
            "`cells` is empty or reaches beyond the sheet",
        )
    })?;
    if area.cells() > 1 && area != sized {
        let message = format!(
            "`cells` is {rows} by {columns}, but `{}` is {} by {}",
            write.range,
            area.rows(),
            area.columns()
        );
        return Err(Refusal::new(RefusalCode::BadInput, message));
    }
    Ok((sheet, sized))
}

/// The content with its grids as large as the area: reads are trimmed to the used range, a way back must not be.
pub(crate) fn padded(mut content: RangeContent, sheet: &str, area: Area) -> RangeContent {
    let from = Address::parse(&content.address)
        .ok()
        .and_then(|address| address.area);
    content.values = content.values.map(|grid| pad(grid, from, area, CellValue::Empty));
    content.formulas = content
        .formulas
        .map(|grid| pad(grid, from, area, CellValue::Empty));
    content.number_formats = content
        .number_formats
        .map(|grid| pad(grid, from, area, "General".to_owned()));
    content.formats = content
        .formats
        .map(|grid| pad(grid, from, area, CellFormat::default()));
    content.texts = None;
    content.rest = None;
    content.address = Address::on(sheet, area).to_string();
    content
}

fn pad<T: Clone>(grid: Vec<Vec<T>>, from: Option<Area>, to: Area, empty: T) -> Vec<Vec<T>> {
    let mut padded = vec![vec![empty; to.columns() as usize]; to.rows() as usize];
    let Some(from) = from else { return padded };
    for (row, line) in (from.top..).zip(grid) {
        for (column, value) in (from.left..).zip(line) {
            if to.contains(row, column) {
                let target = padded.get_mut((row - to.top) as usize);
                if let Some(cell) = target.and_then(|line| line.get_mut((column - to.left) as usize)) {
                    *cell = value;
                }
            }
        }
    }
    padded
}

/// The cell of a padded grid.
pub(crate) fn cell(grid: Option<&Vec<Vec<CellValue>>>, row: usize, column: usize) -> &CellValue {
    grid.and_then(|grid| grid.get(row)?.get(column))
        .unwrap_or(&CellValue::Empty)
}

/// Addresses of the cells in which two padded grids of one area differ.
pub(crate) fn differing(
    area: Area,
    one: Option<&Vec<Vec<CellValue>>>,
    other: Option<&Vec<Vec<CellValue>>>,
) -> Vec<Area> {
    let rows = 0..area.rows() as usize;
    let columns = 0..area.columns() as usize;
    rows.flat_map(|row| columns.clone().map(move |column| (row, column)))
        .filter(|(row, column)| !same(cell(one, *row, *column), cell(other, *row, *column)))
        .map(|(row, column)| Area::cell(area.top + row as u32, area.left + column as u32))
        .collect()
}

/// True when two contents mean the same: numbers by value, formulas without regard to case and spaces, which Excel
/// changes when it takes them in.
pub(crate) fn same(one: &CellValue, other: &CellValue) -> bool {
    match (one, other) {
        (CellValue::Number(one), CellValue::Number(other)) => {
            (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
        }
        (CellValue::Text(one), CellValue::Text(other)) if one.starts_with('=') && other.starts_with('=') => {
            folded(one) == folded(other)
        }
        (CellValue::Empty, CellValue::Text(text)) | (CellValue::Text(text), CellValue::Empty) => {
            text.is_empty()
        }
        (one, other) => one == other,
    }
}

/// A formula without spaces and in capitals, outside of its strings.
fn folded(formula: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(formula.len());
    for character in formula.chars() {
        if character == '"' {
            inside = !inside;
        }
        if inside {
            out.push(character);
        } else if !character.is_whitespace() {
            out.extend(character.to_uppercase());
        }
    }
    out
}

/// What a written cell holds afterwards; `None` where the cell is left.
pub(crate) fn intended(input: &CellInput) -> Option<CellValue> {
    match input {
        CellInput::Leave => None,
        CellInput::Boolean(value) => Some(CellValue::Boolean(*value)),
        CellInput::Number(value) => Some(CellValue::Number(*value)),
        CellInput::Text(text) => Some(CellValue::Text(
            text.strip_prefix('\'').unwrap_or(text).to_owned(),
        )),
        CellInput::Clear(_) => Some(CellValue::Empty),
        CellInput::Date(date) => date.serial(false).map(CellValue::Number),
    }
}

/// A value as a person reads it in a table.
pub(crate) fn shown(value: &CellValue) -> String {
    match value {
        CellValue::Empty => String::new(),
        CellValue::Boolean(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        CellValue::Number(value) => value.to_string(),
        CellValue::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trimmed_read_is_padded_to_the_area_it_was_asked_for() {
        let content = RangeContent {
            address: "S!B2".to_owned(),
            formulas: Some(vec![vec![CellValue::Number(7.0)]]),
            ..RangeContent::default()
        };
        let area = Area::parse("A1:C3").unwrap();
        let padded = padded(content, "S", area);
        assert_eq!(padded.address, "S!A1:C3");
        let grid = padded.formulas.unwrap();
        assert_eq!(grid.len(), 3);
        assert_eq!(
            grid[1],
            vec![CellValue::Empty, CellValue::Number(7.0), CellValue::Empty]
        );
    }

    #[test]
    fn formulas_are_the_same_as_excel_writes_them() {
        let text = |text: &str| CellValue::Text(text.to_owned());
        assert!(same(&text("=sum( A1:A3 )"), &text("=SUM(A1:A3)")));
        assert!(!same(&text("=\"a b\""), &text("=\"ab\"")));
        assert!(!same(&text("a b"), &text("ab")));
        assert!(same(&text(""), &CellValue::Empty));
    }
}
