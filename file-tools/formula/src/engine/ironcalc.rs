//! IronCalc: one model with sheets and cells; values go in cell by cell, all is computed, results are read back.
//!
//! It knows neither 1904 nor cancelling, and its time grows with every cell that formulas look at: tasks are small.

use std::sync::atomic::Ordering;

use deskhand_operations::CellValue;
use ironcalc_base::Model;
use ironcalc_base::expressions::token::Error;
use ironcalc_base::types::{Cell, FormulaValue};

use super::{Answer, Constant, Engine, Task};
use crate::calculate::CellAt;

/// The second engine.
pub(crate) struct IronCalc;

/// Formulas of a task.
const MAX_FORMULAS: usize = 50_000;
/// Cells that they may look at together.
const MAX_VISITS: u64 = 50_000_000;

impl Engine for IronCalc {
    fn takes(&self, formulas: usize, visits: u64) -> bool {
        formulas <= MAX_FORMULAS && visits <= MAX_VISITS
    }

    fn calculate(&self, task: &Task<'_>) -> Result<Vec<Answer>, String> {
        let mut model = model(task.sheets)?;
        for (cell, value) in task.constants.iter().chain(task.computed) {
            put(&mut model, *cell, value)?;
        }
        let mut failed = Vec::with_capacity(task.formulas.len());
        for (cell, formula) in task.formulas {
            let (sheet, row, column) = at(*cell);
            failed.push(
                model
                    .update_cell_with_formula(sheet, row, column, format!("={formula}"))
                    .is_err(),
            );
        }
        if task.cancelled.load(Ordering::Relaxed) {
            return Err("it took too long".to_owned());
        }
        model.evaluate();
        let answers = task.formulas.iter().zip(failed).map(|((cell, _), failed)| {
            if failed {
                return Ok(Answer::Failed("the engine cannot read it"));
            }
            answer(&model, *cell)
        });
        answers.collect()
    }
}

/// One-based numbers as the engine counts.
fn at(cell: CellAt) -> (u32, i32, i32) {
    (cell.sheet as u32, cell.row as i32 + 1, cell.column as i32 + 1)
}

fn put(model: &mut Model<'_>, cell: CellAt, value: &Constant) -> Result<(), String> {
    let (sheet, row, column) = at(cell);
    match value {
        Constant::Value(CellValue::Empty) => Ok(()),
        Constant::Value(CellValue::Boolean(value)) => model.update_cell_with_bool(sheet, row, column, *value),
        Constant::Value(CellValue::Number(value)) => {
            model.update_cell_with_number(sheet, row, column, *value)
        }
        Constant::Value(CellValue::Text(text)) => model.update_cell_with_text(sheet, row, column, text),
        Constant::Error(error) => model.set_user_input(sheet, row, column, error.clone()),
    }
}

fn answer(model: &Model<'_>, at_cell: CellAt) -> Result<Answer, String> {
    let (sheet, row, column) = at(at_cell);
    let cell = model.workbook.worksheet(sheet)?.cell(row, column);
    let value = match cell.as_deref() {
        Some(Cell::CellFormula { v, .. } | Cell::ArrayFormula { v, r: (1, 1), .. }) => v,
        Some(Cell::ArrayFormula { .. }) => return Ok(Answer::Failed("its answer fills several cells")),
        _ => return Ok(Answer::Failed("the engine cannot compute it")),
    };
    Ok(match value {
        FormulaValue::Number(value) => super::number(*value),
        FormulaValue::Boolean(value) => Answer::Value(CellValue::Boolean(*value)),
        FormulaValue::Text(text) => super::text(text.clone()),
        FormulaValue::Error { ei, .. } => match ei {
            // What the engine alone has: Excel answers circles and its own gaps otherwise.
            Error::CIRC => Answer::Failed("it refers to itself"),
            Error::NIMPL | Error::ERROR => Answer::Failed("the engine cannot compute it"),
            Error::SPILL => Answer::Failed("its answer fills several cells"),
            error => Answer::Error(error.to_string()),
        },
        FormulaValue::Unevaluated => Answer::Failed("the engine cannot compute it"),
    })
}

/// An engine with sheets and no cells yet.
fn model(sheets: &[String]) -> Result<Model<'static>, String> {
    let mut workbook = Model::new_empty("workbook", "en", "UTC", "en")?.workbook;
    let blank = workbook
        .worksheets
        .first()
        .cloned()
        .ok_or("the engine has no sheet")?;
    workbook.worksheets = (1..)
        .zip(sheets)
        .map(|(id, name)| {
            let mut sheet = blank.clone();
            sheet.name.clone_from(name);
            sheet.sheet_id = id;
            sheet
        })
        .collect();
    Model::from_workbook(workbook, "en")
}
