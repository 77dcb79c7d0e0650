//! `workbook.tieOut`: every formula computed by two engines beside the value that the file holds, by a third where it was
//! asked for, and the model checked as an auditor would.

use deskhand_audit::{Checked, LOOKED_FOR, Severity as Grave};
use deskhand_formula::{Constant, EngineName, Outcome as Computed, from_file};
use deskhand_operations::answer::{
    Disagreement, EngineShare, ModelFinding, NotComputed, Severity, TieOutContent,
};
use deskhand_operations::workbook::TieOut;
use deskhand_operations::{CellValue, RefusalCode};

use crate::addresses;
use crate::error::{Outcome, refuse};
use crate::model;
use crate::recalculation::opinions::Opinion;
use crate::recalculation::third::{Third, Values};
use crate::workbook::Workbook;

/// Entries of each list of the answer.
const MAX_LISTED: usize = 500;
/// Cells named of those that only LibreOffice computes otherwise.
const MAX_NAMED: usize = 10;
/// The relative difference up to which values are equal.
const TOLERANCE: f64 = 1e-9;
/// The digits of numbers that LibreOffice saves.
const DIGITS: f64 = 1e-14;
/// What subtraction leaves of two equal numbers: such values are zero, whatever their relative difference.
const REST: f64 = 1e-12;

/// Looks at the sheets that are named, at all where there are none.
pub(super) fn answer(workbook: &Workbook, asked: &TieOut) -> Outcome<TieOutContent> {
    let tolerance = asked.tolerance.unwrap_or(TOLERANCE);
    if !tolerance.is_finite() || !(0.0..=1.0).contains(&tolerance) {
        return refuse(
            RefusalCode::BadInput,
            "The tolerance is a relative difference from 0 to 1; nothing was changed.",
        );
    }
    let wanted = asked.sheets.iter().map(|name| match workbook.sheet_index(name) {
        Some(index) => Ok(index),
        None => addresses::no_sheet(workbook, name),
    });
    let wanted = wanted.collect::<Outcome<Vec<usize>>>()?;
    let mut answer = TieOutContent::default();
    let third = if asked.libre_office {
        third(workbook, &mut answer)
    } else {
        None
    };
    answer
        .checked
        .push("every formula against the values of two engines".to_owned());
    compare(workbook, &wanted, (tolerance, third), &mut answer);
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

/// What LibreOffice computed; where there is nothing of it the answer says why.
fn third<'w>(workbook: &'w Workbook, answer: &mut TieOutContent) -> Option<&'w Values> {
    let why = match workbook.third.as_deref() {
        Some(Third { found: Ok(values) }) => return Some(values),
        Some(Third { found: Err(why) }) => why,
        None => "there is none here",
    };
    answer
        .not_checked
        .push(format!("values against LibreOffice: {why}"));
    None
}

/// Beside each formula's value what the engines answer.
fn compare(
    workbook: &Workbook,
    wanted: &[usize],
    (tolerance, third): (f64, Option<&Values>),
    answer: &mut TieOutContent,
) {
    let opinions = match workbook.opinions() {
        Ok(opinions) => opinions,
        Err(refusal) => {
            answer
                .not_checked
                .push(format!("values against the engines: {}", refusal.clause()));
            return;
        }
    };
    let mut shares = [0; 3];
    let mut outvoted = Outvoted::default();
    for opinion in &opinions {
        if !wanted.is_empty() && !wanted.contains(&opinion.cell.sheet) {
            continue;
        }
        answer.formulas += 1;
        let third = third.and_then(|third| third.of(opinion.cell));
        let third = third.filter(|found| counts(found, opinion));
        let is_known = |outcome: &Computed| !matches!(outcome, Computed::NotComputed(_));
        let known = [
            is_known(&opinion.first),
            is_known(&opinion.second),
            third.is_some(),
        ];
        for (share, known) in shares.iter_mut().zip(known) {
            *share += u32::from(known);
        }
        if !known.contains(&true) {
            not_computed(workbook, opinion, answer);
            continue;
        }
        answer.compared += 1;
        if opinion.cached.is_none() {
            continue;
        }
        let differs = |outcome: &Computed| differs(opinion, outcome, tolerance);
        let own = differs(&opinion.first) || differs(&opinion.second);
        // LibreOffice saves fifteen digits.
        let digits = |outcome| self::differs(opinion, outcome, tolerance.max(DIGITS));
        let others = third.as_ref().is_some_and(digits);
        if others && !own && known[0] && known[1] {
            outvoted.take(|| place(workbook, opinion));
        } else if own || others {
            answer.count += 1;
            if answer.disagreements.len() < MAX_LISTED {
                answer
                    .disagreements
                    .push(disagreement(workbook, opinion, third.as_ref()));
            }
        }
    }
    answer.not_checked.extend(outvoted.told());
    account(third, shares, answer);
}

