//! What would keep Office from opening a document as it is.

use deskhand_operations::answer::CheckContent;
use deskhand_operations::{
    Answer, DeckAnswer, DocumentKind, Refusal, RefusalCode, TextAnswer, WordAnswer, WorkbookAnswer,
};
use serde_json::json;

use crate::document::Document;
use crate::parse::operation;

/// Checks a document: damage first, then what a person should look at.
pub fn check(document: &Document) -> Result<CheckContent, Refusal> {
    let name = match document.kind() {
        DocumentKind::Workbook => "workbook.check",
        DocumentKind::Deck => "deck.check",
        DocumentKind::Document => "document.check",
        DocumentKind::Pdf | DocumentKind::Csv | DocumentKind::Legacy => {
            return Err(Refusal::new(
                RefusalCode::Unsupported,
                "Only workbooks, decks and word documents are checked.",
            ));
        }
    };
    match document.answer(&operation(document.kind(), json!({ "op": name }))?)? {
        Answer::Workbook(WorkbookAnswer::Check(content))
        | Answer::Deck(DeckAnswer::Check(content))
        | Answer::Text(TextAnswer::Document(WordAnswer::Check(content))) => Ok(content),
        _ => Ok(CheckContent::default()),
    }
}
