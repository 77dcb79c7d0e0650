//! `deskhand document` on files that a password or a signature guards, and under settings of the organisation.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use deskhand_e2e::{Finished, Setup, command, finish};
use deskhand_test_support::python;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const PASSWORD: &str = "Pässwört 1";

fn given(setup: &Setup, arguments: &[&str], input: &str) -> Finished {
    finish(command(setup.path(), arguments), input)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in Unicode")
}

fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {} {}", done.out, done.err))
}

/// A workbook that another tool protected.
fn protected(setup: &Setup) -> PathBuf {
    let plain = setup.fixture("workbooks/ironcalc__example.xlsx", "plain.xlsx");
    let book = setup.path().join("book.xlsx");
    let program = "import sys, io, msoffcrypto\nfrom msoffcrypto.format.ooxml import OOXMLFile\n\
                   out = open(sys.argv[2], 'wb')\nOOXMLFile(open(sys.argv[1], 'rb')).encrypt(sys.argv[3], out)";
    let made = Command::new(python())
        .args(["-c", program])
        .args([&plain, &book])
        .arg(PASSWORD)
        .output()
        .expect("python");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::remove_file(plain).expect("the plain file");
    book
}

/// A cell of a protected workbook, as other tools read it with the password.
fn read_elsewhere(book: &Path) -> String {
    let program = "import sys, io, msoffcrypto, openpyxl\nfile = msoffcrypto.OfficeFile(open(sys.argv[1], 'rb'))\n\
                   file.load_key(password=sys.argv[2], verify_password=True)\nplain = io.BytesIO()\n\
                   file.decrypt(plain, verify_integrity=True)\n\
                   print(openpyxl.load_workbook(plain)['Sheet1']['A2'].value)";
    let done = Command::new(python())
        .args(["-W", "ignore", "-c", program])
        .arg(book)
        .arg(PASSWORD)
        .output()
        .expect("python");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn write(value: u32) -> String {
    json!({ "ops": [{ "op": "range.write", "range": "Sheet1!A2", "cells": [[value]] }] }).to_string()
}

/// No file below the folder holds this text.
fn nowhere(folder: &Path, content: &str) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            nowhere(&path, content);
        } else {
            let bytes = fs::read(&path).unwrap_or_default();
            let found = bytes
                .windows(content.len())
                .any(|part| part == content.as_bytes());
            assert!(!found, "{content} in {}", path.display());
        }
    }
}

#[test]
fn a_protected_workbook_is_read_changed_and_undone_and_stays_protected() {
    let setup = Setup::empty();
    let book = protected(&setup);
    let first = read_elsewhere(&book);
    let line = format!("{PASSWORD}\n");
    let on = |verb: &str, more: &[&str], input: &str| {
        let fixed = ["document", verb, text(&book), "--password-stdin", "--json"];
        given(&setup, &[&fixed[..], more].concat(), input)
    };
    assert_eq!(json_of(&on("info", &[], &line))["kind"], "workbook");
    assert_eq!(on("check", &[], &line).code(), Some(0));
    let read = on("read", &["--range", "Sheet1!A2"], &line);
    let value = json_of(&read)["values"][0][0].as_f64();
    assert_eq!(value, first.parse().ok(), "{}", read.err);

    // The operations follow the password on standard input.
    let changed = on("apply", &["--ops", "-"], &format!("{line}{}", write(4711)));
    assert_eq!(changed.code(), Some(0), "{}", changed.err);
    assert_eq!(read_elsewhere(&book), "4711");
    let out = setup.path().join("out.xlsx");
    let other = on(
        "apply",
        &["--ops", "-", "--out", text(&out)],
        &format!("{line}{}", write(4712)),
    );
    assert_eq!(other.code(), Some(0), "{}", other.err);
    assert_eq!(
        (read_elsewhere(&out), read_elsewhere(&book)),
        ("4712".into(), "4711".into())
    );

    let id = json_of(&changed)["changeSet"]
        .as_str()
        .expect("a change set")
        .to_owned();
    let history = given(&setup, &["document", "history", text(&book), "--json"], "");
    assert_eq!(
        json_of(&history)["changeSets"][0]["undone"],
        false,
        "{}",
        history.err
    );
    let undo = ["document", "undo", &id, "--json"];
    let without = given(&setup, &undo, "");
    assert_eq!(without.code(), Some(2), "an undo needs the password too");
    let undone = given(&setup, &[&undo[..], &["--password-stdin"]].concat(), &line);
    assert_eq!(undone.code(), Some(0), "{}", undone.err);
    assert_eq!(read_elsewhere(&book), first);
    let same = given(
        &setup,
        &["document", "diff", text(&book), text(&out), "--password-stdin"],
        &line,
    );
    assert!(
        same.out.contains("Sheet1!A2 changed"),
        "{} {}",
        same.out,
        same.err
    );

    // Neither the content in plain nor the password lies anywhere.
    nowhere(setup.path(), "[Content_Types].xml");
    nowhere(setup.path(), PASSWORD);
}

