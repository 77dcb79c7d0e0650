//! The answers of `deskhand document` for people.

mod text;

use deskhand_document::Change;
use deskhand_document::history::Listed;
use deskhand_operations::answer::{
    CheckContent, DeckContent, Difference, RangeContent, Recalculation, Severity, SlideContent,
    TieOutContent, WorkbookContent,
};
use deskhand_operations::{Answer, CellValue, DeckAnswer, WorkbookAnswer};
use deskhand_protocol::ChangeSetId;

use crate::terminal::when;

/// Characters of a cell in a table.
const WIDTH: usize = 24;

/// `document info`.
pub(super) fn info(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Workbook(WorkbookAnswer::Info(content)) => workbook(content),
        Answer::Deck(DeckAnswer::Info(content)) => deck(content),
        Answer::Text(content) => text::lines(content).unwrap_or_else(|| json(answer)),
        other => json(other),
    }
}

fn workbook(content: &WorkbookContent) -> Vec<String> {
    let mut lines = vec![format!("Workbook, {}", count(content.sheets.len(), "sheet"))];
    lines.extend(
        content
            .label
            .iter()
            .map(|label| format!("Sensitivity label: {label}")),
    );
    let width = content
        .sheets
        .iter()
        .map(|sheet| sheet.name.chars().count())
        .max()
        .unwrap_or_default();
    for sheet in &content.sheets {
        let mut about = vec![sheet.used_range.clone().unwrap_or_else(|| "empty".to_owned())];
        if !sheet.visible {
            about.push("hidden".to_owned());
        }
        about.extend(
            sheet
                .tables
                .iter()
                .map(|table| format!("table {} {}", table.name, table.range)),
        );
        about.extend(sheet.charts.iter().map(|chart| format!("chart {chart}")));
        about.extend(sheet.pivots.iter().map(|pivot| format!("pivot {pivot}")));
        lines.push(format!("  {:<width$}  {}", sheet.name, about.join(", ")));
    }
    if !content.names.is_empty() {
        lines.push("Names".to_owned());
        let names = content
            .names
            .iter()
            .map(|name| format!("  {} = {}", name.name, name.refers_to));
        lines.extend(names);
    }
    lines
}

fn deck(content: &DeckContent) -> Vec<String> {
    let size = format!("{} by {} points", content.width, content.height);
    let mut lines = vec![format!("Deck, {}, {size}", count(content.slides.len(), "slide"))];
    lines.extend(
        content
            .label
            .iter()
            .map(|label| format!("Sensitivity label: {label}")),
    );
    for slide in &content.slides {
        let title = slide
            .title
            .as_deref()
            .unwrap_or("(no title)")
            .replace(['\n', '\u{b}'], " / ");
        lines.push(format!(
            "  {:>3}  {:<8}  {}  [{}]",
            slide.index, slide.id, title, slide.layout
        ));
    }
    lines
}

/// `document read`.
pub(super) fn content(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Workbook(WorkbookAnswer::RangeRead(content)) => range(content),
        Answer::Deck(DeckAnswer::SlideRead(content)) => slide(content),
        Answer::Text(content) => text::lines(content).unwrap_or_else(|| json(answer)),
        other => json(other),
    }
}

fn range(content: &RangeContent) -> Vec<String> {
    let mut lines = vec![content.address.clone()];
    if let Some(table) = &content.table {
        lines.extend(table.lines().map(str::to_owned));
    }
    let texts = |grid: &Vec<Vec<CellValue>>| -> Vec<Vec<String>> {
        grid.iter().map(|row| row.iter().map(cell).collect()).collect()
    };
    let plain = |grid: &Vec<Vec<String>>| grid.clone();
    let grids = [
        ("values", content.values.as_ref().map(texts)),
        ("formulas", content.formulas.as_ref().map(texts)),
        ("number formats", content.number_formats.as_ref().map(plain)),
        ("texts", content.texts.as_ref().map(plain)),
    ];
    let several = grids.iter().filter(|(_, grid)| grid.is_some()).count() > 1;
    for (name, grid) in grids {
        let Some(grid) = grid else { continue };
        if several {
            lines.push(format!("{name}:"));
        }
        lines.extend(aligned(&grid));
    }
    for note in content.notes.iter().flatten() {
        lines.push(format!("note at {}: {}", note.cell, note.text));
    }
    lines.extend(content.rest.iter().map(|rest| format!("The rest is {rest}.")));
    lines
}

