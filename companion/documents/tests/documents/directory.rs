//! The folder that the model asks for: what a person is asked, what is refused unasked, and what is attached then.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_core::tool::{AskReason, DIRECTORY_TOOL, Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_documents::FileAccess;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::{CallId, ErrorCode, TurnId};
use deskhand_workspace::{Access, AllowedFolder};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::Stage;

const BOOK: &str = "calamine__date_1904.xlsx";

/// A home with the folders `work`, which holds a workbook, and `other`.
struct Desk {
    stage: Stage,
    home: PathBuf,
}

impl Desk {
    fn new() -> Self {
        Self::of(Stage::with(BOOK))
    }

    fn of(stage: Stage) -> Self {
        let home = stage.home.path().canonicalize().unwrap();
        fs::create_dir_all(home.join("other")).unwrap();
        Self { stage, home }
    }

    /// Where only `work` may be attached, to be read only.
    fn closed() -> Self {
        let stage = Stage::with(BOOK);
        let work = AllowedFolder {
            path: stage.home.path().join("work"),
            access: Access::ReadOnly,
        };
        Self::of(stage.allowing(vec![work]))
    }

    fn request(&self, input: Value, folder: Option<&Path>) -> ToolRequest {
        ToolRequest {
            session: self.stage.session.clone(),
            turn: TurnId::from_text("t1"),
            call: CallId::from_text("c1"),
            name: DIRECTORY_TOOL.to_owned(),
            input,
            folder: folder.map(|folder| folder.display().to_string()),
            command: None,
        }
    }

    async fn asks(&self, path: impl AsRef<Path>) -> Result<Prepared, ToolFailure> {
        let input = json!({ "path": path.as_ref(), "reason": "to sum up\nthe plans" });
        self.stage.prepare(&self.request(input, None)).await
    }

    /// What comes of the call once a person allowed this folder.
    async fn allows(&self, folder: Option<&Path>) -> ToolResult {
        let input = json!({ "path": self.home.join("other"), "reason": "x" });
        self.stage.run(&self.request(input, folder)).await
    }

    async fn sees(&self) -> String {
        let request = ToolRequest {
            name: "Glob".to_owned(),
            ..self.request(json!({ "pattern": "*" }), None)
        };
        self.stage.run(&request).await.title
    }
}

#[tokio::test]
async fn a_person_is_asked_about_the_real_folder_and_told_the_words_of_the_model() {
    let desk = Desk::new();
    let asked = desk.asks(desk.home.join("other/../work")).await.unwrap();
    let path = desk.home.join("work").display().to_string();
    assert_eq!(asked.file.map(|file| file.path), Some(path));
    let directory = asked.directory.unwrap();
    assert_eq!(
        (directory.reason.as_str(), directory.read_only),
        ("to sum up the plans", false)
    );
    let ask = asked.ask.unwrap();
    assert_eq!(
        (ask.reason, ask.question.as_str()),
        (AskReason::Attaches, "Attach the folder work?")
    );
    assert_eq!(ask.risks, []);
    assert_eq!(desk.sees().await, "No folder is attached");
}

#[tokio::test]
async fn a_folder_that_the_organisation_does_not_allow_is_refused_unasked() {
    let desk = Desk::closed();
    let asked = desk.asks(desk.home.join("work")).await.unwrap();
    assert!(asked.directory.unwrap().read_only);
    assert!(
        asked
            .ask
            .unwrap()
            .scope
            .contains("your organisation lets it be read only")
    );
    // Whether they are there makes no difference.
    for path in ["other", "nowhere", "work/../other", "work/../nowhere", ""] {
        let refused = desk.asks(desk.home.join(path)).await.unwrap_err();
        assert_eq!(refused.title, "Not allowed by your organisation", "{path}");
        assert!(refused.output.contains("allowedWorkspaceFolders"), "{path}");
    }
    let none = Desk::of(Stage::with(BOOK).allowing(Vec::new()));
    for input in [
        json!({ "reason": "x" }),
        json!({ "reason": "x", "path": none.home }),
    ] {
        let refused = none.stage.prepare(&none.request(input, None)).await.unwrap_err();
        assert_eq!(refused.title, "Not allowed by your organisation");
    }
}

#[tokio::test]
async fn where_no_folder_is_named_the_person_chooses_and_the_model_learns_nothing() {
    let desk = Desk::new();
    let file = desk.stage.book();
    for path in [
        desk.home.join("nowhere"),
        file,
        PathBuf::from("work"),
        PathBuf::new(),
    ] {
        let asked = desk.asks(&path).await.unwrap();
        assert_eq!(asked.file, None, "{}", path.display());
        assert_eq!(
            asked.ask.unwrap().question,
            "Attach a folder?",
            "{}",
            path.display()
        );
    }
}

