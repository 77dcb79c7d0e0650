//! `deskhand document` on word documents, PDFs, delimited text and spreadsheets of old formats.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use deskhand_e2e::{Finished, Setup, command, finish};
use deskhand_test_support::python;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const REPORT: &str = "documents/poi__delins.docx";
const XLSB: &str = "legacy/calamine__issues.xlsb";
const PDF: &str = "pdfs/pdfplumber__senate-expenditures.pdf";

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in Unicode")
}

fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {} {}", done.out, done.err))
}

/// What a command answers as JSON.
fn answer(setup: &Setup, arguments: &[&str]) -> Value {
    let done = setup.run(&[&["document"], arguments, &["--json"]].concat());
    assert_eq!(done.code(), Some(0), "{arguments:?}: {}", done.err);
    json_of(&done)
}

fn apply(setup: &Setup, file: &Path, more: &[&str], ops: &Value) -> Finished {
    let arguments = [&["document", "apply", text(file), "--ops", "-", "--json"], more].concat();
    finish(command(setup.path(), &arguments), &ops.to_string())
}

/// Runs a program of Python on a file.
fn elsewhere(program: &str, file: &Path) -> String {
    let done = Command::new(python())
        .args(["-W", "ignore", "-c", program])
        .arg(file)
        .output()
        .expect("python");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// The text of a word document with tracked changes accepted or not, by the elements that hold it.
const DOCX_TEXT: &str = "import sys, docx\nfrom docx.oxml.ns import qn\n\
    for p in docx.Document(sys.argv[1]).element.body.iter(qn('w:p')):\n\
    \x20   print('|'.join([''.join(t.text or '' for t in p.iter(qn(n))) for n in ('w:t', 'w:delText')]))";

/// A file beside the set-up's others.
fn beside(setup: &Setup, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = setup.path().join(name);
    fs::write(&path, bytes).expect("a file");
    path
}

fn new_report() -> Value {
    json!([{ "op": "document.create", "title": "Q3", "blocks": [
        { "kind": "heading", "level": 1, "text": "Revenue" },
        { "kind": "paragraph", "text": "Revenue rose 4% in May." },
        { "kind": "table", "header": true, "rows": [["Region", "Revenue"], ["North", "1,248.50"]] },
    ]}])
}

#[test]
fn a_word_document_is_made_read_changed_and_brought_back_to_the_byte() {
    let setup = Setup::empty();
    let report = setup.path().join("report.docx");
    let made = apply(&setup, &report, &[], &new_report());
    assert_eq!(
        (made.code(), &json_of(&made)["changeSet"]),
        (Some(0), &Value::Null),
        "{}",
        made.err
    );
    assert_eq!(
        elsewhere(DOCX_TEXT, &report),
        "Revenue|\nRevenue rose 4% in May.|\nRegion|\nRevenue|\nNorth|\n1,248.50|\n|"
    );
    let before = fs::read(&report).expect("the report");
    let info = answer(&setup, &["info", text(&report)]);
    assert_eq!(
        (&info["kind"], &info["title"], &info["tables"]),
        (&json!("document"), &json!("Q3"), &json!(1))
    );
    let read = answer(&setup, &["read", text(&report), "--from", "p2", "--count", "1"]);
    assert_eq!(
        (&read["blocks"][0]["text"], &read["next"]),
        (&json!("Revenue rose 4% in May."), &json!("t1"))
    );
    let change = json!([{ "op": "document.replace", "find": "4%", "replace": "5%" }]);
    let done = apply(&setup, &report, &[], &change);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    // As a tracked change: the old text is there still, as deleted.
    let after = elsewhere(DOCX_TEXT, &report);
    assert!(after.contains("Revenue rose 5% in May.|4"), "{after}");
    let read = answer(&setup, &["read", text(&report), "--from", "p2", "--count", "1"]);
    let changes = read["blocks"][0]["changes"].as_array().expect("tracked changes");
    assert!(
        changes
            .iter()
            .all(|change| change["author"] == "Deskhand" && change["date"].is_string()),
        "{changes:?}"
    );
    let change_set = json_of(&done)["changeSet"]
        .as_str()
        .expect("a change set")
        .to_owned();
    let told = setup.run(&["document", "history", text(&report)]).out;
    assert!(told.contains(&change_set), "{told}");
    assert_eq!(answer(&setup, &["undo", &change_set])["undone"], true);
    assert!(
        fs::read(&report).expect("the report") == before,
        "the bytes differ"
    );
}

#[test]
fn a_document_of_word_comes_back_to_the_byte_while_a_later_change_stays() {
    let setup = Setup::empty();
    let report = setup.fixture(REPORT, "report.docx");
    let before = fs::read(&report).expect("the report");
    let insert = |after: &str, words: &str| json!([{ "op": "document.insert", "after": after, "blocks": [{ "kind": "paragraph", "text": words }] }]);
    let first = apply(&setup, &report, &[], &insert("start", "First remark."));
    let second = apply(&setup, &report, &[], &insert("p2", "Second remark."));
    let set = |done: &Finished| {
        json_of(done)["changeSet"]
            .as_str()
            .expect("a change set")
            .to_owned()
    };
    answer(&setup, &["undo", &set(&first)]);
    let read = elsewhere(DOCX_TEXT, &report);
    assert!(
        !read.contains("First remark.") && read.contains("Second remark."),
        "{read}"
    );
    answer(&setup, &["undo", &set(&second)]);
    assert!(
        fs::read(&report).expect("the report") == before,
        "the bytes differ"
    );
}

#[test]
fn a_comparison_of_documents_reads_as_a_person_would_say_it() {
    let setup = Setup::empty();
    let (before, after) = (setup.path().join("a.docx"), setup.path().join("b.docx"));
    assert_eq!(apply(&setup, &before, &[], &new_report()).code(), Some(0));
    let change = json!([
        { "op": "document.replace", "find": "4%", "replace": "5%", "tracked": false },
        { "op": "document.insert", "after": "p2", "tracked": false, "blocks": [{ "kind": "paragraph", "text": "Costs fell." }] },
    ]);
    let done = apply(&setup, &before, &["--out", text(&after)], &change);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let told = setup.run(&["document", "diff", text(&before), text(&after)]).out;
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "Paragraph p2 reads “Revenue rose 5% in May.” instead of “Revenue rose 4% in May.”.",
            "Paragraph p3 was added: “Costs fell.”."
        ]
    );
    let same = setup.run(&["document", "diff", text(&after), text(&after)]);
    assert_eq!(same.out.trim(), "No differences.");
}