#[test]
fn a_password_that_is_missing_wrong_or_too_much_is_told() {
    let setup = Setup::empty();
    let book = protected(&setup);
    let plain = setup.fixture("workbooks/ironcalc__example.xlsx", "plain.xlsx");
    let before = (
        fs::read(&book).expect("a file"),
        fs::read(&plain).expect("a file"),
    );
    let cases = [
        (&book, false, "", "protected by a password", "[DOC_ENCRYPTED]"),
        (
            &book,
            true,
            "wrong\n",
            "not the one of the file",
            "[DOC_ENCRYPTED]",
        ),
        (&book, true, "\n", "No password came", ""),
        (&plain, true, "x\n", "not protected by a password", ""),
    ];
    for (file, gives, password, words, code) in cases {
        let mut arguments = vec!["document", "apply", text(file), "--ops", "-"];
        arguments.extend(gives.then_some("--password-stdin"));
        let done = given(&setup, &arguments, &format!("{password}{}", write(1)));
        assert_eq!((done.code(), done.out.as_str()), (Some(2), ""), "{words}");
        assert!(
            done.err.contains(words) && done.err.contains(code) && done.err.lines().count() == 1,
            "{}",
            done.err
        );
    }
    assert!(
        before
            == (
                fs::read(&book).expect("a file"),
                fs::read(&plain).expect("a file")
            )
    );
}

#[test]
fn a_signed_file_is_changed_only_where_that_is_asked_for() {
    let setup = Setup::empty();
    let book = setup.fixture("workbooks/poi__ms-office-2010-signed.xlsx", "signed.xlsx");
    let before = fs::read(&book).expect("the workbook");
    let out = setup.path().join("out.xlsx");
    let apply = ["document", "apply", text(&book), "--ops", "-", "--json"];
    for more in [&[][..], &["--out", text(&out)]] {
        let refused = given(&setup, &[&apply[..], more].concat(), &write(1));
        assert_eq!((refused.code(), refused.out.as_str()), (Some(2), ""));
        assert!(
            refused.err.contains("signed by Frank Cornelis") && refused.err.contains("--break-signature"),
            "{}",
            refused.err
        );
    }
    assert!(fs::read(&book).expect("the workbook") == before && !out.exists());
    let done = given(&setup, &[&apply[..], &["--break-signature"]].concat(), &write(1));
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let id = json_of(&done)["changeSet"]
        .as_str()
        .expect("a change set")
        .to_owned();
    // The way back gives the signed file again, byte for byte.
    let undone = given(&setup, &["document", "undo", &id], "");
    assert_eq!(undone.code(), Some(0), "{}", undone.err);
    assert!(fs::read(&book).expect("the workbook") == before);
}

#[test]
fn sources_stay_out_of_files_where_the_settings_say_so() {
    let setup = Setup::empty();
    let source = json!({ "figure": "B2", "document": "plan", "title": "Plan.xlsx", "address": "Data!C4" });
    let mut kept = Vec::new();
    for (name, keeps) in [("with.xlsx", "true"), ("without.xlsx", "false")] {
        setup.configure("deskhandKeepSourcesInFiles", keeps);
        let file = setup.path().join(name);
        let ops = json!({ "ops": [
            { "op": "workbook.create", "sheets": [{ "name": "Sheet1" }] },
            { "op": "range.write", "range": "Sheet1!B2", "cells": [[42]], "sources": [source] },
        ] });
        let apply = ["document", "apply", text(&file), "--ops", "-", "--json"];
        let done = given(&setup, &apply, &ops.to_string());
        assert_eq!(done.code(), Some(0), "{}", done.err);
        let read = setup.run(&[
            "document",
            "read",
            text(&file),
            "--range",
            "Sheet1!B2",
            "--what",
            "sources",
            "--json",
        ]);
        assert_eq!(read.code(), Some(0), "{}", read.err);
        kept.push(read.out.contains("Plan.xlsx"));
    }
    assert_eq!(kept, [true, false]);
}
