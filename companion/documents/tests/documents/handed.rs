//! Files that are handed to what works on whole ones, and what comes back of it: under the rules of reading, beside the old file,
//! with a way back.

use std::fs;
use std::sync::Arc;

use deskhand_core::papers::Papers as _;
use deskhand_core::ports::Tools as _;
use deskhand_core::rules::{AccessPolicies, Rules};
use deskhand_core::tool::{ToolFailure, ToolRequest};
use deskhand_documents::FileAccess;
use deskhand_operations::Effect;
use deskhand_protocol::SessionId;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::AskReason;
use deskhand_workspace::{Access, AllowedFolder};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::{Stage, fixture};

const BOOK: &str = "calamine__date_1904.xlsx";

async fn stage() -> Stage {
    let stage = Stage::with(BOOK);
    fs::write(stage.at("old.xls"), b"\xd0\xcf\x11\xe0 an old one").unwrap();
    stage.attach_folder(&stage.at("")).await.unwrap();
    stage
}

fn request(stage: &Stage) -> ToolRequest {
    stage.call("document_convert", json!({ "path": stage.at("old.xls") }))
}

fn title(refused: Result<impl std::fmt::Debug, ToolFailure>) -> String {
    refused.expect_err("a refusal").title
}

#[tokio::test]
async fn a_file_is_handed_out_by_its_path_or_id_and_none_that_is_not_attached() {
    let stage = stage().await;
    let path = stage.at("old.xls").display().to_string();
    let found = stage.tools.find(&stage.session, &path).await.unwrap();
    assert_eq!(
        (found.name.as_str(), found.subject.path.as_str()),
        ("old.xls", path.as_str())
    );
    let id = stage.registry.list(&stage.session)[0].id.clone();
    let by_id = stage
        .tools
        .content(&stage.session, id.as_str(), 1 << 20)
        .await
        .unwrap();
    assert!(by_id == fixture(BOOK), "another file");
    assert_eq!(
        title(stage.tools.content(&stage.session, &path, 3).await),
        "Too large"
    );

    fs::write(stage.home.path().join("secret.xls"), "secret").unwrap();
    std::os::unix::fs::symlink(stage.home.path().join("secret.xls"), stage.at("link.xls")).unwrap();
    for outside in [
        stage.home.path().join("secret.xls"),
        stage.at("link.xls"),
        stage.at("../secret.xls"),
        stage.at("none.xls"),
    ] {
        let named = outside.display().to_string();
        let refused = stage.tools.content(&stage.session, &named, 1 << 20).await;
        assert!(refused.is_err(), "{named}");
    }
    let other = SessionId::from_text("another");
    assert!(stage.tools.find(&other, id.as_str()).await.is_err());
    assert!(stage.tools.find(&other, &path).await.is_err());
}

#[tokio::test]
async fn a_label_that_is_denied_or_cannot_be_read_keeps_a_file_from_being_handed_out() {
    let mut stage = stage().await;
    stage.tools = stage.tools.clone().ruled_by(
        Arc::default(),
        FileAccess {
            labels: AccessPolicies::deny_all(),
            ..FileAccess::default()
        },
    );
    for name in ["old.xls", "book.xlsx"] {
        let path = stage.at(name).display().to_string();
        let refused = stage.tools.find(&stage.session, &path).await.expect_err(name);
        assert!(refused.output.contains("LABEL_DENIED"), "{}", refused.output);
        assert!(stage.tools.content(&stage.session, &path, 1 << 20).await.is_err());
    }
}

#[tokio::test]
async fn a_new_file_is_asked_about_made_beside_the_old_one_and_taken_back() {
    let stage = stage().await;
    fs::write(stage.at("old.xlsx"), "somebody's").unwrap();
    let path = stage.at("old.xls").display().to_string();
    let request = request(&stage);
    let prepared = stage.tools.plan(&request, &path, "xlsx").await.unwrap();
    let ask = prepared.ask.expect("a question");
    assert_eq!(
        (prepared.effect, ask.reason, ask.question.as_str()),
        (
            Effect::Add,
            AskReason::Creates,
            "Make old (2).xlsx out of old.xls?"
        )
    );
    assert_eq!(
        prepared.file.unwrap().path,
        stage.at("old (2).xlsx").display().to_string()
    );
    assert!(
        !stage.at("old (2).xlsx").exists(),
        "nothing is made before the answer"
    );
    assert_eq!(stage.tools.made_before(&request).await, Ok(None));

    let made = stage.tools.make(&request, fixture(BOOK)).await.unwrap();
    assert_eq!(
        (made.outcome, made.title.as_str()),
        (ToolOutcome::Done, "old (2).xlsx made")
    );
    assert!(fs::read(stage.at("old (2).xlsx")).unwrap() == fixture(BOOK));
    assert_eq!(fs::read(stage.at("old.xlsx")).unwrap(), b"somebody's");
    assert_eq!(made.documents.len(), 1, "it is a document of the session");
    // After a restart it is told and not made again.
    let again = stage
        .tools
        .made_before(&request)
        .await
        .unwrap()
        .expect("it was made");
    assert_eq!(
        (again.title, again.change_set),
        (made.title, made.change_set.clone())
    );

    stage.undo(&made.change_set.expect("a change")).await.unwrap();
    assert!(!stage.at("old (2).xlsx").exists());
    assert_eq!(
        fs::read(stage.at("old.xls")).unwrap(),
        b"\xd0\xcf\x11\xe0 an old one"
    );
}

