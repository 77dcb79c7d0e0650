//! `deskhand document`: the file tools at the command line.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use deskhand_e2e::{Finished, Setup, command, finish};
use deskhand_test_support::python;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const BOOK: &str = "workbooks/ironcalc__example.xlsx";
const DECK: &str = "decks/poi__bug68703.pptx";

fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {} {}", done.out, done.err))
}

/// Applies operations in place and answers with the change set.
fn apply(setup: &Setup, file: &Path, ops: &Value) -> String {
    let done = given(
        setup,
        &["document", "apply", text(file), "--ops", "-", "--json"],
        &ops.to_string(),
    );
    assert_eq!(done.code(), Some(0), "{}", done.err);
    json_of(&done)["changeSet"]
        .as_str()
        .expect("a change set")
        .to_owned()
}

fn given(setup: &Setup, arguments: &[&str], input: &str) -> Finished {
    finish(command(setup.path(), arguments), input)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in Unicode")
}

fn write(range: &str, value: impl Into<Value>) -> Value {
    json!({ "op": "range.write", "range": range, "cells": [[value.into()]] })
}

fn undo(setup: &Setup, change_set: &str) -> Finished {
    setup.run(&["document", "undo", change_set, "--json"])
}

/// Runs a line of openpyxl on a file.
fn openpyxl(file: &Path, line: &str) -> String {
    let program = format!("import sys, openpyxl\nbook = openpyxl.load_workbook(sys.argv[1])\n{line}");
    let done = Command::new(python())
        .args(["-W", "ignore", "-c", &program])
        .arg(file)
        .output()
        .expect("python");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn book() -> (Setup, PathBuf, Vec<u8>) {
    let setup = Setup::empty();
    let book = setup.fixture(BOOK, "book.xlsx");
    let bytes = fs::read(&book).expect("the workbook");
    (setup, book, bytes)
}

#[test]
fn info_lists_what_a_workbook_and_a_deck_hold() {
    let (setup, book, _) = book();
    let info = json_of(&setup.run(&["document", "info", text(&book), "--json"]));
    assert_eq!(info["kind"], "workbook");
    for field in ["name", "visible", "usedRange", "tables", "charts", "pivots"] {
        assert!(info["sheets"][0].get(field).is_some(), "{field}: {info}");
    }
    assert!(info["names"].is_array() && info.get("op").is_none(), "{info}");
    let deck = setup.fixture(DECK, "deck.pptx");
    let info = json_of(&setup.run(&["document", "info", text(&deck), "--json"]));
    assert_eq!(info["kind"], "deck");
    for field in ["index", "id", "layout", "shapes"] {
        assert!(info["slides"][0].get(field).is_some(), "{field}: {info}");
    }
    assert!(info["layouts"].is_array(), "{info}");
    // People get lines, not braces.
    let told = setup.run(&["document", "info", text(&book)]).out;
    assert!(told.starts_with("Workbook, ") && !told.contains('{'), "{told}");
}

#[test]
fn a_change_in_place_is_read_by_others_and_taken_back_to_the_byte() {
    let (setup, book, before) = book();
    let change_set = apply(
        &setup,
        &book,
        &json!({ "ops": [write("Sheet1!A2", 223), write("Sheet1!A3", "=A2*2")] }),
    );
    assert_eq!(
        openpyxl(
            &book,
            "print(book['Sheet1']['A2'].value, book['Sheet1']['A3'].value)"
        ),
        "223 =A2*2"
    );
    let read = setup.run(&[
        "document",
        "read",
        text(&book),
        "--range",
        "Sheet1!A2:A3",
        "--what",
        "values",
        "--json",
    ]);
    assert_eq!(json_of(&read)["values"], json!([[223.0], [446.0]]));
    assert_eq!(json_of(&undo(&setup, &change_set))["undone"], true);
    assert!(
        fs::read(&book).expect("the workbook") == before,
        "the bytes differ"
    );
    assert_eq!(json_of(&undo(&setup, &change_set))["undone"], false);
}

#[test]
fn an_earlier_change_set_is_taken_back_while_a_later_one_stays() {
    let (setup, book, before) = book();
    let first = apply(
        &setup,
        &book,
        &json!([write(
            "Sheet1!A2",
            "a first text that is longer than what was there"
        )]),
    );
    let second = apply(&setup, &book, &json!([write("Sheet1!B9", 7)]));
    assert_eq!(undo(&setup, &first).code(), Some(0));
    let cells = "print(book['Sheet1']['A2'].value, book['Sheet1']['B9'].value)";
    let was = {
        let original = setup.fixture(BOOK, "original.xlsx");
        openpyxl(&original, "print(book['Sheet1']['A2'].value)")
    };
    assert_eq!(openpyxl(&book, cells), format!("{was} 7"));
    assert_eq!(undo(&setup, &second).code(), Some(0));
    assert!(
        fs::read(&book).expect("the workbook") == before,
        "the bytes differ"
    );
}

#[test]
fn what_a_later_change_set_rests_on_is_not_taken_back() {
    let (setup, book, _) = book();
    let first = apply(&setup, &book, &json!([write("Sheet1!A2", 1)]));
    let second = apply(&setup, &book, &json!([write("Sheet1!A2", 2)]));
    let after = fs::read(&book).expect("the workbook");
    let refused = undo(&setup, &first);
    assert_eq!(refused.code(), Some(2));
    assert!(
        refused.err.contains(&second) && refused.err.contains("[DOC_UNDO_CONFLICT]"),
        "{}",
        refused.err
    );
    assert!(
        fs::read(&book).expect("the workbook") == after,
        "the file was changed"
    );
}

#[test]
fn a_file_that_somebody_else_changed_is_left_as_it_is() {
    let (setup, book, _) = book();
    let change_set = apply(&setup, &book, &json!([write("Sheet1!A2", 1)]));
    openpyxl(&book, "book['Sheet1']['A2'] = 5; book.save(sys.argv[1])");
    let theirs = fs::read(&book).expect("the workbook");
    let refused = undo(&setup, &change_set);
    assert_eq!(refused.code(), Some(2));
    assert!(
        refused.err.contains("another program") && refused.err.contains("[DOC_UNDO_CONFLICT]"),
        "{}",
        refused.err
    );
    assert!(
        fs::read(&book).expect("the workbook") == theirs,
        "their work was overwritten"
    );
}

#[test]
fn a_preview_tells_what_would_change_and_changes_nothing() {
    let (setup, book, before) = book();
    let ops = json!([write("Sheet1!A2", 223)]).to_string();
    let done = given(
        &setup,
        &[
            "document",
            "apply",
            text(&book),
            "--ops",
            "-",
            "--preview",
            "--json",
        ],
        &ops,
    );
    let answer = json_of(&done);
    assert_eq!(answer["changeSet"], Value::Null);
    let told = answer["differences"].to_string();
    assert!(told.contains("Sheet1!A2") && told.contains("223"), "{told}");
    assert!(
        fs::read(&book).expect("the workbook") == before,
        "the file was changed"
    );
}

#[test]
fn the_result_goes_to_another_file_that_is_not_there_yet() {
    let (setup, book, before) = book();
    let out = setup.path().join("out.xlsx");
    let ops = json!([write("Sheet1!A2", 223)]).to_string();
    let arguments = [
        "document",
        "apply",
        text(&book),
        "--ops",
        "-",
        "--out",
        text(&out),
        "--json",
    ];
    let done = given(&setup, &arguments, &ops);
    assert_eq!(
        (done.code(), &json_of(&done)["changeSet"]),
        (Some(0), &Value::Null),
        "{}",
        done.err
    );
    assert!(
        fs::read(&book).expect("the workbook") == before,
        "the file was changed"
    );
    assert_eq!(openpyxl(&out, "print(book['Sheet1']['A2'].value)"), "223");
    let again = given(&setup, &arguments, &ops);
    assert_eq!(again.code(), Some(2));
    assert!(again.err.contains("is there already"), "{}", again.err);
    let replaced = given(&setup, &[&arguments[..], &["--replace"]].concat(), &ops);
    assert_eq!(replaced.code(), Some(0), "{}", replaced.err);
}

#[test]
fn bad_input_is_refused_in_one_sentence_with_a_code_and_nothing_is_written() {
    let (setup, book, before) = book();
    let plain = setup.path().join("plain.xlsx");
    fs::write(&plain, "no workbook").expect("a file");
    let missing = setup.path().join("missing.xlsx");
    let cases: [(&Path, &str, &str); 8] = [
        (&book, "{", "no JSON"),
        (&book, "{\"ops\":[]}", "no operation"),
        (&book, "[{\"op\":\"range.wrte\"}]", "did you mean `range.write`?"),
        (
            &book,
            "[{\"op\":\"range.write\",\"range\":\"Nowhere!A1\",\"cells\":[[1]]}]",
            "no sheet `Nowhere`",
        ),
        (
            &book,
            "[{\"op\":\"range.write\",\"range\":\"Sheet1!A1\",\"cells\":[[1]]},{\"op\":\"sheet.delete\",\"name\":\"x\"}]",
            "Operation 2:",
        ),
        (
            &book,
            "[{\"op\":\"text.set\",\"slide\":\"1\",\"shape\":\"2\",\"text\":\"\"}]",
            "no operation of a workbook",
        ),
        (&plain, "[]", "not an Office document"),
        (
            &missing,
            "[{\"op\":\"sheet.delete\",\"name\":\"x\"}]",
            "There is no such file yet",
        ),
    ];
    for (file, ops, words) in cases {
        let done = given(&setup, &["document", "apply", text(file), "--ops", "-"], ops);
        assert_eq!((done.code(), done.out.as_str()), (Some(2), ""), "{ops}");
        assert!(done.err.contains(words), "{}", done.err);
        assert!(
            done.err.trim_end().ends_with(']') && done.err.lines().count() == 1,
            "{}",
            done.err
        );
    }
    assert!(
        fs::read(&book).expect("the workbook") == before,
        "the file was changed"
    );
}

#[test]
fn a_file_that_another_program_has_open_is_not_changed() {
    let (setup, book, before) = book();
    fs::write(
        book.with_file_name(".~lock.book.xlsx#"),
        ",Alex,host,01.01.2026 10:00,file:///x;",
    )
    .expect("a lock");
    let done = given(
        &setup,
        &["document", "apply", text(&book), "--ops", "-"],
        &json!([write("Sheet1!A2", 1)]).to_string(),
    );
    assert_eq!(done.code(), Some(2));
    assert!(done.err.contains("[DOC_IN_USE]"), "{}", done.err);
    assert!(
        fs::read(&book).expect("the workbook") == before,
        "the file was changed"
    );
}

#[test]
fn a_check_finds_damage_and_says_where() {
    let (setup, book, _) = book();
    assert_eq!(setup.run(&["document", "check", text(&book)]).code(), Some(0));
    let twice = "import sys, zipfile, re, shutil\nsource, target = sys.argv[1:]\nold = zipfile.ZipFile(source)\n\
                 new = zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED)\n\
                 for item in old.infolist():\n    data = old.read(item)\n\
                 \x20   if item.filename == 'xl/worksheets/sheet1.xml':\n\
                 \x20       data = re.sub(rb'(<c [^>]*r=\"A1\".*?</c>)', rb'\\1\\1', data, count=1, flags=re.S)\n\
                 \x20   new.writestr(item, data)\nnew.close()";
    let damaged = setup.path().join("damaged.xlsx");
    let made = Command::new(python())
        .args(["-c", twice])
        .args([&book, &damaged])
        .status()
        .expect("python");
    assert!(made.success());
    let done = setup.run(&["document", "check", text(&damaged), "--json"]);
    assert_eq!(done.code(), Some(1));
    let finding = &json_of(&done)["findings"][0];
    assert_eq!(finding["part"], "xl/worksheets/sheet1.xml");
    assert!(finding["location"].to_string().contains("A1"), "{finding}");
    assert!(
        finding["code"].is_string() && finding["sentence"].is_string(),
        "{finding}"
    );
}

#[test]
fn a_comparison_reads_as_a_person_would_say_it() {
    let (setup, book, _) = book();
    let later = setup.fixture(BOOK, "later.xlsx");
    let edit = "sheet = book['Sheet1']; sheet['A2'] = 4711; sheet['D30'] = 'new'; book.create_sheet('Extra'); book.save(sys.argv[1])";
    let was = openpyxl(&book, "print(book['Sheet1']['A2'].value)");
    openpyxl(&later, edit);
    let told = setup.run(&["document", "diff", text(&book), text(&later)]);
    assert_eq!(told.code(), Some(0), "{}", told.err);
    assert!(
        told.out
            .contains(&format!("Sheet1!A2 changed from {was} to 4711.")),
        "{}",
        told.out
    );
    assert!(
        told.out.contains("Sheet1!D30 holds “new” now; it was empty."),
        "{}",
        told.out
    );
    assert!(told.out.contains("The sheet Extra was added."), "{}", told.out);
    let same = setup.run(&["document", "diff", text(&book), text(&book)]);
    assert_eq!(same.out.trim(), "No differences.");
}

/// Applies operations to a path; what came of it.
fn applied(setup: &Setup, file: &Path, ops: &Value) -> Finished {
    given(
        setup,
        &["document", "apply", text(file), "--ops", "-", "--json"],
        &ops.to_string(),
    )
}

#[test]
fn a_new_workbook_is_made_and_never_over_another_file() {
    let setup = Setup::empty();
    let file = setup.path().join("new.xlsx");
    let create =
        json!({ "op": "workbook.create", "sheets": [{ "name": "Data", "cells": [[2], ["=A1*21"]] }] });
    let ops = json!({ "ops": [create, write("Data!B1", "=A2+1")] });
    let arguments = [
        "document",
        "apply",
        text(&file),
        "--ops",
        "-",
        "--json",
        "--preview",
    ];
    assert_eq!(given(&setup, &arguments, &ops.to_string()).code(), Some(0));
    assert!(!file.exists());
    let done = applied(&setup, &file, &ops);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let answer = json_of(&done);
    assert_eq!(
        (
            answer["changeSet"].clone(),
            answer["results"].as_array().map(Vec::len)
        ),
        (Value::Null, Some(2))
    );
    assert_eq!(
        openpyxl(&file, "print(book['Data']['B1'].value, book['Data']['A2'].value)"),
        "=A2+1 =A1*21"
    );
    let read = json_of(&setup.run(&["document", "read", text(&file), "--range", "Data!A1:B2", "--json"]));
    assert_eq!(read["values"], json!([[2.0, 43.0], [42.0, null]]));
    let bytes = fs::read(&file).expect("the workbook");
    let again = applied(&setup, &file, &json!({ "ops": [create] }));
    assert_eq!(again.code(), Some(2), "{}", again.out);
    assert!(again.err.contains("there already"), "{}", again.err);
    assert!(
        fs::read(&file).expect("the workbook") == bytes,
        "the bytes differ"
    );
    // Without an operation that makes it, and under an ending of nothing that is made, there is no file.
    for (name, op) in [("other.xlsx", write("Data!A1", 1)), ("other.bin", create.clone())] {
        let file = setup.path().join(name);
        let refused = applied(&setup, &file, &json!({ "ops": [op] }));
        assert_eq!(refused.code(), Some(2), "{name}");
        assert!(!file.exists(), "{name}");
    }
}

#[test]
fn a_new_deck_is_made_plain_and_from_a_template() {
    let setup = Setup::empty();
    let template = setup.fixture(DECK, "template.pptx");
    let layout =
        json_of(&setup.run(&["document", "info", text(&template), "--json"]))["layouts"][0]["name"].clone();
    let cases = [
        ("plain.pptx", json!({ "op": "deck.create" }), json!("Title Slide")),
        (
            "own.pptx",
            json!({ "op": "deck.create", "template": text(&template) }),
            layout,
        ),
    ];
    for (name, create, layout) in cases {
        let file = setup.path().join(name);
        let add = json!({ "op": "slide.add", "layout": layout });
        let done = applied(&setup, &file, &json!({ "ops": [create, add] }));
        assert_eq!(done.code(), Some(0), "{name}: {}", done.err);
        let info = json_of(&setup.run(&["document", "info", text(&file), "--json"]));
        assert_eq!(info["slides"].as_array().map(Vec::len), Some(1), "{name}");
        assert_eq!(info["slides"][0]["layout"], layout, "{name}");
    }
    let missing = json!({ "op": "deck.create", "template": "nowhere.potx" });
    let refused = applied(
        &setup,
        &setup.path().join("none.pptx"),
        &json!({ "ops": [missing] }),
    );
    assert_eq!(refused.code(), Some(2));
    assert!(refused.err.contains("nowhere.potx"), "{}", refused.err);
}

#[test]
fn a_new_word_document_goes_on_with_further_operations() {
    let setup = Setup::empty();
    let file = setup.path().join("new.docx");
    let ops = json!({ "ops": [
        { "op": "document.create", "blocks": [{ "kind": "paragraph", "text": "Revenue rose." }] },
        { "op": "document.insert", "blocks": [{ "kind": "paragraph", "text": "Costs fell." }] },
    ] });
    let done = applied(&setup, &file, &ops);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let read = setup.run(&["document", "read", text(&file)]).out;
    assert!(
        read.contains("Revenue rose.") && read.contains("Costs fell."),
        "{read}"
    );
}

#[test]
fn commands_that_run_for_the_first_time_at_once_share_one_journal() {
    for _ in 0..4 {
        let setup = Setup::empty();
        let files: Vec<PathBuf> = (0..4)
            .map(|own| setup.fixture(BOOK, &format!("{own}.xlsx")))
            .collect();
        let before = fs::read(&files[0]).expect("the fixture");
        let sets: Vec<String> = thread::scope(|scope| {
            let applied: Vec<_> = files
                .iter()
                .map(|file| scope.spawn(|| apply(&setup, file, &json!({ "ops": [write("Sheet1!B2", 42)] }))))
                .collect();
            applied
                .into_iter()
                .map(|one| one.join().expect("applied"))
                .collect()
        });
        for (set, file) in sets.iter().zip(&files) {
            let done = undo(&setup, set);
            assert_eq!(done.code(), Some(0), "{}", done.err);
            assert!(fs::read(file).expect("the file") == before, "{}", file.display());
        }
    }
}