fn cell(value: &CellValue) -> String {
    match value {
        CellValue::Empty => String::new(),
        CellValue::Boolean(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        CellValue::Number(value) => value.to_string(),
        CellValue::Text(text) => text.replace(['\n', '\t'], " "),
    }
}

/// Columns of one width.
fn aligned(grid: &[Vec<String>]) -> Vec<String> {
    let columns = grid.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let lengths = grid
            .iter()
            .filter_map(|row| row.get(column))
            .map(|text| text.chars().count());
        lengths.max().unwrap_or_default().min(WIDTH)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(text, width)| {
            let shown: String = if text.chars().count() > *width {
                text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
            } else {
                text.clone()
            };
            format!("{shown:<width$}")
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    grid.iter().map(line).collect()
}

fn slide(content: &SlideContent) -> Vec<String> {
    let mut lines = vec![format!(
        "Slide {} ({}), layout {}",
        content.index, content.id, content.layout
    )];
    for shape in &content.shapes {
        lines.push(format!("  {:<4} {:<12} {}", shape.id, shape.kind, shape.name));
        lines.extend(
            shape
                .text
                .iter()
                .flat_map(|text| text.lines())
                .map(|line| format!("       {line}")),
        );
        for row in shape.rows.iter().flatten() {
            lines.push(format!("       {}", row.join(" | ")));
        }
    }
    lines
}

/// `document apply`.
pub(super) fn applied(change_set: Option<&ChangeSetId>, change: &Change) -> Vec<String> {
    let mut lines = vec![format!("{} done.", count(change.answers.len(), "operation"))];
    lines.extend(change.warnings.iter().map(|warning| format!("Note: {warning}")));
    lines.extend(way_back(change_set));
    lines
}

fn way_back(change_set: Option<&ChangeSetId>) -> Option<String> {
    change_set.map(|id| format!("`deskhand document undo {id}` leads back."))
}

/// `document history`.
pub(super) fn history(list: &[Listed]) -> Vec<String> {
    if list.is_empty() {
        return vec!["No change sets.".to_owned()];
    }
    let mut lines = Vec::new();
    for listed in list {
        let state = if listed.undone { ", taken back" } else { "" };
        lines.push(format!("{} {}{state}", listed.change, when(listed.at)));
        lines.extend(listed.title.lines().map(|line| format!("  {line}")));
    }
    lines
}

/// `document apply --preview`.
pub(super) fn preview(change: &Change, list: &[Difference]) -> Vec<String> {
    let mut lines = differences(list);
    lines.extend(change.warnings.iter().map(|warning| format!("Note: {warning}")));
    lines.push("Nothing was changed.".to_owned());
    lines
}

/// `document diff`.
pub(super) fn differences(list: &[Difference]) -> Vec<String> {
    if list.is_empty() {
        return vec!["No differences.".to_owned()];
    }
    list.iter()
        .map(|difference| difference.sentence.clone())
        .collect()
}

/// `document check`.
pub(super) fn findings(content: &CheckContent) -> Vec<String> {
    if content.findings.is_empty() {
        return vec!["No findings.".to_owned()];
    }
    let mut lines: Vec<String> = content
        .findings
        .iter()
        .map(|finding| {
            let part = finding
                .part
                .iter()
                .filter(|part| !finding.sentence.contains(*part));
            let part = part.fold(String::new(), |_, part| format!(" ({part})"));
            format!(
                "{}: {}{part} [{}]",
                grade(finding.severity),
                finding.sentence,
                finding.code
            )
        })
        .collect();
    lines.extend(more(content.count, content.findings.len()));
    lines
}

fn grade(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Note",
    }
}

/// `document recalc`.
pub(super) fn recalculated(change_set: Option<&ChangeSetId>, content: &Recalculation) -> Vec<String> {
    let mut lines = vec![format!(
        "{} computed, {} changed.",
        count(content.computed as usize, "formula"),
        content.changed
    )];
    lines.extend(
        content
            .engines
            .iter()
            .map(|share| format!("  {}: {}", share.engine, share.formulas)),
    );
    let errors = content.errors.iter();
    lines.extend(errors.map(|cell| format!("Error: {} answers {}", cell.address, self::cell(&cell.value))));
    let gaps = content.not_computed.iter();
    lines.extend(gaps.map(|gap| format!("Not computed: {} {}, {}", gap.cell, gap.formula, gap.reason)));
    lines.extend(more(content.not_computed_count, content.not_computed.len()));
    lines.extend(content.warnings.iter().map(|warning| format!("Note: {warning}")));
    lines.extend(way_back(change_set));
    lines
}

/// `document tie-out`.
pub(super) fn tied_out(change_set: Option<&ChangeSetId>, content: &TieOutContent) -> Vec<String> {
    let mut lines = vec![format!(
        "{} looked at, {} confirmed or denied by a second computation.",
        count(content.formulas as usize, "formula"),
        content.compared
    )];
    for found in &content.disagreements {
        let told = |value: &Option<CellValue>| value.as_ref().map_or_else(|| "nothing".to_owned(), cell);
        lines.push(format!(
            "Error: {} holds {}; computed {} and {}: {}",
            found.cell,
            cell(&found.cached),
            told(&found.first),
            told(&found.second),
            found.formula
        ));
    }
    let findings = content.findings.iter();
    lines.extend(findings.map(|finding| {
        format!(
            "{}: {} [{}]",
            grade(finding.severity),
            finding.sentence,
            finding.code
        )
    }));
    lines.extend(more(
        content.count,
        content.disagreements.len() + content.findings.len(),
    ));
    if content.count == 0 {
        lines.push("No findings.".to_owned());
    }
    lines.extend(way_back(change_set));
    lines
}

fn more(all: u32, shown: usize) -> Option<String> {
    let left = (all as usize).saturating_sub(shown);
    (left > 0).then(|| format!("and {left} more"))
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

fn json(answer: &Answer) -> Vec<String> {
    serde_json::to_string_pretty(answer).into_iter().collect()
}
