//! What the model reads of an answer: compact, and marked as data (Invariant 9).

mod deck;
mod files;

use std::fmt::Write as _;

use deskhand_core::instructions::as_data;
use deskhand_protocol::document::DocumentView;
use deskhand_protocol::operations::answer::{
    Applied, ChartContent, FoundCells, RangeContent, ReadBack, WorkbookContent,
};
use deskhand_protocol::operations::{
    Address, Answer, Area, CellValue, DeckAnswer, KeptSource, Operation, TextAnswer, WorkbookAnswer,
};

use crate::grid::shown;
use crate::journal::Record;
use crate::preview::title_of;

/// Characters of one cell that the model sees.
const MAX_CELL: usize = 200;

/// What the card of a read says.
pub(crate) fn title(answer: &Answer) -> String {
    match answer {
        Answer::Workbook(WorkbookAnswer::Info(content)) => {
            format!("Looked at {}", counted(content.sheets.len(), "sheet"))
        }
        Answer::Workbook(WorkbookAnswer::RangeFind(found)) => {
            format!("Found {}", counted(found.cells.len(), "cell"))
        }
        Answer::Deck(DeckAnswer::Info(content)) => {
            format!("Looked at {}", counted(content.slides.len(), "slide"))
        }
        Answer::Text(answer) => files::title(answer),
        Answer::Workbook(_) | Answer::Deck(_) => "Read".to_owned(),
    }
}

/// `1 slide`, `2 slides`.
fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// A read's answer for the model.
pub(crate) fn for_model(document: &DocumentView, answer: &Answer) -> String {
    let (place, text) = match answer {
        Answer::Workbook(WorkbookAnswer::Info(content)) => (String::new(), workbook(content)),
        Answer::Workbook(WorkbookAnswer::RangeRead(content)) => (content.address.clone(), range(content)),
        Answer::Workbook(WorkbookAnswer::RangeFind(found)) => (String::new(), cells(found)),
        Answer::Deck(DeckAnswer::Info(content)) => (String::new(), deck::deck(content)),
        Answer::Deck(DeckAnswer::SlideRead(content)) => {
            (format!("slide {}", content.index), deck::slide(content))
        }
        other => {
            let file = match other {
                Answer::Text(answer) => files::read(answer),
                _ => None,
            };
            file.unwrap_or_else(|| (String::new(), serde_json::to_string(other).unwrap_or_default()))
        }
    };
    as_data(format!("{} {place}", document.title).trim(), &text)
}

/// A change's outcome for the model.
pub(crate) fn for_change(
    document: &DocumentView,
    record: &Record,
    answer: Option<&Answer>,
    saved: Option<u64>,
) -> String {
    let mut out = format!("{} ({}).", title_of(&record.operation), record.operation.target());
    if let Operation::Deck(_) = record.operation
        && let Some(Answer::Deck(
            DeckAnswer::SlideAdd(content)
            | DeckAnswer::SlideDuplicate(content)
            | DeckAnswer::SlideFromTemplate(content)
            | DeckAnswer::SlideReplace(content),
        )) = answer
    {
        let text = as_data(&document.title, &deck::slide(content));
        let _ = write!(out, "\nThe slide's id is {}.\n{text}", content.id);
    }
    let notes = answer.map_or(&[][..], warnings);
    if !notes.is_empty() {
        let _ = write!(out, "\nNotes:\n{}", as_data(&document.title, &notes.join("\n")));
    }
    if let Some(answer) = answer.filter(|answer| tells_more(answer)) {
        let text = serde_json::to_string(answer).unwrap_or_default();
        let _ = write!(out, "\n{}", as_data(&document.title, &text));
    }
    let back = answer
        .and_then(applied)
        .and_then(|applied| applied.read_back.as_ref());
    if let Some(back) = back.filter(|back| back.formula_count > 0) {
        read_back(&mut out, document, back);
    }
    if saved.is_some() {
        let _ = write!(out, "\nThe file {} is saved.", document.title.replace('\n', " "));
    }
    out
}

/// The formulas that were written, with what they answer.
fn read_back(out: &mut String, document: &DocumentView, back: &ReadBack) {
    let mut text = String::new();
    for cell in &back.formulas {
        let formula = cell.formula.as_deref().unwrap_or("");
        let _ = writeln!(text, "{} {formula} -> {}", cell.address, short(&cell.value));
    }
    let _ = write!(
        out,
        "\n{} written and read back, {}.",
        counted(back.formula_count as usize, "formula"),
        counted(back.errors.len(), "error")
    );
    if !back.errors.is_empty() {
        let _ = writeln!(text, "errors in {}", back.errors.join(", "));
    }
    if !text.is_empty() {
        let _ = write!(out, "\n{}", as_data(&document.title, &text));
    }
}

fn applied(answer: &Answer) -> Option<&Applied> {
    match answer {
        Answer::Workbook(answer) => answer.applied(),
        Answer::Deck(answer) => answer.applied(),
        Answer::Text(TextAnswer::Document(answer)) => answer.applied(),
        Answer::Text(_) => None,
    }
}

