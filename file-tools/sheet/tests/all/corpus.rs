//! Every real workbook: one cell edited, nothing else changed, taken back exactly.

use std::collections::BTreeMap;

use deskhand_opc::{Limits, Package};
use deskhand_operations::{CellValue, RefusalCode, WorkbookAnswer};
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{files, is_fixture, open, openpyxl, operation, plan, saved, value};

/// The names of sheets with their used ranges.
fn sheets(workbook: &Workbook) -> Vec<(String, Option<String>)> {
    match workbook
        .answer(&operation(json!({"op": "workbook.info"})))
        .unwrap()
    {
        WorkbookAnswer::Info(info) => info
            .sheets
            .into_iter()
            .map(|sheet| (sheet.name, sheet.used_range))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// The sheet as addresses have it.
pub(crate) fn quoted(sheet: &str) -> String {
    format!("'{}'", sheet.replace('\'', "''"))
}

/// Parts that differ between two packages.
pub(crate) fn differing(one: &Package, other: &Package) -> Vec<String> {
    let same = |part: &str| {
        other
            .part(part)
            .is_ok_and(|content| content == one.part(part).unwrap())
    };
    let mut parts: Vec<String> = one
        .parts()
        .filter(|part| !same(part))
        .map(str::to_owned)
        .collect();
    parts.extend(
        other
            .parts()
            .filter(|part| !one.contains(part))
            .map(str::to_owned),
    );
    parts
}

/// A cell to edit: below the used range, on the first sheet that takes it.
pub(crate) fn edited(workbook: &Workbook) -> Option<(String, String, deskhand_sheet::Planned)> {
    for (sheet, used) in sheets(workbook) {
        let below = used
            .as_deref()
            .and_then(|used| deskhand_operations::Area::parse(used).ok());
        let cell = deskhand_operations::Area::cell(below.map_or(0, |used| used.bottom + 3), 1).to_string();
        let op =
            json!({"op": "range.write", "range": format!("{}!{cell}", quoted(&sheet)), "cells": [[4711.25]]});
        match plan(workbook, op) {
            Ok(planned) => return Some((sheet, cell, planned)),
            Err(refusal) => {
                let expected = [RefusalCode::Protected, RefusalCode::Unsupported].contains(&refusal.code);
                assert!(expected, "{sheet}: {refusal:?}");
            }
        }
    }
    None
}

#[test]
fn one_edited_cell_leaves_every_other_part_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (mut questions, mut covered, mut read_back) = (Vec::new(), 0, 0);
    for path in files() {
        let bytes = std::fs::read(&path).unwrap();
        let before = open(&bytes);
        let Some((sheet, cell, planned)) = edited(&before) else {
            println!("every sheet of {} refuses", path.display());
            continue;
        };
        covered += 1;
        let mut after = before.clone();
        after.apply(&planned.patches).unwrap();
        let file = saved(&after, folder.path(), path.file_name().unwrap().to_str().unwrap());
        let reopened = Package::open(std::fs::read(&file).unwrap(), &Limits::default()).unwrap();
        let changed = differing(before.package(), &reopened);
        assert_eq!(changed.len(), 1, "{}: {changed:?}", path.display());
        assert_eq!(
            value(&after, &format!("{}!{cell}", quoted(&sheet))),
            CellValue::Number(4711.25)
        );

        let mut undone = Workbook::open(reopened).unwrap();
        undone.apply(&planned.patches.invert()).unwrap();
        assert!(
            undone.package().write().unwrap() == bytes,
            "{} undone",
            path.display()
        );
        questions.push((path, json!({"file": file, "cells": [[sheet, cell]]}), sheet, cell));
    }
    let originals: Vec<Value> = questions.iter().map(|(path, ..)| json!({"file": path})).collect();
    let asked: Vec<Value> = questions
        .iter()
        .map(|(_, question, ..)| question.clone())
        .collect();
    let answers = openpyxl(&asked).into_iter().zip(openpyxl(&originals));
    for ((path, _, sheet, cell), (answer, original)) in questions.iter().zip(answers) {
        // What openpyxl could not read before it need not read now.
        let sheets = original["sheets"].as_array();
        if sheets.is_some_and(|sheets| sheets.contains(&json!(sheet))) {
            let read = &answer["cells"][format!("{sheet}!{cell}")]["value"];
            assert_eq!(*read, json!(4711.25), "{}: {answer}", path.display());
            read_back += 1;
        }
    }
    assert!(
        read_back * 10 >= covered * 8,
        "{read_back} of {covered} read by openpyxl"
    );
    println!("{covered} workbooks edited, {read_back} read back by openpyxl");
    assert!(covered >= 8);
}

/// Operations that apply to any workbook, with a sheet of it.
pub(crate) fn operations(sheet: &str) -> Vec<Value> {
    let q = quoted(sheet);
    vec![
        json!({"op": "range.write", "range": format!("{q}!XEA1000"), "cells": [["Region", "Units"], ["North", 2], ["South", "=XEB1001*3"]]}),
        json!({"op": "range.format", "range": format!("{q}!XEA1000:XEB1000"), "format": {"bold": true, "fillColor": "#1F4E78", "numberFormat": "0.00"}, "fitColumns": true}),
        json!({"op": "table.add", "range": format!("{q}!XEA1000:XEB1002"), "name": "DeskhandTable"}),
        json!({"op": "chart.add", "range": format!("{q}!XEA1000:XEB1002"), "kind": "columnClustered", "name": "Deskhand chart", "title": "Units"}),
        json!({"op": "chart.delete", "sheet": sheet, "name": "Deskhand chart"}),
        json!({"op": "table.delete", "name": "DeskhandTable"}),
        json!({"op": "range.clear", "range": format!("{q}!XEA1000:XEB1002")}),
        json!({"op": "sheet.add", "name": "Deskhand sheet", "after": sheet}),
        json!({"op": "sheet.delete", "name": "Deskhand sheet"}),
    ]
}

#[test]
fn every_operation_on_every_workbook_can_be_taken_back_and_passes_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let (mut questions, mut refusals) = (Vec::new(), BTreeMap::new());
    // A minute for the fixtures without optimisation: the larger corpus takes part when it is named.
    let larger = std::env::var_os("DESKHAND_CORPUS").is_some();
    for path in files().into_iter().filter(|path| larger || is_fixture(path)) {
        let bytes = std::fs::read(&path).unwrap();
        let mut workbook = open(&bytes);
        let findings = lint(&workbook).unwrap();
        let Some((sheet, ..)) = edited(&workbook) else {
            continue;
        };
        let mut patches = Vec::new();
        for op in operations(&sheet) {
            match plan(&workbook, op.clone()) {
                Ok(planned) => {
                    workbook.apply(&planned.patches).unwrap();
                    patches.push(planned.patches);
                    let name = format!(
                        "{}-{}",
                        patches.len(),
                        path.file_name().unwrap().to_str().unwrap()
                    );
                    questions.push((
                        path.clone(),
                        json!({"file": saved(&workbook, folder.path(), &name)}),
                    ));
                }
                Err(refusal) => {
                    *refusals
                        .entry(format!("{} {:?}: {}", op["op"], refusal.code, refusal.message))
                        .or_insert(0) += 1;
                }
            }
        }
        let new: Vec<_> = lint(&workbook)
            .unwrap()
            .into_iter()
            .filter(|finding| !findings.contains(finding))
            .collect();
        assert!(new.is_empty(), "{}: {new:?}", path.display());
        let mut undone = open(&workbook.package().write().unwrap());
        for set in patches.iter().rev() {
            undone.apply(&set.invert()).unwrap();
        }
        assert!(
            undone.package().write().unwrap() == bytes,
            "{} undone",
            path.display()
        );
    }
    println!("{} edits; refused: {refusals:#?}", questions.len());
    assert!(
        refusals.values().sum::<usize>() * 10 <= questions.len(),
        "few refusals: {refusals:#?}"
    );
    opens_as_before(&questions);
}

/// What openpyxl opened before it opens now.
pub(crate) fn opens_as_before(questions: &[(std::path::PathBuf, Value)]) {
    let asked: Vec<Value> = questions.iter().map(|(_, question)| question.clone()).collect();
    let originals: Vec<Value> = questions.iter().map(|(path, _)| json!({"file": path})).collect();
    let answers = openpyxl(&asked).into_iter().zip(openpyxl(&originals));
    for ((path, question), (answer, original)) in questions.iter().zip(answers) {
        let opened = answer.get("error").is_none() || original.get("error").is_some();
        assert!(opened, "{} {question}: {answer}", path.display());
    }
}
