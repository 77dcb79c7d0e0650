//! A workbook from untrusted parts: everything read, fixed changes and one of the input's own planned, done, undone.
#![no_main]

use deskhand_fuzz::{Input, let_the_engine_panic};
use deskhand_opc::{Limits, Package};
use deskhand_operations::{WorkbookAnswer, WorkbookOperation};
use deskhand_sheet::{Workbook, lint};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json};

/// Smaller than the product's, so that a slow input shows as one.
const LIMITS: Limits = Limits {
    file_bytes: 1 << 20,
    parts: 256,
    part_bytes: 8 << 20,
    total_bytes: 16 << 20,
    ratio: 300,
    ratio_from: 1 << 20,
    spin_count: 1000,
    xml_depth: 256,
    xml_nodes: 100_000,
    written_out: 4 << 20,
};

fuzz_target!(init: let_the_engine_panic(), |data: &[u8]| -> Corpus {
    let mut input = Input::read(data);
    let own = input.take("operation").and_then(|json| serde_json::from_slice(json).ok());
    let opened = Package::open(input.archive(), &LIMITS).ok().and_then(|package| Workbook::open(package).ok());
    let Some(mut workbook) = opened else {
        return Corpus::Reject;
    };
    let _ = lint(&workbook);
    let Ok(WorkbookAnswer::Info(content)) = workbook.answer(&operation(json!({"op": "workbook.info"}))) else {
        return Corpus::Keep;
    };
    for sheet in content.sheets.iter().take(2) {
        let name = format!("'{}'", sheet.name.replace('\'', "''"));
        let what = ["values", "formulas", "numberFormats", "formats", "texts", "sources"];
        let _ = workbook.answer(&operation(json!({"op": "range.read", "range": name, "what": what, "maxRows": 50})));
        let cells = json!([[1.5, "=A1+SUM(A:B)"], ["text", {"clear": true}]]);
        let sources = json!([{"figure": "B2", "document": "d", "address": "X!A1", "value": 2}]);
        let write = json!({"op": "range.write", "range": format!("{name}!B2:C3"), "cells": cells, "sources": sources});
        change(&mut workbook, &operation(write));
        for chart in sheet.charts.iter().take(1) {
            let update = json!({"op": "chart.update", "sheet": sheet.name, "name": chart, "title": "T", "kind": "line"});
            change(&mut workbook, &operation(update));
            change(&mut workbook, &operation(json!({"op": "chart.delete", "sheet": sheet.name, "name": chart})));
        }
    }
    let _ = workbook.answer(&operation(json!({"op": "pivot.info"})));
    change(&mut workbook, &operation(json!({"op": "pivot.refresh"})));
    if let Ok(WorkbookAnswer::CommentRead(threads)) = workbook.answer(&operation(json!({"op": "comment.read"}))) {
        for thread in threads.threads.iter().take(1) {
            change(&mut workbook, &operation(json!({"op": "comment.reply", "cell": thread.cell, "text": "Seen"})));
        }
    }
    let _ = workbook.answer(&operation(json!({"op": "range.find", "text": "a"})));
    if let Some(own) = own {
        change(&mut workbook, &own);
    }
    Corpus::Keep
});

fn operation(json: Value) -> WorkbookOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}

fn change(workbook: &mut Workbook, operation: &WorkbookOperation) {
    let _ = workbook.answer(operation);
    let Ok(planned) = workbook.plan(operation) else {
        return;
    };
    let before = workbook.package().write().expect("memory takes everything");
    workbook
        .apply(&planned.patches)
        .expect("a plan can be carried out");
    let faults = workbook_faults(&before);
    if let Err(refusal) = workbook.undo(&planned.patches) {
        // A fault of the input's own that went with the change looks like a new one when it comes back.
        assert!(faults > 0, "nothing came in between: {refusal}");
        let mut package = workbook.package().clone();
        package
            .apply(&planned.patches.invert())
            .expect("nothing came in between");
        *workbook = Workbook::open(package).expect("it was open before");
    }
    assert_eq!(
        workbook.package().write().expect("memory takes everything"),
        before
    );
}

fn workbook_faults(file: &[u8]) -> usize {
    let package = Package::open(file.to_vec(), &LIMITS).expect("it was written here");
    let workbook = Workbook::open(package).expect("it was open before");
    lint(&workbook).map_or(1, |found| found.len())
}
