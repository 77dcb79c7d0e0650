//! What the model is told about the documents of a session before it answers.

use deskhand_core::instructions::as_data;
use deskhand_protocol::SessionId;
use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView};

use crate::door::Door;
use crate::registry::Registry;

/// One line a document; empty where there is none.
pub(crate) fn lines(registry: &Registry, session: &SessionId) -> String {
    let lines: Vec<String> = registry
        .list(session)
        .iter()
        .map(|document| line(document, registry.door(session, &document.id).as_ref()))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "Documents of this session:\n{}",
        as_data("the list of documents", &lines.join("\n"))
    )
}

fn line(document: &DocumentView, door: Option<&Door>) -> String {
    let kind = match document.kind {
        DocumentKind::Workbook => "workbook",
        DocumentKind::Deck => "deck",
        DocumentKind::Document => "word document",
        DocumentKind::Pdf => "PDF",
        DocumentKind::Csv => "delimited text",
        DocumentKind::Legacy => "old spreadsheet",
    };
    let only_read = matches!(
        document.kind,
        DocumentKind::Pdf | DocumentKind::Csv | DocumentKind::Legacy
    );
    let state = match (document.state, door) {
        (DocumentState::Live, _) => "open in Office",
        (DocumentState::Closed, Some(door)) if only_read || door.is_read_only() => {
            "a file on disk, to be read only"
        }
        (DocumentState::Closed, Some(_)) => "a file on disk",
        (DocumentState::Closed, None) => "closed; the user can open its pane or attach the file",
        (DocumentState::Gone, _) => "not found",
    };
    let title = document.title.replace(['\n', '\r'], " ");
    format!("{} | {kind} | {state} | {title}", document.id)
}
