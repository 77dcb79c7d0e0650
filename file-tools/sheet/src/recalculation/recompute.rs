//! The whole workbook computed anew, every formula beside the value that the file holds: for recalculating it, and for
//! checking it with an engine of one's choice.
//!
//! ```no_run
//! # fn look(workbook: &deskhand_sheet::Workbook) -> Result<(), deskhand_operations::Refusal> {
//! use deskhand_formula::{EngineName, Method, Outcome};
//! // The second opinion on every formula that the second engine is trusted with.
//! let method = Method { engines: &[EngineName::IronCalc], try_all: false };
//! for formula in workbook.recompute(method)? {
//!     match &formula.outcome {
//!         Outcome::NotComputed(reason) => println!("{:?}: {reason}", formula.cell),
//!         _ if formula.agrees(1e-9) => {}
//!         found => println!("{:?}: {:?} is held, {found:?} is computed", formula.cell, formula.cached),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use deskhand_formula::{
    Calculated, CalculationLimits, CellAt, Constant, EngineName, Method, Outcome as Computed, Problem,
    calculate,
};
use deskhand_operations::{CellValue, Refusal, RefusalCode};

use super::FILLS;
use super::book::{Book, BookFormula};
use super::values;
use crate::error::{Outcome, refuse};
use crate::workbook::Workbook;

/// The relative difference up to which a held value is the computed one: the last digits of arithmetic.
pub(crate) const SAME: f64 = 1e-14;

/// How much is computed when a whole workbook is.
pub(crate) const WHOLE: CalculationLimits = CalculationLimits {
    formulas: 1_000_000,
    constants: 10_000_000,
    visits: 100_000_000_000,
    time: Duration::from_mins(2),
};

/// A formula, the value that the file holds, and what came of computing it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recomputed {
    /// Where it stands; sheets in the order of their tabs.
    pub cell: CellAt,
    /// As the file holds it, without `=`.
    pub text: String,
    /// None where the file holds no value.
    pub cached: Option<Constant>,
    /// What came of it.
    pub outcome: Computed,
    /// The engine that computed it.
    pub engine: Option<EngineName>,
}

impl Recomputed {
    /// True when the file's value is the computed one: numbers within a relative tolerance, texts, truth values and
    /// errors the same. What was not computed, or never had a value, agrees with nothing.
    pub fn agrees(&self, tolerance: f64) -> bool {
        agrees(self.cached.as_ref(), &self.outcome, tolerance)
    }
}

/// True when a held value is the computed one within a relative tolerance.
pub(crate) fn agrees(held: Option<&Constant>, found: &Computed, tolerance: f64) -> bool {
    match (held, found) {
        (Some(Constant::Error(held)), Computed::Error(found)) => held == found,
        (Some(Constant::Value(held)), Computed::Value(found)) => agree(held, found, tolerance),
        _ => false,
    }
}

/// True when two values are the same within a relative tolerance.
fn agree(one: &CellValue, other: &CellValue, tolerance: f64) -> bool {
    match (one, other) {
        (CellValue::Number(one), CellValue::Number(other)) => {
            (one - other).abs() <= tolerance * one.abs().max(other.abs())
        }
        // A formula that answers an empty text may have been saved without one.
        (CellValue::Empty, CellValue::Text(text)) | (CellValue::Text(text), CellValue::Empty) => {
            text.is_empty()
        }
        _ => one == other,
    }
}

impl Workbook {
    /// Computes every formula of the workbook from its constants alone; nothing is changed. In the order of sheets and
    /// cells. Refused with `TooLarge` where it has more than a million formulas.
    pub fn recompute(&self, method: Method) -> Result<Vec<Recomputed>, Refusal> {
        Ok(recompute(self, method, &WHOLE)?)
    }
}

/// Computes every formula of a workbook within limits.
pub(crate) fn recompute(
    workbook: &Workbook,
    method: Method,
    limits: &CalculationLimits,
) -> Outcome<Vec<Recomputed>> {
    let found = whole(
        workbook,
        |problem| calculate(problem, method, limits),
        |found: &Calculated| found.cell,
    )?;
    let formulas = found.into_iter().map(|(formula, found)| {
        let (outcome, engine) = found.map_or_else(
            |reason| (Computed::NotComputed(reason), None),
            |found| (found.outcome, found.engine),
        );
        Recomputed {
            cell: formula.cell,
            text: formula.text,
            cached: formula.cached,
            outcome,
            engine,
        }
    });
    Ok(formulas.collect())
}

/// Every formula of a workbook, and what came of computing all that can be asked about; otherwise the reason. `compute`
/// answers in the order of its formulas, `cell` where an answer belongs.
pub(crate) fn whole<T>(
    workbook: &Workbook,
    compute: impl FnOnce(Problem) -> Vec<T>,
    cell: impl Fn(&T) -> CellAt,
) -> Outcome<Vec<(BookFormula, Result<T, String>)>> {
    let Some(book) = Book::read(workbook)? else {
        return refuse(
            RefusalCode::TooLarge,
            "The workbook has more formulas than can be computed at once; nothing was changed.",
        );
    };
    let all: Vec<usize> = (0..book.formulas.len()).collect();
    let found = if workbook.no_calculation.is_some() || all.is_empty() {
        Vec::new()
    } else {
        let areas: Option<std::iter::Empty<_>> = None;
        let Some(constants) = values::constants(workbook, areas, &book.computed(&all))? else {
            return refuse(
                RefusalCode::TooLarge,
                "The workbook has longer texts than can be computed with; nothing was changed.",
            );
        };
        compute(book.problem(workbook, &all, constants))
    };
    let mut found = found.into_iter().peekable();
    let formulas = book.formulas.into_iter().map(|formula| {
        let computed = found.next_if(|found| cell(found) == formula.cell);
        let reason = || match (&workbook.no_calculation, formula.fills) {
            (Some(reason), _) => reason.clone(),
            _ => FILLS.to_owned(),
        };
        let computed = computed.ok_or_else(reason);
        (formula, computed)
    });
    Ok(formulas.collect())
}
