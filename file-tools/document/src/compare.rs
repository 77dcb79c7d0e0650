//! How two documents of one kind differ.

mod deck;
mod flat;
mod word;

use deskhand_opc::Package;
use deskhand_operations::answer::Difference;
use deskhand_operations::{Refusal, RefusalCode};

use crate::document::Document;

pub use flat::compare_flat;

/// Characters of a text that a sentence shows.
const MAX_SHOWN: usize = 120;

/// Tells how a later document differs from an earlier one, as a person would say it.
pub fn compare(before: &Document, after: &Document) -> Result<Vec<Difference>, Refusal> {
    match (before, after) {
        (Document::Workbook(before), Document::Workbook(after)) => deskhand_sheet::compare(before, after),
        (Document::Deck(before), Document::Deck(after)) => deck::compare(before, after),
        (Document::Word(before, _), Document::Word(after, _)) => word::compare(before, after),
        _ => Err(other_kinds()),
    }
}

/// The refusal of two documents that have nothing in common.
fn other_kinds() -> Refusal {
    Refusal::new(
        RefusalCode::BadInput,
        "Documents of different kinds cannot be compared.",
    )
}

/// Parts that differ where nothing that a person sees does.
fn other_parts(before: &Package, after: &Package, told: &mut Vec<Difference>) -> Result<(), Refusal> {
    let mut add = |code: &str, part: &str, what: &str| {
        told.push(Difference {
            code: code.to_owned(),
            location: part.to_owned(),
            before: None,
            after: None,
            sentence: format!("The part {part} {what}."),
        });
    };
    let content = |package: &Package, part: &str| package.part(part).map_err(|error| Refusal::from(&error));
    for part in after.parts() {
        if !before.contains(part) {
            add("part.added", part, "was added");
        } else if content(before, part)? != content(after, part)? {
            add("part.changed", part, "changed");
        }
    }
    for part in before.parts().filter(|part| !after.contains(part)) {
        add("part.deleted", part, "is gone");
    }
    Ok(())
}

/// A text in one line, as long as a sentence can bear.
fn cut(text: &str) -> String {
    let line = text.replace(['\n', '\u{b}'], " / ");
    if line.chars().count() <= MAX_SHOWN {
        return line;
    }
    let head: String = line.chars().take(MAX_SHOWN).collect();
    format!("{head}…")
}
