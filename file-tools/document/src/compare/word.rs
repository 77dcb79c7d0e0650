//! How two word documents differ: their blocks, then notes, headers and footers, then their parts.

use deskhand_operations::Refusal;
use deskhand_operations::answer::Difference;
use deskhand_operations::text::document::{DocumentContent, DocumentInfo, DocumentRead};
use deskhand_operations::text::{BlockKind, DocumentBlock, WordAnswer, WordOperation};
use deskhand_text::Document;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{cut, other_parts};

pub(super) fn compare(before: &Document, after: &Document) -> Result<Vec<Difference>, Refusal> {
    let (earlier, later) = (blocks(before)?, blocks(after)?);
    let mut told = Vec::new();
    let texts = |list: &[DocumentBlock]| -> Vec<String> { list.iter().map(text).collect() };
    for op in capture_diff_slices(Algorithm::Patience, &texts(&earlier), &texts(&later)) {
        let (was, is) = (&earlier[op.old_range()], &later[op.new_range()]);
        let both = was.len().min(is.len());
        for (was, is) in was.iter().zip(is) {
            changed(was, is, &mut told);
        }
        if !matches!(op, DiffOp::Equal { .. }) {
            told.extend(
                is[both..]
                    .iter()
                    .map(|block| whole("block.added", block, "was added")),
            );
            told.extend(
                was[both..]
                    .iter()
                    .map(|block| whole("block.deleted", block, "was deleted")),
            );
        }
    }
    beside(&info(before)?, &info(after)?, &mut told);
    if told.is_empty() {
        other_parts(before.package(), after.package(), &mut told)?;
    }
    Ok(told)
}

/// Every block of the main text.
fn blocks(document: &Document) -> Result<Vec<DocumentBlock>, Refusal> {
    let mut blocks = Vec::new();
    let mut read = DocumentRead {
        max_blocks: Some(500),
        ..DocumentRead::default()
    };
    loop {
        let answer = document.answer(&WordOperation::Read(read.clone()))?;
        let WordAnswer::Read(content) = answer else {
            return Ok(blocks);
        };
        // A long table is cut in an answer and goes on with its next row.
        for block in content.blocks {
            let more = (block.more_rows > 0).then(|| (block.id.clone(), block.rows.len()));
            blocks.push(block);
            if let Some((table, rows)) = more {
                rest_of(document, &table, rows, &mut blocks)?;
            }
        }
        match content.next {
            Some(next) => read.from = Some(next),
            None => return Ok(blocks),
        }
    }
}

fn rest_of(
    document: &Document,
    table: &str,
    mut rows: usize,
    blocks: &mut [DocumentBlock],
) -> Result<(), Refusal> {
    let Some(whole) = blocks.last_mut() else {
        return Ok(());
    };
    while whole.more_rows > 0 {
        let read = DocumentRead {
            from: Some(table.to_owned()),
            from_row: u32::try_from(rows + 1).ok(),
            max_blocks: Some(1),
            runs: false,
        };
        let WordAnswer::Read(content) = document.answer(&WordOperation::Read(read))? else {
            return Ok(());
        };
        let Some(part) = content
            .blocks
            .into_iter()
            .next()
            .filter(|part| !part.rows.is_empty())
        else {
            return Ok(());
        };
        rows += part.rows.len();
        whole.more_rows = part.more_rows;
        whole.rows.extend(part.rows);
    }
    Ok(())
}

fn info(document: &Document) -> Result<DocumentContent, Refusal> {
    match document.answer(&WordOperation::Info(DocumentInfo {}))? {
        WordAnswer::Info(content) => Ok(content),
        _ => Ok(DocumentContent::default()),
    }
}

