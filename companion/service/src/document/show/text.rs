//! Word documents, PDFs, delimited text and old spreadsheets for people.

use deskhand_operations::text::csv::{CsvContent, CsvDialect, CsvRows};
use deskhand_operations::text::document::{DocumentBlocks, DocumentContent};
use deskhand_operations::text::legacy::{LegacyContent, LegacyRange};
use deskhand_operations::text::pdf::{PdfContent, PdfPages};
use deskhand_operations::text::{
    BlockKind, CsvAnswer, DocumentBlock, LegacyAnswer, PdfAnswer, TextAnswer, TrackedKind, WordAnswer,
};

use super::{aligned, cell, count};

/// What `document info` and `document read` answer; nothing for other answers.
pub(super) fn lines(answer: &TextAnswer) -> Option<Vec<String>> {
    Some(match answer {
        TextAnswer::Document(WordAnswer::Info(content)) => document(content),
        TextAnswer::Document(WordAnswer::Read(content)) => blocks(content),
        TextAnswer::Pdf(PdfAnswer::Info(content)) => pdf(content),
        TextAnswer::Pdf(PdfAnswer::Read(content)) => pages(content),
        TextAnswer::Csv(CsvAnswer::Info(content)) => csv(content),
        TextAnswer::Csv(CsvAnswer::Read(content)) => rows(content),
        TextAnswer::Legacy(LegacyAnswer::Info(content)) => legacy(content),
        TextAnswer::Legacy(LegacyAnswer::Read(content)) => range(content),
        _ => return None,
    })
}

fn document(content: &DocumentContent) -> Vec<String> {
    let mut lines = vec![format!(
        "Word document, {}, {}, {}",
        count(content.paragraphs as usize, "paragraph"),
        count(content.words as usize, "word"),
        count(content.tables as usize, "table"),
    )];
    let label = content.label.iter();
    lines.extend(label.map(|label| format!("Sensitivity label: {label}")));
    for change in &content.changes {
        let changes = count(change.changes as usize, "tracked change");
        lines.push(format!("{changes} by {}", change.author));
    }
    lines.extend(content.protection.iter().map(|kind| format!("Protected: {kind}")));
    if content.signed {
        lines.push("Signed: any change breaks the signature.".to_owned());
    }
    if !content.comments.is_empty() {
        lines.push(count(content.comments.len(), "comment"));
    }
    lines.extend(content.headings.iter().map(|block| format!("  {}", one(block))));
    lines
}

fn blocks(content: &DocumentBlocks) -> Vec<String> {
    let mut lines = Vec::new();
    for block in &content.blocks {
        if block.kind == BlockKind::Table {
            lines.push(format!("{:<6} table", block.id));
            lines.extend(block.rows.iter().map(|row| {
                let cells: Vec<String> = row
                    .cells
                    .iter()
                    .map(|cell| {
                        let texts: Vec<&str> = cell.blocks.iter().map(|block| block.text.as_str()).collect();
                        texts.join(" / ")
                    })
                    .collect();
                format!("       {}", cells.join(" | "))
            }));
        } else {
            lines.push(one(block));
        }
        for change in &block.changes {
            let what = match change.kind {
                TrackedKind::Inserted => "inserted",
                TrackedKind::Deleted => "deleted",
                TrackedKind::MovedFrom => "moved away",
                TrackedKind::MovedTo => "moved here",
                TrackedKind::Formatted => "formatted",
            };
            lines.push(format!("       {} {what} “{}”", change.author, change.text));
        }
        let notes = block.notes.iter();
        lines.extend(notes.map(|note| format!("       {} {}: {}", note.kind, note.id, note.text)));
    }
    lines.extend(
        content
            .next
            .iter()
            .map(|next| format!("It goes on with --from {next}.")),
    );
    lines
}

fn one(block: &DocumentBlock) -> String {
    let number = block
        .number
        .as_ref()
        .map(|number| format!("{number} "))
        .unwrap_or_default();
    let level = match (block.kind, block.level) {
        (BlockKind::Heading, Some(level)) => format!("{} ", "#".repeat(usize::from(level))),
        (BlockKind::ListItem, Some(level)) => "  ".repeat(usize::from(level)),
        _ => String::new(),
    };
    format!(
        "{:<6} {level}{number}{}",
        block.id,
        block.text.replace('\u{b}', " / ")
    )
}