#[test]
fn a_check_of_a_document_finds_damage_and_says_where() {
    let setup = Setup::empty();
    let report = setup.path().join("report.docx");
    assert_eq!(apply(&setup, &report, &[], &new_report()).code(), Some(0));
    let sound = setup.run(&["document", "check", text(&report)]);
    assert_eq!((sound.code(), sound.out.trim()), (Some(0), "No findings."));
    let program = "import sys, zipfile, shutil\nold = zipfile.ZipFile(sys.argv[1])\nnew = zipfile.ZipFile(sys.argv[1] + '.new', 'w')\n\
        for item in old.infolist():\n    data = old.read(item)\n    if item.filename == 'word/document.xml':\n\
        \x20       data = data.replace(b'<w:body>', b'<w:body><w:p><w:bookmarkStart w:id=\"9\" w:name=\"x\"/></w:p>', 1)\n\
        \x20   new.writestr(item, data)\nnew.close()\nshutil.move(sys.argv[1] + '.new', sys.argv[1])";
    elsewhere(program, &report);
    let done = setup.run(&["document", "check", text(&report), "--json"]);
    assert_eq!(done.code(), Some(1), "{}", done.err);
    let finding = &json_of(&done)["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["location"], &finding["sentence"]),
        (
            &json!("bookmark.open"),
            &json!("p1"),
            &json!("The bookmark 9 begins and does not end.")
        )
    );
    // What was there before keeps no ordinary edit from being made.
    let change = json!([{ "op": "document.replace", "find": "4%", "replace": "5%" }]);
    assert_eq!(apply(&setup, &report, &[], &change).code(), Some(0));
}

