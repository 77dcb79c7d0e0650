//! What the model is told about the documents of a session before it answers.

use deskhand_core::instructions::as_data;
use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView};

/// One line a document; empty where there is none.
pub(crate) fn lines(documents: &[DocumentView]) -> String {
    if documents.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = documents.iter().map(line).collect();
    format!(
        "Documents of this session:\n{}",
        as_data("the list of documents", &lines.join("\n"))
    )
}

fn line(document: &DocumentView) -> String {
    let kind = match document.kind {
        DocumentKind::Workbook => "workbook",
        DocumentKind::Deck => "deck",
    };
    let state = match document.state {
        DocumentState::Live => "open in Office",
        DocumentState::Closed => "a file on disk",
        DocumentState::Gone => "not found",
    };
    let title = document.title.replace(['\n', '\r'], " ");
    format!("{} | {kind} | {state} | {title}", document.id)
}
