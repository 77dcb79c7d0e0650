//! After a change: which formulas depend on it, their values, and the caches in the file.
//!
//! Formulas that cannot be computed keep their cache, are named, and make Excel compute all on opening.

pub(crate) mod book;
mod caches;
pub(crate) mod opinions;
pub(crate) mod passing;
pub(crate) mod recompute;
pub(crate) mod third;
pub(crate) mod values;

use std::collections::BTreeMap;

use deskhand_formula::{CalculationLimits, CellAt, Method, Outcome as Computed, calculate};
use deskhand_opc::Draft;
use deskhand_operations::CellValue;

use crate::addresses;
use crate::error::Outcome;
use crate::tabs;
use crate::workbook::Workbook;
use book::Book;
pub(crate) use caches::write_caches;

/// Cells named in warnings.
const NAMED: usize = 10;

/// Why a formula that fills several cells is not computed.
pub(crate) const FILLS: &str = "it fills several cells";

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Recalculated {
    /// Values of formulas that were computed, and whether they are errors.
    pub(crate) values: BTreeMap<CellAt, (CellValue, bool)>,
    /// Formulas that were not computed, and why.
    pub(crate) gaps: BTreeMap<CellAt, String>,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
}

/// Computes what depends on the changed cells and writes the values into the draft.
pub(crate) fn recalculate(
    workbook: &Workbook,
    draft: &mut Draft,
    changed: &[CellAt],
) -> Outcome<Recalculated> {
    let after = Workbook::read(draft.package().clone())?;
    let Some(book) = Book::read(&after)? else {
        return give_up(workbook, draft, "the workbook has too many formulas");
    };
    let (reads, roaming) = book.reach(&after);
    let affected = book.affected(changed, &reads, &roaming);
    if affected.is_empty() {
        return Ok(Recalculated::default());
    }
    let mut result = Recalculated::default();
    for index in &affected {
        let formula = &book.formulas[*index];
        if let Some(reason) = after.no_calculation.as_deref().or(formula.fills.map(|_| FILLS)) {
            result.gaps.insert(formula.cell, reason.to_owned());
        }
    }
    if after.no_calculation.is_none() {
        let areas = affected.iter().flat_map(|index| &reads[*index]);
        let Some(constants) = values::constants(&after, Some(areas.copied()), &book.computed(&affected))?
        else {
            return give_up(workbook, draft, "the texts that they read are too long");
        };
        let problem = book.problem(&after, &affected, constants);
        for found in calculate(problem, Method::default(), &CalculationLimits::default()) {
            match found.outcome {
                Computed::Value(value) => drop(result.values.insert(found.cell, (value, false))),
                Computed::Error(error) => {
                    result.values.insert(found.cell, (CellValue::Text(error), true));
                }
                Computed::NotComputed(reason) => drop(result.gaps.insert(found.cell, reason)),
            }
        }
    }
    write_caches(&after, draft, &result.values)?;
    if !result.gaps.is_empty() {
        // What may read any cell is computed by Excel on every opening, with all that rests on it, without being told.
        let told = roaming.is_empty() || {
            let certain = book.affected(changed, &reads, &[]);
            certain
                .iter()
                .any(|index| result.gaps.contains_key(&book.formulas[*index].cell))
        };
        if told {
            tabs::calculate_on_load(workbook, draft)?;
        }
        result.warnings.extend(gap_warning(&after, &result.gaps));
    }
    Ok(result)
}

fn give_up(workbook: &Workbook, draft: &mut Draft, reason: &str) -> Outcome<Recalculated> {
    tabs::calculate_on_load(workbook, draft)?;
    let warning =
        format!("Formulas were not computed, because {reason}; Excel computes them when it opens the file.");
    Ok(Recalculated {
        warnings: vec![warning],
        ..Recalculated::default()
    })
}

/// One sentence that names the cells which were not computed.
fn gap_warning(workbook: &Workbook, gaps: &BTreeMap<CellAt, String>) -> Option<String> {
    let named: Vec<String> = gaps
        .iter()
        .take(NAMED)
        .filter_map(|(cell, reason)| {
            let sheet = workbook.sheets.get(cell.sheet)?;
            Some(format!(
                "{} ({reason})",
                addresses::cell(sheet, cell.row, cell.column)
            ))
        })
        .collect();
    let more = gaps.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (!named.is_empty()).then(|| {
        format!("Not computed: {}{more}; the old values were kept and Excel computes them when it opens the file.", named.join(", "))
    })
}