#[tokio::test]
async fn a_name_that_is_taken_after_the_answer_is_not_written_over() {
    let stage = stage().await;
    let path = stage.at("old.xls").display().to_string();
    let request = request(&stage);
    stage.tools.plan(&request, &path, "xlsx").await.unwrap();
    fs::write(stage.at("old.xlsx"), "somebody's").unwrap();
    let refused = stage.tools.make(&request, fixture(BOOK)).await;
    assert_eq!(title(refused), "Changed by somebody else");
    assert_eq!(fs::read(stage.at("old.xlsx")).unwrap(), b"somebody's");
}

#[tokio::test]
async fn what_is_no_document_of_its_kind_or_holds_macros_is_not_taken() {
    let stage = stage().await;
    let path = stage.at("old.xls").display().to_string();
    let deck = fs::read(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../file-tools/fixtures/decks/open-xml-sdk__Of16-01.pptx"),
    )
    .unwrap();
    let whole = fixture(BOOK);
    for (content, why) in [
        (b"#!/bin/sh".to_vec(), "no package"),
        (Vec::new(), "nothing"),
        (whole[..whole.len() / 2].to_vec(), "half of one"),
        (deck, "a deck"),
        (fixture("poi__57181.xlsm"), "macros"),
    ] {
        let request = request(&stage);
        stage.tools.plan(&request, &path, "xlsx").await.unwrap();
        assert_eq!(
            title(stage.tools.make(&request, content).await),
            "Not taken",
            "{why}"
        );
        assert!(!stage.at("old.xlsx").exists(), "{why}");
    }
}

#[tokio::test]
#[expect(
    clippy::default_trait_access,
    reason = "the type belongs to a crate that is not known here"
)]
async fn nothing_is_planned_where_nothing_may_be_made_or_read() {
    let mut stage = stage().await;
    let path = stage.at("old.xls").display().to_string();
    let ruled = |rules: Rules, stage: &Stage| {
        let tools = stage.tools.clone();
        tools.ruled_by(Arc::new(rules), FileAccess::default())
    };
    let asking = Rules::asking(&json!({ "Read(old.xls)": "ask" })).unwrap();
    stage.tools = ruled(asking, &stage);
    let planned = stage.tools.plan(&request(&stage), &path, "xlsx").await.unwrap();
    let ask = planned.ask.expect("a question");
    assert_eq!((ask.reason, ask.risks.len()), (AskReason::Ruled, 1));
    stage.tools = ruled(Rules::new(&["Read".to_owned()], &Default::default()), &stage);
    let refused = stage.tools.plan(&request(&stage), &path, "xlsx").await;
    assert_eq!(title(refused), "Switched off by your organisation");

    let stage = Stage::with(BOOK);
    fs::write(stage.at("old.xls"), "old").unwrap();
    let allowed = AllowedFolder {
        path: stage.at(""),
        access: Access::ReadOnly,
    };
    let stage = stage.allowing(vec![allowed]);
    stage.attach_folder(&stage.at("")).await.unwrap();
    let path = stage.at("old.xls").display().to_string();
    let refused = stage.tools.plan(&request(&stage), &path, "xlsx").await;
    assert_eq!(title(refused), "Read-only");
}

#[tokio::test]
async fn what_another_program_computed_is_lent_to_one_call_and_counts_for_this_very_file_alone() {
    let stage = stage().await;
    let id = stage.registry.list(&stage.session)[0].id.clone();
    let input = json!({ "document": id, "libreOffice": true });
    let request = stage.call("workbook_tieOut", input);
    let told = async || stage.tools.run(&request, &stage.notes).await.output;
    let file = fixture(BOOK);
    for (of, made, said) in [
        (
            &b"another"[..],
            Ok(file.clone()),
            "the file was changed meanwhile",
        ),
        (
            &file[..],
            Ok(b"PK\x03\x04".to_vec()),
            "what came of it is not read",
        ),
        (
            &file[..],
            Err("too large".to_owned()),
            "values against LibreOffice: too large",
        ),
    ] {
        stage.tools.lend(&request, of, made);
        let told = told().await;
        assert!(told.contains(said), "{said}: {told}");
    }
    stage.tools.lend(&request, &file, Ok(file.clone()));
    assert!(!told().await.contains("values against LibreOffice"));
    stage.tools.take_back(&request);
    assert!(
        told()
            .await
            .contains("values against LibreOffice: there is none here")
    );
}