#[test]
fn a_pdf_is_read_by_page_numbers() {
    let setup = Setup::empty();
    let file = setup.fixture(PDF, "spending.pdf");
    let info = answer(&setup, &["info", text(&file)]);
    assert_eq!((&info["kind"], &info["pages"]), (&json!("pdf"), &json!(1)));
    let read = answer(&setup, &["read", text(&file), "--from", "1", "--count", "1"]);
    assert_eq!(read["pages"][0]["page"], 1);
    let words = read["pages"][0]["text"].as_str().expect("text");
    assert!(
        words.contains("DISBURSEMENTS") || words.contains("OBLIGATION"),
        "{words}"
    );
    let people = setup.run(&["document", "read", text(&file)]).out;
    assert!(people.starts_with("Page 1\n"), "{people}");
    let beyond = setup.run(&["document", "read", text(&file), "--from", "2"]);
    assert_eq!(beyond.code(), Some(2), "{}", beyond.out);
}

#[test]
fn delimited_text_is_read_in_pages() {
    let setup = Setup::empty();
    let rows: Vec<String> = (1..=450).map(|row| format!("{row};Süd;{row},50\n")).collect();
    let file = beside(
        &setup,
        "sales.csv",
        format!("Id;Region;Umsatz\n{}", rows.concat()),
    );
    let info = answer(&setup, &["info", text(&file)]);
    assert_eq!(
        (
            &info["rows"],
            &info["dialect"]["delimiter"],
            &info["dialect"]["decimal"]
        ),
        (&json!(450), &json!(";"), &json!(","))
    );
    // 1,50 to 450,50.
    assert_eq!(info["columns"][2]["sum"], json!(101_700.0));
    let mut from = json!(1);
    let mut ids = Vec::new();
    while let Some(row) = from.as_u64() {
        let page = answer(
            &setup,
            &["read", text(&file), "--from", &row.to_string(), "--count", "200"],
        );
        assert_eq!(page["header"], json!(["Id", "Region", "Umsatz"]));
        ids.extend(
            page["rows"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| row[0].clone()),
        );
        from = page["next"].clone();
    }
    let expected: Vec<Value> = (1..=450).map(|row| json!(row.to_string())).collect();
    assert_eq!(ids, expected);
}

#[test]
fn spreadsheets_of_old_formats_are_read() {
    let setup = Setup::empty();
    let book = setup.path().join("book.xlsx");
    elsewhere(
        "import sys, openpyxl\nb = openpyxl.Workbook(); s = b.active; s.title = 'Q1'\n\
         s.append(['Region', 'Revenue']); s.append(['Nörd', 1248.5]); s.append(['South', 2]); s['B4'] = '=SUM(B2:B3)'\n\
         b.save(sys.argv[1])",
        &book,
    );
    let profile = format!(
        "-env:UserInstallation=file://{}",
        setup.path().join("profile").display()
    );
    for format in ["xls", "ods"] {
        let made = Command::new("soffice")
            .args([
                &profile,
                "--headless",
                "--convert-to",
                format,
                "--outdir",
                text(setup.path()),
                text(&book),
            ])
            .output()
            .expect("LibreOffice");
        assert!(made.status.success());
        let file = setup.path().join(format!("book.{format}"));
        let info = answer(&setup, &["info", text(&file)]);
        assert_eq!(
            (&info["kind"], &info["sheets"][0]["name"]),
            (&json!(format), &json!("Q1"))
        );
        let read = answer(&setup, &["read", text(&file), "--range", "Q1!A1:B4"]);
        assert_eq!(
            read["values"],
            json!([
                ["Region", "Revenue"],
                ["Nörd", 1248.5],
                ["South", 2.0],
                [null, 1250.5]
            ]),
            "{format}"
        );
    }
    let file = setup.fixture(XLSB, "issues.xlsb");
    let read = answer(&setup, &["read", text(&file), "--range", "issue2!A1:B3"]);
    assert_eq!(read["values"], json!([[1.0, "a"], [2.0, "b"], [3.0, "c"]]));
}

