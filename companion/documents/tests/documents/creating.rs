//! New workbooks, decks and Word documents: made where nothing was, changed like any other, and taken back without loss.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use deskhand_core::rules::{AccessPolicies, Rules};
use deskhand_core::tool::{Ask, ToolFailure, ToolRequest, ToolResult};
use deskhand_documents::FileAccess;
use deskhand_operations::Effect;
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::document::DocumentState;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::AskReason;
use deskhand_protocol::{DocumentId, ErrorCode};
use deskhand_workspace::{Access, AllowedFolder};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::Stage;

const BOOK: &str = "calamine__date_1904.xlsx";
const DECK: &str = "pptx-automizer__ShapeTypesCollection.pptx";

async fn stage() -> Stage {
    let stage = Stage::with(BOOK);
    stage.attach_folder(&stage.at("")).await.unwrap();
    stage
}

fn deck() -> Vec<u8> {
    let collection = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../file-tools/fixtures/decks");
    fs::read(collection.join(DECK)).unwrap()
}

fn asks(stage: &Stage, name: &str, mut input: Value) -> ToolRequest {
    input["path"] = json!(stage.at(name));
    stage.call("document_create", input)
}

async fn looks(stage: &Stage, name: &str, input: Value) -> Result<(ToolRequest, Ask), ToolFailure> {
    let request = asks(stage, name, input);
    let prepared = stage.prepare(&request).await?;
    assert_eq!((prepared.effect, prepared.document), (Effect::Add, None));
    let file = prepared.file.expect("a file");
    assert_eq!(file.path, stage.at(name).display().to_string());
    Ok((request, prepared.ask.expect("a question")))
}

async fn makes(stage: &Stage, name: &str, input: Value) -> ToolResult {
    let (request, _) = looks(stage, name, input).await.unwrap();
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    result
}

fn parts(result: ToolResult) -> (DocumentId, ChangeSet) {
    let id = result.documents[0].id.clone();
    assert!(result.output.contains(id.as_str()), "{}", result.output);
    (id, result.change_set.expect("a change set"))
}

async fn tells(stage: &Stage, tool: &str, document: &DocumentId, input: Value) -> String {
    let result = stage.run(&stage.request(tool, document, input)).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    result.output
}

fn state(stage: &Stage, document: &DocumentId) -> DocumentState {
    stage.registry.get(document).unwrap().state
}

#[tokio::test]
async fn a_workbook_is_made_filled_and_read_at_once() {
    let stage = stage().await;
    let name = "2026/q1/plan.xlsx";
    let input = json!({ "sheets": ["Revenue", "Costs"] });
    let (request, ask) = looks(&stage, name, input).await.unwrap();
    assert_eq!(
        (ask.reason, ask.question.as_str()),
        (AskReason::Creates, "Make the new workbook plan.xlsx?")
    );
    assert!(!stage.at("2026").exists(), "nothing is made before the answer");
    let result = stage.run(&request).await;
    assert_eq!(result.title, "plan.xlsx made");
    let (plan, change) = parts(result);
    let info = tells(&stage, "workbook_info", &plan, json!({})).await;
    assert!(info.contains("Revenue") && info.contains("Costs"), "{info}");
    let write = json!({ "range": "Revenue!A1", "cells": [["Q1"], [900]] });
    stage.change("range_write", &plan, write).await;
    let read = tells(&stage, "range_read", &plan, json!({ "range": "Revenue!A1:A2" })).await;
    assert!(read.contains("900"), "{read}");
    assert_eq!(change.entries.len(), 1);
}

#[tokio::test]
async fn a_deck_takes_over_the_masters_of_a_template() {
    let stage = stage().await;
    fs::write(stage.at("master.pptx"), deck()).unwrap();
    let template = stage.at("master.pptx");
    let input = json!({ "template": template, "title": "Review" });
    let (request, ask) = looks(&stage, "review.pptx", input).await.unwrap();
    assert_eq!(ask.question, "Make the new deck review.pptx?");
    assert!(
        ask.scope.contains(&template.display().to_string()),
        "{}",
        ask.scope
    );
    let (review, _) = parts(stage.run(&request).await);
    let info = tells(&stage, "deck_info", &review, json!({})).await;
    let opened = stage.call("document_open", json!({ "path": template }));
    let original = stage.run(&opened).await.documents[0].id.clone();
    let whole = tells(&stage, "deck_info", &original, json!({})).await;
    let layouts = |text: &str| text.matches("layout").count();
    assert!(layouts(&info) > 0 && layouts(&info) <= layouts(&whole), "{info}");
    let plain = makes(&stage, "plain.pptx", json!({ "size": "standard" })).await;
    let (plain, _) = parts(plain);
    let info = tells(&stage, "deck_info", &plain, json!({})).await;
    assert!(info.contains("Title and Content"), "{info}");
    let slide = json!({ "layout": "Title and Content" });
    stage.change("slide_add", &plain, slide).await;
    assert_eq!(fs::read(&template).unwrap(), deck(), "the template is as it was");
}

