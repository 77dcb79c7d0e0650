//! Recalculation: on real workbooks against the values that Excel saved, and what it leaves alone.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_formula::{Constant, EngineName, Method, Outcome};
use deskhand_operations::answer::Recalculation;
use deskhand_operations::{Area, CellValue, WorkbookAnswer};
use deskhand_sheet::{Recomputed, Workbook};
use serde_json::json;

use crate::support::{done, files, open, part, plan, read, value, with_part, workbook};

/// The relative difference up to which two numbers are the same value.
const TOLERANCE: f64 = 1e-9;

/// Differences that were looked at one by one: file, cell, engine, the value in the file, the computed one, why.
const ADJUDICATED: &str = include_str!("adjudicated.txt");

fn shown(value: &CellValue) -> String {
    match value {
        CellValue::Empty => String::new(),
        CellValue::Boolean(value) => value.to_string(),
        CellValue::Number(value) => value.to_string(),
        CellValue::Text(text) => text.clone(),
    }
}

fn held(formula: &Recomputed) -> Option<String> {
    Some(match formula.cached.as_ref()? {
        Constant::Value(value) => shown(value),
        Constant::Error(error) => error.clone(),
    })
}

/// A line as in the list, without its reason; none where nothing was computed or the file holds no value.
fn difference(workbook: &Workbook, file: &str, formula: &Recomputed) -> Option<String> {
    let found = match &formula.outcome {
        Outcome::Value(value) => shown(value),
        Outcome::Error(error) => error.clone(),
        Outcome::NotComputed(_) => return None,
    };
    let cell = Area::cell(formula.cell.row, formula.cell.column);
    let sheet = workbook.sheet_names().nth(formula.cell.sheet)?.to_owned();
    let engine = formula.engine.map_or("", EngineName::version);
    Some(format!(
        "{file} | {sheet}!{cell} | {engine} | {} | {found}",
        held(formula)?
    ))
}

#[test]
fn every_formula_is_right_or_named_or_was_looked_at() {
    let listed: BTreeMap<&str, &str> = ADJUDICATED
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.rsplit_once(" | ").expect("a reason"))
        .collect();
    let (mut wrong, mut used, mut present) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in files() {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let workbook = open(&std::fs::read(&path).unwrap());
        for formula in workbook.recompute(Method::default()).unwrap() {
            let state = match &formula.outcome {
                Outcome::NotComputed(reason) => {
                    assert!(!reason.is_empty(), "{file}: every gap has its reason");
                    "not computed"
                }
                _ if formula.cached.is_none() => "without a value in the file",
                _ if formula.agrees(TOLERANCE) => formula.engine.map_or("", EngineName::version),
                _ => {
                    let line = difference(&workbook, &file, &formula).unwrap();
                    match listed.get_key_value(line.as_str()) {
                        Some((line, _)) => drop(used.insert(*line)),
                        None => wrong.push(line),
                    }
                    "looked at"
                }
            };
            *counts.entry(state).or_default() += 1;
        }
        present.insert(file);
    }
    println!("{counts:#?}");
    assert!(
        wrong.is_empty(),
        "{} wrong values:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    let stale: Vec<_> = listed
        .keys()
        .filter(|line| present.contains(line.split(" | ").next().unwrap()) && !used.contains(*line))
        .collect();
    assert!(stale.is_empty(), "no longer different: {stale:#?}");
    assert!(counts.get("formualizer 0.13") > Some(&100), "{counts:?}");
}

