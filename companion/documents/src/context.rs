//! What the model is told about the documents of a session before it answers.

use deskhand_core::instructions::as_data;
use deskhand_protocol::SessionId;
use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView};

use deskhand_workspace::Access;

use crate::door::Door;
use crate::registry::Registry;

/// One line a document; empty where there is none.
pub(crate) fn lines(registry: &Registry, session: &SessionId) -> String {
    let lines: Vec<String> = registry
        .list(session)
        .iter()
        .map(|document| line(document, registry.door(session, &document.id).as_ref()))
        .collect();
    let folders = registry.folders(session);
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| match folder.access() {
            Access::ReadOnly => format!("{} (to be read only)", folder.path().display()),
            Access::ReadWrite => folder.path().display().to_string(),
        })
        .collect();
    let mut told = String::new();
    if !lines.is_empty() {
        told += "Documents of this session:\n";
        told += &as_data("the list of documents", &lines.join("\n"));
    }
    if !folders.is_empty() {
        if !told.is_empty() {
            told.push('\n');
        }
        told += "Folders of this session, for Glob, Grep, Read, Write, Edit and Delete:\n";
        told += &as_data("the list of folders", &folders.join("\n"));
    }
    told
}

fn line(document: &DocumentView, door: Option<&Door>) -> String {
    let kind = match document.kind {
        DocumentKind::Workbook => "workbook",
        DocumentKind::Deck => "deck",
        DocumentKind::Document => "word document",
        DocumentKind::Pdf => "PDF",
        DocumentKind::Csv => "delimited text",
        DocumentKind::Legacy => "old spreadsheet",
        DocumentKind::File => "file",
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
