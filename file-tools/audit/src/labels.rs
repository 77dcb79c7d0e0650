//! What a cell is about: the nearest text to its left and the nearest one above it.

use crate::grid::Grid;
use crate::words;

/// How far a label may stand from its cell.
const REACH_ROWS: u32 = 5_000;
/// The longest label that is shown, in characters.
const LONGEST: usize = 60;

/// The label of a row for a cell: the nearest text to the left, and the column it stands in.
pub(crate) fn of_row<'a>(grid: &Grid<'a>, row: u32, column: u32) -> Option<&'a str> {
    let left = column.checked_sub(1)?;
    let mut cells = grid.row(row, 0, left).iter().rev();
    cells.find_map(|cell| cell.text().filter(|text| words::number(text).is_none()))
}

/// The label of a column for a cell: the nearest text above.
pub(crate) fn of_column<'a>(grid: &Grid<'a>, row: u32, column: u32) -> Option<&'a str> {
    let above = row.checked_sub(1)?;
    let cells = grid.column(column, row.saturating_sub(REACH_ROWS), above);
    cells
        .iter()
        .rev()
        .map(|index| &grid.cells[*index as usize])
        .find_map(|cell| cell.text().filter(|text| words::number(text).is_none()))
}

/// Both, as answers show them: `Revenue / 2026`.
pub(crate) fn of(grid: &Grid<'_>, row: u32, column: u32) -> Option<String> {
    let short = |text: &str| {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match plain.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &plain[..end]),
            None => plain,
        }
    };
    match (of_row(grid, row, column), of_column(grid, row, column)) {
        (Some(row), Some(column)) if row != column => Some(format!("{} / {}", short(row), short(column))),
        (Some(label), _) | (None, Some(label)) => Some(short(label)),
        (None, None) => None,
    }
}
