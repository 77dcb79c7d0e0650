//! Rows and columns that come and go on every real workbook, read back by openpyxl.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use deskhand_operations::{Area, WorkbookAnswer};
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::corpus::quoted;
use crate::outside::findings;
use crate::support::{done, files, is_fixture, open, openpyxl, operation, plan, saved, with_sheet};

/// Sheets that have cells, with their used ranges.
fn used(workbook: &Workbook) -> Vec<(String, Area)> {
    let WorkbookAnswer::Info(info) = workbook
        .answer(&operation(json!({"op": "workbook.info"})))
        .unwrap()
    else {
        panic!("no answer to workbook.info");
    };
    let area = |range: String| Area::parse(range.rsplit('!').next().unwrap()).unwrap();
    info.sheets
        .into_iter()
        .filter_map(|sheet| Some((sheet.name, area(sheet.used_range?))))
        .collect()
}

/// The range of three rows or columns in the middle of an area, and the number of the first, from 1.
fn middle(axis: &str, area: &Area) -> (String, u32) {
    if axis == "rows" {
        let at = area.top + area.rows() / 2 + 1;
        return (format!("{at}:{}", at + 2), at);
    }
    let at = area.left + area.columns() / 2;
    let letters = |column: u32| Area::cell(0, column).to_string().trim_end_matches('1').to_owned();
    (format!("{}:{}", letters(at), letters(at + 2)), at + 1)
}

/// One workbook on its way: inserted on every sheet, then deleted again, then all taken back.
fn there_and_back(
    path: &Path,
    axis: &str,
    folder: &Path,
    refusals: &mut BTreeMap<String, usize>,
) -> Option<Value> {
    let bytes = std::fs::read(path).unwrap();
    let mut workbook = open(&bytes);
    let findings = lint(&workbook).unwrap().len();
    let (mut patches, mut shifts, mut warnings) = (Vec::new(), serde_json::Map::new(), Vec::new());
    for (sheet, area) in used(&workbook) {
        let (range, at) = middle(axis, &area);
        let op = json!({"op": format!("{axis}.insert"), "range": format!("{}!{range}", quoted(&sheet))});
        match plan(&workbook, op) {
            Ok(planned) => {
                workbook.apply(&planned.patches).unwrap();
                let answer = serde_json::to_value(&planned.answer).unwrap();
                warnings.push(answer["warnings"].clone());
                patches.push(planned.patches);
                shifts.insert(sheet, json!([axis, at, 3, range]));
            }
            Err(refusal) => {
                let words = format!(
                    "{:?}: {sheet} in {}: {}",
                    refusal.code,
                    path.display(),
                    refusal.message
                );
                *refusals.entry(words).or_insert(0) += 1;
            }
        }
    }
    if shifts.is_empty() {
        return None;
    }
    let name = path.file_name().unwrap().to_str().unwrap();
    let shifted = saved(&workbook, folder, &format!("{axis}-shifted-{name}"));
    assert!(
        lint(&workbook).unwrap().len() <= findings,
        "{} passes its check",
        path.display()
    );
    for (sheet, shift) in &shifts {
        let range = format!("{}!{}", quoted(sheet), shift[3].as_str().unwrap());
        let op = json!({"op": format!("{axis}.delete"), "range": range});
        let planned =
            plan(&workbook, op).unwrap_or_else(|refusal| panic!("{} {range}: {refusal}", path.display()));
        workbook.apply(&planned.patches).unwrap();
        patches.push(planned.patches);
    }
    let back = saved(&workbook, folder, &format!("{axis}-back-{name}"));
    let mut undone = open(&std::fs::read(&back).unwrap());
    for set in patches.iter().rev() {
        undone.apply(&set.invert()).unwrap();
    }
    assert!(
        undone.package().write().unwrap() == bytes,
        "{} undone",
        path.display()
    );
    Some(json!({"original": path, "shifted": shifted, "back": back, "shifts": shifts, "warnings": warnings}))
}

