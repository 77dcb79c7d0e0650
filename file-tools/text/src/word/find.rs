//! `document.find`: paragraphs that contain words.

use deskhand_operations::Refusal;
use deskhand_operations::text::document::{DocumentFind, FoundParagraphs};

use super::block::{BlockReader, Reading};
use super::inline::inline;
use super::{Document, Part};
use crate::refuse;

/// Paragraphs of an answer.
const MAX_FOUND: usize = 200;

pub(super) fn find(document: &Document, find: &DocumentFind) -> Result<FoundParagraphs, Refusal> {
    if find.text.is_empty() {
        return Err(refuse::bad_input("there are no words to look for"));
    }
    let folded = |text: &str| {
        if find.match_case {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let wanted = folded(&find.text);
    let reading = Reading::of(document)?;
    let mut found = FoundParagraphs::default();
    for part in &document.parts {
        let content = Part::read(&document.package, &part.name)?;
        let tree = content.tree()?;
        for story in part.stories(tree.root()) {
            let entries = story.entries();
            let mut reader = BlockReader::new(&reading, document, &part.name, &story, &entries)?;
            for entry in entries.iter().filter(|entry| !entry.table) {
                if !folded(&inline(entry.node).text()).contains(&wanted) {
                    reader.pass(entry);
                } else if found.paragraphs.len() == MAX_FOUND {
                    found.more = true;
                    return Ok(found);
                } else {
                    found.paragraphs.push(reader.paragraph(entry.node));
                }
            }
        }
    }
    Ok(found)
}
