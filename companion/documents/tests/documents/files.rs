//! Files: changed and brought back byte for byte, reachable only where a person attached them (Invariants 6 and 8).

use std::fs;

use deskhand_core::tool::AskReason;
use deskhand_protocol::document::{DocumentKind, LiveDocument};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::{DocumentId, ErrorCode, SessionId};
use deskhand_workspace::{Access, AllowedFolder};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::{Stage, fixture};

const DATES: &str = "calamine__date_1904.xlsx";
const SIGNED: &str = "poi__ms-office-2010-signed.xlsx";
const RICH: &str = "ironcalc__example.xlsx";

fn write(range: &str, cells: &Value) -> Value {
    json!({ "range": range, "cells": cells })
}

/// The text that the model gets of a range.
async fn read(stage: &Stage, document: &DocumentId, range: &str) -> String {
    let request = stage.request("range_read", document, json!({ "range": range }));
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    result.output
}

#[tokio::test]
async fn changes_undone_in_their_order_give_the_original_bytes() {
    for workbook in [DATES, RICH] {
        let stage = Stage::with(workbook);
        let original = stage.bytes();
        let book = stage.attach(&stage.book()).await.unwrap();
        let sheet = stage
            .change("sheet_add", &book, json!({ "name": "Summary" }))
            .await;
        let cells = json!([["Quarter", "Revenue"], ["Q1", 120], ["Q2", "=B2*2"]]);
        let cells = stage
            .change("range_write", &book, write("Summary!A1", &cells))
            .await;
        let input =
            json!({ "range": "Summary!A1:B3", "kind": "columnClustered", "name": "Revenue by quarter" });
        let chart = stage.change("chart_add", &book, input).await;
        assert!(
            read(&stage, &book, "Summary!A1:B3").await.contains("240"),
            "{workbook}"
        );
        for change in [&chart, &cells, &sheet] {
            assert_eq!(
                stage.undo(change).await.unwrap(),
                Vec::<String>::new(),
                "{workbook}"
            );
        }
        assert!(stage.bytes() == original, "{workbook} is not what it was");
    }
}

#[tokio::test]
async fn sources_stay_out_of_files_where_the_organisation_says_so() {
    for keeps in [true, false] {
        let stage = Stage::with(DATES);
        let stage = if keeps {
            stage
        } else {
            stage.without_sources_in_files()
        };
        let book = stage.attach(&stage.book()).await.unwrap();
        let sources = json!([{ "figure": "D1", "document": book.as_str(), "address": "Sheet1!A1" }]);
        let input = json!({ "range": "Sheet1!D1", "cells": [[1111]], "sources": sources });
        let change = stage.change("range_write", &book, input).await;
        let told = change.entries[0].sources.len();
        assert_eq!(told, 1, "the journal keeps them");
        let what = json!({ "range": "Sheet1!D1", "what": ["sources"] });
        let read = stage.run(&stage.request("range_read", &book, what)).await;
        assert_eq!(read.outcome, ToolOutcome::Done, "{}", read.output);
        assert_eq!(read.output.contains("Sheet1!A1"), keeps, "{}", read.output);
    }
}

#[tokio::test]
async fn an_older_change_is_undone_while_a_later_one_stays() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let older = stage
        .change("range_write", &book, write("Sheet1!D1", &json!([[1111]])))
        .await;
    stage
        .change("range_write", &book, write("Sheet1!D5", &json!([[5555]])))
        .await;
    assert_eq!(stage.undo(&older).await.unwrap(), Vec::<String>::new());
    let now = read(&stage, &book, "Sheet1!A1:D5").await;
    assert!(now.contains("5555") && !now.contains("1111"), "{now}");
}

#[tokio::test]
async fn what_a_person_changed_since_stays_when_a_change_is_undone() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let change = stage
        .change("range_write", &book, write("Sheet1!D1", &json!([[1111, 2222]])))
        .await;
    // The person's own edit comes from elsewhere and is saved over the file.
    let person = Stage::with(DATES);
    fs::write(person.book(), stage.bytes()).unwrap();
    let theirs = person.attach(&person.book()).await.unwrap();
    person
        .change("range_write", &theirs, write("Sheet1!E1", &json!([[3333]])))
        .await;
    fs::write(stage.book(), person.bytes()).unwrap();

    assert_eq!(stage.undo(&change).await.unwrap(), vec!["Sheet1!E1".to_owned()]);
    let now = read(&stage, &book, "Sheet1!D1:E1").await;
    assert!(now.contains("3333") && !now.contains("1111"), "{now}");
}

#[tokio::test]
async fn a_call_that_is_run_twice_is_done_once() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request("sheet_add", &book, json!({ "name": "Once" }));
    stage.prepare(&request).await.unwrap();
    let first = stage.run(&request).await;
    let bytes = stage.bytes();
    let second = stage.run(&request).await;
    assert_eq!(first, second);
    assert!(stage.bytes() == bytes);
}

