//! What the model reads of PDFs, delimited text and old spreadsheets: pages, rows and cells with their numbers, so that it can
//! say where a figure stands. Knows no marks: the caller puts them around.

use std::fmt::Write as _;

use deskhand_protocol::operations::text::csv::{CsvDialect, CsvRows};
use deskhand_protocol::operations::text::legacy::LegacyRange;
use deskhand_protocol::operations::text::pdf::PdfPages;
use deskhand_protocol::operations::text::{CsvAnswer, LegacyAnswer, PdfAnswer};
use deskhand_protocol::operations::{Address, TextAnswer, WordAnswer};

use super::{counted, short, table};

/// What the card of a read says.
pub(super) fn title(answer: &TextAnswer) -> String {
    let looked = |count: usize, one: &str| format!("Looked at {}", counted(count, one));
    let read = |count: usize, one: &str| format!("Read {}", counted(count, one));
    let found = |count: usize, one: &str| format!("Found {}", counted(count, one));
    match answer {
        TextAnswer::Document(WordAnswer::Info(content)) => looked(content.paragraphs as usize, "paragraph"),
        TextAnswer::Document(WordAnswer::Read(content)) => read(content.blocks.len(), "block"),
        TextAnswer::Document(WordAnswer::Find(content)) => found(content.paragraphs.len(), "paragraph"),
        TextAnswer::Document(WordAnswer::Check(content)) => found(content.count as usize, "finding"),
        TextAnswer::Pdf(PdfAnswer::Info(content)) => looked(content.pages as usize, "page"),
        TextAnswer::Pdf(PdfAnswer::Read(content)) => match content.pages.as_slice() {
            [page] => format!("Read page {}", page.page),
            pages => read(pages.len(), "page"),
        },
        TextAnswer::Pdf(PdfAnswer::Find(content)) => found(content.lines.len(), "line"),
        TextAnswer::Csv(CsvAnswer::Info(content)) => looked(content.rows as usize, "row"),
        TextAnswer::Csv(CsvAnswer::Read(content)) => read(content.rows.len(), "row"),
        TextAnswer::Csv(CsvAnswer::Find(content)) => found(content.rows.len(), "row"),
        TextAnswer::Legacy(LegacyAnswer::Info(content)) => looked(content.sheets.len(), "sheet"),
        TextAnswer::Legacy(LegacyAnswer::Read(content)) => format!("Read {}", content.address),
        TextAnswer::Document(_) => "Read".to_owned(),
    }
}

/// The place that was read, and what stands there; nothing for answers that are read as they are.
pub(super) fn read(answer: &TextAnswer) -> Option<(String, String)> {
    match answer {
        TextAnswer::Pdf(PdfAnswer::Read(content)) => Some((String::new(), pages(content))),
        TextAnswer::Csv(CsvAnswer::Read(content)) => Some((String::new(), rows(content))),
        TextAnswer::Legacy(LegacyAnswer::Read(content)) => Some((content.address.clone(), range(content))),
        _ => None,
    }
}

fn pages(content: &PdfPages) -> String {
    let mut out = String::new();
    for page in &content.pages {
        let _ = writeln!(out, "page {}:\n{}", page.page, page.text);
        for (number, table) in (1..).zip(&page.tables) {
            let how = if table.ruled {
                "within drawn lines"
            } else {
                "by how words are aligned: check it against the text"
            };
            let _ = writeln!(out, "table {number} of page {}, {how}:", page.page);
            for row in &table.rows {
                let _ = writeln!(out, "{}", array(row));
            }
        }
        if page.images > 0 {
            let _ = writeln!(out, "pictures on page {}: {}", page.page, page.images);
        }
        if let Some(warning) = &page.warning {
            let _ = writeln!(out, "note: {warning}");
        }
    }
    if let Some(next) = content.next {
        let _ = writeln!(out, "more pages from {next}");
    }
    out
}

/// Each row with its number. Fields are JSON: they may hold tabs, line ends and nothing at all.
fn rows(content: &CsvRows) -> String {
    let mut out = dialect(&content.dialect);
    if !content.header.is_empty() {
        let _ = writeln!(out, "header\t{}", array(&content.header));
    }
    for (number, row) in (content.from_row..).zip(&content.rows) {
        let _ = writeln!(out, "{number}\t{}", array(row));
    }
    for finding in &content.findings {
        let _ = writeln!(out, "note: {finding}");
    }
    if let Some(next) = content.next {
        let _ = writeln!(out, "more rows from {next}");
    }
    out
}

fn dialect(dialect: &CsvDialect) -> String {
    let mut out = format!("{}, fields apart by {:?}", dialect.encoding, dialect.delimiter);
    if let Some(decimal) = &dialect.decimal {
        let _ = write!(out, ", decimals after {decimal:?}");
    }
    out.push('\n');
    for doubt in &dialect.doubts {
        let _ = writeln!(out, "not sure: {doubt}");
    }
    out
}

fn array(fields: &[String]) -> String {
    serde_json::to_string(fields).unwrap_or_default()
}

fn range(content: &LegacyRange) -> String {
    let area = Address::parse(&content.address)
        .ok()
        .and_then(|address| address.area);
    let Some(area) = area else {
        return "(empty)".to_owned();
    };
    let mut out = String::new();
    table(&mut out, area, &content.values, short);
    if let Some(formulas) = &content.formulas {
        out.push_str("formulas:\n");
        table(&mut out, area, formulas, Clone::clone);
    }
    if !content.merged.is_empty() {
        let _ = writeln!(out, "merged: {}", content.merged.join(", "));
    }
    if let Some(rest) = &content.rest {
        let _ = writeln!(out, "more rows: {rest}");
    }
    out
}
