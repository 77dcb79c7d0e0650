//! `workbook.check`: what would keep Excel from opening the file as it is, and formulas that are broken.

use deskhand_operations::CellValue;
use deskhand_operations::answer::{CheckContent, Finding, Severity};

use crate::addresses;
use crate::cells::Keep;
use crate::error::Outcome;
use crate::lint;
use crate::ops::values::{formula, value};
use crate::sheet::Worksheet;
use crate::strings;
use crate::workbook::{SheetKind, Workbook};

/// Findings in one answer.
const MAX_FINDINGS: usize = 500;

pub(super) fn answer(workbook: &Workbook) -> Outcome<CheckContent> {
    let mut findings: Vec<Finding> = lint::findings(workbook, None)?.into_iter().map(damage).collect();
    formulas(workbook, &mut findings)?;
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
            let lost = deskhand_formula::tokens(&text).iter().any(|token| {
                token.kind == deskhand_formula::Kind::Error && token.text.eq_ignore_ascii_case("#REF!")
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

/// A lint's words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