/// What a block reads; of a table the cells, row by row.
fn text(block: &DocumentBlock) -> String {
    if block.kind != BlockKind::Table {
        return block.text.clone();
    }
    let rows = block.rows.iter().map(|row| {
        let cells: Vec<String> = row.cells.iter().map(|cell| cell_text(&cell.blocks)).collect();
        cells.join("\t")
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn cell_text(blocks: &[DocumentBlock]) -> String {
    blocks.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Two blocks that stand in the same place.
fn changed(was: &DocumentBlock, is: &DocumentBlock, told: &mut Vec<Difference>) {
    let name = named(is);
    if was.kind == BlockKind::Table && is.kind == BlockKind::Table {
        return table(was, is, told);
    }
    let (before, after) = (text(was), text(is));
    if before != after {
        let sentence = format!("{name} reads “{}” instead of “{}”.", cut(&after), cut(&before));
        told.push(difference(
            "block.text",
            is,
            Some(&before),
            Some(&after),
            sentence,
        ));
    }
    let style = |block: &DocumentBlock| block.style.clone().unwrap_or_default();
    if style(was) != style(is) {
        let (before, after) = (style(was), style(is));
        let sentence = format!("{name} has the style “{after}” instead of “{before}”.");
        told.push(difference(
            "block.style",
            is,
            Some(&before),
            Some(&after),
            sentence,
        ));
    }
    if was.changes != is.changes && before == after {
        let sentence = format!("The tracked changes of {} are others.", lower(&name));
        told.push(difference("block.trackedChanges", is, None, None, sentence));
    }
    if was.links != is.links && before == after {
        let sentence = format!("The links of {} changed.", lower(&name));
        told.push(difference("block.links", is, None, None, sentence));
    }
    if was.images != is.images {
        let sentence = format!("The pictures of {} changed.", lower(&name));
        told.push(difference("block.images", is, None, None, sentence));
    }
}

fn table(was: &DocumentBlock, is: &DocumentBlock, told: &mut Vec<Difference>) {
    let name = named(is);
    if was.rows.len() != is.rows.len() {
        let sentence = format!("{name} has {} rows instead of {}.", is.rows.len(), was.rows.len());
        told.push(difference("table.rows", is, None, None, sentence));
    }
    for (row, (before, after)) in was.rows.iter().zip(&is.rows).enumerate() {
        for cell in &after.cells {
            let held = before.cells.iter().find(|held| held.column == cell.column);
            let before = held.map(|held| cell_text(&held.blocks)).unwrap_or_default();
            let after = cell_text(&cell.blocks);
            if before != after {
                let sentence = format!(
                    "Row {}, column {} of {} reads “{}” instead of “{}”.",
                    row + 1,
                    cell.column,
                    lower(&name),
                    cut(&after),
                    cut(&before)
                );
                told.push(difference(
                    "table.cell",
                    is,
                    Some(&before),
                    Some(&after),
                    sentence,
                ));
            }
        }
    }
}

/// Headers, footers and comments.
fn beside(before: &DocumentContent, after: &DocumentContent, told: &mut Vec<Difference>) {
    for block in &after.margins {
        match before.margins.iter().find(|held| held.id == block.id) {
            Some(held) => changed(held, block, told),
            None => told.push(whole("block.added", block, "was added")),
        }
    }
    for held in &before.margins {
        if !after.margins.iter().any(|block| block.id == held.id) {
            told.push(whole("block.deleted", held, "was deleted"));
        }
    }
    let comments = [
        (after, before, "comment.added", "added"),
        (before, after, "comment.deleted", "deleted"),
    ];
    for (of, other, code, what) in comments {
        for note in of.comments.iter().filter(|note| !other.comments.contains(note)) {
            told.push(Difference {
                code: code.to_owned(),
                location: format!("comment{}", note.id),
                before: None,
                after: None,
                sentence: format!("A comment was {what}: “{}”.", cut(&note.text)),
            });
        }
    }
}

fn whole(code: &str, block: &DocumentBlock, what: &str) -> Difference {
    let text = text(block);
    let sentence = if text.trim().is_empty() {
        format!("{} {what}; it is empty.", named(block))
    } else {
        format!("{} {what}: “{}”.", named(block), cut(&text))
    };
    let (before, after) = if code == "block.added" {
        (None, Some(text.as_str()))
    } else {
        (Some(text.as_str()), None)
    };
    difference(code, block, before, after, sentence)
}

fn difference(
    code: &str,
    block: &DocumentBlock,
    before: Option<&str>,
    after: Option<&str>,
    sentence: String,
) -> Difference {
    Difference {
        code: code.to_owned(),
        location: block.id.clone(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        sentence,
    }
}

fn named(block: &DocumentBlock) -> String {
    let kind = match block.kind {
        BlockKind::Paragraph => "Paragraph",
        BlockKind::Heading => "Heading",
        BlockKind::Title => "Title",
        BlockKind::ListItem => "List item",
        BlockKind::Table => "Table",
    };
    format!("{kind} {}", block.id)
}

fn lower(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
