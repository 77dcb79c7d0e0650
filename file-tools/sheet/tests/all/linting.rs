//! The check before every save: each fault planted into a sound workbook is found, by its code and where it stands.

use std::collections::BTreeSet;

use deskhand_opc::Draft;
use deskhand_operations::CellValue;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{done, open, part, value, with_part, workbook};

const BOOK: &str = "xl/workbook.xml";
const SHEET: &str = "xl/worksheets/sheet1.xml";
const FIRST: &str = "xl/tables/table1.xml";
const SECOND: &str = "xl/tables/table2.xml";

/// Two tables side by side, merged cells, a name, a calculation chain, a text that is shared.
fn sound() -> Workbook {
    let rows: Vec<Vec<Value>> = vec![
        vec![
            json!("Item"),
            json!("Sum"),
            json!(null),
            json!("Region"),
            json!("Rate"),
        ],
        vec![json!("a"), json!(1), json!(null), json!("north"), json!(0.5)],
        vec![
            json!("b"),
            json!("=B2*2"),
            json!(null),
            json!("south"),
            json!(0.25),
        ],
    ];
    let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
    let mut book = workbook(&rows);
    for op in [
        json!({"op": "table.add", "range": "Data!A1:B3", "name": "Items"}),
        json!({"op": "table.add", "range": "Data!D1:E3", "name": "Rates"}),
        json!({"op": "range.merge", "range": "Data!A6:B7"}),
        json!({"op": "name.set", "name": "Rate", "refersTo": "=Data!$E$2"}),
    ] {
        done(&mut book, op);
    }
    let mut draft = Draft::new(book.package());
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml";
    let chain = r#"<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="B3" i="1"/></calcChain>"#;
    draft.add_part("xl/calcChain.xml", chain, kind).unwrap();
    let target = deskhand_opc::Target::Part("xl/calcChain.xml".to_owned());
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain";
    draft.add_relationship(BOOK, relation, &target).unwrap();
    open(&draft.package().write().unwrap())
}

/// The codes of all findings, without the room's name.
fn codes(book: &Workbook) -> BTreeSet<String> {
    let found = lint(book).unwrap().into_iter();
    found.map(|finding| finding.code.to_owned()).collect()
}

