//! What formulas may be in a file, and what a change makes of each: array formulas, spilled ones, shared ones, what-if tables,
//! dates from 1904, texts that look like numbers, errors, and references that are only known when they are computed.

use deskhand_operations::CellValue;
use deskhand_sheet::Workbook;
use serde_json::json;

use crate::support::{done, part, value, with_part, workbook};

const SHEET: &str = "xl/worksheets/sheet1.xml";

/// A workbook with these cells, some of which are then given as the file has them.
fn with(rows: &[&[serde_json::Value]], replaced: &[(&str, &str)]) -> Workbook {
    let base = workbook(rows);
    let mut sheet = part(&base, SHEET);
    for (plain, written) in replaced {
        assert!(sheet.contains(plain), "{plain} stands in {sheet}");
        sheet = sheet.replace(plain, written);
    }
    with_part(&base, SHEET, &sheet)
}

/// Writes one number and answers what is said of it.
fn write(book: &mut Workbook, cell: &str, number: i32) -> Vec<String> {
    let (applied, _) = done(
        book,
        json!({"op": "range.write", "range": format!("Data!{cell}"), "cells": [[number]]}),
    );
    applied.warnings
}

fn number(value: f64) -> CellValue {
    CellValue::Number(value)
}

#[test]
fn an_array_formula_of_one_cell_is_computed_for_every_cell() {
    let mut book = with(
        &[&[json!(1), json!(2), json!("=SUM(A1:B1*A1:B1)"), json!("=C1+1")]],
        &[(
            "<f>SUM(A1:B1*A1:B1)</f>",
            "<f t=\"array\" ref=\"C1\">SUM(A1:B1*A1:B1)</f>",
        )],
    );
    assert_eq!(write(&mut book, "A1", 3), Vec::<String>::new());
    assert_eq!(value(&book, "Data!C1"), number(13.0));
    assert_eq!(value(&book, "Data!D1"), number(14.0));
    assert!(part(&book, SHEET).contains("<f t=\"array\" ref=\"C1\">"));
}

#[test]
fn what_fills_several_cells_keeps_its_values_and_is_named() {
    let rows: &[&[serde_json::Value]] = &[
        &[json!(1), json!("=A1*2"), json!("=SUM(B1:B2)"), json!("=A1+1")],
        &[json!(2), json!(4)],
    ];
    // An array formula of Excel 2007, a spilled one, and a what-if table.
    for written in [
        "<f t=\"array\" ref=\"B1:B2\">A1:A2*2</f>",
        "<f t=\"array\" aca=\"1\" ref=\"B1:B2\" ca=\"1\">_xlfn._xlws.SORT(A1:A2)</f>",
        "<f t=\"dataTable\" ref=\"B1:B2\" dt2D=\"0\" dtr=\"0\" r1=\"A1\"/>",
    ] {
        let mut book = with(rows, &[("<f>A1*2</f>", written)]);
        let warnings = write(&mut book, "A1", 7);
        let said = warnings.join(" ");
        let table = written.contains("dataTable");
        assert!(
            table || said.contains("Data!B1 (it fills several cells)"),
            "{written}: {warnings:?}"
        );
        assert!(
            table || said.contains("Data!C1 (it reads a cell that was not computed)"),
            "{warnings:?}"
        );
        assert_eq!(value(&book, "Data!B1"), number(2.0));
        assert_eq!(value(&book, "Data!D1"), number(8.0));
        assert!(part(&book, SHEET).contains(written));
    }
}

#[test]
fn cells_that_share_a_formula_are_computed_one_by_one() {
    let mut book = with(
        &[
            &[json!(1), json!("=A1*2")],
            &[json!(2), json!("=A2*2")],
            &[json!(3), json!("=A3*2")],
        ],
        &[
            ("<f>A1*2</f>", "<f t=\"shared\" ref=\"B1:B3\" si=\"0\">A1*2</f>"),
            ("<f>A2*2</f>", "<f t=\"shared\" si=\"0\"/>"),
            ("<f>A3*2</f>", "<f t=\"shared\" si=\"0\"/>"),
        ],
    );
    assert_eq!(write(&mut book, "A2", 50), Vec::<String>::new());
    let values = ["B1", "B2", "B3"].map(|cell| value(&book, &format!("Data!{cell}")));
    assert_eq!(values, [2.0, 100.0, 6.0].map(number));
    assert!(part(&book, SHEET).contains("<f t=\"shared\" si=\"0\"/><v>100</v>"));
}

