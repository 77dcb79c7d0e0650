//! Charts, pictures, pivot tables and comments of every real workbook: changed, checked by others, taken back exactly.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use deskhand_opc::{Limits, Package, PatchSet};
use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::corpus::{differing, edited, opens_as_before};
use crate::outside::new_findings;
use crate::support::{files, is_fixture, open, operation, plan, saved};

/// One point.
const POINT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

fn answer(book: &Workbook, op: &Value) -> Value {
    serde_json::to_value(book.answer(&operation(op.clone())).unwrap()).unwrap()
}

fn on(sheet: &str, range: &str) -> String {
    format!("'{}'!{range}", sheet.replace('\'', "''"))
}

/// Every operation on objects that applies to a workbook, with the parts that it may touch.
fn operations(book: &Workbook) -> Vec<(Value, &'static [&'static str])> {
    let info = answer(book, &json!({"op": "workbook.info"}));
    let mut operations: Vec<(Value, &'static [&'static str])> = Vec::new();
    for sheet in info["sheets"].as_array().unwrap() {
        let cells = sheet.get("kind").is_none();
        for chart in sheet["chartDetails"].as_array().into_iter().flatten() {
            let names = (sheet["name"].as_str().unwrap(), chart["name"].as_str().unwrap());
            operations.extend(of_chart(names, chart, cells));
        }
    }
    if let Some((sheet, ..)) = edited(book) {
        let write = json!({"op": "range.write", "range": on(&sheet, "XEA1000"), "cells": [["Region", "Units", "Share"], ["North", 2, 0.4], ["South", 3, 0.6]],
            "sources": [{"figure": "XEB1001", "document": "d", "address": "Revenue!F2:F486", "value": 2}, {"figure": "XEC1001", "document": "d", "address": "Revenue!G2"}]});
        operations.push((write, &[]));
        let add = json!({"op": "chart.add", "range": on(&sheet, "XEA1000:XEC1002"), "kind": "columnClustered", "name": "Deskhand chart",
            "title": "Units", "series": [{"series": "Share", "kind": "line", "secondary": true}]});
        operations.push((
            add,
            &[
                "xl/charts/",
                "xl/drawings/",
                "xl/worksheets/",
                "[content_types].xml",
            ],
        ));
        let picture = json!({"op": "picture.add", "place": on(&sheet, "XEA1010"), "name": "Deskhand picture", "data": POINT, "altText": "A point"});
        operations.push((
            picture,
            &[
                "xl/media/",
                "xl/drawings/",
                "xl/worksheets/",
                "[content_types].xml",
            ],
        ));
    }
    operations.push((json!({"op": "pivot.refresh"}), &["xl/pivotcache/"]));
    let threads = answer(book, &json!({"op": "comment.read"}));
    for thread in threads["threads"].as_array().into_iter().flatten() {
        let reply = json!({"op": "comment.reply", "cell": thread["cell"], "text": "Seen", "at": "2026-03-31T09:30:00Z"});
        operations.push((reply, &["xl/threadedcomments/", "xl/persons/", "xl/comments"]));
    }
    operations
}

/// Changes of one chart, and in the end its deletion where its sheet has cells.
fn of_chart(
    (sheet, name): (&str, &str),
    chart: &Value,
    cells: bool,
) -> Vec<(Value, &'static [&'static str])> {
    let update = |fields: Value| {
        let mut op = json!({"op": "chart.update", "sheet": sheet, "name": name});
        for (field, value) in fields.as_object().unwrap() {
            op[field] = value.clone();
        }
        (op, &["xl/charts/"] as &'static [&'static str])
    };
    let first = chart["series"]
        .get(0)
        .and_then(|series| series["name"].as_str())
        .unwrap_or_default();
    let mut operations = vec![
        update(json!({"title": "Changed <here>"})),
        update(json!({"look": {"legend": "top", "blanks": "gap", "hiddenCells": false}})),
        update(
            json!({"look": {"valueTitle": "Value", "categoryTitle": "Category", "gridlines": false, "valueFormat": "0.0"}}),
        ),
        update(json!({"series": [{"series": first, "color": "accent2", "labels": true}]})),
        update(json!({"kind": "lineMarkers"})),
        update(json!({"kind": "barStacked", "title": ""})),
        update(json!({"kind": "pie"})),
        update(json!({"kind": "columnClustered"})),
    ];
    if let Some(values) = chart["series"]
        .get(0)
        .and_then(|series| series["values"].as_str())
    {
        operations.push(update(json!({"range": values})));
    }
    if cells {
        let place = json!({"op": "chart.update", "sheet": sheet, "name": name, "place": on(sheet, "B2:H20")});
        operations.push((place, &["xl/drawings/"]));
        let delete = json!({"op": "chart.delete", "sheet": sheet, "name": name});
        operations.push((
            delete,
            &[
                "xl/charts/",
                "xl/drawings/",
                "xl/embeddings/",
                "xl/theme/",
                "[content_types].xml",
            ],
        ));
    }
    operations
}

