//! The checks of a model. Each looks for one kind of error that people make, and says what shows it.

mod circles;
mod context;
mod lookups;
mod patterns;
mod plugs;
mod status;
mod sums;
mod values;

use std::collections::HashMap;

use deskhand_operations::Area;

use crate::finding::{Code, ModelFinding, Severity};
use crate::model::Model;
use context::Context;

/// What was checked, and what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// Gravest first, then by sheet and cell.
    pub findings: Vec<ModelFinding>,
    /// Findings beyond what is kept.
    pub dropped: usize,
}

/// What [`check`] looks for, one line each, for reports.
pub const LOOKED_FOR: [&str; 13] = [
    "numbers typed over formulas",
    "formulas that differ from the ones around them",
    "numbers typed into formulas",
    "sums that leave out cells at their ends or in their midst",
    "parts that are added beside their total",
    "typed totals against their parts",
    "references that lack their $, that are gone, or that read texts",
    "lookups beyond their table, in lists that are not sorted, or that miss rows",
    "numbers and dates held as text",
    "breaks of sign and of unit",
    "formulas that read their own value",
    "errors, and check cells that are not zero",
    "hidden cells, hidden sheets, other workbooks and volatile functions",
];

/// Checks a model; of `sheets` only, where there are any.
pub fn check(model: &Model, sheets: &[usize]) -> Checked {
    let wanted = (0..model.sheets.len()).map(|sheet| sheets.is_empty() || sheets.contains(&sheet));
    let mut context = Context::new(model, wanted.collect());
    patterns::check(&mut context);
    sums::check(&mut context);
    lookups::check(&mut context);
    plugs::check(&mut context);
    values::check(&mut context);
    status::check(&mut context);
    circles::check(&mut context);
    let dropped = context.dropped;
    let mut findings = once(context.findings);
    findings.sort_by_key(|finding| {
        (
            finding.severity,
            finding.sheet,
            finding.area.top,
            finding.area.left,
            finding.code,
        )
    });
    Checked { findings, dropped }
}

/// The formulas of a model that read their own value, each circle once.
pub fn circles(model: &Model) -> Vec<ModelFinding> {
    let mut context = Context::new(model, vec![true; model.sheets.len()]);
    circles::check(&mut context);
    context.findings
}

/// One finding a cell where several say the same: the one that names the cause.
fn once(findings: Vec<ModelFinding>) -> Vec<ModelFinding> {
    let general = |code: Code| {
        matches!(
            code,
            Code::Inconsistent | Code::ReadsText | Code::UnitBreak | Code::SignBreak
        )
    };
    let mut causes: HashMap<(usize, Area), bool> = HashMap::new();
    for finding in &findings {
        if finding.severity != Severity::Note && !general(finding.code) {
            causes.insert((finding.sheet, finding.area), true);
        }
    }
    let mut kept = findings;
    kept.retain(|finding| !general(finding.code) || !causes.contains_key(&(finding.sheet, finding.area)));
    kept
}