#[tokio::test]
async fn a_word_document_is_made_and_filled() {
    let stage = stage().await;
    let input = json!({ "title": "Report", "paper": "letter", "language": "de-CH" });
    let (report, _) = parts(makes(&stage, "report.docx", input).await);
    let blocks =
        json!({ "tracked": false, "blocks": [{ "kind": "heading", "level": 1, "text": "Results" }] });
    stage.change("document_insert", &report, blocks).await;
    let read = tells(&stage, "document_read", &report, json!({})).await;
    assert!(read.contains("Results") && !read.contains("author"), "{read}");
}

#[tokio::test]
async fn a_file_that_is_there_is_never_replaced() {
    let stage = stage().await;
    let refused = looks(&stage, "book.xlsx", json!({})).await.unwrap_err();
    assert_eq!(refused.title, "There is such a file already");
    // One that came between the question and the answer stays, too.
    let (request, _) = looks(&stage, "plan.xlsx", json!({})).await.unwrap();
    fs::write(stage.at("plan.xlsx"), "somebody's").unwrap();
    let refused = stage.run(&request).await;
    assert_eq!(refused.outcome, ToolOutcome::Failed, "{}", refused.output);
    assert!(refused.documents.is_empty() && refused.change_set.is_none());
    assert_eq!(fs::read_to_string(stage.at("plan.xlsx")).unwrap(), "somebody's");
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_with_the_reason() {
    let stage = stage().await;
    fs::write(stage.at("notes.md"), "# Plan\n").unwrap();
    let template = stage.at("notes.md");
    let gone = stage.at("gone.potx");
    for (name, input, words) in [
        ("a.xlsm", json!({}), "hold macros are not made"),
        ("a.PPTM", json!({}), "hold macros are not made"),
        ("a.txt", json!({}), "use Write"),
        ("a.pdf", json!({}), "and no other files"),
        ("a", json!({}), "and no other files"),
        ("~$a.xlsx", json!({}), "hidden or passing"),
        ("a.xlsx", json!({ "sheets": ["a/b"] }), "cannot be a sheet's name"),
        ("a.xlsx", json!({ "sheets": ["a", "A"] }), "document-data"),
        (
            "a.xlsx",
            json!({ "template": template }),
            "`template` is for another kind",
        ),
        (
            "a.docx",
            json!({ "sheets": ["a"] }),
            "`sheets` is for another kind",
        ),
        ("a.pptx", json!({ "paper": "a4" }), "`paper` is for another kind"),
        ("a.pptx", json!({ "keep_slides": true }), "goes with a `template`"),
        ("a.pptx", json!({ "template": gone }), "not there any more"),
        ("a.pptx", json!({ "template": "/etc/passwd" }), "is not allowed"),
        ("a.pptx", json!({ "template": template }), "document-data"),
        ("a.pptx", json!({ "templates": 1 }), "templates"),
        ("../a.xlsx", json!({}), "it holds `..`"),
    ] {
        let refused = looks(&stage, name, input).await.unwrap_err();
        assert!(refused.output.contains(words), "{name}: {}", refused.output);
    }
    let there = fs::read_dir(stage.at("")).unwrap().count();
    assert_eq!(there, 2, "book.xlsx and notes.md");
}

#[tokio::test]
async fn nothing_is_made_in_a_folder_that_is_read_only() {
    let stage = Stage::with(BOOK);
    let allowed = AllowedFolder {
        path: stage.at(""),
        access: Access::ReadOnly,
    };
    let stage = stage.allowing(vec![allowed]);
    stage.attach_folder(&stage.at("")).await.unwrap();
    let refused = looks(&stage, "plan.xlsx", json!({})).await.unwrap_err();
    assert_eq!(refused.title, "Read-only");
}

#[tokio::test]
async fn a_hidden_place_and_a_template_under_a_rule_ask_every_time() {
    let mut stage = stage().await;
    let (_, ask) = looks(&stage, ".git/plan.xlsx", json!({})).await.unwrap();
    assert_eq!(ask.reason, AskReason::ReachesOutside);
    fs::write(stage.at("master.pptx"), deck()).unwrap();
    let input = json!({ "template": stage.at("master.pptx") });
    let rules = Rules::asking(&json!({ "Read(master.pptx)": "ask" })).unwrap();
    let tools = stage.tools.clone();
    stage.tools = tools.ruled_by(Arc::new(rules), FileAccess::default());
    let (_, ask) = looks(&stage, "a.pptx", input.clone()).await.unwrap();
    assert_eq!(ask.reason, AskReason::Ruled);
    assert!(ask.risks[0].rule.contains("Read(master.pptx)"), "{:?}", ask.risks);
    let access = FileAccess {
        labels: AccessPolicies::deny_all(),
        only_in_folders: false,
        home: None,
    };
    stage.tools = stage.tools.clone().ruled_by(Arc::default(), access);
    let refused = looks(&stage, "a.pptx", input).await.unwrap_err();
    assert!(refused.output.contains("sensitivity label"), "{}", refused.output);
}

#[tokio::test]
async fn undo_takes_a_new_document_away_with_its_folders_and_redo_brings_it_back() {
    let stage = stage().await;
    let (plan, change) = parts(makes(&stage, "2026/plan.xlsx", json!({})).await);
    let content = fs::read(stage.at("2026/plan.xlsx")).unwrap();
    stage.undo(&change).await.unwrap();
    assert!(!stage.at("2026").exists());
    assert_eq!(state(&stage, &plan), DocumentState::Gone);
    let read = stage.run(&stage.request("workbook_info", &plan, json!({}))).await;
    assert!(read.output.contains("not there any more"), "{}", read.output);
    stage
        .tools
        .redo(&stage.session, &change.id, &stage.notes)
        .await
        .unwrap();
    assert_eq!(fs::read(stage.at("2026/plan.xlsx")).unwrap(), content);
    assert_eq!(state(&stage, &plan), DocumentState::Closed);
}

#[tokio::test]
async fn what_the_session_put_into_its_document_goes_and_comes_with_it() {
    let stage = stage().await;
    let (plan, made) = parts(makes(&stage, "plan.xlsx", json!({})).await);
    let cells = |value: u32| json!({ "range": "Sheet1!A1", "cells": [[value]] });
    let first = stage.change("range_write", &plan, cells(900)).await;
    let second = json!({ "range": "Sheet1!A2", "cells": [["=A1*2"]] });
    stage.change("range_write", &plan, second).await;
    let filled = fs::read(stage.at("plan.xlsx")).unwrap();
    stage.undo(&made).await.unwrap();
    assert!(!stage.at("plan.xlsx").exists());
    let alone = stage.undo(&first).await.unwrap_err();
    assert_eq!(alone.code, ErrorCode::DocumentNotFound);
    stage
        .tools
        .redo(&stage.session, &made.id, &stage.notes)
        .await
        .unwrap();
    assert_eq!(fs::read(stage.at("plan.xlsx")).unwrap(), filled);
    // And step by step, the newest first, as a person goes back.
    stage.undo(&first).await.unwrap();
    let read = tells(&stage, "range_read", &plan, json!({ "range": "Sheet1!A1:A2" })).await;
    assert!(!read.contains("900"), "{read}");
    stage.undo(&made).await.unwrap();
    assert!(!stage.at("plan.xlsx").exists());
}

#[tokio::test]
async fn a_document_that_somebody_else_changed_stays_unless_a_person_says_otherwise() {
    let stage = stage().await;
    let (plan, made) = parts(makes(&stage, "plan.xlsx", json!({})).await);
    let theirs = crate::stage::fixture(BOOK);
    fs::write(stage.at("plan.xlsx"), &theirs).unwrap();
    let refused = stage.undo(&made).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UndoConflict);
    // Also where the session went on from what somebody else had put there.
    let sheet = tells(&stage, "workbook_info", &plan, json!({})).await;
    let write = json!({ "name": "Mine" });
    stage.change("sheet_add", &plan, write).await;
    let refused = stage.undo(&made).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UndoConflict, "{sheet}");
    let there = fs::read(stage.at("plan.xlsx")).unwrap();
    let told = stage.tools.undo(&stage.session, &made.id, true, &stage.notes);
    told.await.unwrap();
    assert!(!stage.at("plan.xlsx").exists());
    let kept = String::from_utf8_lossy(&there).into_owned();
    assert!(
        stage.journal.blob_texts().contains(&kept),
        "what was there is kept"
    );
}