#[tokio::test]
async fn a_change_that_was_done_when_the_service_was_killed_is_not_done_again() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request("range_write", &book, write("Sheet1!D1", &json!([[1111]])));
    stage.prepare(&request).await.unwrap();
    // The intent is written; what came of it cannot be.
    *stage.journal.left.lock().unwrap() = Some(1);
    assert_eq!(stage.run(&request).await.outcome, ToolOutcome::Failed);
    let bytes = stage.bytes();
    assert!(
        bytes != fixture(DATES),
        "the file was changed before the service was killed"
    );
    *stage.journal.left.lock().unwrap() = None;

    let stage = stage.started_again().await;
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    assert!(stage.bytes() == bytes);
    assert_eq!(
        stage.undo(&result.change_set.unwrap()).await.unwrap(),
        Vec::<String>::new()
    );
    assert!(!read(&stage, &book, "Sheet1!A1:D3").await.contains("1111"));
}

#[tokio::test]
async fn a_change_that_was_not_done_when_the_service_was_killed_is_done_now() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request("range_write", &book, write("Sheet1!D1", &json!([[1111]])));
    stage.prepare(&request).await.unwrap();
    stage
        .journal
        .edit("call:", |record| record["stage"] = "Intended".into());
    let stage = stage.started_again().await;
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    assert!(read(&stage, &book, "Sheet1!D1").await.contains("1111"));
}

#[tokio::test]
async fn a_place_that_changed_between_looking_and_writing_is_left_alone() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request("range_write", &book, write("Sheet1!D1", &json!([[1111]])));
    stage.prepare(&request).await.unwrap();
    stage
        .change("range_write", &book, write("Sheet1!D1", &json!([[4444]])))
        .await;
    let bytes = stage.bytes();
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Failed);
    assert!(
        result.output.contains("changed since it was read"),
        "{}",
        result.output
    );
    assert!(stage.bytes() == bytes);
}

#[tokio::test]
async fn a_folder_that_policy_opens_for_reading_is_only_read() {
    let stage = Stage::with(DATES);
    let allowed = AllowedFolder {
        path: stage.home.path().join("work"),
        access: Access::ReadOnly,
    };
    let stage = stage.allowing(vec![allowed]);
    let book = stage.attach(&stage.book()).await.unwrap();
    assert!(read(&stage, &book, "Sheet1!A1:B3").await.contains("42735"));
    let request = stage.request("range_write", &book, write("Sheet1!D1", &json!([[1]])));
    let failure = stage.prepare(&request).await.unwrap_err();
    let sentence = "book.xlsx is in a folder that your organisation allows for reading only";
    assert!(failure.output.contains(sentence), "{}", failure.output);
    assert!(stage.bytes() == fixture(DATES));
}

