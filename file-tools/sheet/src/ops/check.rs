//! `workbook.check`: what would keep Excel from opening the file as it is, and formulas that are broken.

use deskhand_audit::Severity as Grave;
use deskhand_formula::Kind;
use deskhand_operations::answer::{CheckContent, Finding, Severity};
use deskhand_operations::{CellValue, RefusalCode};

use crate::addresses;
use crate::cells::Keep;
use crate::error::{Outcome, Stop};
use crate::lint;
use crate::model;
use crate::ops::values::{formula, value};
use crate::sheet::Worksheet;
use crate::strings;
use crate::workbook::{SheetKind, Workbook};

/// Findings in one answer.
const MAX_FINDINGS: usize = 500;

pub(super) fn answer(workbook: &Workbook) -> Outcome<CheckContent> {
    let mut findings: Vec<Finding> = lint::findings(workbook, None)?.into_iter().map(damage).collect();
    formulas(workbook, &mut findings)?;
    circles(workbook, &mut findings)?;
    findings.sort_by_key(|finding| finding.severity);
    let count = findings.len() as u32;
    findings.truncate(MAX_FINDINGS);
    Ok(CheckContent { findings, count })
}

/// Something wrong with the file itself.
fn damage(found: lint::Finding) -> Finding {
    Finding {
        code: format!("workbook.{}", found.code),
        severity: Severity::Error,
        part: Some(found.part),
        location: (!found.location.is_empty()).then_some(found.location),
        sentence: sentence(&found.sentence),
    }
}

/// Formulas that lost what they referred to, and formulas that answer an error. The latter may be meant so.
fn formulas(workbook: &Workbook, findings: &mut Vec<Finding>) -> Outcome<()> {
    let strings = strings::shared(workbook)?;
    for sheet in workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.kind == SheetKind::Worksheet)
    {
        let content = workbook.package.part(&sheet.part)?;
        let scanned = Worksheet::read(workbook, &sheet.part, &content, &Keep::Formulas)?;
        for cell in &scanned.data.cells {
            let Some(text) = formula(cell) else { continue };
            let address = addresses::cell(sheet, cell.row, cell.column);
            let lost = deskhand_formula::tokens(&text)
                .iter()
                .any(|token| match token.kind {
                    Kind::Error => token.text.eq_ignore_ascii_case("#REF!"),
                    // A column of a table.
                    Kind::Structured => token.text.to_ascii_uppercase().contains("[#REF!"),
                    _ => false,
                });
            let (code, severity, sentence) = if lost {
                (
                    "formula.lostReference",
                    Severity::Warning,
                    format!("{address} refers to cells that are gone: {text}."),
                )
            } else if let ("e", CellValue::Text(error)) = (cell.kind.as_str(), value(cell, &strings)) {
                (
                    "formula.error",
                    Severity::Note,
                    format!("{address} answers {error}: {text}."),
                )
            } else {
                continue;
            };
            findings.push(Finding {
                code: code.to_owned(),
                severity,
                part: Some(sheet.part.clone()),
                location: Some(address),
                sentence,
            });
        }
    }
    Ok(())
}

/// Formulas that read their own value, as `workbook.tieOut` finds them. Excel asks about them when it opens the file,
/// unless it is to compute them again and again.
fn circles(workbook: &Workbook, findings: &mut Vec<Finding>) -> Outcome<()> {
    let model = match model::read(workbook) {
        Ok(model) => model,
        Err(Stop::Refusal(refusal)) if refusal.code == RefusalCode::TooLarge => {
            findings.push(Finding {
                code: "formula.circular".to_owned(),
                severity: Severity::Note,
                part: None,
                location: None,
                sentence: "The workbook has too many cells to look for circular references.".to_owned(),
            });
            return Ok(());
        }
        Err(stop) => return Err(stop),
    };
    findings.extend(deskhand_audit::circles(&model).into_iter().map(|found| {
        let sheet = &workbook.sheets[found.sheet];
        Finding {
            code: "formula.circular".to_owned(),
            severity: match found.severity {
                Grave::Note => Severity::Note,
                Grave::Error | Grave::Warning => Severity::Warning,
            },
            part: Some(sheet.part.clone()),
            location: Some(addresses::on(sheet, found.area)),
            sentence: found.sentence,
        }
    }));
    Ok(())
}

/// A lint's words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