/// A PDF and a word document that a password protects, and the document without it.
fn guarded(setup: &Setup) -> (PathBuf, PathBuf, PathBuf) {
    let locked = setup.path().join("locked.pdf");
    elsewhere(
        "import sys\nfrom reportlab.lib import pdfencrypt\nfrom reportlab.pdfgen import canvas\n\
         page = canvas.Canvas(sys.argv[1], encrypt=pdfencrypt.StandardEncryption('user', ownerPassword='owner', strength=128))\n\
         page.drawString(72, 700, 'Secret'); page.save()",
        &locked,
    );
    let protected = setup.path().join("protected.docx");
    let plain = setup.path().join("plain.docx");
    assert_eq!(apply(setup, &plain, &[], &new_report()).code(), Some(0));
    fs::copy(&plain, &protected).expect("a copy");
    elsewhere(
        "import sys, io\nfrom msoffcrypto.format.ooxml import OOXMLFile\nplain = io.BytesIO(open(sys.argv[1], 'rb').read())\n\
         OOXMLFile(plain).encrypt('word', open(sys.argv[1], 'wb'))",
        &protected,
    );
    (locked, protected, plain)
}

#[test]
fn each_refusal_names_its_reason_and_nothing_is_written() {
    let setup = Setup::empty();
    let (locked, protected, plain) = guarded(&setup);
    let pdf = setup.fixture(PDF, "plain.pdf");
    let csv = beside(&setup, "plain.csv", "a,b\n1,2\n");
    let sealed = setup.fixture("legacy/calamine__pass_protected.xlsb", "sealed.xlsb");
    let empty = beside(&setup, "empty.pdf", "");
    let fake = beside(&setup, "fake.docx", "no document");
    let (text_set, write) = (
        json!([{ "op": "document.replace", "find": "a", "replace": "b" }]),
        json!([{ "op": "range.write", "range": "A!A1", "cells": [[1]] }]),
    );
    let none = Value::Null;
    let cases: [(&Path, &str, &Value, &str, &str); 12] = [
        (&locked, "info", &none, "protected by a password", "DOC_ENCRYPTED"),
        (&protected, "info", &none, "--password-stdin", "DOC_ENCRYPTED"),
        (
            &protected,
            "apply",
            &text_set,
            "--password-stdin",
            "DOC_ENCRYPTED",
        ),
        (&sealed, "info", &none, "password", "DOC_ENCRYPTED"),
        (&empty, "info", &none, "empty", ""),
        (&fake, "info", &none, "not an Office document", ""),
        (&pdf, "apply", &write, "only read", ""),
        (&csv, "apply", &write, "only read", ""),
        (&sealed, "apply", &write, "password", ""),
        (&plain, "apply", &write, "no operation of a word document", ""),
        (&plain, "apply", &new_report(), "makes a new file", ""),
        (&pdf, "check", &none, "only read", ""),
    ];
    for (file, what, ops, words, code) in cases {
        let before = fs::read(file).expect("the file");
        let done = if what == "apply" {
            apply(&setup, file, &[], ops)
        } else {
            setup.run(&["document", what, text(file), "--json"])
        };
        let case = format!("{what} {}: {}", file.display(), done.err);
        assert_eq!((done.code(), done.out.as_str()), (Some(2), ""), "{case}");
        assert!(done.err.contains(words) && done.err.contains(code), "{case}");
        assert!(
            done.err.trim_end().ends_with(']') && done.err.lines().count() == 1,
            "{case}"
        );
        assert!(fs::read(file).expect("the file") == before, "{case}");
    }
}

#[test]
fn a_new_document_is_made_only_where_there_is_none() {
    let setup = Setup::empty();
    let missing = |name: &str| setup.path().join(name);
    let replace = json!([{ "op": "document.replace", "find": "a", "replace": "b" }]);
    let cases: [(&str, &Value, &str); 3] = [
        ("new.docx", &replace, "`document.replace` makes none"),
        ("new.xlsx", &new_report(), "document.create"),
        ("nowhere/new.docx", &new_report(), "There is no file"),
    ];
    for (name, ops, words) in cases {
        let done = apply(&setup, &missing(name), &[], ops);
        assert_eq!(done.code(), Some(2), "{name}");
        assert!(done.err.contains(words), "{name}: {}", done.err);
        assert!(!missing(name).exists(), "{name}");
    }
    let preview = apply(&setup, &missing("new.docx"), &["--preview"], &new_report());
    assert_eq!(
        (preview.code(), &json_of(&preview)["preview"]),
        (Some(0), &json!(true))
    );
    assert!(!missing("new.docx").exists());
}
