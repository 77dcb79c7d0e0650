//! Undo of any change of a closed file while others stay, and never over what somebody else wrote (Invariant 6).

use std::fs;
use std::sync::atomic::Ordering;

use deskhand_opc::{Draft, Limits, Package};
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::{DocumentId, ErrorCode};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::{Stage, fixture};

const DATES: &str = "calamine__date_1904.xlsx";
const RICH: &str = "ironcalc__example.xlsx";

async fn write(stage: &Stage, book: &DocumentId, range: &str, cells: Value) -> ChangeSet {
    stage
        .change("range_write", book, json!({ "range": range, "cells": cells }))
        .await
}

/// The text that the model gets of a range.
async fn read(stage: &Stage, book: &DocumentId, range: &str) -> String {
    let request = stage.request("range_read", book, json!({ "range": range }));
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    result.output
}

async fn redo(stage: &Stage, change: &ChangeSet) {
    let redone = stage.tools.redo(&stage.session, &change.id, &stage.notes).await;
    redone.unwrap();
}

/// Changes a part of the file as another program would: nothing else of it is touched.
fn somebody_edits(stage: &Stage, part: &str, from: &str, to: &str) {
    let package = Package::open(stage.bytes(), &Limits::default()).unwrap();
    let content = package.part(part).unwrap();
    let text = std::str::from_utf8(&content).unwrap();
    let at = text.find(from).unwrap();
    let mut draft = Draft::new(&package);
    draft.edit(part, [(at..at + from.len(), to.into())]).unwrap();
    fs::write(stage.book(), draft.package().write().unwrap()).unwrap();
}

#[tokio::test]
async fn changes_undone_in_any_order_give_the_original_bytes() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for workbook in [DATES, RICH] {
        for order in orders {
            let stage = Stage::with(workbook);
            let original = stage.bytes();
            let book = stage.attach(&stage.book()).await.unwrap();
            let changes = [
                write(&stage, &book, "Sheet1!K40:L40", json!([[1, "one"]])).await,
                stage
                    .change("sheet_add", &book, json!({ "name": "Summary" }))
                    .await,
                write(&stage, &book, "Sheet1!K42", json!([["=K41+1"]])).await,
            ];
            for which in order {
                let kept = stage.undo(&changes[which]).await.unwrap();
                assert_eq!(kept, Vec::<String>::new(), "{workbook} {order:?}");
            }
            assert!(
                stage.bytes() == original,
                "{workbook} {order:?} is not what it was"
            );
        }
    }
}

#[tokio::test]
async fn what_is_done_again_can_be_undone_again() {
    let stage = Stage::with(DATES);
    let original = stage.bytes();
    let book = stage.attach(&stage.book()).await.unwrap();
    let first = write(&stage, &book, "Sheet1!D1", json!([[1111]])).await;
    let second = write(&stage, &book, "Sheet1!D5", json!([[5555]])).await;
    let both = stage.bytes();
    stage.undo(&second).await.unwrap();
    stage.undo(&first).await.unwrap();
    assert!(stage.bytes() == original);
    redo(&stage, &first).await;
    redo(&stage, &second).await;
    assert!(stage.bytes() == both);
    redo(&stage, &second).await;
    assert!(stage.bytes() == both, "doing it again twice is no error");
    stage.undo(&first).await.unwrap();
    let now = read(&stage, &book, "Sheet1!A1:D5").await;
    assert!(now.contains("5555") && !now.contains("1111"), "{now}");
    stage.undo(&second).await.unwrap();
    assert!(stage.bytes() == original);
}

#[tokio::test]
async fn a_formula_that_stays_is_computed_anew() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let input = write(&stage, &book, "Sheet1!D1", json!([[21]])).await;
    write(&stage, &book, "Sheet1!E1", json!([["=D1*2+7"]])).await;
    assert!(read(&stage, &book, "Sheet1!E1").await.contains("49"));
    assert_eq!(stage.undo(&input).await.unwrap(), Vec::<String>::new());
    let now = read(&stage, &book, "Sheet1!D1:E1").await;
    assert!(
        now.contains('7') && !now.contains("49") && !now.contains("21"),
        "{now}"
    );
}

#[tokio::test]
async fn a_sheet_that_a_later_formula_reads_is_not_taken_away() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let sheet = stage.change("sheet_add", &book, json!({ "name": "Rates" })).await;
    let formula = write(&stage, &book, "Sheet1!E1", json!([["=Rates!B2*2"]])).await;
    let bytes = stage.bytes();
    let refused = stage.undo(&sheet).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UndoConflict);
    assert!(
        refused
            .happened
            .contains("the formula in Sheet1!E1 refers to `Rates`"),
        "{}",
        refused.happened
    );
    assert!(stage.bytes() == bytes, "nothing was changed");
    stage.undo(&formula).await.unwrap();
    stage.undo(&sheet).await.unwrap();
    assert!(stage.bytes() == fixture(DATES));
}

#[tokio::test]
async fn of_two_looks_the_first_is_undone_and_the_second_stays() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let format = |range: &str, format: &str| json!({ "range": range, "format": { format: true } });
    let bold = stage
        .change("range_format", &book, format("Sheet1!A1", "bold"))
        .await;
    stage
        .change("range_format", &book, format("Sheet1!B1", "italic"))
        .await;
    assert_eq!(stage.undo(&bold).await.unwrap(), Vec::<String>::new());
    let look = json!({ "range": "Sheet1!A1:B1", "what": ["formats"] });
    let now = stage.run(&stage.request("range_read", &book, look)).await.output;
    assert!(
        now.contains(r#""italic":true"#) && !now.contains(r#""bold":true"#),
        "{now}"
    );
}