fn compared(questions: &[Value]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/openpyxl_shifts.py");
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

#[test]
fn rows_and_columns_come_and_go_on_every_workbook_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let (mut questions, mut refusals) = (Vec::new(), BTreeMap::new());
    let larger = std::env::var_os("DESKHAND_CORPUS").is_some();
    for path in files().into_iter().filter(|path| larger || is_fixture(path)) {
        for axis in ["rows", "columns"] {
            questions.extend(there_and_back(&path, axis, folder.path(), &mut refusals));
        }
    }
    println!("refused: {refusals:#?}");
    let (mut cells, mut formulas, mut recalculated, mut read) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for (question, answer) in questions.iter().zip(compared(&questions)) {
        if !answer["unread"].is_null() {
            continue;
        }
        read += 1;
        let count = |name: &str| answer[name].as_u64().unwrap_or_default();
        cells += count("cells");
        formulas += count("formulas");
        recalculated += count("recalculated");
        for what in ["moved", "back"] {
            let list = answer[what].as_array().unwrap();
            if !list.is_empty() {
                let some: Vec<&Value> = list.iter().take(6).collect();
                wrong.push(format!(
                    "{} {what} {}: {some:#?}",
                    question["shifted"],
                    list.len()
                ));
            }
        }
        println!(
            "{} recalculated {} warnings {}",
            question["shifted"], answer["recalculated"], question["warnings"]
        );
    }
    println!(
        "{} shifts, {read} read: {cells} cells, {formulas} formulas, {recalculated} with another value",
        questions.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read >= 10, "{read} read by openpyxl");
}

/// All that one operation on each sheet of a workbook leaves, saved.
fn changed(path: &Path, op: &str, folder: &Path) -> Option<std::path::PathBuf> {
    let bytes = std::fs::read(path).unwrap();
    let mut workbook = open(&bytes);
    let axis = op.split('.').next().unwrap();
    let mut patches = Vec::new();
    for (sheet, area) in used(&workbook) {
        let range = format!("{}!{}", quoted(&sheet), middle(axis, &area).0);
        match plan(&workbook, json!({"op": op, "range": range})) {
            Ok(planned) => {
                workbook.apply(&planned.patches).unwrap();
                patches.push(planned.patches);
            }
            Err(refusal) => {
                let expected = ["Protected", "Unsupported"].contains(&format!("{:?}", refusal.code).as_str());
                assert!(expected, "{} {op} {range}: {refusal:?}", path.display());
            }
        }
    }
    if patches.is_empty() {
        return None;
    }
    let file = saved(
        &workbook,
        folder,
        &format!("{op}-{}", path.file_name().unwrap().to_str().unwrap()),
    );
    let mut undone = open(&std::fs::read(&file).unwrap());
    for set in patches.iter().rev() {
        undone.apply(&set.invert()).unwrap();
    }
    assert!(
        undone.package().write().unwrap() == bytes,
        "{} undone",
        path.display()
    );
    Some(file)
}

#[test]
fn the_open_xml_sdk_finds_nothing_new_after_rows_and_columns() {
    let folder = tempfile::tempdir().unwrap();
    let larger = std::env::var_os("DESKHAND_CORPUS").is_some();
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in files().into_iter().filter(|path| larger || is_fixture(path)) {
        let before = findings(&path);
        let original = openpyxl(&[json!({"file": path})]).remove(0);
        for op in ["rows.insert", "rows.delete", "columns.insert", "columns.delete"] {
            let Some(file) = changed(&path, op, folder.path()) else {
                continue;
            };
            checked += 1;
            let after = findings(&file);
            let new = after
                .iter()
                .filter(|(finding, count)| before.get(*finding).is_none_or(|known| known < count));
            wrong.extend(new.map(|(finding, count)| format!("{} {op}: {count} {finding}", path.display())));
            let opened = openpyxl(&[json!({"file": file})]).remove(0);
            assert!(
                opened.get("error").is_none() || original.get("error").is_some(),
                "{}: {opened}",
                file.display()
            );
        }
    }
    println!("{checked} changed workbooks checked");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 20, "{checked} checked");
}

#[test]
fn faults_that_a_file_has_move_along_and_hinder_nobody() {
    let mut book = with_sheet(concat!(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
        r#"<row r="1"><c r="A1"><v>2</v></c></row><row r="2"><c r="A2" s="999"><v>1</v></c></row></sheetData></worksheet>"#
    ));
    assert_eq!(deskhand_sheet::lint(&book).unwrap().len(), 1);
    for op in [
        json!({"op": "rows.insert", "range": "Data!1:1"}),
        json!({"op": "columns.insert", "range": "Data!A:A"}),
        json!({"op": "sheet.rename", "name": "Data", "to": "Numbers"}),
    ] {
        done(&mut book, op);
    }
    assert_eq!(deskhand_sheet::lint(&book).unwrap()[0].location, "B3");
}