#[tokio::test]
async fn a_document_that_is_open_in_office_is_not_taken_away() {
    let stage = stage().await;
    let (_, made) = parts(makes(&stage, "plan.xlsx", json!({})).await);
    let mut lock = vec![0_u8; 165];
    lock[..4].copy_from_slice(b"\x03Ann");
    fs::write(stage.at("~$plan.xlsx"), lock).unwrap();
    let refused = stage.undo(&made).await.unwrap_err();
    assert!(stage.at("plan.xlsx").exists(), "{refused}");
}

#[tokio::test]
async fn a_creation_that_was_cut_off_is_ended_once() {
    let stage = stage().await;
    let (request, _) = looks(&stage, "plan.xlsx", json!({})).await.unwrap();
    // Killed before the file was written: its content is in the journal.
    let result = stage.run(&request).await;
    let content = fs::read(stage.at("plan.xlsx")).unwrap();
    stage.journal.edit("write:", |record| {
        record["stage"] = json!("Intended");
        record["result"] = Value::Null;
        record["document"] = Value::Null;
    });
    fs::remove_file(stage.at("plan.xlsx")).unwrap();
    let stage = stage.started_again().await;
    let again = stage.run(&request).await;
    assert_eq!(again.outcome, ToolOutcome::Done, "{}", again.output);
    assert_eq!(fs::read(stage.at("plan.xlsx")).unwrap(), content);
    assert_eq!(again.documents[0].id, result.documents[0].id);
    // Asked once more it answers the same and makes nothing.
    fs::remove_file(stage.at("plan.xlsx")).unwrap();
    assert_eq!(stage.run(&request).await.documents, again.documents);
    assert!(!stage.at("plan.xlsx").exists());
}
