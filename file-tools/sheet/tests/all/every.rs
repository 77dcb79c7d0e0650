//! Every operation on ranges, sheets, names, filters, rules and notes, on every real workbook: only the parts that must
//! follow change, the change goes back byte for byte, and other programs open the result as before.

use std::collections::BTreeMap;

use deskhand_operations::{Refusal, RefusalCode, WorkbookAnswer};
use deskhand_sheet::{Finding, Workbook, lint};
use serde_json::{Value, json};

use crate::corpus::{edited, quoted};
use crate::outside::findings;
use crate::support::{files, goes_back, is_fixture, open, openpyxl, operation, plan, saved, settled};

/// Why an operation may not apply to a workbook.
const EXPECTED: [RefusalCode; 3] = [
    RefusalCode::Protected,
    RefusalCode::Unsupported,
    RefusalCode::NotFound,
];

/// An operation, and what else than its sheet may change: parts whose names hold one of these words.
struct Case {
    op: Value,
    follows: Vec<&'static str>,
}

/// The operations of a table, with the sheet put in.
fn cases(table: &'static str, sheet: &str) -> Vec<Case> {
    let lines = table.lines().filter(|line| line.starts_with('{'));
    let escaped = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
    let of_line = |line: &'static str| {
        let (op, follows) = line.split_once(" |").unwrap();
        let op = op
            .replace("{sheet}", &escaped(sheet))
            .replace("{q}", &escaped(&quoted(sheet)));
        Case {
            op: serde_json::from_str(&op).unwrap(),
            follows: follows.split_whitespace().collect(),
        }
    };
    lines.map(of_line).collect()
}

/// The part of a sheet, by the parts that a change to one of its cells touches.
fn sheet_part(book: &Workbook, q: &str) -> String {
    let op = json!({"op": "range.write", "range": format!("{q}!XEZ1"), "cells": [[1]]});
    let planned = plan(book, op).unwrap();
    planned.patches.patches[0].part().to_lowercase()
}

fn worksheets(book: &Workbook) -> Vec<String> {
    match book.answer(&operation(json!({"op": "workbook.info"}))).unwrap() {
        WorkbookAnswer::Info(info) => info.sheets.into_iter().map(|sheet| sheet.name).collect(),
        other => panic!("{other:?}"),
    }
}

/// One operation on a workbook: the workbook after it, where it applies.
fn carried_out(
    book: &mut Workbook,
    own: &str,
    known: &[Finding],
    Case { op, follows }: &Case,
) -> Result<Workbook, Refusal> {
    let before = settled(book);
    let planned = plan(book, op.clone())?;
    let changed = planned
        .patches
        .patches
        .iter()
        .map(|patch| patch.part().to_lowercase());
    for part in changed.filter(|part| book.package().contains(part) && part != own) {
        let may = follows.iter().any(|word| *word == "*" || part.contains(word));
        assert!(may, "{op} changes {part}");
    }
    let mut after = open(&before);
    after.apply(&planned.patches).unwrap();
    goes_back(&after, &planned.patches, &before);
    let is_known = |finding: &Finding| {
        known
            .iter()
            .any(|known| known.code == finding.code && known.location == finding.location)
    };
    let new: Vec<_> = lint(&after)
        .unwrap()
        .into_iter()
        .filter(|finding| !is_known(finding))
        .collect();
    assert!(new.is_empty(), "{op}: {new:?}");
    Ok(after)
}

#[test]
fn every_operation_changes_what_must_follow_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let larger = std::env::var_os("DESKHAND_CORPUS").is_some();
    let (mut refusals, mut done) = (BTreeMap::new(), 0);
    let mut results = Vec::new();
    for path in files().into_iter().filter(|path| larger || is_fixture(path)) {
        let mut book = open(&std::fs::read(&path).unwrap());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some((sheet, ..)) = edited(&book) else {
            continue;
        };
        println!("{name}");
        let q = quoted(&sheet);
        let cells = json!([["Region", "Units"], ["North", 2], ["South", "=XEB1001*3"]]);
        let first = json!({"op": "range.write", "range": format!("{q}!XEA1000"), "cells": cells});
        crate::support::done(&mut book, first);
        let (own, known) = (sheet_part(&book, &q), lint(&book).unwrap());
        for case in cases(include_str!("every/far.txt"), &sheet) {
            match carried_out(&mut book, &own, &known, &case) {
                Ok(after) => {
                    done += 1;
                    book = after;
                }
                Err(refusal) => {
                    assert!(EXPECTED.contains(&refusal.code), "{}: {refusal:?}", case.op);
                    *refusals
                        .entry(format!("{}: {}", case.op["op"], refusal.message))
                        .or_insert(0) += 1;
                }
            }
        }
        let file = saved(&book, folder.path(), &name);
        results.push((path, file, worksheets(&book)));
    }
    println!(
        "{done} operations on {} workbooks; refused: {refusals:#?}",
        results.len()
    );
    assert!(
        refusals.values().sum::<usize>() * 6 <= done,
        "few refusals: {refusals:#?}"
    );
    others_agree(&results);
}

/// openpyxl opens what it opened, with the sheets of the new names, and the Open XML SDK finds nothing new.
fn others_agree(results: &[(std::path::PathBuf, std::path::PathBuf, Vec<String>)]) {
    let asked: Vec<Value> = results.iter().map(|(_, file, _)| json!({"file": file})).collect();
    let originals: Vec<Value> = results.iter().map(|(path, ..)| json!({"file": path})).collect();
    let answers = openpyxl(&asked).into_iter().zip(openpyxl(&originals));
    for ((path, file, sheets), (answer, original)) in results.iter().zip(answers) {
        if original.get("error").is_none() {
            assert!(answer.get("error").is_none(), "{}: {answer}", path.display());
            let seen = answer["sheets"].as_array().unwrap();
            assert!(
                seen.iter()
                    .all(|sheet| sheets.contains(&sheet.as_str().unwrap().to_owned()))
            );
        }
        if is_fixture(path) {
            let (before, after) = (findings(path), findings(file));
            let new: Vec<_> = after
                .iter()
                .filter(|(finding, count)| before.get(*finding).is_none_or(|known| *count > &(2 * known)))
                .collect();
            assert!(new.is_empty(), "{}: {new:#?}", path.display());
        }
    }
}
