//! `document.read`: blocks from a place on.

use deskhand_operations::Refusal;
use deskhand_operations::text::document::{DocumentBlocks, DocumentRead};
use deskhand_operations::text::{DocumentBlock, DocumentRow};

use super::block::{BlockReader, Reading};
use super::story::split_id;
use super::{Document, Part};
use crate::refuse;

/// Blocks of an answer.
const MAX_BLOCKS: u32 = 500;
/// Blocks when the caller says nothing.
const USUAL_BLOCKS: u32 = 100;
/// Characters after which an answer ends with the block.
const MAX_CHARACTERS: usize = 400_000;

pub(super) fn read(document: &Document, read: &DocumentRead) -> Result<DocumentBlocks, Refusal> {
    let wanted = read.from.as_deref().unwrap_or_default();
    let limit = read.max_blocks.unwrap_or(USUAL_BLOCKS).clamp(1, MAX_BLOCKS) as usize;
    let mut reading = Reading::of(document)?;
    reading.runs = read.runs;
    for part in &document.parts {
        let content = Part::read(&document.package, &part.name)?;
        let tree = content.tree()?;
        for story in part.stories(tree.root()) {
            // A story by its name alone is read from its beginning.
            let (named, own) = if story.name == wanted {
                (wanted, "")
            } else {
                split_id(wanted)
            };
            if story.name != named {
                continue;
            }
            let entries = story.entries();
            let mut reader = BlockReader::new(&reading, document, &part.name, &story, &entries)?;
            let mut answer = DocumentBlocks {
                fingerprint: document.fingerprint()?,
                ..DocumentBlocks::default()
            };
            let mut begun = own.is_empty();
            let mut characters = 0;
            for entry in entries.iter().filter(|entry| !entry.nested) {
                let id = story.id(entry);
                let first = !begun && id == wanted;
                begun |= first;
                if !begun {
                    reader.pass(entry);
                    continue;
                }
                if answer.blocks.len() >= limit || characters > MAX_CHARACTERS {
                    answer.next = Some(id);
                    break;
                }
                let from_row = if first {
                    read.from_row.unwrap_or(1).max(1) as usize - 1
                } else {
                    0
                };
                let block = reader.block(entry, from_row);
                characters += weight(&block);
                answer.blocks.push(block);
            }
            return if begun { Ok(answer) } else { Err(missing(wanted)) };
        }
    }
    Err(missing(wanted))
}

fn missing(wanted: &str) -> Refusal {
    refuse::not_found(format!(
        "the document has no block '{wanted}' to begin with; blocks inside tables are read with their table"
    ))
}

/// The characters that a block brings into an answer.
fn weight(block: &DocumentBlock) -> usize {
    let cells = block.rows.iter().flat_map(|row: &DocumentRow| &row.cells);
    let inside: usize = cells.flat_map(|cell| &cell.blocks).map(weight).sum();
    let notes: usize = block.notes.iter().map(|note| note.text.len()).sum();
    40 + block.text.len() + block.original.as_ref().map_or(0, String::len) + notes + inside
}
