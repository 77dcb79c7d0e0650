//! Workbooks behind a pane: what came of a change is read back where it is not known, and nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use deskhand_core::rules::AccessPolicies;
use deskhand_core::tool::ToolRequest;
use deskhand_documents::FileAccess;
use deskhand_protocol::document::{DocumentKind, LiveDocument};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::{DocumentId, ErrorCode};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::{Next, Pane, Stage, fixture};

const DATES: &str = "calamine__date_1904.xlsx";

/// A session whose workbook is open in a pane that does these things next, and a prepared write of two rows.
async fn written(next: impl IntoIterator<Item = Next>) -> (Stage, DocumentId, ToolRequest) {
    let stage = Stage::with(DATES).showing(Pane::holding(fixture(DATES)));
    let live = LiveDocument {
        kind: DocumentKind::Workbook,
        title: "book.xlsx".to_owned(),
        path: None,
        embedded_id: None,
        sets: Vec::new(),
        summary: None,
    };
    let book = stage.registry.open(&live, DocumentId::from_text("d1")).id;
    stage.registry.join(&stage.session, &book);
    let input = json!({ "range": "Sheet1!D1", "cells": [[1111], [2222]] });
    let request = stage.request("range_write", &book, input);
    stage.prepare(&request).await.unwrap();
    stage.pane.then(next);
    (stage, book, request)
}

async fn read(stage: &Stage, book: &DocumentId) -> String {
    let request = stage.request("range_read", book, json!({ "range": "Sheet1!D1:D2" }));
    stage.run(&request).await.output
}

#[tokio::test]
async fn a_write_cut_after_it_was_done_is_found_done() {
    let (stage, book, request) = written([Next::CutAfter]).await;
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    assert_eq!(stage.pane.done.load(Ordering::Relaxed), 1);
    assert_eq!(stage.run(&request).await, result);
    assert_eq!(stage.pane.done.load(Ordering::Relaxed), 1);
    assert_eq!(
        stage.undo(&result.change_set.unwrap()).await.unwrap(),
        Vec::<String>::new()
    );
    assert!(!read(&stage, &book).await.contains("1111"));
}

#[tokio::test]
async fn a_write_cut_before_it_was_done_is_found_not_done_and_is_done() {
    let (stage, book, request) = written([Next::CutBefore]).await;
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    assert_eq!(stage.pane.done.load(Ordering::Relaxed), 1);
    let now = read(&stage, &book).await;
    assert!(now.contains("1111") && now.contains("2222"), "{now}");
}

#[tokio::test]
async fn a_write_cut_within_is_told_with_its_count_and_can_be_undone() {
    let (stage, book, request) = written([Next::CutWithin]).await;
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Failed);
    assert!(result.output.contains("1 of 2 are written"), "{}", result.output);
    assert_eq!(stage.pane.done.load(Ordering::Relaxed), 1);
    assert!(read(&stage, &book).await.contains("1111"));
    stage.undo(&result.change_set.unwrap()).await.unwrap();
    assert!(!read(&stage, &book).await.contains("1111"));
}

#[tokio::test(start_paused = true)]
async fn a_write_waits_while_a_cell_is_edited_and_says_so_once() {
    let (stage, book, request) = written([Next::Busy, Next::Busy, Next::Busy]).await;
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    assert_eq!(*stage.notes.waited.lock().unwrap(), [ErrorCode::DocumentCellEdit]);
    assert!(read(&stage, &book).await.contains("2222"));
}

#[tokio::test]
async fn a_write_that_waits_gives_up_when_the_turn_is_stopped() {
    let (stage, book, request) = written([Next::Busy]).await;
    stage.notes.stopped.store(true, Ordering::Relaxed);
    assert_eq!(stage.run(&request).await.outcome, ToolOutcome::Failed);
    assert!(!read(&stage, &book).await.contains("1111"));
}

#[tokio::test(start_paused = true)]
async fn a_write_without_its_pane_ends_with_the_sentence_about_the_pane() {
    let (stage, _, request) = written([]).await;
    stage.pane.hold(None);
    let result = stage.run(&request).await;
    assert_eq!(result.title, "The pane of this document is closed.");
    assert_eq!(
        *stage.notes.waited.lock().unwrap(),
        [ErrorCode::DocumentPaneClosed]
    );
}

#[tokio::test]
async fn a_document_open_in_office_is_read_only_where_its_file_shows_a_label_that_may_be() {
    let statements = json!([
        { "effect": "allow", "action": "addin.access" },
        { "effect": "allow", "action": "file.upload" },
        { "effect": "deny", "action": "addin.access", "resource": {
            "type": "open_file", "identifiers": [{ "type": "mip_label_name", "equals": "Secret" }] } },
    ]);
    let some = AccessPolicies(serde_json::from_value(statements).unwrap());
    let address = "https://files.example/book.xlsx".to_owned();
    for (labels, path, is_read) in [
        (AccessPolicies::default(), None, true),
        (AccessPolicies::default(), Some(address.clone()), true),
        (some.clone(), Some("on disk".to_owned()), true),
        (some.clone(), None, false),
        (some, Some(address), false),
        (AccessPolicies::deny_all(), Some("on disk".to_owned()), false),
    ] {
        let mut stage = Stage::with(DATES).showing(Pane::holding(fixture(DATES)));
        let access = FileAccess {
            labels,
            ..FileAccess::default()
        };
        stage.tools = stage.tools.clone().ruled_by(Arc::default(), access);
        let on_disk = stage.book().display().to_string();
        let path = path.map(|path| if path == "on disk" { on_disk } else { path });
        let live = LiveDocument {
            kind: DocumentKind::Workbook,
            title: "book.xlsx".to_owned(),
            path: path.clone(),
            embedded_id: None,
            sets: Vec::new(),
            summary: None,
        };
        let book = stage.registry.open(&live, DocumentId::from_text("d1")).id;
        stage.registry.join(&stage.session, &book);
        let request = stage.request("range_read", &book, json!({ "range": "Sheet1!A1" }));
        let prepared = stage.prepare(&request).await;
        assert_eq!(prepared.is_ok(), is_read, "{path:?}");
        if let Err(refused) = prepared {
            assert!(refused.output.contains("DOC_LABEL_DENIED"), "{}", refused.output);
        }
    }
}
