//! The forms in which worksheets come, each written into without harm.

use deskhand_operations::{CellValue, RefusalCode};
use deskhand_sheet::{Workbook, lint};
use serde_json::json;

use crate::support::{done, part, plan, read, value, with_part, with_sheet, workbook};

const SPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const SHEET: &str = "xl/worksheets/sheet1.xml";

fn sheet(inside: &str) -> String {
    format!(r#"<worksheet xmlns="{SPACE}">{inside}</worksheet>"#)
}

fn number(value: f64) -> CellValue {
    CellValue::Number(value)
}

fn text(value: &str) -> CellValue {
    CellValue::Text(value.to_owned())
}

#[test]
fn cells_come_into_any_form_of_sheet_data() {
    let cases = [
        (
            "empty",
            sheet("<sheetData/>"),
            r#"<sheetData><row r="2"><c r="B2"><v>7</v></c></row></sheetData>"#,
        ),
        (
            "self-closed row",
            sheet(r#"<sheetData><row r="2" ht="20"/></sheetData>"#),
            r#"<row r="2" ht="20"><c r="B2"><v>7</v></c></row>"#,
        ),
        (
            "prefixed",
            format!(
                r#"<x:worksheet xmlns:x="{SPACE}"><x:sheetData><x:row r="1"/></x:sheetData></x:worksheet>"#
            ),
            r#"<x:row r="1"/><x:row r="2"><x:c r="B2"><x:v>7</x:v></x:c></x:row>"#,
        ),
        (
            "rows and cells without addresses",
            sheet(
                "<sheetData><row><c><v>1</v></c></row><row><c><v>2</v></c><c><v>3</v></c><c><v>4</v></c></row></sheetData>",
            ),
            r#"<row><c r="A2"><v>2</v></c><c r="B2"><v>7</v></c><c r="C2"><v>4</v></c></row>"#,
        ),
        (
            "between rows",
            sheet(r#"<sheetData><row r="1"/><row r="3"><c r="A3"><v>1</v></c></row></sheetData>"#),
            r#"<row r="1"/><row r="2"><c r="B2"><v>7</v></c></row><row r="3">"#,
        ),
        (
            "spans and dimension grow",
            sheet(r#"<dimension ref="A1"/><sheetData><row r="2" spans="1:1"><c r="A2"/></row></sheetData>"#),
            r#"<dimension ref="A1:B2"/><sheetData><row r="2" spans="1:2"><c r="A2"/><c r="B2"><v>7</v></c></row>"#,
        ),
        (
            "styles of rows are taken on",
            sheet(r#"<sheetData><row r="2" s="0" customFormat="1"><c r="C2"/></row></sheetData>"#),
            r#"<c r="B2"><v>7</v></c><c r="C2"/>"#,
        ),
    ];
    for (name, before, expected) in cases {
        let mut workbook = with_sheet(&before);
        let bytes = workbook.package().write().unwrap();
        let (_, patches) = done(
            &mut workbook,
            json!({"op": "range.write", "range": "Data!B2", "cells": [[7]]}),
        );
        let after = part(&workbook, SHEET);
        assert!(after.contains(expected), "{name}: {after}");
        assert_eq!(value(&workbook, "Data!B2"), number(7.0), "{name}");
        workbook.apply(&patches.invert()).unwrap();
        assert!(workbook.package().write().unwrap() == bytes, "{name} undone");
    }
}

#[test]
fn strict_sheets_are_written_like_others() {
    let strict =
        r#"<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheetData/></worksheet>"#;
    let mut workbook = with_sheet(strict);
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1", "cells": [["x"]]}),
    );
    assert_eq!(value(&workbook, "Data!A1"), text("x"));
}

#[test]
fn every_kind_of_input_reads_back() {
    let mut workbook = workbook(&[]);
    let cells = json!([[1.5, -0.1, 1e300, true], ["a <b> & \"c\"", " spaced ", "'=literal", "line\nbreak"], [null, {"clear": true}, "_x0041_", "\u{7}bell"]]);
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1", "cells": cells}),
    );
    let values = read(&workbook, "Data!A1:D3", &["values"]).values.unwrap();
    assert_eq!(
        values[0],
        [number(1.5), number(-0.1), number(1e300), CellValue::Boolean(true)]
    );
    assert_eq!(
        values[1],
        [
            text("a <b> & \"c\""),
            text(" spaced "),
            text("=literal"),
            text("line\nbreak")
        ]
    );
    assert_eq!(
        values[2],
        [
            CellValue::Empty,
            CellValue::Empty,
            text("_x0041_"),
            text("\u{7}bell")
        ]
    );
    let formulas = read(&workbook, "Data!C2", &["formulas"]).formulas.unwrap();
    assert_eq!(
        formulas[0][0],
        text("'=literal"),
        "written back it is the same text"
    );
}

#[test]
fn formulas_are_computed_and_what_depends_on_them_too() {
    let mut workbook = workbook(&[
        &[json!(2), json!("=A1*10")],
        &[json!(3), json!("=B1+'Q1 2026'!A1")],
    ]);
    assert_eq!(value(&workbook, "Data!B2"), number(25.0));
    let (applied, _) = done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1", "cells": [[4]]}),
    );
    assert_eq!(value(&workbook, "Data!B1"), number(40.0));
    assert_eq!(value(&workbook, "Data!B2"), number(45.0));
    assert!(applied.warnings.is_empty(), "{:?}", applied.warnings);
    let op = json!({"op": "range.write", "range": "Data!C1", "cells": [["=SUM(A1:A2)"], ["=1/0"], ["=BDP(\"x\")"], ["=XLOOKUP(3,A1:A2,B1:B2)"]]});
    let (applied, _) = done(&mut workbook, op);
    let back = applied.read_back.unwrap();
    assert_eq!(back.formula_count, 4);
    assert_eq!(back.errors, ["Data!C2"]);
    assert_eq!(back.formulas[0].value, number(7.0));
    assert_eq!(back.formulas[2].value, CellValue::Empty);
    assert_eq!(back.formulas[3].value, number(45.0));
    assert_eq!(
        back.formulas[3].formula.as_deref(),
        Some("=XLOOKUP(3,A1:A2,B1:B2)")
    );
    assert!(
        applied.warnings[0].contains("Data!C3") && applied.warnings[0].contains("BDP"),
        "{:?}",
        applied.warnings
    );
    assert!(part(&workbook, SHEET).contains("_xlfn.XLOOKUP"));
    assert!(part(&workbook, "xl/workbook.xml").contains(r#"fullCalcOnLoad="1""#));
}

#[test]
fn formulas_without_a_cached_value_are_computed_before_what_rests_on_them() {
    let xml = sheet(
        r#"<sheetData><row r="1"><c r="A1"><v>2</v></c><c r="B1"><f>A1*10</f></c><c r="C1"><f>B1+1</f></c></row></sheetData>"#,
    );
    let mut workbook = with_sheet(&xml);
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!D1", "cells": [["=C1*2"]]}),
    );
    assert_eq!(value(&workbook, "Data!D1"), number(42.0));
    assert_eq!(value(&workbook, "Data!B1"), number(20.0));
}

#[test]
fn a_shared_formula_survives_the_loss_of_its_anchor() {
    let xml = sheet(concat!(
        r#"<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>2</v></c></row>"#,
        r#"<row r="2"><c r="A2"><v>2</v></c><c r="B2"><f t="shared" si="0"/><v>4</v></c></row>"#,
        r#"<row r="3"><c r="A3"><v>3</v></c><c r="B3"><f t="shared" si="0"/><v>6</v></c></row></sheetData>"#
    ));
    let mut workbook = with_sheet(&xml);
    assert_eq!(
        read(&workbook, "Data!B3", &["formulas"]).formulas.unwrap()[0][0],
        text("=A3*2")
    );
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!B1", "cells": [[100]]}),
    );
    let formulas = read(&workbook, "Data!B1:B3", &["formulas"]).formulas.unwrap();
    assert_eq!(formulas, [[number(100.0)], [text("=A2*2")], [text("=A3*2")]]);
    assert!(!part(&workbook, SHEET).contains("shared"));
}

/// A workbook with a calculation chain of these entries.
fn chained(base: &Workbook, entries: &str) -> Workbook {
    let mut draft = deskhand_opc::Draft::new(base.package());
    let chain = format!(r#"<calcChain xmlns="{SPACE}">{entries}</calcChain>"#);
    draft
        .add_part(
            "xl/calcChain.xml",
            chain,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml",
        )
        .unwrap();
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain";
    draft
        .add_relationship(
            "xl/workbook.xml",
            kind,
            &deskhand_opc::Target::Part("xl/calcChain.xml".to_owned()),
        )
        .unwrap();
    crate::support::open(&draft.package().write().unwrap())
}

#[test]
fn the_calculation_chain_forgets_formulas_that_are_gone() {
    let base = workbook(&[&[json!("=1+1"), json!("=2+2"), json!("=3+3")]]);
    let mut workbook = chained(&base, r#"<c r="A1" i="1"/><c r="B1"/><c r="C1"/>"#);
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1", "cells": [[1]]}),
    );
    assert!(part(&workbook, "xl/calcChain.xml").contains(r#"<c r="B1" i="1"/><c r="C1"/>"#));
    done(&mut workbook, json!({"op": "range.clear", "range": "Data!A1:C1"}));
    assert!(
        !workbook.package().contains("xl/calcChain.xml"),
        "an empty chain is taken out"
    );
    assert!(lint(&workbook).unwrap().is_empty());
}

#[test]
fn the_calculation_chain_names_every_cell_of_an_array_formula_until_it_is_gone() {
    let array = r#"<sheetData><row r="1"><c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row></sheetData>"#;
    let base = with_sheet(&sheet(array));
    let mut workbook = chained(
        &base,
        r#"<c r="A1" i="1" a="1"/><c r="A2" i="1"/><c r="A3" i="1"/>"#,
    );
    let found: Vec<String> = lint(&workbook)
        .unwrap()
        .into_iter()
        .map(|finding| finding.location)
        .collect();
    assert_eq!(found, ["A3"], "only what no formula fills");
    done(&mut workbook, json!({"op": "range.clear", "range": "Data!A1:A2"}));
    assert!(part(&workbook, "xl/calcChain.xml").ends_with(r#"><c r="A3" i="1"/></calcChain>"#));
}

#[test]
fn cells_that_may_not_be_changed_alone_are_refused_by_name() {
    let array = r#"<sheetData><row r="1"><c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row></sheetData>"#;
    let merged = r#"<sheetData/><mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>"#;
    let protected = r#"<sheetData/><sheetProtection sheet="1"/>"#;
    let unordered = r#"<sheetData><row r="2"/><row r="1"/></sheetData>"#;
    let cases = [
        (array, "A2", json!([[1]]), RefusalCode::Protected),
        (merged, "B2", json!([[1]]), RefusalCode::Protected),
        (protected, "A1", json!([[1]]), RefusalCode::Protected),
        (unordered, "A1", json!([[1]]), RefusalCode::Corrupt),
        ("<sheetData/>", "A1", json!([["=SUM(A1"]]), RefusalCode::BadInput),
        (
            "<sheetData/>",
            "A1",
            json!([["=FILTER(A1:A3,B1:B3)"]]),
            RefusalCode::Unsupported,
        ),
        ("<sheetData/>", "A1", json!([[1], [1, 2]]), RefusalCode::BadInput),
        ("<sheetData/>", "A1:B1", json!([[1]]), RefusalCode::BadInput),
        ("<sheetData/>", "XFD1", json!([[1, 2]]), RefusalCode::BadInput),
        (
            "<sheetData/>",
            "A1",
            json!([["x".repeat(32_768)]]),
            RefusalCode::TooLarge,
        ),
    ];
    for (data, cell, cells, code) in cases {
        let workbook = with_sheet(&sheet(data));
        let refused = plan(
            &workbook,
            json!({"op": "range.write", "range": format!("Data!{cell}"), "cells": cells}),
        );
        let refusal = refused
            .map(|planned| panic!("{data} {cell}: {planned:?}"))
            .unwrap_err();
        assert_eq!(refusal.code, code, "{data} {cell}: {refusal}");
    }
    let workbook = workbook(&[]);
    let no_sheet = plan(
        &workbook,
        json!({"op": "range.write", "range": "Nowhere!A1", "cells": [[1]]}),
    )
    .unwrap_err();
    assert_eq!(no_sheet.code, RefusalCode::NotFound);
    assert!(no_sheet.message.contains("Q1 2026"), "{no_sheet}");
}

#[test]
fn an_array_formula_may_be_replaced_as_a_whole() {
    let array = r#"<sheetData><row r="1"><c r="A1"><f t="array" ref="A1:A2">B1:B2*2</f><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row></sheetData>"#;
    let mut workbook = with_sheet(&sheet(array));
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1", "cells": [[1], [2]]}),
    );
    assert!(!part(&workbook, SHEET).contains("array"));
}

#[test]
fn dates_from_1904_and_circles_are_left_to_excel() {
    let base = workbook(&[&[json!(2)]]);
    let xml = part(&base, "xl/workbook.xml");
    let circles = xml.replace("<calcPr ", r#"<calcPr iterate="1" "#);
    assert_ne!(circles, xml);
    let mut workbook = with_part(&base, "xl/workbook.xml", &circles);
    let (applied, _) = done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!B1", "cells": [["=A1*2"]]}),
    );
    assert_eq!(value(&workbook, "Data!B1"), CellValue::Empty);
    assert!(applied.warnings[0].contains("circles"), "{:?}", applied.warnings);
}

#[test]
fn a_read_tells_whether_cells_changed_since() {
    let mut workbook = workbook(&[&[json!(1), json!("=A1+1")]]);
    let before = read(&workbook, "Data!A1:B2", &[]).fingerprint;
    assert_eq!(read(&workbook, "Data!A1:B2", &["formulas"]).fingerprint, before);
    let (applied, patches) = done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1:B2", "cells": [[9, null], [null, null]]}),
    );
    let after = read(&workbook, "Data!A1:B2", &[]).fingerprint;
    assert_ne!(after, before);
    assert_eq!(applied.read_back.unwrap().fingerprint, after);
    workbook.apply(&patches.invert()).unwrap();
    assert_eq!(read(&workbook, "Data!A1:B2", &[]).fingerprint, before);
}