/// What a person should know of a change, as far as the answer tells it apart.
fn warnings(answer: &Answer) -> &[String] {
    match answer {
        Answer::Deck(
            DeckAnswer::SlideAdd(content)
            | DeckAnswer::SlideDuplicate(content)
            | DeckAnswer::SlideFromTemplate(content),
        ) => &content.warnings,
        _ => applied(answer).map_or(&[], |applied| &applied.warnings),
    }
}

/// True for an answer that says more than that it was done.
fn tells_more(answer: &Answer) -> bool {
    matches!(
        answer,
        Answer::Workbook(WorkbookAnswer::Recalculate(_)) | Answer::Deck(DeckAnswer::TextReplace(_))
    )
}

/// A value on one line, cut where it is long.
fn short(value: &CellValue) -> String {
    let text = shown(value).replace(['\n', '\r', '\t'], " ");
    if text.chars().count() <= MAX_CELL {
        text
    } else {
        text.chars().take(MAX_CELL).chain("…".chars()).collect()
    }
}

fn workbook(content: &WorkbookContent) -> String {
    let mut out = String::new();
    for sheet in &content.sheets {
        let used = sheet.used_range.as_deref().unwrap_or("empty");
        let hidden = match (sheet.visible, sheet.very_hidden) {
            (true, _) => "",
            (false, false) => " (hidden)",
            (false, true) => " (very hidden)",
        };
        let locked = if sheet.protected { " (protected)" } else { "" };
        let name = Address {
            sheet: Some(sheet.name.clone()),
            area: None,
        };
        let _ = writeln!(out, "sheet {name}{hidden}{locked}: {used}");
        for table in &sheet.tables {
            let _ = writeln!(
                out,
                "  table {} {} [{}]",
                table.name,
                table.range,
                table.columns.join(" | ")
            );
        }
        for chart in &sheet.chart_details {
            charted(&mut out, chart);
        }
        // Charts beyond those with details, and all where the back end tells names only.
        for chart in sheet.charts.iter().skip(sheet.chart_details.len()) {
            let _ = writeln!(out, "  chart {chart}");
        }
        for picture in &sheet.pictures {
            let place = picture.place.as_deref().unwrap_or("free");
            let shows = picture.alt_text.as_deref().unwrap_or_default();
            let _ = writeln!(out, "  picture {} at {place} {shows}", picture.name);
        }
        for pivot in &sheet.pivots {
            let _ = writeln!(out, "  pivot table {pivot}");
        }
    }
    for name in content.names.iter().filter(|name| !name.hidden) {
        let _ = writeln!(out, "name {} = {}", name.name, name.refers_to);
    }
    for link in &content.external_links {
        let _ = writeln!(out, "linked to {link}");
    }
    for connection in &content.connections {
        let _ = writeln!(out, "connection {connection}");
    }
    if let Some(mode) = &content.calculation {
        let _ = writeln!(out, "calculation {mode}");
    }
    if !content.features.is_empty() {
        let _ = writeln!(out, "file: {}", content.features.join(", "));
    }
    if content.sources > 0 {
        let _ = writeln!(out, "figures with a source: {}", content.sources);
    }
    if let Some(selection) = &content.selection {
        let _ = writeln!(out, "selected now: {selection}");
    }
    out
}

/// A chart with where its data stand.
fn charted(out: &mut String, chart: &ChartContent) {
    let title = chart
        .title
        .as_deref()
        .map_or_else(String::new, |title| format!(" \"{title}\""));
    let place = chart.place.as_deref().unwrap_or("free");
    let _ = writeln!(out, "  chart {} ({}){title} at {place}", chart.name, chart.kind);
    for series in &chart.series {
        let axis = if series.secondary { ", secondary axis" } else { "" };
        let values = series.values.as_deref().unwrap_or("no cells");
        let by = series
            .categories
            .as_deref()
            .map_or_else(String::new, |cells| format!(" by {cells}"));
        let _ = writeln!(out, "    {} ({}{axis}): {values}{by}", series.name, series.kind);
    }
}

/// A range as lines of tab-separated cells under column letters, each line led by its row number.
fn range(content: &RangeContent) -> String {
    let area = Address::parse(&content.address)
        .ok()
        .and_then(|address| address.area);
    let Some(area) = area else {
        return "(empty)".to_owned();
    };
    let mut out = String::new();
    if let Some(values) = &content.values {
        table(&mut out, area, values, short);
    }
    if let Some(formulas) = &content.formulas {
        if content.values.is_some() {
            out.push_str("formulas:\n");
        }
        table(&mut out, area, formulas, short);
    }
    if let Some(formats) = &content.number_formats {
        out.push_str("number formats:\n");
        table(&mut out, area, formats, Clone::clone);
    }
    if let Some(texts) = &content.texts {
        out.push_str("as shown:\n");
        table(&mut out, area, texts, Clone::clone);
    }
    if let Some(formats) = &content.formats {
        out.push_str("formats:\n");
        table(&mut out, area, formats, |format| {
            serde_json::to_string(format).unwrap_or_default()
        });
    }
    if let Some(table) = &content.table {
        out.push_str(table);
        out.push('\n');
    }
    for note in content.notes.iter().flatten() {
        let _ = writeln!(out, "note: {}", serde_json::to_string(note).unwrap_or_default());
    }
    sources(&mut out, content.sources.iter().flatten());
    if let Some(rest) = &content.rest {
        let _ = writeln!(out, "more rows: {rest}");
    }
    out
}

