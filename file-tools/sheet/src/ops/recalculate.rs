//! `workbook.recalculate`: every formula computed from the workbook's constants, and the values that differ written.

use std::collections::BTreeMap;

use deskhand_formula::{EngineName, Method, Outcome as Computed, from_file};
use deskhand_opc::Draft;
use deskhand_operations::answer::{EngineShare, NotComputed, Recalculation};
use deskhand_operations::{Cell, CellValue};

use crate::addresses;
use crate::error::Outcome;
use crate::recalculation::recompute::{Recomputed, SAME, WHOLE, recompute};
use crate::recalculation::write_caches;
use crate::tabs;
use crate::workbook::Workbook;

/// Cells named in each list of the answer.
const MAX_ERRORS: usize = 200;
const MAX_NOT_COMPUTED: usize = 500;

/// Plans the recalculation.
pub(super) fn plan(workbook: &Workbook, draft: &mut Draft) -> Outcome<Recalculation> {
    let formulas = recompute(workbook, Method::default(), &WHOLE)?;
    let mut answer = Recalculation {
        engines: shares(&formulas),
        ..Recalculation::default()
    };
    let mut values = BTreeMap::new();
    for formula in &formulas {
        let differs = !formula.agrees(SAME);
        match &formula.outcome {
            Computed::Value(value) if differs => drop(values.insert(formula.cell, (value.clone(), false))),
            Computed::Value(_) => {}
            Computed::Error(error) => {
                if differs {
                    values.insert(formula.cell, (CellValue::Text(error.clone()), true));
                }
                answer.error_count += 1;
                if answer.errors.len() < MAX_ERRORS {
                    answer.errors.push(named(workbook, formula, error));
                }
            }
            Computed::NotComputed(reason) => {
                answer.not_computed_count += 1;
                if answer.not_computed.len() < MAX_NOT_COMPUTED {
                    answer.not_computed.push(NotComputed {
                        cell: address(workbook, formula),
                        formula: written(formula),
                        reason: reason.clone(),
                    });
                }
            }
        }
    }
    answer.computed = formulas.len() as u32 - answer.not_computed_count;
    answer.changed = write_caches(workbook, draft, &values)? as u32;
    if answer.not_computed_count > 0 {
        tabs::calculate_on_load(workbook, draft)?;
        answer.warnings.push(format!(
            "Not computed: {} formulas; their old values were kept, and Excel computes them when it opens the file.",
            answer.not_computed_count
        ));
    }
    Ok(answer)
}

/// How many formulas each engine computed.
pub(crate) fn shares(formulas: &[Recomputed]) -> Vec<EngineShare> {
    let count = |name: EngineName| {
        formulas
            .iter()
            .filter(|formula| formula.engine == Some(name))
            .count() as u32
    };
    let shares = EngineName::ALL.into_iter().map(|name| EngineShare {
        engine: name.version().to_owned(),
        formulas: count(name),
    });
    shares.filter(|share| share.formulas > 0).collect()
}

fn address(workbook: &Workbook, formula: &Recomputed) -> String {
    addresses::cell(
        &workbook.sheets[formula.cell.sheet],
        formula.cell.row,
        formula.cell.column,
    )
}

fn written(formula: &Recomputed) -> String {
    format!("={}", from_file(&formula.text))
}

fn named(workbook: &Workbook, formula: &Recomputed, error: &str) -> Cell {
    Cell {
        address: address(workbook, formula),
        value: CellValue::Text(error.to_owned()),
        formula: Some(written(formula)),
        text: None,
    }
}