fn recalculation(workbook: &Workbook) -> (Recalculation, deskhand_opc::PatchSet) {
    let planned = plan(workbook, json!({"op": "workbook.recalculate"})).unwrap();
    match planned.answer {
        WorkbookAnswer::Recalculate(answer) => (answer, planned.patches),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_values_that_differ_are_written_and_all_can_be_taken_back() {
    for path in files() {
        let bytes = std::fs::read(&path).unwrap();
        let workbook = open(&bytes);
        let (answer, patches) = recalculation(&workbook);
        let mut after = workbook.clone();
        after.apply(&patches).unwrap();
        // What is computed a second time differs nowhere.
        let (again, nothing) = recalculation(&after);
        assert_eq!(
            (again.changed, again.computed),
            (0, answer.computed),
            "{}",
            path.display()
        );
        assert!(nothing.patches.is_empty(), "{}", path.display());
        if answer.changed == 0 && answer.not_computed_count == 0 {
            assert!(patches.patches.is_empty(), "{}", path.display());
        }
        let mut undone = open(&after.package().write().unwrap());
        undone.apply(&patches.invert()).unwrap();
        assert!(undone.package().write().unwrap() == bytes, "{}", path.display());
    }
}

#[test]
fn a_stale_value_is_computed_anew_in_its_own_bytes() {
    let base = workbook(&[
        &[
            json!(2),
            json!("=A1*3"),
            json!("=B1+1"),
            json!("=IF(C1>5,\"high\",\"low\")"),
        ],
        &[json!("=TEXT(B1,\"0.0\")"), json!("=1/0")],
    ]);
    let sheet = part(&base, "xl/worksheets/sheet1.xml");
    let stale = sheet
        .replace("<v>6</v>", "<v>60</v>")
        .replace("<v>high</v>", "<v>old</v>");
    assert_ne!(stale, sheet);
    let workbook = with_part(&base, "xl/worksheets/sheet1.xml", &stale);
    let (answer, patches) = recalculation(&workbook);
    assert_eq!(
        (answer.computed, answer.changed, answer.not_computed_count),
        (5, 2, 0)
    );
    assert_eq!(answer.error_count, 1);
    assert_eq!(answer.errors[0].address, "Data!B2");
    let shares: Vec<_> = answer
        .engines
        .iter()
        .map(|share| (share.engine.as_str(), share.formulas))
        .collect();
    assert_eq!(shares, [("formualizer 0.13", 4), ("IronCalc 0.9", 1)]);
    let mut after = workbook.clone();
    after.apply(&patches).unwrap();
    assert_eq!(part(&after, "xl/worksheets/sheet1.xml"), sheet);
    assert_eq!(patches.patches.len(), 1, "one part");
}

#[test]
fn what_cannot_be_computed_is_named_and_keeps_its_value() {
    let base = workbook(&[&[
        json!(2),
        json!("=A1*2"),
        json!("=B1+1"),
        json!("=C1*2"),
        json!("=A1+5"),
    ]]);
    let sheet = part(&base, "xl/worksheets/sheet1.xml");
    let vendor = sheet.replace(
        "<f>A1*2</f><v>4</v>",
        "<f>_xll.BDP(&quot;x&quot;,A1)</f><v>77</v>",
    );
    assert_ne!(vendor, sheet);
    let mut workbook = with_part(&base, "xl/worksheets/sheet1.xml", &vendor);
    let (answer, patches) = recalculation(&workbook);
    let named: Vec<_> = answer
        .not_computed
        .iter()
        .map(|gap| (gap.cell.as_str(), gap.reason.as_str()))
        .collect();
    assert_eq!(named[0].0, "Data!B1");
    assert!(named[0].1.contains("BDP"), "{named:?}");
    assert_eq!(named[1], ("Data!C1", "it reads a cell that was not computed"));
    assert_eq!(named[2].0, "Data!D1");
    assert_eq!(
        (answer.not_computed_count, answer.computed, answer.changed),
        (3, 1, 0)
    );
    workbook.apply(&patches).unwrap();
    assert_eq!(value(&workbook, "Data!B1"), CellValue::Number(77.0));
    assert_eq!(value(&workbook, "Data!C1"), CellValue::Number(5.0));
    assert!(part(&workbook, "xl/workbook.xml").contains("fullCalcOnLoad=\"1\""));
}

#[test]
fn circles_are_named_and_what_only_looks_like_one_is_computed() {
    let mut book = workbook(&[&[json!(1), json!("=IF(A1=1,5,C1)"), json!("=IF(A1=1,B1+1,7)")]]);
    assert_eq!(value(&book, "Data!C1"), CellValue::Number(6.0));
    let (applied, _) = done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A2:C2", "cells": [["=B2+1", "=A2+1", "=B2*2"]]}),
    );
    assert!(
        applied.warnings[0].contains("Data!A2 (it refers to itself)"),
        "{:?}",
        applied.warnings
    );
    assert!(applied.warnings[0].contains("Data!C2"), "{:?}", applied.warnings);
}

#[test]
fn a_write_computes_what_depends_on_it_and_nothing_else() {
    let mut rows: Vec<Vec<serde_json::Value>> = vec![vec![json!(1), json!("=A1"), json!("=SUM(A1:A50)")]];
    for row in 2..=50 {
        rows.push(vec![
            json!(row),
            json!(format!("=B{}+A{row}", row - 1)),
            json!(format!("=A{row}*2")),
        ]);
    }
    let rows: Vec<&[serde_json::Value]> = rows.iter().map(Vec::as_slice).collect();
    let mut book = workbook(&rows);
    assert_eq!(value(&book, "Data!B50"), CellValue::Number(1275.0));
    // A wrong value that nothing touches stays as it stands.
    let sheet = part(&book, "xl/worksheets/sheet1.xml");
    let wrong = sheet.replace("<f>A9*2</f><v>18</v>", "<f>A9*2</f><v>99</v>");
    assert_ne!(wrong, sheet);
    book = with_part(&book, "xl/worksheets/sheet1.xml", &wrong);
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A30", "cells": [[130]]}),
    );
    let values = read(&book, "Data!B29:C31", &[]).values.unwrap();
    let expected = [[435.0, 58.0], [565.0, 260.0], [596.0, 62.0]].map(|row| row.map(CellValue::Number));
    assert_eq!(values, expected);
    assert_eq!(value(&book, "Data!C1"), CellValue::Number(1375.0));
    assert_eq!(value(&book, "Data!C9"), CellValue::Number(99.0));
}

#[test]
fn two_engines_are_set_beside_a_value_that_was_typed_over() {
    let base = workbook(&[&[json!(2), json!("=A1*3"), json!("=TEXT(B1,\"0\")"), json!("=B1+1")]]);
    let sheet = part(&base, "xl/worksheets/sheet1.xml");
    let stale = sheet.replace("<f>A1*3</f><v>6</v>", "<f>A1*3</f><v>60</v>");
    assert_ne!(stale, sheet);
    let found = with_part(&base, "xl/worksheets/sheet1.xml", &stale)
        .opinions()
        .unwrap();
    let differ: Vec<_> = found
        .iter()
        .map(|formula| {
            (
                formula.differs(&formula.first, 1e-9),
                formula.differs(&formula.second, 1e-9),
            )
        })
        .collect();
    assert_eq!(differ, [(true, true), (false, false), (false, false)]);
    assert_eq!(found[0].second, Outcome::Value(CellValue::Number(6.0)));
    assert_eq!(
        found[1].first,
        Outcome::NotComputed("formualizer 0.13 is not trusted with it".to_owned())
    );
}
