//! `workbook.tieOutReport`: the findings of `workbook.tieOut` on a sheet of their own, each with a link to its cells.

use std::fmt::Write as _;

use deskhand_opc::Draft;
use deskhand_opc::xml::escape;
use deskhand_operations::answer::{Disagreement, ModelFinding, Severity, SheetContent, TieOutContent};
use deskhand_operations::workbook::{CellFormat, RangeFormatting, SheetAdd, TieOut, TieOutReport};
use deskhand_operations::{Address, Area, CellValue, RefusalCode};

use crate::error::{Outcome, refuse};
use crate::ops::{range_format, sheet_add, tie_out};
use crate::workbook::Workbook;

/// Widths of the columns in characters: severity, cells, label, finding, found, expected, evidence, code.
const WIDTHS: [u32; 8] = [11, 26, 32, 80, 28, 28, 32, 28];
const HEADS: [&str; 8] = [
    "Severity", "Cells", "About", "Finding", "Found", "Expected", "Evidence", "Code",
];

/// A cell of the report.
enum Entry {
    Text(String),
    Number(f64),
    /// An address that leads to its cells.
    Link(String),
}

/// The report, row by row.
#[derive(Default)]
struct Report {
    rows: Vec<Vec<Entry>>,
    /// Rows in bold.
    heads: Vec<u32>,
}

pub(super) fn plan(workbook: &Workbook, draft: &mut Draft, asked: &TieOutReport) -> Outcome<SheetContent> {
    let look = TieOut {
        tolerance: asked.tolerance,
        sheets: asked.sheets.clone(),
        libre_office: asked.libre_office,
    };
    let found = tie_out::answer(workbook, &look)?;
    let add = SheetAdd {
        name: asked.sheet.clone(),
        after: None,
    };
    let mut content = sheet_add::plan(workbook, draft, &add)?;
    let after = Workbook::read(draft.package().clone())?;
    let Some(part) = after
        .sheet_index(&asked.sheet)
        .map(|index| after.sheets[index].part.clone())
    else {
        return refuse(
            RefusalCode::Failed,
            "The report's sheet could not be added; nothing was changed.",
        );
    };
    let report = Report::new(&found);
    let blank = draft.package().part(&part)?;
    let blank = String::from_utf8_lossy(&blank).into_owned();
    let hole = "<sheetData/>";
    let Some(at) = blank.find(hole) else {
        return refuse(
            RefusalCode::Failed,
            "The report's sheet could not be filled; nothing was changed.",
        );
    };
    draft.edit(&part, [(at..at + hole.len(), report.xml().as_str().into())])?;
    for row in &report.heads {
        bold(draft, &asked.sheet, *row)?;
    }
    let last = Area {
        top: 0,
        left: 0,
        bottom: report.rows.len().saturating_sub(1) as u32,
        right: HEADS.len() as u32 - 1,
    };
    content.used_range = Some(last.to_string());
    Ok(content)
}

fn bold(draft: &mut Draft, sheet: &str, row: u32) -> Outcome<()> {
    let held = Workbook::read(draft.package().clone())?;
    let area = Area {
        top: row,
        left: 0,
        bottom: row,
        right: HEADS.len() as u32 - 1,
    };
    let formatting = RangeFormatting {
        range: Address::on(sheet, area).to_string(),
        format: CellFormat {
            bold: Some(true),
            ..CellFormat::default()
        },
        fit_columns: false,
    };
    range_format::plan(&held, draft, &formatting).map(drop)
}

impl Report {
    fn new(found: &TieOutContent) -> Self {
        let mut report = Self::default();
        report.summary(found);
        report.title("Findings");
        report
            .rows
            .push(HEADS.iter().map(|head| Entry::Text((*head).to_owned())).collect());
        report.rows.extend(found.disagreements.iter().map(disagreement));
        report.rows.extend(found.findings.iter().map(finding));
        if found.disagreements.is_empty() && found.findings.is_empty() {
            report.say("Nothing was found.");
        }
        report.title("What was looked for");
        for looked in &found.checked {
            report.say(looked);
        }
        report.title("What was not computed");
        for gap in &found.not_computed {
            report.rows.push(vec![
                Entry::Text("Note".to_owned()),
                Entry::Link(gap.cell.clone()),
                Entry::Text(String::new()),
                Entry::Text(gap.reason.clone()),
                Entry::Text(gap.formula.clone()),
            ]);
        }
        let more = (found.not_computed_count as usize).saturating_sub(found.not_computed.len());
        if more > 0 {
            report.say(&format!("{more} more formulas"));
        }
        if found.not_computed_count == 0 {
            report.say("Every formula was computed.");
        }
        for gap in &found.not_checked {
            report.say(gap);
        }
        report
    }