/// Part, what stands there, what is planted, the code.
const PLANTED: &[(&str, &str, &str, &str)] = &[
    (BOOK, r#"name="Q1 2026""#, r#"name="data""#, "sheetNameTwice"),
    (
        BOOK,
        r#"name="Q1 2026""#,
        r#"name="A name that is longer than Excel may""#,
        "sheetName",
    ),
    (BOOK, r#"sheetId="2""#, r#"sheetId="1""#, "sheetIdTwice"),
    (BOOK, r#"r:id="rId2""#, r#"r:id="rId77""#, "sheetPart"),
    (BOOK, r#"r:id="rId2""#, r#"r:id="rId77""#, "relationshipId"),
    (
        BOOK,
        "</definedNames>",
        r#"<definedName name="RATE">1</definedName></definedNames>"#,
        "nameTwice",
    ),
    (
        BOOK,
        "</definedNames>",
        r#"<definedName name="Own" localSheetId="9">1</definedName></definedNames>"#,
        "nameScope",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        "worksheets/sheet2.xml",
        "worksheets/sheet9.xml",
        "relationshipTarget",
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"Id="rId2""#,
        r#"Id="rId1""#,
        "relationshipTwice",
    ),
    (
        "[Content_Types].xml",
        r#"Extension="rels""#,
        r#"Extension="none""#,
        "contentType",
    ),
    ("xl/calcChain.xml", r#"r="B3""#, r#"r="B4""#, "calculationChain"),
    ("xl/calcChain.xml", r#"i="1""#, r#"i="8""#, "calculationChain"),
    (SHEET, r#"<row r="3""#, r#"<row r="1""#, "cellOrder"),
    (SHEET, r#"<c r="B2""#, r#"<c r="B2" s="77""#, "styleIndex"),
    (SHEET, "<f>B2*2</f>", "<f>SUM(B2</f>", "formula"),
    (
        SHEET,
        "</sheetData>",
        r#"<row r="9"><c r="A9" t="s"><v>77</v></c></row></sheetData>"#,
        "stringIndex",
    ),
    (
        SHEET,
        "<mergeCells",
        r#"<autoFilter ref="A9:B9"/><mergeCells"#,
        "",
    ),
    (
        SHEET,
        "<mergeCells",
        "<dataValidations/><mergeCells",
        "elementOrder",
    ),
    (
        SHEET,
        r#"<mergeCell ref="A6:B7"/>"#,
        r#"<mergeCell ref="A6:B7"/><mergeCell ref="B7:C8"/>"#,
        "mergeOverlap",
    ),
    (
        SECOND,
        r#"displayName="Rates""#,
        r#"displayName="ITEMS""#,
        "tableNameTwice",
    ),
    (SECOND, r#" id="2""#, r#" id="1""#, "tableIdTwice"),
    (SECOND, r#"ref="D1:E3""#, r#"ref="B1:C3""#, "tableOverlap"),
    (FIRST, r#"ref="A1:B3""#, r#"ref="A1:C3""#, "tableColumns"),
    (FIRST, r#"name="Sum""#, r#"name="Total""#, "tableHeader"),
];

#[test]
fn every_planted_fault_of_a_workbook_is_found() {
    let sound = sound();
    assert_eq!(codes(&sound), BTreeSet::new());
    for (place, from, to, code) in PLANTED {
        let before = part(&sound, place);
        assert!(before.contains(from), "{code}: {from} does not stand in {before}");
        let found = codes(&with_part(&sound, place, &before.replacen(from, to, 1)));
        assert_eq!(
            found.contains(*code),
            !code.is_empty(),
            "{code}: {to} gives {found:?}"
        );
    }
}

#[test]
fn a_cell_of_a_shared_text_without_an_index_is_empty_and_no_fault() {
    let sound = sound();
    let row = r#"<row r="9"><c r="A9" t="s"><v/></c><c r="B9" t="s"><v> </v></c></row></sheetData>"#;
    let book = with_part(
        &sound,
        SHEET,
        &part(&sound, SHEET).replacen("</sheetData>", row, 1),
    );
    assert_eq!(codes(&book), BTreeSet::new());
    assert_eq!(value(&book, "Data!A9"), CellValue::Empty);
}

#[test]
fn room_that_a_program_left_for_later_saves_needs_no_content_type() {
    let types = "[Content_Types].xml";
    for (name, expected) in [("[trash]/0000.dat", None), ("xl/0000.dat", Some("contentType"))] {
        let sound = sound();
        let mut draft = Draft::new(sound.package());
        draft.add_part(name, "left", "application/none").unwrap();
        let book = open(&draft.package().write().unwrap());
        let declared = part(&book, types);
        let from = declared.find(&format!("<Override PartName=\"/{name}\"")).unwrap();
        let end = from + declared[from..].find("/>").unwrap() + 2;
        let undeclared = format!("{}{}", &declared[..from], &declared[end..]);
        let found = codes(&with_part(&book, types, &undeclared));
        assert_eq!(found, expected.map(str::to_owned).into_iter().collect(), "{name}");
    }
}

#[test]
fn an_excel_5_module_sheet_without_a_part_is_no_fault() {
    let sound = sound();
    let sheets = r#"<sheet name="Module" sheetId="9" r:id=""/></sheets>"#;
    let book = with_part(&sound, BOOK, &part(&sound, BOOK).replacen("</sheets>", sheets, 1));
    assert_eq!(codes(&book), BTreeSet::new());
}

#[test]
fn a_fault_that_was_there_before_does_not_stand_in_the_way_of_a_change() {
    let sound = sound();
    for (place, from, to, code) in PLANTED {
        let mut book = with_part(&sound, place, &part(&sound, place).replacen(from, to, 1));
        let before = codes(&book);
        let op = json!({"op": "range.write", "range": "Data!H20", "cells": [[1]]});
        let Ok(planned) = book.plan(&crate::support::operation(op)) else {
            // Rows out of order are refused before anything is looked at.
            assert_eq!(*code, "cellOrder");
            continue;
        };
        book.apply(&planned.patches).unwrap();
        assert_eq!(codes(&book), before, "{code}");
    }
}