#[tokio::test]
async fn a_person_s_edit_of_another_part_stays_and_is_in_nobody_s_way() {
    let stage = Stage::with(RICH);
    let book = stage.attach(&stage.book()).await.unwrap();
    let first = write(&stage, &book, "Sheet1!K40", json!([[1]])).await;
    write(&stage, &book, "Sheet1!K42", json!([[2]])).await;
    somebody_edits(&stage, "docProps/app.xml", "<Application>", "<Application>My ");
    assert_eq!(stage.undo(&first).await.unwrap(), Vec::<String>::new());
    let package = Package::open(stage.bytes(), &Limits::default()).unwrap();
    let mine = package.part("docProps/app.xml").unwrap();
    assert!(std::str::from_utf8(&mine).unwrap().contains("<Application>My "));
    let now = read(&stage, &book, "Sheet1!K40:K42").await;
    assert!(now.contains('2') && !now.contains("| 1"), "{now}");
}

#[tokio::test]
async fn what_another_program_put_in_between_two_changes_is_seen() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let first = write(&stage, &book, "Sheet1!D1", json!([[1111]])).await;
    // Everything behind this place moves, and the later change is made on what is there now.
    somebody_edits(
        &stage,
        "xl/worksheets/sheet1.xml",
        "<sheetData>",
        "<sheetData><!-- a note of somebody -->",
    );
    write(&stage, &book, "Sheet1!D5", json!([[5555]])).await;
    assert_eq!(stage.undo(&first).await.unwrap(), Vec::<String>::new());
    let package = Package::open(stage.bytes(), &Limits::default()).unwrap();
    let sheet = package.part("xl/worksheets/sheet1.xml").unwrap();
    assert!(
        std::str::from_utf8(&sheet)
            .unwrap()
            .contains("a note of somebody")
    );
    let now = read(&stage, &book, "Sheet1!A1:D5").await;
    assert!(now.contains("5555") && !now.contains("1111"), "{now}");
}

#[tokio::test]
async fn a_deletion_is_not_undone_over_what_another_program_wrote() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    stage.change("sheet_add", &book, json!({ "name": "Rates" })).await;
    let deletion = stage
        .change("sheet_delete", &book, json!({ "name": "Rates" }))
        .await;
    somebody_edits(&stage, "xl/workbook.xml", "<sheets>", "<sheets><!-- mine -->");
    let bytes = stage.bytes();
    let refused = stage.undo(&deletion).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UndoConflict);
    let sentence = "another program changed the part `xl/workbook.xml` since";
    assert!(refused.happened.contains(sentence), "{}", refused.happened);
    assert!(stage.bytes() == bytes);
}

#[tokio::test]
async fn a_change_and_an_undo_that_were_cut_off_are_told_by_the_file() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    // Killed after the file was written: the way back was in the journal before.
    let request = stage.request(
        "range_write",
        &book,
        json!({ "range": "Sheet1!D1", "cells": [[1111]] }),
    );
    stage.prepare(&request).await.unwrap();
    *stage.journal.left.lock().unwrap() = Some(1);
    assert_eq!(stage.run(&request).await.outcome, ToolOutcome::Failed);
    let written = stage.bytes();
    assert!(written != fixture(DATES));
    *stage.journal.left.lock().unwrap() = None;
    let stage = stage.started_again().await;
    let change = stage.run(&request).await.change_set.unwrap();
    // An undo of which only the note reached the disk: the file is as it was before it.
    assert_eq!(stage.undo(&change).await.unwrap(), Vec::<String>::new());
    assert!(stage.bytes() == fixture(DATES));
    fs::write(stage.book(), &written).unwrap();
    assert_eq!(stage.undo(&change).await.unwrap(), Vec::<String>::new());
    assert!(
        stage.bytes() == fixture(DATES),
        "undone in earnest, byte for byte"
    );
}

#[tokio::test]
async fn nothing_is_written_whose_way_back_cannot_be_kept() {
    let stage = Stage::with(DATES);
    let book = stage.attach(&stage.book()).await.unwrap();
    let request = stage.request(
        "range_write",
        &book,
        json!({ "range": "Sheet1!D1", "cells": [[1111]] }),
    );
    stage.prepare(&request).await.unwrap();
    *stage.journal.left.lock().unwrap() = Some(0);
    assert_eq!(stage.run(&request).await.outcome, ToolOutcome::Failed);
    assert!(stage.bytes() == fixture(DATES));
}

#[tokio::test]
async fn nothing_is_changed_while_the_journal_is_full_and_what_was_changed_is_taken_back() {
    let stage = Stage::with(DATES);
    let original = stage.bytes();
    let book = stage.attach(&stage.book()).await.unwrap();
    stage.attach_folder(&stage.at("")).await.unwrap();
    let change = write(&stage, &book, "Sheet1!K40", json!([["one"]])).await;
    let changed = stage.bytes();
    stage.journal.is_full.store(true, Ordering::Relaxed);
    let cells = json!({ "range": "Sheet1!K41", "cells": [["two"]] });
    let file = json!({ "path": stage.at("notes.txt"), "text": "two" });
    for request in [
        stage.request("range_write", &book, cells),
        stage.call("Write", file),
    ] {
        let refused = stage.prepare(&request).await.unwrap_err();
        assert!(refused.output.contains("JOURNAL_FULL"), "{}", refused.output);
    }
    assert_eq!(stage.bytes(), changed);
    assert!(!stage.at("notes.txt").exists());
    assert!(read(&stage, &book, "Sheet1!K40").await.contains("one"));
    stage.undo(&change).await.unwrap();
    assert_eq!(stage.bytes(), original);
}