fn pdf(content: &PdfContent) -> Vec<String> {
    let mut lines = vec![format!("PDF, {}", count(content.pages as usize, "page"))];
    lines.extend(content.title.iter().map(|title| format!("Title: {title}")));
    lines.push(format!(
        "{} of the first {} hold text.",
        content.with_text,
        count(content.examined as usize, "page")
    ));
    if content.scanned {
        lines.push("It was scanned: its text would have to be recognised first.".to_owned());
    }
    if content.encrypted {
        lines.push("It is encrypted, and opens without a password.".to_owned());
    }
    lines
}

fn pages(content: &PdfPages) -> Vec<String> {
    let mut lines = Vec::new();
    for page in &content.pages {
        lines.push(format!("Page {}", page.page));
        lines.extend(page.text.lines().map(|line| format!("  {line}")));
        for table in &page.tables {
            lines.push(format!("  Table, {}:", count(table.rows.len(), "row")));
            lines.extend(aligned(&table.rows).into_iter().map(|row| format!("    {row}")));
        }
        lines.extend(page.warning.iter().map(|warning| format!("  Note: {warning}.")));
    }
    lines.extend(
        content
            .next
            .iter()
            .map(|next| format!("It goes on with --from {next}.")),
    );
    lines
}

fn dialect(dialect: &CsvDialect) -> Vec<String> {
    let delimiter = match dialect.delimiter.as_str() {
        "\t" => "tab",
        other => other,
    };
    let mark = if dialect.bom {
        " with a byte order mark"
    } else {
        ""
    };
    let head = if dialect.header { "with" } else { "without" };
    let mut lines = vec![format!(
        "{}{mark}, fields apart by {delimiter}, {head} a header",
        dialect.encoding
    )];
    lines.extend(dialect.doubts.iter().map(|doubt| format!("Not sure: {doubt}")));
    lines
}

fn csv(content: &CsvContent) -> Vec<String> {
    let mut lines = vec![format!("Delimited text, {} rows", content.rows)];
    lines.extend(dialect(&content.dialect));
    for column in &content.columns {
        let kind = serde_json::to_value(column.kind).unwrap_or_default();
        let mut about = vec![kind.as_str().unwrap_or_default().to_owned()];
        if column.empty > 0 {
            about.push(format!("{} empty", column.empty));
        }
        if let (Some(min), Some(max), Some(sum)) = (column.min, column.max, column.sum) {
            about.push(format!("{min} to {max}, sum {sum}"));
        }
        lines.push(format!("  {}: {}", column.name, about.join(", ")));
    }
    lines.extend(content.findings.iter().map(|finding| format!("Note: {finding}")));
    lines
}

fn rows(content: &CsvRows) -> Vec<String> {
    let mut lines = dialect(&content.dialect);
    let mut grid = Vec::new();
    if !content.header.is_empty() {
        grid.push(content.header.clone());
    }
    grid.extend(content.rows.iter().cloned());
    lines.extend(aligned(&grid));
    lines.extend(content.findings.iter().map(|finding| format!("Note: {finding}")));
    lines.extend(
        content
            .next
            .iter()
            .map(|next| format!("It goes on with --from {next}.")),
    );
    lines
}

fn legacy(content: &LegacyContent) -> Vec<String> {
    let sheets = count(content.sheets.len(), "sheet");
    let mut lines = vec![format!("Spreadsheet (.{}), {sheets}", content.kind)];
    for sheet in &content.sheets {
        let mut about = vec![sheet.used_range.clone().unwrap_or_else(|| "empty".to_owned())];
        if !sheet.visible {
            about.push("hidden".to_owned());
        }
        about.extend(sheet.problem.clone());
        lines.push(format!("  {}  {}", sheet.name, about.join(", ")));
    }
    let names = content.names.iter();
    lines.extend(names.map(|name| format!("  {} = {}", name.name, name.refers_to)));
    lines
}

fn range(content: &LegacyRange) -> Vec<String> {
    let mut lines = vec![content.address.clone()];
    let values: Vec<Vec<String>> = content
        .values
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    lines.extend(aligned(&values));
    if let Some(formulas) = &content.formulas {
        lines.push("formulas:".to_owned());
        lines.extend(aligned(formulas));
    }
    lines.extend(content.rest.iter().map(|rest| format!("The rest is {rest}.")));
    lines
}
