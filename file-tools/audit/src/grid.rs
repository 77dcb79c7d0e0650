//! A sheet's cells by place, by row and by column: every look-up is a search in sorted lists.

use deskhand_operations::Area;

use crate::model::{Cell, Sheet};

/// A sheet's cells.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    /// By row and column.
    pub(crate) cells: &'a [Cell],
    /// Indices of cells by column and row.
    columns: Vec<u32>,
    /// The smallest area that holds all.
    pub(crate) used: Option<Area>,
}

impl<'a> Grid<'a> {
    pub(crate) fn new(sheet: &'a Sheet) -> Self {
        let cells = sheet.cells.as_slice();
        let mut columns: Vec<u32> = (0..cells.len() as u32).collect();
        columns.sort_by_key(|index| {
            let cell = &cells[*index as usize];
            (cell.column, cell.row)
        });
        let used = cells.first().zip(cells.last()).map(|(first, last)| Area {
            top: first.row,
            bottom: last.row,
            left: columns.first().map_or(0, |index| cells[*index as usize].column),
            right: columns.last().map_or(0, |index| cells[*index as usize].column),
        });
        Self { cells, columns, used }
    }

    /// The index of the cell at a place.
    pub(crate) fn index(&self, row: u32, column: u32) -> Option<usize> {
        self.cells
            .binary_search_by_key(&(row, column), |cell| (cell.row, cell.column))
            .ok()
    }

    /// The cell at a place.
    pub(crate) fn at(&self, row: u32, column: u32) -> Option<&'a Cell> {
        self.index(row, column).map(|index| &self.cells[index])
    }

    /// The indices of the cells of a column, from a row to a row.
    pub(crate) fn column(&self, column: u32, top: u32, bottom: u32) -> &[u32] {
        let place = |index: &u32| {
            let cell = &self.cells[*index as usize];
            (cell.column, cell.row)
        };
        let from = self.columns.partition_point(|index| place(index) < (column, top));
        let to = self
            .columns
            .partition_point(|index| place(index) <= (column, bottom));
        &self.columns[from..to.max(from)]
    }

    /// The cells of a row, from a column to a column.
    pub(crate) fn row(&self, row: u32, left: u32, right: u32) -> &'a [Cell] {
        let place = |cell: &Cell| (cell.row, cell.column);
        let from = self.cells.partition_point(|cell| place(cell) < (row, left));
        let to = self.cells.partition_point(|cell| place(cell) <= (row, right));
        &self.cells[from..to.max(from)]
    }

    /// All cells by column and row.
    pub(crate) fn by_column(&self) -> &[u32] {
        &self.columns
    }

    /// The part of an area that may hold something.
    pub(crate) fn clip(&self, area: Area) -> Option<Area> {
        area.intersection(&self.used?)
    }

    /// The cells of an area, at most `most`, by column and row; and whether that was all.
    pub(crate) fn within(&self, area: Area, most: usize) -> (Vec<usize>, bool) {
        let mut found = Vec::new();
        let Some(area) = self.clip(area) else {
            return (found, true);
        };
        for column in area.left..=area.right {
            for index in self.column(column, area.top, area.bottom) {
                if found.len() == most {
                    return (found, false);
                }
                found.push(*index as usize);
            }
        }
        (found, true)
    }
}