/// Which engine computed how many formulas, and how many LibreOffice was not heard about.
fn account(third: Option<&Values>, shares: [u32; 3], answer: &mut TieOutContent) {
    if let Some(third) = third {
        let (heard, engine) = (shares[2], &third.engine);
        answer
            .checked
            .push(format!("{heard} of them against the values of {engine}"));
        if heard < answer.formulas {
            answer.not_checked.push(format!(
                "{} formulas against {engine}: they rest on time, chance, Excel alone or what lies outside the workbook, on functions \
                 that it does not know, or nothing that can be compared came of them",
                answer.formulas - heard
            ));
        }
    }
    let engines = EngineName::ALL.map(EngineName::version);
    let engines = engines
        .into_iter()
        .chain(third.map(|third| third.engine.as_str()));
    let shares = engines.zip(shares).map(|(engine, formulas)| EngineShare {
        engine: engine.to_owned(),
        formulas,
    });
    answer.engines = shares.filter(|share| share.formulas > 0).collect();
}

/// An error of another program counts where the file or an engine has one as well: it may be its own weakness.
fn counts(found: &Computed, opinion: &Opinion) -> bool {
    let is_error = |outcome: &Computed| matches!(outcome, Computed::Error(_));
    !is_error(found)
        || matches!(opinion.cached, Some(Constant::Error(_)))
        || is_error(&opinion.first)
        || is_error(&opinion.second)
}

/// Formulas for which both engines confirm the file and only LibreOffice computes another value: told, and no finding.
#[derive(Default)]
struct Outvoted {
    count: usize,
    named: Vec<String>,
}

impl Outvoted {
    fn take(&mut self, place: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < MAX_NAMED {
            self.named.push(place());
        }
    }

    fn told(self) -> Option<String> {
        (self.count > 0).then(|| {
            format!(
                "{} values that LibreOffice computes otherwise and both engines confirm, such as {}",
                self.count,
                self.named.join(", ")
            )
        })
    }
}

fn not_computed(workbook: &Workbook, opinion: &Opinion, answer: &mut TieOutContent) {
    answer.not_computed_count += 1;
    let outcomes = [&opinion.first, &opinion.second].into_iter();
    let mut reasons = outcomes.filter_map(|outcome| match outcome {
        Computed::NotComputed(reason) => Some(reason),
        _ => None,
    });
    if let Some(reason) = reasons.next()
        && answer.not_computed.len() < MAX_LISTED
    {
        answer.not_computed.push(NotComputed {
            cell: place(workbook, opinion),
            formula: format!("={}", from_file(&opinion.text)),
            reason: reason.clone(),
        });
    }
}

/// True where an engine answers another value than the file holds.
fn differs(opinion: &Opinion, outcome: &Computed, tolerance: f64) -> bool {
    let rest = match (&opinion.cached, outcome) {
        (Some(Constant::Value(CellValue::Number(held))), Computed::Value(CellValue::Number(found))) => {
            (held - found).abs() <= REST
        }
        _ => false,
    };
    !rest && opinion.differs(outcome, tolerance)
}

fn place(workbook: &Workbook, opinion: &Opinion) -> String {
    let cell = opinion.cell;
    addresses::cell(&workbook.sheets[cell.sheet], cell.row, cell.column)
}

fn disagreement(workbook: &Workbook, opinion: &Opinion, third: Option<&Computed>) -> Disagreement {
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
        third: third.and_then(value),
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
