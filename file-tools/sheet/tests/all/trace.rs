//! `workbook.trace`: what a figure is computed from, and what is computed from it, as a person would follow it.

use deskhand_formula::Kind;
use deskhand_operations::answer::{TraceContent, TracedCell};
use deskhand_operations::{CellValue, RefusalCode, WorkbookAnswer};
use deskhand_sheet::{NewSheet, Workbook, create_workbook};
use serde_json::{Value, json};

use crate::support::{done, files, input, open, operation};

fn trace(workbook: &Workbook, asked: Value) -> TraceContent {
    let mut op = json!({"op": "workbook.trace"});
    op.as_object_mut()
        .unwrap()
        .extend(asked.as_object().unwrap().clone());
    match workbook.answer(&operation(op)).unwrap() {
        WorkbookAnswer::Trace(content) => content,
        other => panic!("{other:?}"),
    }
}

fn step<'a>(content: &'a TraceContent, address: &str) -> &'a TracedCell {
    let found = content.cells.iter().find(|cell| cell.address == address);
    found.unwrap_or_else(|| panic!("{address} is not in {:#?}", content.cells))
}

/// Sheets `Model` (a small income statement) and `Inputs`.
fn model() -> Workbook {
    let rows = |rows: Value| -> Vec<Vec<_>> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row.as_array().unwrap().iter().map(input).collect())
            .collect()
    };
    let sheets = [
        NewSheet {
            name: "Model".to_owned(),
            cells: rows(json!([
                ["", "Units", "Price", "Revenue"],
                ["North", 10, 2.5, "=B2*C2"],
                ["South", 20, 3, "=B3*C3"],
                ["West", 5, 4, "=B4*C4"],
                ["Total", "=SUM(B2:B4)", "", "=SUM(D2:D4)"],
                ["Tax", "", "", "=D5*Inputs!B1"],
                ["Net", "", "", "=D5-D6"]
            ])),
        },
        NewSheet {
            name: "Inputs".to_owned(),
            cells: rows(json!([["Tax rate", 0.25], ["Unused", 7]])),
        },
    ];
    open(&create_workbook(&sheets).unwrap().0)
}

#[test]
fn a_figure_is_followed_to_its_inputs_across_sheets() {
    let content = trace(&model(), json!({"cell": "Model!D7", "direction": "precedents"}));
    assert!(!content.truncated);
    let start = step(&content, "Model!D7");
    assert_eq!((start.depth, start.formula.as_deref()), (0, Some("=D5-D6")));
    assert_eq!(start.label.as_deref(), Some("Net / Revenue"));
    assert_eq!(start.links, ["Model!D5", "Model!D6"]);
    let run = step(&content, "Model!D2:D4");
    assert_eq!(
        (run.depth, run.alike, run.formula.as_deref()),
        (2, Some(3), Some("=B2*C2"))
    );
    assert_eq!(run.links, ["Model!B2:B4", "Model!C2:C4"]);
    let rate = step(&content, "Inputs!B1");
    assert_eq!((rate.input, &rate.value), (true, &Some(CellValue::Number(0.25))));
    assert_eq!(rate.label.as_deref(), Some("Tax rate"));
    let units = step(&content, "Model!B2:B4");
    assert!(units.input);
    assert_eq!(units.holds.as_deref(), Some("3 numbers, sum 35"));
    assert!(
        content
            .cells
            .iter()
            .all(|cell| !cell.address.starts_with("Inputs!B2"))
    );
}

#[test]
fn a_chain_stops_at_the_depth_that_is_asked_for() {
    let content = trace(
        &model(),
        json!({"cell": "Model!D7", "direction": "precedents", "depth": 1}),
    );
    let found: Vec<_> = content.cells.iter().map(|cell| cell.address.as_str()).collect();
    assert_eq!(found, ["Model!D7", "Model!D5", "Model!D6"]);
    assert!(!content.truncated);
}

#[test]
fn an_input_is_followed_to_all_that_rests_on_it() {
    let content = trace(&model(), json!({"cell": "Model!C3", "direction": "dependents"}));
    let found: Vec<_> = content
        .cells
        .iter()
        .map(|cell| (cell.address.as_str(), cell.depth))
        .collect();
    assert_eq!(
        found,
        [
            ("Model!C3", 0),
            ("Model!D3", 1),
            ("Model!D5", 2),
            ("Model!D6", 3),
            ("Model!D7", 3)
        ]
    );
    assert_eq!(step(&content, "Model!D5").links, ["Model!D6", "Model!D7"]);
    assert_eq!(
        step(&content, "Model!D6").links,
        ["Model!D7"],
        "also what was reached before"
    );
}