    fn summary(&mut self, found: &TieOutContent) {
        self.heads.push(0);
        self.say("Tie-out report");
        let mut fact = |name: &str, number: usize| {
            self.rows.push(vec![
                Entry::Text(name.to_owned()),
                Entry::Text(String::new()),
                Entry::Number(number as f64),
            ]);
        };
        let count = |severity: Severity| {
            found
                .findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        fact("Formulas looked at", found.formulas as usize);
        fact("Formulas computed anew", found.compared as usize);
        fact("Values that differ", found.disagreements.len());
        fact("Errors of modelling", count(Severity::Error));
        fact("Warnings", count(Severity::Warning));
        fact("Notes", count(Severity::Note));
        fact("Formulas not computed", found.not_computed_count as usize);
        for share in &found.engines {
            fact(&format!("Computed by {}", share.engine), share.formulas as usize);
        }
    }

    fn say(&mut self, text: &str) {
        self.rows.push(vec![Entry::Text(text.to_owned())]);
    }

    /// An empty row and a heading.
    fn title(&mut self, text: &str) {
        self.rows.push(Vec::new());
        self.heads.push(self.rows.len() as u32);
        self.say(text);
        if text == "Findings" {
            self.heads.push(self.rows.len() as u32);
        }
    }

    /// Columns, cells and links in the order that the schema wants; the columns stand before the cells.
    fn xml(&self) -> String {
        let mut columns = String::from("<cols>");
        for (number, width) in (1..).zip(WIDTHS) {
            let _ = write!(
                columns,
                r#"<col min="{number}" max="{number}" width="{width}" customWidth="1"/>"#
            );
        }
        columns.push_str("</cols>");
        let (mut cells, mut links) = (String::from("<sheetData>"), String::new());
        for (row, entries) in (0u32..).zip(&self.rows) {
            let _ = write!(cells, r#"<row r="{}">"#, row + 1);
            for (column, entry) in (0u32..).zip(entries) {
                let place = Area::cell(row, column);
                match entry {
                    Entry::Text(text) if text.is_empty() => {}
                    Entry::Number(number) => {
                        let _ = write!(cells, r#"<c r="{place}"><v>{number}</v></c>"#);
                    }
                    Entry::Text(text) | Entry::Link(text) => {
                        let _ = write!(
                            cells,
                            r#"<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>"#,
                            escape(text)
                        );
                    }
                }
                if let Entry::Link(address) = entry {
                    let _ = write!(
                        links,
                        r#"<hyperlink ref="{place}" location="{0}" display="{0}"/>"#,
                        escape(address)
                    );
                }
            }
            cells.push_str("</row>");
        }
        cells.push_str("</sheetData>");
        if !links.is_empty() {
            links = format!("<hyperlinks>{links}</hyperlinks>");
        }
        format!("{columns}{cells}{links}")
    }
}

fn finding(found: &ModelFinding) -> Vec<Entry> {
    let severity = match found.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Note",
    };
    let text = |text: &Option<String>| Entry::Text(text.clone().unwrap_or_default());
    vec![
        Entry::Text(severity.to_owned()),
        Entry::Link(found.place.clone()),
        text(&found.label),
        Entry::Text(found.sentence.clone()),
        text(&found.actual),
        text(&found.expected),
        Entry::Text(found.evidence.join(", ")),
        Entry::Text(found.code.clone()),
    ]
}

fn disagreement(found: &Disagreement) -> Vec<Entry> {
    let shown = |value: &CellValue| match value {
        CellValue::Empty => "nothing".to_owned(),
        CellValue::Boolean(value) => value.to_string().to_uppercase(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Text(text) => text.clone(),
    };
    let told = |value: &Option<CellValue>| value.as_ref().map_or_else(|| "nothing".to_owned(), shown);
    let third = found.third.as_ref();
    let third = third.map_or_else(String::new, |value| format!(", LibreOffice {}", shown(value)));
    let sentence = format!(
        "{} holds {}; the first engine computes {}, the second {}{third}: {}",
        found.cell,
        shown(&found.cached),
        told(&found.first),
        told(&found.second),
        found.formula
    );
    let computed = [&found.first, &found.second, &found.third];
    let computed = computed.into_iter().find_map(Option::as_ref);
    vec![
        Entry::Text("Error".to_owned()),
        Entry::Link(found.cell.clone()),
        Entry::Text(String::new()),
        Entry::Text(sentence),
        Entry::Text(shown(&found.cached)),
        Entry::Text(told(&computed.cloned())),
        Entry::Text(String::new()),
        Entry::Text("value.differs".to_owned()),
    ]
}