/// Makes all operations that a workbook takes; the others are refused with a reason.
fn change(path: &Path, book: &mut Workbook, refusals: &mut BTreeSet<String>) -> Vec<PatchSet> {
    let mut made = Vec::new();
    for (op, allowed) in operations(book) {
        match plan(book, op.clone()) {
            Ok(planned) => {
                for patch in planned.patches.patches.iter().filter(|_| !allowed.is_empty()) {
                    let part = patch.part().to_lowercase();
                    assert!(
                        allowed.iter().any(|allowed| part.starts_with(allowed)),
                        "{} {op}: {part}",
                        path.display()
                    );
                }
                book.apply(&planned.patches).unwrap();
                made.push(planned.patches);
            }
            Err(refusal) => {
                let known = [
                    RefusalCode::Unsupported,
                    RefusalCode::Protected,
                    RefusalCode::NotFound,
                    RefusalCode::BadInput,
                ];
                assert!(
                    known.contains(&refusal.code),
                    "{} {op}: {refusal:?}",
                    path.display()
                );
                let file = path.file_name().unwrap().to_string_lossy();
                refusals.insert(format!("{file} {} {:?}: {refusal}", op["op"], refusal.code));
            }
        }
    }
    made
}

#[test]
fn objects_of_every_workbook_are_changed_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut questions, mut refusals, mut changes) = (Vec::new(), BTreeSet::new(), 0);
    let larger = std::env::var_os("DESKHAND_CORPUS").is_some();
    let paths: Vec<PathBuf> = files()
        .into_iter()
        .filter(|path| larger || is_fixture(path))
        .collect();
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let mut book = open(&bytes);
        let original = book.package().clone();
        let findings = lint(&book).unwrap();
        answer(&book, &json!({"op": "pivot.info"}));
        let made = change(path, &mut book, &mut refusals);
        changes += made.len();
        let new: Vec<_> = lint(&book)
            .unwrap()
            .into_iter()
            .filter(|finding| !findings.contains(finding))
            .collect();
        assert!(new.is_empty(), "{}: {new:?}", path.display());
        let file = saved(&book, folder.path(), path.file_name().unwrap().to_str().unwrap());
        let reopened = Package::open(std::fs::read(&file).unwrap(), &Limits::default()).unwrap();
        let touched: BTreeSet<String> = made
            .iter()
            .flat_map(|set| &set.patches)
            .map(|patch| patch.part().to_lowercase())
            .collect();
        for part in differing(&original, &reopened) {
            assert!(
                touched.contains(&part.to_lowercase()),
                "{}: {part}",
                path.display()
            );
        }
        let new = new_findings(path, &file);
        assert!(new.is_empty(), "{}: {new:#?}", path.display());
        questions.push((path.clone(), json!({"file": file})));
        let mut undone = Workbook::open(reopened).unwrap();
        for set in made.iter().rev() {
            undone.apply(&set.invert()).unwrap();
        }
        assert!(
            undone.package().write().unwrap() == bytes,
            "{} undone",
            path.display()
        );
    }
    opens_as_before(&questions);
    println!(
        "{changes} changes to {} workbooks; refused: {refusals:#?}",
        paths.len()
    );
    assert!(changes >= 60, "{changes} changes");
}