#[test]
fn names_whole_columns_and_undecided_functions_are_told() {
    let mut workbook = model();
    let cells = json!([
        ["=SUM(Model!D:D)"],
        ["=INDIRECT(\"Model!D\"&B2)"],
        ["=[Rates.xlsx]Sheet1!A1+1"],
        ["=C3+C2+C1"]
    ]);
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Inputs!C1:C4", "cells": cells}),
    );
    let content = trace(&workbook, json!({"cell": "Inputs!C4", "direction": "precedents"}));
    assert_eq!(content.not_followed, ["Inputs!C2 (INDIRECT)"]);
    assert_eq!(content.outside.len(), 1);
    assert!(
        content.outside[0].starts_with("Inputs!C3 reads "),
        "{:?}",
        content.outside
    );
    let column = step(&content, "Model!D:D");
    assert_eq!(column.links, ["Model!D2:D4", "Model!D5", "Model!D6", "Model!D7"]);
    let dependents = trace(&workbook, json!({"cell": "Model!D2", "direction": "dependents"}));
    assert_eq!(step(&dependents, "Inputs!C1").depth, 1);
}

#[test]
fn a_long_chain_of_formulas_alike_is_one_step() {
    let rows: Vec<Vec<_>> = (1..=20_000)
        .map(|row| {
            let balance = if row == 1 {
                json!(100)
            } else {
                json!(format!("=A{}+B{row}", row - 1))
            };
            [balance, json!(row)].iter().map(input).collect()
        })
        .collect();
    let sheet = NewSheet {
        name: "Run".to_owned(),
        cells: rows,
    };
    let workbook = open(&create_workbook(&[sheet]).unwrap().0);
    let content = trace(
        &workbook,
        json!({"cell": "Run!A2:A20000", "direction": "precedents"}),
    );
    assert!(!content.truncated);
    assert_eq!(content.cells[0].alike, Some(19_999));
    assert!(step(&content, "Run!B2:B20000").input);
    // From its end the chain has 19,999 links one after the other: more than an answer holds.
    let content = trace(
        &workbook,
        json!({"cell": "Run!A20000", "direction": "precedents"}),
    );
    assert!(content.truncated);
    assert_eq!(content.cells.len(), 2_000);
}

#[test]
fn what_is_not_there_is_refused() {
    let workbook = model();
    for (cell, code) in [
        ("Nowhere!A1", RefusalCode::NotFound),
        ("A1", RefusalCode::BadInput),
        ("Model", RefusalCode::BadInput),
    ] {
        let op = operation(json!({"op": "workbook.trace", "cell": cell, "direction": "precedents"}));
        assert_eq!(workbook.answer(&op).unwrap_err().code, code, "{cell}");
    }
}

#[test]
fn every_formula_of_real_workbooks_has_a_chain_that_names_what_it_names() {
    let mut followed = 0;
    for path in files() {
        let workbook = open(&std::fs::read(&path).unwrap());
        let WorkbookAnswer::Info(info) = workbook
            .answer(&operation(json!({"op": "workbook.info"})))
            .unwrap()
        else {
            panic!("an info");
        };
        for sheet in info
            .sheets
            .iter()
            .filter(|sheet| sheet.used_range.is_some())
            .take(2)
        {
            let whole = format!(
                "'{}'!{}",
                sheet.name.replace('\'', "''"),
                sheet.used_range.as_ref().unwrap()
            );
            let content = trace(
                &workbook,
                json!({"cell": whole, "direction": "precedents", "depth": 1}),
            );
            for cell in &content.cells {
                let Some(formula) = &cell.formula else { continue };
                let names = deskhand_formula::tokens(formula)
                    .iter()
                    .any(|token| token.kind == Kind::Reference);
                let told = !cell.links.is_empty() || !content.outside.is_empty();
                assert!(!names || told || cell.depth > 0, "{}: {cell:?}", path.display());
                followed += 1;
            }
        }
    }
    assert!(followed > 100, "{followed} formulas");
}
