//! Runs: neighbouring cells of a column that hold the same formula, each as seen from its own place.

use deskhand_formula::relative;
use deskhand_operations::Area;

use crate::model::{Cell, Model};

/// Cells of one sheet, below each other, that hold the same formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) sheet: usize,
    pub(crate) area: Area,
    /// Indices of its cells, from top to bottom.
    pub(crate) cells: Vec<usize>,
}

impl Run {
    /// The first cell.
    pub(crate) fn first<'a>(&self, model: &'a Model) -> Option<&'a Cell> {
        model.sheets.get(self.sheet)?.cells.get(*self.cells.first()?)
    }
}

/// The formula as seen from its cell.
pub(crate) fn form(cell: &Cell) -> String {
    let text = cell.formula.as_deref().unwrap_or_default();
    relative(text, cell.row, cell.column)
}

/// The runs among some formulas of a sheet, given by column and row.
pub(crate) fn of(model: &Model, sheet: usize, formulas: impl IntoIterator<Item = usize>) -> Vec<Run> {
    let cells = &model.sheets[sheet].cells;
    let mut runs: Vec<(Run, String)> = Vec::new();
    for index in formulas {
        let cell = &cells[index];
        let form = form(cell);
        match runs.last_mut() {
            Some((run, same))
                if *same == form && run.area.left == cell.column && run.area.bottom + 1 == cell.row =>
            {
                run.area.bottom = cell.row;
                run.cells.push(index);
            }
            _ => runs.push((
                Run {
                    sheet,
                    area: Area::cell(cell.row, cell.column),
                    cells: vec![index],
                },
                form,
            )),
        }
    }
    runs.into_iter().map(|(run, _)| run).collect()
}
