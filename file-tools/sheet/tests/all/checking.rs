//! `workbook.check`: what a person should know of a file before he trusts it.

use deskhand_operations::WorkbookAnswer;
use deskhand_operations::answer::Severity;
use deskhand_sheet::Workbook;
use serde_json::json;

use crate::support::{done, operation, part, with_part, workbook};

/// Code, severity and place of each finding.
fn found(book: &Workbook) -> Vec<(String, Severity, String)> {
    match book.answer(&operation(json!({"op": "workbook.check"}))).unwrap() {
        WorkbookAnswer::Check(content) => content
            .findings
            .into_iter()
            .map(|found| (found.code, found.severity, found.location.unwrap_or_default()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn formulas_that_go_in_circles_are_told_once_a_circle() {
    let book = workbook(&[
        &[json!("=B1+1"), json!("='Q1 2026'!B2*2"), json!("=SUM(C1:C3)")],
        &[json!("=ROW(A2)"), json!("=IF(A3>0,B3,1)"), json!(4)],
        &[json!("=A2+A1"), json!("=B2")],
    ]);
    assert_eq!(
        found(&book)
            .into_iter()
            .filter(|found| found.0 == "formula.circular")
            .collect::<Vec<_>>(),
        [
            (
                "formula.circular".to_owned(),
                Severity::Warning,
                "Data!C1".to_owned()
            ),
            (
                "formula.circular".to_owned(),
                Severity::Warning,
                "Data!B2".to_owned()
            ),
        ]
    );
    // Where Excel is to compute circles again and again, they are meant so.
    let xml = part(&book, "xl/workbook.xml");
    let from = xml.find("<calcPr").map_or(xml.len(), |from| from);
    assert!(from < xml.len(), "{xml}");
    let meant = xml.replacen("<calcPr", "<calcPr iterate=\"1\"", 1);
    let meant = found(&with_part(&book, "xl/workbook.xml", &meant));
    let circles = meant.iter().filter(|found| found.0 == "formula.circular");
    assert!(circles.clone().count() == 2 && circles.clone().all(|found| found.1 == Severity::Note));
}

#[test]
fn a_formula_of_a_table_that_looks_at_its_own_place_goes_in_no_circle() {
    let mut book = workbook(&[
        &[json!("Value"), json!("Found"), json!("Next")],
        &[json!(1), json!(0), json!(0)],
        &[json!(2), json!(0), json!(0)],
    ]);
    let own = r#"=IF(T[[#This Row],[Value]]>1,INDIRECT("A"&ROW(T[[#This Row],[Found]])-1),0)"#;
    let next = r#"=INDIRECT("A"&T[[#This Row],[Value]])+T[[#This Row],[Found]]"#;
    for op in [
        json!({"op": "table.add", "range": "Data!A1:C3", "name": "T"}),
        json!({"op": "range.write", "range": "Data!B2:C3", "cells": [[own, next], [own, next]]}),
    ] {
        done(&mut book, op);
    }
    let circular = |book: &Workbook| found(book).iter().any(|found| found.0 == "formula.circular");
    assert!(!circular(&book));
    // One that reads the value of its own column is one.
    let own = r#"=INDIRECT("A1")+SUM(T[Found])"#;
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!B3", "cells": [[own]]}),
    );
    assert!(circular(&book));
}

#[test]
fn formulas_whose_column_of_a_table_is_gone_are_told() {
    let mut book = workbook(&[&[json!("Region"), json!("Amount")], &[json!("North"), json!(3)]]);
    for op in [
        json!({"op": "table.add", "range": "Data!A1:B2", "name": "Sales"}),
        json!({"op": "range.write", "range": "Data!D1:D2", "cells": [["=SUM(Sales[Amount])"], ["=\"[#REF!]\"&A1"]]}),
        json!({"op": "columns.delete", "range": "Data!B:B"}),
    ] {
        done(&mut book, op);
    }
    let lost: Vec<_> = found(&book)
        .into_iter()
        .filter(|found| found.0 == "formula.lostReference")
        .collect();
    assert_eq!(
        lost,
        [(
            "formula.lostReference".to_owned(),
            Severity::Warning,
            "Data!C1".to_owned()
        )]
    );
}
