//! What the model is told about the documents and folders of a session before it answers. It stays short, however many there
//! are: the others are counted and found by Glob.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::instructions::as_data;
use deskhand_protocol::SessionId;
use deskhand_protocol::document::{DocumentKind, DocumentState, DocumentView};
use deskhand_workspace::{Access, Folder, WalkLimits};

use crate::attach::kind_of;
use crate::door::Door;
use crate::tools::DocumentTools;

/// Documents that each prompt tells.
pub(crate) const TOLD: usize = 60;
/// Documents that `documents_list` tells.
pub(crate) const LISTED: usize = 400;
/// How long the documents of a folder are counted.
const COUNTS: Duration = Duration::from_secs(2);

/// Documents of a folder that are not part of the session.
struct Further {
    count: usize,
    /// True where a limit left some uncounted.
    cut: bool,
}

impl DocumentTools {
    /// One line a document, at most `most`, and one a folder; empty where there is none.
    pub(crate) async fn told_documents(&self, session: &SessionId, most: usize) -> String {
        let mut documents = self.registry.list(session);
        let all = documents.len();
        // Those that are open in Office, and of the others those that came last: ids grow with time.
        documents.sort_by(|one, other| {
            let is_closed = |document: &DocumentView| document.state != DocumentState::Live;
            (is_closed(one), &other.id).cmp(&(is_closed(other), &one.id))
        });
        documents.truncate(most);
        documents.sort_by(|one, other| one.id.cmp(&other.id));
        let mut told = String::new();
        if !documents.is_empty() {
            let lines: Vec<String> = documents
                .iter()
                .map(|document| line(document, self.registry.door(session, &document.id).as_ref()))
                .collect();
            told += "Documents of this session:\n";
            told += &as_data("the list of documents", &lines.join("\n"));
        }
        if documents.len() < all {
            let _ = write!(
                told,
                "\n[{} further documents of this session are not listed here]",
                all - documents.len()
            );
        }
        let mut folders = Vec::new();
        for folder in self.registry.folders(session) {
            folders.push(self.told_folder(session, folder).await);
        }
        if !folders.is_empty() {
            if !told.is_empty() {
                told.push('\n');
            }
            told += "Folders of this session, for Glob, Grep, Read, Write, Edit and Delete. Of their documents, Glob finds those that \
                     are not listed, document_open opens them, and document_create makes new ones:\n";
            told += &as_data("the list of folders", &folders.join("\n"));
        }
        told
    }

    async fn told_folder(&self, session: &SessionId, folder: Arc<Folder>) -> String {
        let access = match folder.access() {
            Access::ReadOnly => " (to be read only)",
            Access::ReadWrite => "",
        };
        let shown = format!("{}{access}", folder.path().display());
        let held = self.registry.below(session, folder.path());
        let counting = tokio::task::spawn_blocking(move || further(&folder, &held));
        match counting.await.ok().flatten() {
            Some(Further { count: 0, cut: false }) => shown,
            Some(Further { count, cut }) => {
                let (least, documents) = (
                    if cut { "at least " } else { "" },
                    if count == 1 { "document" } else { "documents" },
                );
                format!("{shown} | {least}{count} further {documents}")
            }
            None => format!("{shown} | not reached now"),
        }
    }
}

/// Counts the documents of a folder that are not among these paths below it; nothing where it cannot be looked at.
fn further(folder: &Folder, held: &BTreeSet<String>) -> Option<Further> {
    let limits = WalkLimits {
        time: COUNTS,
        ..WalkLimits::default()
    };
    let is_further = |path: &deskhand_workspace::RelativePath| {
        kind_of(path.name()).is_some() && !held.contains(path.as_str())
    };
    let (count, cut) = folder.count(is_further, limits).ok()?;
    Some(Further { count, cut })
}

/// A document in one line.
pub(crate) fn line(document: &DocumentView, door: Option<&Door>) -> String {
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
