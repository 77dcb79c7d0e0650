//! How two documents of one kind differ.

mod deck;

use deskhand_operations::answer::Difference;
use deskhand_operations::{Refusal, RefusalCode};

use crate::document::Document;

/// Tells how a later document differs from an earlier one, as a person would say it.
pub fn compare(before: &Document, after: &Document) -> Result<Vec<Difference>, Refusal> {
    match (before, after) {
        (Document::Workbook(before), Document::Workbook(after)) => deskhand_sheet::compare(before, after),
        (Document::Deck(before), Document::Deck(after)) => deck::compare(before, after),
        _ => Err(Refusal::new(
            RefusalCode::BadInput,
            "A workbook and a deck cannot be compared.",
        )),
    }
}