#[tokio::test]
async fn calls_without_a_reason_are_no_calls() {
    let desk = Desk::new();
    for input in [
        json!({}),
        json!({ "reason": " \n" }),
        json!({ "path": 1, "reason": "x" }),
        json!({ "reason": "x", "always": true }),
    ] {
        let request = desk.request(input.clone(), None);
        assert!(desk.stage.prepare(&request).await.is_err(), "{input}");
    }
    let long = json!({ "path": "é".repeat(9_000), "reason": "é".repeat(9_000) });
    let asked = desk.stage.prepare(&desk.request(long, None)).await.unwrap();
    assert_eq!(asked.directory.unwrap().reason.chars().count(), 201);
    assert!(asked.ask.unwrap().scope.chars().count() < 400);
}

#[tokio::test]
async fn what_a_person_allowed_is_attached_and_not_what_the_model_named() {
    let desk = Desk::new();
    let work = desk.home.join("work");
    let done = desk.allows(Some(&work)).await;
    assert_eq!(
        (done.outcome, done.title.as_str()),
        (ToolOutcome::Done, "Attached work")
    );
    assert!(done.output.contains("new to the session: 1;"), "{}", done.output);
    assert_eq!(
        done.folder.map(|folder| folder.path),
        Some(work.display().to_string())
    );
    assert_eq!(done.documents.len(), 1);
    assert_eq!(desk.sees().await, "Found 1 file");
    let known = desk.stage.registry.list(&desk.stage.session);
    assert_eq!(known.len(), 1, "its document is part of the session");

    // Asked for again, there is nothing to ask.
    let again = desk.asks(work.join(".")).await.unwrap();
    assert_eq!((again.ask, again.directory), (None, None));
    let input = json!({ "path": work, "reason": "x" });
    let told = desk.stage.run(&desk.request(input, None)).await;
    assert_eq!((told.outcome, told.folder), (ToolOutcome::Done, None));

    // It stays when the service is started again.
    let stage = desk.stage.started_again().await;
    assert_eq!(Desk::of(stage).sees().await, "Found 1 file");
}

#[tokio::test]
async fn nothing_is_attached_that_nobody_allowed() {
    let desk = Desk::new();
    let refused = desk.allows(None).await;
    assert_eq!(
        (refused.outcome, refused.title.as_str()),
        (ToolOutcome::Failed, "Nothing was attached")
    );
    assert_eq!(desk.sees().await, "No folder is attached");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_was_put_in_its_place_since_is_not_followed() {
    let desk = Desk::new();
    let (work, asked) = (desk.home.join("work"), desk.home.join("asked"));
    fs::create_dir(&asked).unwrap();
    assert!(desk.asks(&asked).await.unwrap().ask.is_some());
    fs::remove_dir(&asked).unwrap();
    std::os::unix::fs::symlink(&work, &asked).unwrap();
    let refused = desk.allows(Some(&asked)).await;
    assert_eq!(refused.outcome, ToolOutcome::Failed);
    assert!(refused.title.contains("another folder"), "{}", refused.title);
    assert_eq!(desk.sees().await, "No folder is attached");
}

#[tokio::test]
async fn a_folder_that_is_more_than_anybody_means_is_said_to_be_so() {
    let mut desk = Desk::new();
    let access = FileAccess {
        home: Some(desk.home.clone()),
        ..FileAccess::default()
    };
    desk.stage.tools = desk.stage.tools.clone().ruled_by(Arc::default(), access);
    for (path, reach) in [
        ("~".to_owned(), Some("holds all your own files")),
        (
            desk.home.parent().unwrap().display().to_string(),
            Some("holds all your own files"),
        ),
        ("/".to_owned(), Some("is the whole disk")),
        ("~/work".to_owned(), None),
    ] {
        let asked = desk.asks(&path).await.unwrap();
        assert!(asked.file.is_some(), "{path}");
        let risks = asked.ask.unwrap().risks;
        assert_eq!(risks.len(), usize::from(reach.is_some()), "{path}: {risks:?}");
        assert!(
            risks.iter().all(|risk| risk.reach.contains(reach.unwrap())),
            "{path}: {risks:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_that_a_person_names_goes_through_the_same_checks() {
    let desk = Desk::closed();
    let find = |path: PathBuf| {
        let tools = desk.stage.tools.clone();
        async move { tools.find_folder(path.to_str().unwrap()).await }
    };
    let found = find(desk.home.join("other/../work")).await.unwrap();
    assert_eq!(Path::new(&found), desk.home.join("work"));
    for path in [desk.home.join("other"), desk.stage.book(), PathBuf::from("work")] {
        let refused = find(path.clone()).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::FolderRefused, "{}", path.display());
    }
}
