//! `workbook.tieOut`: every formula computed by two engines beside the value that the file holds, and the model checked
//! as an auditor would.

use std::collections::HashMap;

use deskhand_audit::{Checked, LOOKED_FOR, Severity as Grave};
use deskhand_formula::{Constant, EngineName, Outcome as Computed, from_file};
use deskhand_operations::answer::{
    Disagreement, EngineShare, ModelFinding, NotComputed, Severity, TieOutContent,
};
use deskhand_operations::{CellValue, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::model;
use crate::recalculation::opinions::Opinion;
use crate::workbook::Workbook;

/// Entries of each list of the answer.
const MAX_LISTED: usize = 500;
/// The relative difference up to which values are equal.
const TOLERANCE: f64 = 1e-9;
/// What subtraction leaves of two equal numbers: such values are zero, whatever their relative difference.
const REST: f64 = 1e-12;

/// Looks at the sheets that are named, at all where there are none.
pub(super) fn answer(
    workbook: &Workbook,
    tolerance: Option<f64>,
    sheets: &[String],
) -> Outcome<TieOutContent> {
    let tolerance = tolerance.unwrap_or(TOLERANCE);
    if !tolerance.is_finite() || !(0.0..=1.0).contains(&tolerance) {
        return refuse(
            RefusalCode::BadInput,
            "The tolerance is a relative difference from 0 to 1; nothing was changed.",
        );
    }
    let wanted = sheets.iter().map(|name| match workbook.sheet_index(name) {
        Some(index) => Ok(index),
        None => addresses::no_sheet(workbook, name),
    });
    let wanted = wanted.collect::<Outcome<Vec<usize>>>()?;
    let mut answer = TieOutContent {
        checked: vec!["every formula against the values of two engines".to_owned()],
        ..TieOutContent::default()
    };
    compare(workbook, &wanted, tolerance, &mut answer);
    answer.checked.extend(LOOKED_FOR.map(str::to_owned));
    let model = model::read(workbook)?;
    let Checked { findings, dropped } = deskhand_audit::check(&model, &wanted);
    let grave = findings
        .iter()
        .filter(|finding| finding.severity != Grave::Note)
        .count();
    answer.count += (grave + dropped) as u32;
    if dropped > 0 {
        answer
            .not_checked
            .push(format!("{dropped} findings more than are kept"));
    }
    let findings = findings.into_iter().take(MAX_LISTED);
    answer.findings = findings.map(|found| finding(workbook, found)).collect();
    Ok(answer)
}

/// Beside each formula's value what the engines answer.
fn compare(workbook: &Workbook, wanted: &[usize], tolerance: f64, answer: &mut TieOutContent) {
    let opinions = match workbook.opinions() {
        Ok(opinions) => opinions,
        Err(refusal) => {
            answer
                .not_checked
                .push(format!("values against the engines: {}", refusal.clause()));
            return;
        }
    };
    let mut shares: HashMap<EngineName, u32> = HashMap::new();
    for opinion in &opinions {
        if !wanted.is_empty() && !wanted.contains(&opinion.cell.sheet) {
            continue;
        }
        answer.formulas += 1;
        let mut reason = None;
        let mut known = 0;
        for (engine, outcome) in EngineName::ALL.into_iter().zip([&opinion.first, &opinion.second]) {
            if let Computed::NotComputed(why) = outcome {
                reason = reason.or(Some(why));
            } else {
                *shares.entry(engine).or_default() += 1;
                known += 1;
            }
        }
        if let (0, Some(reason)) = (known, reason) {
            answer.not_computed_count += 1;
            if answer.not_computed.len() < MAX_LISTED {
                answer.not_computed.push(NotComputed {
                    cell: place(workbook, opinion),
                    formula: format!("={}", from_file(&opinion.text)),
                    reason: reason.clone(),
                });
            }
            continue;
        }
        answer.compared += 1;
        if opinion.cached.is_some() && differs(opinion, tolerance) {
            answer.count += 1;
            if answer.disagreements.len() < MAX_LISTED {
                answer.disagreements.push(disagreement(workbook, opinion));
            }
        }
    }
    let shares = EngineName::ALL.into_iter().map(|engine| EngineShare {
        engine: engine.version().to_owned(),
        formulas: shares.get(&engine).copied().unwrap_or_default(),
    });
    answer.engines = shares.filter(|share| share.formulas > 0).collect();
}

/// True where an engine answers another value than the file holds.
fn differs(opinion: &Opinion, tolerance: f64) -> bool {
    [&opinion.first, &opinion.second].into_iter().any(|outcome| {
        let rest = match (&opinion.cached, outcome) {
            (Some(Constant::Value(CellValue::Number(held))), Computed::Value(CellValue::Number(found))) => {
                (held - found).abs() <= REST
            }
            _ => false,
        };
        !rest && opinion.differs(outcome, tolerance)
    })
}

fn place(workbook: &Workbook, opinion: &Opinion) -> String {
    let cell = opinion.cell;
    addresses::cell(&workbook.sheets[cell.sheet], cell.row, cell.column)
}

fn disagreement(workbook: &Workbook, opinion: &Opinion) -> Disagreement {
    let value = |outcome: &Computed| match outcome {
        Computed::Value(value) => Some(value.clone()),
        Computed::Error(error) => Some(CellValue::Text(error.clone())),
        Computed::NotComputed(_) => None,
    };
    Disagreement {
        cell: place(workbook, opinion),
        formula: format!("={}", from_file(&opinion.text)),
        cached: match &opinion.cached {
            Some(Constant::Value(value)) => value.clone(),
            Some(Constant::Error(error)) => CellValue::Text(error.clone()),
            None => CellValue::Empty,
        },
        first: value(&opinion.first),
        second: value(&opinion.second),
    }
}

fn finding(workbook: &Workbook, found: deskhand_audit::ModelFinding) -> ModelFinding {
    let place = |sheet: usize, area| addresses::on(&workbook.sheets[sheet], area);
    ModelFinding {
        code: found.code.name().to_owned(),
        severity: match found.severity {
            Grave::Error => Severity::Error,
            Grave::Warning => Severity::Warning,
            Grave::Note => Severity::Note,
        },
        place: place(found.sheet, found.area),
        label: found.label,
        sentence: found.sentence,
        expected: found.expected,
        actual: found.actual,
        evidence: found
            .evidence
            .into_iter()
            .map(|(sheet, area)| place(sheet, area))
            .collect(),
    }
}