#[test]
fn days_from_1904_are_counted_as_the_workbook_does() {
    let base = workbook(&[&[json!(1), json!("=YEAR(A1)"), json!("=TEXT(A1,\"yyyy\")")]]);
    let main = part(&base, "xl/workbook.xml");
    let changed = if main.contains("<workbookPr ") {
        main.replace("<workbookPr ", "<workbookPr date1904=\"1\" ")
    } else {
        main.replace("<workbookPr/>", "<workbookPr date1904=\"1\"/>")
    };
    assert_ne!(main, changed);
    let mut book = with_part(&base, "xl/workbook.xml", &changed);
    let warnings = write(&mut book, "A1", 366);
    // 1904 was a leap year: day 366 is 1905-01-01. The engine that writes dates as texts knows 1900 only.
    assert_eq!(value(&book, "Data!B1"), number(1905.0));
    assert!(
        warnings[0].contains("Data!C1 (TEXT is not computed here)"),
        "{warnings:?}"
    );
}

#[test]
fn texts_and_numbers_stay_what_they_are() {
    let mut book = workbook(&[&[
        json!(1),
        json!("'12"),
        json!("=SUM(A1:B1)"),
        json!("=A1&B1"),
        json!("=A1=\"7\""),
        json!("=ISTEXT(D1)"),
        json!("=IF(A1>5,\"\",A1)"),
    ]]);
    assert_eq!(value(&book, "Data!B1"), CellValue::Text("12".to_owned()));
    write(&mut book, "A1", 7);
    let values = ["C1", "D1", "E1", "F1", "G1"].map(|cell| value(&book, &format!("Data!{cell}")));
    let text = |text: &str| CellValue::Text(text.to_owned());
    let expected = [
        number(7.0),
        text("712"),
        CellValue::Boolean(false),
        CellValue::Boolean(true),
        text(""),
    ];
    assert_eq!(values, expected);
    let sheet = part(&book, SHEET);
    assert!(
        sheet.contains("t=\"str\"") && sheet.contains("t=\"b\""),
        "{sheet}"
    );
}

#[test]
fn errors_that_a_change_brings_are_told_and_stand_as_errors() {
    let mut book = workbook(&[&[
        json!(2),
        json!("=10/A1"),
        json!("=B1+1"),
        json!("=IFERROR(B1,-1)"),
    ]]);
    let warnings = write(&mut book, "A1", 0);
    let expected = "Formulas that depend on the change answer errors: Data!B1 (#DIV/0!), Data!C1 (#DIV/0!).";
    assert_eq!(warnings, [expected]);
    assert_eq!(value(&book, "Data!D1"), number(-1.0));
    assert!(part(&book, SHEET).contains("t=\"e\"><f>10/A1</f><v>#DIV/0!</v>"));
    assert_eq!(write(&mut book, "A1", 5), Vec::<String>::new());
    assert_eq!(value(&book, "Data!C1"), number(3.0));
}

#[test]
fn what_may_read_any_cell_is_named_after_every_change() {
    let base = [json!(1), json!("=A1*2"), json!("=B1+1"), json!("=A1+5")];
    for roaming in [
        "INDIRECT(&quot;A&quot;&amp;1)",
        "OFFSET(D9,-8,-3)",
        "SUM(D9:INDEX(A1:A9,1))",
    ] {
        let mut book = with(&[&base], &[("<f>A1*2</f>", &format!("<f>{roaming}</f>"))]);
        let settings = part(&book, "xl/workbook.xml");
        // The cell that is written is none that the formula names.
        let warnings = write(&mut book, "F7", 3);
        assert!(
            warnings[0].starts_with("Not computed: Data!B1 ("),
            "{roaming}: {warnings:?}"
        );
        assert!(warnings[0].contains("Data!C1"), "{roaming}: {warnings:?}");
        assert_eq!(value(&book, "Data!B1"), number(2.0));
        // Excel computes these on every opening, without being told.
        assert_eq!(part(&book, "xl/workbook.xml"), settings);
    }
}