#[tokio::test]
async fn a_folder_that_policy_does_not_name_is_not_attached() {
    let stage = Stage::with(DATES);
    let other = stage.home.path().join("other");
    fs::create_dir(&other).unwrap();
    let allowed = AllowedFolder {
        path: other,
        access: Access::ReadWrite,
    };
    let stage = stage.allowing(vec![allowed]);
    let file = stage.attach(&stage.book()).await.unwrap_err();
    let folder = stage
        .attach_folder(&stage.home.path().join("work"))
        .await
        .unwrap_err();
    for error in [file, folder] {
        assert_eq!(error.code, ErrorCode::FolderRefused);
        assert_eq!(error.detail.as_deref(), Some("allowedWorkspaceFolders"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_put_in_the_place_of_a_file_leads_nowhere() {
    let stage = Stage::with(DATES);
    let (inside, outside) = (
        stage.home.path().join("work/other.xlsx"),
        stage.home.path().join("outside.xlsx"),
    );
    fs::write(&inside, fixture(DATES)).unwrap();
    fs::write(&outside, fixture(DATES)).unwrap();
    let alone = stage.attach(&stage.book()).await.unwrap();
    let folder = Stage::with(DATES);
    let within = folder
        .attach_folder(&folder.home.path().join("work"))
        .await
        .unwrap();
    // The file alone: not even another file of its folder. The folder: nothing outside of it.
    for (stage, document, target) in [
        (&stage, &alone, &inside),
        (&stage, &alone, &outside),
        (&folder, &within[0], &outside),
    ] {
        fs::remove_file(stage.book()).unwrap();
        std::os::unix::fs::symlink(target, stage.book()).unwrap();
        let request = stage.request("range_read", document, json!({ "range": "Sheet1!A1" }));
        let result = stage.run(&request).await;
        assert_eq!(result.outcome, ToolOutcome::Failed, "{}", result.output);
        let request = stage.request("range_write", document, write("Sheet1!D1", &json!([[1]])));
        assert!(stage.prepare(&request).await.is_err());
        assert!(fs::read(target).unwrap() == fixture(DATES));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_put_in_the_place_of_a_file_after_the_question_is_not_written_through() {
    let stage = Stage::with(DATES);
    let outside = stage.home.path().join("outside.xlsx");
    fs::write(&outside, fixture(DATES)).unwrap();
    let documents = stage
        .attach_folder(&stage.home.path().join("work"))
        .await
        .unwrap();
    let request = stage.request("range_write", &documents[0], write("Sheet1!D1", &json!([[1]])));
    stage.prepare(&request).await.unwrap();
    fs::remove_file(stage.book()).unwrap();
    std::os::unix::fs::symlink(&outside, stage.book()).unwrap();
    assert_eq!(stage.run(&request).await.outcome, ToolOutcome::Failed);
    assert!(fs::read(&outside).unwrap() == fixture(DATES));
}

#[tokio::test]
async fn a_file_is_not_reachable_because_a_pane_named_its_path() {
    let stage = Stage::with(DATES);
    let live = LiveDocument {
        kind: DocumentKind::Workbook,
        title: "book.xlsx".to_owned(),
        path: Some(stage.book().to_str().unwrap().to_owned()),
        embedded_id: None,
        sets: Vec::new(),
        summary: None,
    };
    let book = stage.registry.open(&live, DocumentId::from_text("d1")).id;
    stage.registry.join(&stage.session, &book);
    stage.registry.closed(&book);
    // The turn is stopped, so that nobody waits for the pane.
    stage
        .notes
        .stopped
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let request = stage.request("range_read", &book, json!({ "range": "Sheet1!A1" }));
    let result = stage.run(&request).await;
    assert_eq!(result.title, "The pane of this document is closed.");
    let request = stage.request("range_write", &book, write("Sheet1!D1", &json!([[1]])));
    assert_eq!(
        stage.prepare(&request).await.unwrap_err().title,
        "The pane of this document is closed."
    );
    assert!(stage.bytes() == fixture(DATES));
    // A person attaches it: the same document, now reachable.
    assert_eq!(stage.attach(&stage.book()).await.unwrap(), book);
    assert!(read(&stage, &book, "Sheet1!A1:B3").await.contains("42735"));
}

#[tokio::test]
async fn a_file_is_reachable_for_the_session_that_it_was_attached_to_until_it_is_detached() {
    let mut stage = Stage::with(DATES);
    stage
        .notes
        .stopped
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let book = stage.attach(&stage.book()).await.unwrap();
    let first = std::mem::replace(&mut stage.session, SessionId::from_text("s2"));
    stage.registry.join(&stage.session, &book);
    let elsewhere = stage.request("range_read", &book, json!({ "range": "Sheet1!A1" }));
    assert_eq!(stage.run(&elsewhere).await.outcome, ToolOutcome::Failed);
    stage.session = first;
    assert!(read(&stage, &book, "Sheet1!A1:B3").await.contains("42735"));

    let stage = stage.started_again().await;
    assert!(read(&stage, &book, "Sheet1!A1:B3").await.contains("42735"));
    stage.tools.detach(&stage.session, &book).await.unwrap();
    let stage = stage.started_again().await;
    stage.registry.join(&stage.session, &book);
    let request = stage.request("range_read", &book, json!({ "range": "Sheet1!A1" }));
    assert_eq!(stage.run(&request).await.outcome, ToolOutcome::Failed);
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused_before_anybody_is_asked() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let lock = stage.home.path().join("work/~$book.xlsx");
    let request = || stage.request("range_write", &book, write("Sheet1!A1", &json!([[1]])));

    fs::write(&lock, b"\x03Ada").unwrap();
    let failure = stage.prepare(&request()).await.unwrap_err();
    assert!(
        failure
            .output
            .contains("book.xlsx is open in Microsoft Office by Ada"),
        "{}",
        failure.output
    );
    fs::remove_file(&lock).unwrap();

    let mut permissions = fs::metadata(stage.book()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(stage.book(), permissions).unwrap();
    let failure = stage.prepare(&request()).await.unwrap_err();
    let sentence = "book.xlsx is marked read-only on disk";
    assert!(failure.output.contains(sentence), "{}", failure.output);
    assert!(stage.bytes() == fixture(DATES));
}

#[tokio::test]
async fn a_person_is_asked_once_before_a_signature_is_broken() {
    let stage = Stage::with(SIGNED);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request("range_write", &book, write("Sheet1!D4", &json!([[1]])));
    let ask = stage.prepare(&request).await.unwrap().ask.unwrap();
    assert_eq!(ask.reason, AskReason::Overwrites);
    assert_eq!(
        ask.question,
        "book.xlsx is signed; an edit breaks the signature. Edit it?"
    );
    let change = stage.run(&request).await.change_set.unwrap();
    let request = stage.request("range_write", &book, write("Sheet1!D5", &json!([[1]])));
    assert_eq!(stage.prepare(&request).await.unwrap().ask, None);
    assert_eq!(stage.undo(&change).await.unwrap(), Vec::<String>::new());
    assert!(stage.bytes() == fixture(SIGNED));
}

#[tokio::test]
async fn a_question_about_looks_is_no_answer_about_the_signature() {
    let stage = Stage::with(SIGNED);
    let book = stage.attach(&stage.book()).await.unwrap();
    let input = json!({ "range": "Sheet1!A1:B1", "format": { "bold": true } });
    let ask = stage
        .prepare(&stage.request("range_format", &book, input))
        .await
        .unwrap()
        .ask
        .unwrap();
    assert_eq!(ask.reason, AskReason::Overwrites);
    assert!(
        ask.question.starts_with("book.xlsx is signed"),
        "{}",
        ask.question
    );
}