/// Where figures came from, one a line.
fn sources<'a>(out: &mut String, kept: impl Iterator<Item = &'a KeptSource>) {
    for source in kept {
        let _ = writeln!(
            out,
            "source: {}",
            serde_json::to_string(source).unwrap_or_default()
        );
    }
}

fn table<T>(out: &mut String, area: Area, grid: &[Vec<T>], text: impl Fn(&T) -> String) {
    for column in area.left..=area.right {
        let letters = Area {
            top: 0,
            left: column,
            bottom: deskhand_protocol::operations::MAX_ROWS - 1,
            right: column,
        };
        let letters = letters.to_string();
        let _ = write!(out, "\t{}", letters.split(':').next().unwrap_or_default());
    }
    out.push('\n');
    for (row, line) in (area.top + 1..).zip(grid) {
        let _ = write!(out, "{row}");
        for value in line {
            let _ = write!(out, "\t{}", text(value));
        }
        out.push('\n');
    }
}

fn cells(found: &FoundCells) -> String {
    let mut out = String::new();
    for cell in &found.cells {
        let _ = writeln!(
            out,
            "{}\t{}\t{}",
            cell.address,
            short(&cell.value),
            cell.formula.as_deref().unwrap_or("")
        );
    }
    if found.more {
        out.push_str("there are more\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::operations::Cell;
    use deskhand_protocol::operations::answer::{DeckContent, SlideContent};
    use serde_json::json;

    use super::*;

    #[test]
    fn one_of_a_kind_is_not_told_as_many() {
        let found = |count: usize| {
            let cell = Cell {
                address: "Data!A1".to_owned(),
                value: CellValue::Empty,
                formula: None,
                text: None,
            };
            let cells = vec![cell; count];
            title(&Answer::Workbook(WorkbookAnswer::RangeFind(FoundCells {
                cells,
                more: false,
            })))
        };
        assert_eq!(
            [0, 1, 2].map(found),
            ["Found 0 cells", "Found 1 cell", "Found 2 cells"]
        );
        let deck = DeckContent {
            slides: vec![SlideContent::default()],
            ..DeckContent::default()
        };
        assert_eq!(title(&Answer::Deck(DeckAnswer::Info(deck))), "Looked at 1 slide");
        let page = |page| json!({"page": page, "text": "", "tables": [], "images": 0});
        for (answer, expected) in [
            (json!({"op": "pdf.read", "pages": [page(7)]}), "Read page 7"),
            (
                json!({"op": "pdf.read", "pages": [page(7), page(8)]}),
                "Read 2 pages",
            ),
            (
                json!({"op": "csv.find", "rows": [{"row": 3, "fields": []}]}),
                "Found 1 row",
            ),
            (
                json!({"op": "document.check", "findings": [], "count": 0}),
                "Found 0 findings",
            ),
            (
                json!({"op": "legacy.read", "address": "Q1!A1:B2", "values": []}),
                "Read Q1!A1:B2",
            ),
        ] {
            let answer = Answer::Text(serde_json::from_value(answer).unwrap());
            assert_eq!(title(&answer), expected);
        }
    }

    #[test]
    fn what_an_operation_warns_of_reaches_the_model() {
        let answers = [
            json!({"op": "range.fill", "target": "S!A1:A9", "changed": 9, "warnings": ["careful"]}),
            json!({"op": "rows.delete", "target": "S!2:3", "changed": 1, "warnings": ["careful"]}),
        ];
        for answer in answers {
            let answer = Answer::Workbook(serde_json::from_value(answer).unwrap());
            assert_eq!(warnings(&answer), ["careful"]);
        }
        let slide = json!({"op": "slide.add", "id": "s", "index": 1, "layout": "", "shapes": [], "warnings": ["careful"]});
        let answer = Answer::Deck(serde_json::from_value(slide).unwrap());
        assert_eq!(warnings(&answer), ["careful"]);
    }

    #[test]
    fn everything_that_was_asked_for_is_told_of_a_range() {
        let content = json!({
            "address": "S!A1:A1", "table": "the table", "fingerprint": "",
            "notes": [{"cell": "A1", "text": "the note"}],
            "sources": [{"figure": "A1", "document": "d", "address": "Data!C4"}],
        });
        let told = range(&serde_json::from_value(content).unwrap());
        for word in ["the table", "the note", "Data!C4"] {
            assert!(told.contains(word), "{told}");
        }
    }
}
