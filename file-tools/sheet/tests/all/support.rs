//! Opening, planning and reading back.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use deskhand_opc::{Draft, Limits, Package, PatchSet};
use deskhand_operations::answer::{Applied, RangeContent};
use deskhand_operations::{CellInput, CellValue, Refusal, RefusalCode, WorkbookAnswer, WorkbookOperation};
use deskhand_sheet::{NewSheet, Planned, Workbook, create_workbook};
use serde_json::{Value, json};

/// The committed workbooks and, where there is one, the larger corpus.
pub(crate) fn files() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("DESKHAND_CORPUS")
        .map_or_else(|| here.join("../../../shared/corpus"), PathBuf::from);
    let folders = [here.join("../fixtures/workbooks"), corpus];
    let entries = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "xlsx" || extension == "xlsm")
    });
    files.sort_by_key(|path| path.file_name().map(std::ffi::OsStr::to_owned));
    files.dedup_by_key(|path| path.file_name().map(std::ffi::OsStr::to_owned));
    assert!(files.len() >= 8, "the committed fixtures are there");
    files
}

/// A committed workbook by its name.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/workbooks")
        .join(name);
    std::fs::read(path).unwrap()
}

/// True for a committed workbook.
pub(crate) fn is_fixture(path: &Path) -> bool {
    path.components().any(|folder| folder.as_os_str() == "fixtures")
}

pub(crate) fn open(bytes: &[u8]) -> Workbook {
    Workbook::open(Package::open(bytes.to_vec(), &Limits::default()).unwrap()).unwrap()
}

/// A workbook of one sheet `Data` with these cells.
pub(crate) fn workbook(cells: &[&[Value]]) -> Workbook {
    let cells = cells.iter().map(|row| row.iter().map(input).collect()).collect();
    let sheets = [
        NewSheet {
            name: "Data".to_owned(),
            cells,
        },
        NewSheet {
            name: "Q1 2026".to_owned(),
            cells: vec![vec![CellInput::Number(5.0)]],
        },
    ];
    open(&create_workbook(&sheets).unwrap().0)
}

/// A workbook of units with texts, whose last text is empty.
pub(crate) fn data() -> Workbook {
    workbook(&[
        &[json!("Units"), json!("Text")],
        &[json!(1), json!("apple")],
        &[json!(5), json!("pear")],
        &[json!(9), json!(null)],
    ])
}

pub(crate) fn input(value: &Value) -> CellInput {
    serde_json::from_value(value.clone()).unwrap()
}

/// The workbook with the part of its first sheet replaced.
pub(crate) fn with_sheet(xml: &str) -> Workbook {
    with_part(&workbook(&[]), "xl/worksheets/sheet1.xml", xml)
}

/// The workbook with a part replaced.
pub(crate) fn with_part(workbook: &Workbook, part: &str, xml: &str) -> Workbook {
    let mut draft = Draft::new(workbook.package());
    let length = draft.package().part(part).unwrap().len();
    draft.edit(part, [(0..length, xml.into())]).unwrap();
    open(&draft.package().write().unwrap())
}

pub(crate) fn operation(op: Value) -> WorkbookOperation {
    serde_json::from_value(op).unwrap()
}

pub(crate) fn plan(workbook: &Workbook, op: Value) -> Result<Planned, Refusal> {
    workbook.plan(&operation(op))
}

/// Plans and applies; the patches come back for undo.
pub(crate) fn done(workbook: &mut Workbook, op: Value) -> (Applied, PatchSet) {
    let planned = plan(workbook, op.clone()).unwrap_or_else(|refusal| panic!("{op}: {refusal}"));
    workbook.apply(&planned.patches).unwrap();
    let answer = serde_json::to_value(&planned.answer).unwrap();
    (
        serde_json::from_value(answer).unwrap_or_default(),
        planned.patches,
    )
}

pub(crate) fn read(workbook: &Workbook, range: &str, what: &[&str]) -> RangeContent {
    let answer = workbook
        .answer(&operation(
            json!({"op": "range.read", "range": range, "what": what}),
        ))
        .unwrap();
    match answer {
        WorkbookAnswer::RangeRead(content) => content,
        other => panic!("{other:?}"),
    }
}

/// The value of one cell.
pub(crate) fn value(workbook: &Workbook, cell: &str) -> CellValue {
    read(workbook, cell, &[]).values.unwrap()[0][0].clone()
}

/// A part as text.
pub(crate) fn part(workbook: &Workbook, part: &str) -> String {
    String::from_utf8(workbook.package().part(part).unwrap().to_vec()).unwrap()
}

/// Asks openpyxl about saved files: `{"file", "cells": ["Sheet!A1"], "formulas": bool}` a question, one answer each.
pub(crate) fn openpyxl(questions: &[Value]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/openpyxl_reads.py");
    let mut child = Command::new(deskhand_test_support::python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), questions).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What openpyxl reads beside the cells: merged cells, rules, filters, widths, and defined names.
pub(crate) fn layout(workbook: &Workbook) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = saved(workbook, folder.path(), "book.xlsx");
    let mut answer = openpyxl(&[json!({"file": file, "layout": true})]).remove(0);
    assert!(answer.get("error").is_none(), "{answer}");
    json!({"sheets": answer["sheets"].take(), "names": answer["names"].take(), "layout": answer["layout"].take()})
}

/// A range as text, as `range.read` gives it for models.
pub(crate) fn table(workbook: &Workbook, range: &str) -> String {
    read(workbook, range, &["table"]).table.unwrap()
}

/// The code of a refusal.
pub(crate) fn refused(workbook: &Workbook, op: Value) -> (RefusalCode, String) {
    let refusal = plan(workbook, op.clone())
        .map(|planned| panic!("{op}: {planned:?}"))
        .unwrap_err();
    let says_so = refusal.message.contains("othing was changed");
    assert!(says_so || refusal.code == RefusalCode::NotFound, "{refusal}");
    (refusal.code, refusal.message)
}

/// Saves a workbook and opens it again: what it is planned on next is the file. Answers the file.
pub(crate) fn settled(book: &mut Workbook) -> Vec<u8> {
    let bytes = book.package().write().unwrap();
    *book = open(&bytes);
    bytes
}

/// Takes a change back on a copy, and compares with the bytes of the file before.
pub(crate) fn goes_back(workbook: &Workbook, patches: &PatchSet, before: &[u8]) {
    let mut undone = open(&workbook.package().write().unwrap());
    undone.apply(&patches.invert()).unwrap();
    assert!(
        undone.package().write().unwrap() == before,
        "undone byte for byte"
    );
}

/// Saves a workbook for another program to read.
pub(crate) fn saved(workbook: &Workbook, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, workbook.package().write().unwrap()).unwrap();
    path
}
