//! Copying, filling and merging, with the results that Excel gives.

use deskhand_operations::{CellValue, RefusalCode};
use deskhand_sheet::{Workbook, lint};
use serde_json::json;

use crate::support::{
    done, goes_back, layout, part, refused, saved, settled, table, value, with_part, with_sheet, workbook,
};

const SPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const SHEET: &str = "xl/worksheets/sheet1.xml";

fn model() -> Workbook {
    workbook(&[
        &[json!("Item"), json!("Q1"), json!("Q2"), json!("Rate")],
        &[json!("North"), json!(10), json!("=B2*$D$2"), json!(2)],
        &[json!("South"), json!(20), json!("=B3*$D$2")],
    ])
}

/// A sheet whose inside is given, behind `sheetData`.
fn sheet(data: &str, rest: &str) -> Workbook {
    with_sheet(&format!(
        r#"<worksheet xmlns="{SPACE}"><sheetData>{data}</sheetData>{rest}</worksheet>"#
    ))
}

#[test]
fn copies_take_formulas_along_with_references_that_follow() {
    let mut book = model();
    let before = settled(&mut book);
    let (applied, patches) = done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!A2:C3", "to": "Data!A5"}),
    );
    assert_eq!(applied.target, "Data!A5:C6");
    assert_eq!(
        table(&book, "Data!A5:C6"),
        "\tA\tB\tC\n5\tNorth\t10\t=B5*$D$2 → 20\n6\tSouth\t20\t=^ → 40\n"
    );
    goes_back(&book, &patches, &before);
    // To another sheet: relative and absolute references mean that sheet, as in Excel.
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!B2:C2", "to": "'Q1 2026'!B3"}),
    );
    assert_eq!(table(&book, "'Q1 2026'!B3:C3"), "\tB\tC\n3\t10\t=B3*$D$2 → 0\n");
    // Values alone, formulas alone, and a target twice as large.
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!C2:C3", "to": "Data!F1:G4", "what": "values"}),
    );
    assert_eq!(
        table(&book, "Data!F1:G4"),
        "\tF\tG\n1\t20\t20\n2\t40\t40\n3\t20\t20\n4\t40\t40\n"
    );
    // What leaves the sheet reads #REF!, and the answer names it.
    let (applied, _) = done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!C2", "to": "Data!A8", "what": "formulas"}),
    );
    assert_eq!(value(&book, "Data!A8"), CellValue::Text("#REF!".to_owned()));
    assert_eq!(applied.read_back.unwrap().errors, ["Data!A8"]);
    assert!(lint(&book).unwrap().is_empty());
}

#[test]
fn transposed_copies_turn_rows_into_columns_and_references_with_them() {
    let mut book = model();
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!A2:C3", "to": "Data!F1", "transpose": true}),
    );
    assert_eq!(
        table(&book, "Data!F1:G3"),
        "\tF\tG\n1\tNorth\tSouth\n2\t10\t20\n3\t=F2*$D$2 → 20\t=G2*$D$2 → 40\n"
    );
}

#[test]
fn copies_bring_merged_cells_formats_and_validations_and_replace_those_of_the_target() {
    let rest = concat!(
        r#"<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="E5:F5"/></mergeCells>"#,
        r#"<conditionalFormatting sqref="A1:A9"><cfRule type="expression" priority="1"><formula>A1&gt;$C$1</formula></cfRule></conditionalFormatting>"#,
        r#"<dataValidations count="2"><dataValidation type="whole" operator="greaterThan" allowBlank="1" sqref="A2:A3"><formula1>A1</formula1></dataValidation>"#,
        r#"<dataValidation type="list" sqref="E4:E6"><formula1>"a,b"</formula1></dataValidation></dataValidations>"#,
    );
    let mut book = sheet(
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>"#,
        rest,
    );
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!A1:B2", "to": "Data!E5"}),
    );
    let seen = layout(&book);
    let data = &seen["layout"]["Data"];
    assert_eq!(data["merged"], json!(["A1:B1", "E5:F5"]));
    assert_eq!(
        data["formats"],
        json!([
            ["E5:E6", [["expression", null, 2, ["E5>$C$1"], null]]],
            ["A1:A9", [["expression", null, 1, ["A1>$C$1"], null]]]
        ])
    );
    assert_eq!(
        data["validations"],
        json!([
            ["A2:A3", "whole", "greaterThan", "A1", null, true],
            ["E4", "list", null, "\"a,b\"", null, false],
            ["E6", "whole", "greaterThan", "E5", null, true]
        ])
    );
    goes_back(&book, &patches, &before);
}

#[test]
fn copies_that_would_cut_something_are_refused_by_name() {
    let rest = r#"<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>"#;
    let merged = sheet(r#"<row r="1"><c r="A1"><v>1</v></c></row>"#, rest);
    let array = sheet(
        r#"<row r="1"><c r="A1"><f t="array" ref="A1:A2">C1:C2*2</f><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>"#,
        "",
    );
    let cases = [
        (
            &merged,
            json!({"op": "range.copy", "from": "Data!A1:C1", "to": "Data!E1"}),
            "merged",
        ),
        (
            &merged,
            json!({"op": "range.copy", "from": "Data!E1:E2", "to": "Data!B2"}),
            "merged",
        ),
        (
            &array,
            json!({"op": "range.copy", "from": "Data!A1", "to": "Data!E1"}),
            "array",
        ),
        (
            &array,
            json!({"op": "range.copy", "from": "Data!E1", "to": "Data!A2"}),
            "array",
        ),
    ];
    for (book, op, word) in cases {
        let (code, sentence) = refused(book, op.clone());
        assert_eq!(code, RefusalCode::Protected, "{op}");
        assert!(sentence.contains(word), "{sentence}");
    }
    for op in [
        json!({"op": "range.copy", "from": "Data!A1:B2", "to": "Data!D1:F3"}),
        json!({"op": "range.copy", "from": "Data!A1:B2", "to": "Data!XFD1"}),
    ] {
        assert_eq!(refused(&model(), op).0, RefusalCode::BadInput);
    }
    let too_many = json!({"op": "range.copy", "from": "Data!A1", "to": "Data!A1:Z10000"});
    assert_eq!(refused(&model(), too_many).0, RefusalCode::TooLarge);
}

#[test]
fn a_whole_array_formula_is_copied_with_its_area() {
    let mut book = sheet(
        r#"<row r="1"><c r="A1"><f t="array" ref="A1:A2">C1:C2*2</f><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>"#,
        "",
    );
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!A1:A2", "to": "Data!B5"}),
    );
    assert!(part(&book, SHEET).contains(r#"<c r="B5"><f t="array" ref="B5:B6">D5:D6*2</f><v>1</v></c>"#));
    assert!(part(&book, SHEET).contains(r#"<c r="B6"><v>2</v></c>"#));
}

#[test]
fn rich_texts_stay_rich_where_they_are_copied() {
    let mut book = sheet(
        r#"<row r="1"><c r="A1" t="inlineStr"><is><r><rPr><b/></rPr><t>bold</t></r><r><t xml:space="preserve"> not</t></r></is></c></row>"#,
        "",
    );
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!A1", "to": "Data!B1"}),
    );
    assert!(part(&book, SHEET).contains(r#"<c r="B1" t="inlineStr"><is><r><rPr><b/></rPr><t>bold</t></r>"#));
    assert_eq!(value(&book, "Data!B1"), CellValue::Text("bold not".to_owned()));
}

#[test]
fn fills_go_down_up_and_across() {
    let mut book = workbook(&[
        &[
            json!(1),
            json!("Item 1"),
            json!("=A1*2"),
            json!("Jan"),
            json!("x"),
            json!("Q4"),
        ],
        &[
            json!(3),
            json!("Item 2"),
            json!(null),
            json!("Feb"),
            json!("y"),
            json!(null),
        ],
    ]);
    let before = settled(&mut book);
    let (applied, patches) = done(
        &mut book,
        json!({"op": "range.fill", "from": "Data!A1:E2", "to": "Data!A1:E4", "kind": "series"}),
    );
    assert_eq!((applied.target.as_str(), applied.changed), ("Data!A1:E4", 10));
    assert_eq!(
        table(&book, "Data!A3:E4"),
        "\tA\tB\tC\tD\tE\n3\t5\tItem 3\t=A3*2 → 10\tMar\tx\n4\t7\tItem 4\t\tApr\ty\n"
    );
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "range.fill", "from": "Data!C1", "to": "Data!C1:C4"}),
    );
    assert_eq!(
        table(&book, "Data!C1:C4"),
        "\tC\n1\t=A1*2 → 2\n2\t=^ → 6\n3\t=^ → 10\n4\t=^ → 14\n"
    );
    done(
        &mut book,
        json!({"op": "range.fill", "from": "Data!F1", "to": "Data!F1:I1", "kind": "series"}),
    );
    assert_eq!(table(&book, "Data!F1:I1"), "\tF\tG\tH\tI\n1\tQ4\tQ1\tQ2\tQ3\n");
    // Upwards, the pattern goes on before the source.
    let cells = json!([[100], [90]]);
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!K4:K5", "cells": cells}),
    );
    done(
        &mut book,
        json!({"op": "range.fill", "from": "Data!K4:K5", "to": "Data!K1:K5", "kind": "series"}),
    );
    assert_eq!(
        table(&book, "Data!K1:K5"),
        "\tK\n1\t130\n2\t120\n3\t110\n4\t100\n5\t90\n"
    );
}

#[test]
fn filled_dates_keep_their_format_and_follow_the_calendar() {
    let mut book = workbook(&[]);
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A1", "cells": [[{"date": "2026-01-31"}, {"date": "2026-01-30"}, {"date": "2026-01-15"}], [null, null, {"date": "2026-02-15"}]]}),
    );
    for op in [
        json!({"op": "range.fill", "from": "Data!A1", "to": "Data!A1:A4", "kind": "series", "unit": "month"}),
        json!({"op": "range.fill", "from": "Data!B1", "to": "Data!B1:B4", "kind": "series", "unit": "weekday"}),
        json!({"op": "range.fill", "from": "Data!C1:C2", "to": "Data!C1:C4", "kind": "series"}),
    ] {
        done(&mut book, op);
    }
    assert_eq!(
        table(&book, "Data!A1:C4"),
        concat!(
            "\tA\tB\tC\n1\t2026-01-31\t2026-01-30\t2026-01-15\n2\t2026-02-28\t2026-02-02\t2026-02-15\n",
            "3\t2026-03-31\t2026-02-03\t2026-03-15\n4\t2026-04-30\t2026-02-04\t2026-04-15\n"
        )
    );
    let odd = json!({"op": "range.fill", "from": "Data!A1", "to": "Data!A1:B2"});
    assert_eq!(refused(&book, odd).0, RefusalCode::BadInput);
}

#[test]
fn merging_keeps_the_first_content_and_says_what_went() {
    let mut book = model();
    let before = settled(&mut book);
    let (applied, patches) = done(&mut book, json!({"op": "range.merge", "range": "Data!A1:D1"}));
    assert!(
        applied
            .warnings
            .iter()
            .any(|warning| warning.starts_with("3 cells"))
    );
    assert_eq!(layout(&book)["layout"]["Data"]["merged"], json!(["A1:D1"]));
    assert_eq!(table(&book, "Data!A1:D1"), "\tA\n1\tItem\n");
    goes_back(&book, &patches, &before);
    let into = json!({"op": "range.write", "range": "Data!B1", "cells": [["x"]]});
    assert_eq!(refused(&book, into).0, RefusalCode::Protected);
    done(
        &mut book,
        json!({"op": "range.merge", "range": "Data!A5:B7", "across": true}),
    );
    assert_eq!(
        layout(&book)["layout"]["Data"]["merged"],
        json!(["A1:D1", "A5:B5", "A6:B6", "A7:B7"])
    );
    let cut = json!({"op": "range.merge", "range": "Data!B5:C5"});
    assert_eq!(refused(&book, cut).0, RefusalCode::Protected);
    done(&mut book, json!({"op": "range.unmerge", "range": "Data!A1:A6"}));
    assert_eq!(layout(&book)["layout"]["Data"]["merged"], json!(["A7:B7"]));
    done(&mut book, json!({"op": "range.unmerge", "range": "Data!A1:Z99"}));
    assert!(!part(&book, SHEET).contains("mergeCells"));
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!A1:D3", "name": "Model"}),
    );
    let table = json!({"op": "range.merge", "range": "Data!A2:B2"});
    assert_eq!(refused(&book, table).0, RefusalCode::Protected);
    let single = json!({"op": "range.merge", "range": "Data!F2"});
    assert_eq!(refused(&book, single).0, RefusalCode::BadInput);
}

#[test]
fn a_protected_sheet_takes_no_merge_and_no_copy() {
    let plain = model();
    let xml = part(&plain, SHEET).replace("</sheetData>", r#"</sheetData><sheetProtection sheet="1"/>"#);
    let book = with_part(&plain, SHEET, &xml);
    for op in [
        json!({"op": "range.merge", "range": "Data!A1:B1"}),
        json!({"op": "range.unmerge", "range": "Data!A1:B1"}),
        json!({"op": "range.copy", "from": "Data!A1", "to": "Data!A9"}),
        json!({"op": "range.fill", "from": "Data!B2:B3", "to": "Data!B2:B9", "kind": "series"}),
        json!({"op": "range.sort", "range": "Data!A2:C3", "by": [{"column": "B", "descending": true}]}),
    ] {
        assert_eq!(refused(&book, op.clone()).0, RefusalCode::Protected, "{op}");
    }
}

/// Formulas without their values: another program has to compute them.
fn without_values(xml: &str) -> String {
    let mut left = String::new();
    let mut rest = xml;
    while let Some(at) = rest.find("</f><v>") {
        let end = at + rest[at..].find("</v>").unwrap() + "</v>".len();
        left.push_str(&rest[..at + "</f>".len()]);
        rest = &rest[end..];
    }
    left + rest
}

#[test]
fn libreoffice_computes_what_was_copied_filled_and_sorted_alike() {
    let mut book = model();
    for op in [
        json!({"op": "range.fill", "from": "Data!A3:C3", "to": "Data!A3:C6", "kind": "series"}),
        json!({"op": "range.copy", "from": "Data!B2:C6", "to": "Data!F2"}),
        json!({"op": "range.sort", "range": "Data!A2:C6", "by": [{"column": "B", "descending": true}]}),
    ] {
        done(&mut book, op);
    }
    // 20, 21, 22 and 23 units of South and 10 of North, at a rate of 2.
    let expected = [
        "Item,Q1,Q2,Rate,,,",
        "South,23,46,2,,10,20",
        "South,22,44,,,20,40",
        "South,21,42,,,21,42",
        "South,20,40,,,22,44",
        "North,10,20,,,23,46",
    ];
    let bare = with_part(&book, SHEET, &without_values(&part(&book, SHEET)));
    let folder = tempfile::tempdir().unwrap();
    let file = saved(&bare, folder.path(), "book.xlsx");
    let Ok(status) = std::process::Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}/profile",
            folder.path().display()
        ))
        .args(["--headless", "--convert-to", "csv", "--outdir"])
        .args([folder.path(), &file])
        .stdout(std::process::Stdio::null())
        .status()
    else {
        println!("LibreOffice is not installed: nothing was compared");
        return;
    };
    assert!(status.success());
    let text = std::fs::read_to_string(folder.path().join("book.csv")).unwrap();
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn whole_columns_and_rows_are_copied_as_far_as_cells_reach() {
    let mut book = workbook(&[
        &[json!("Units"), json!("Twice")],
        &[json!(1), json!("=A2*2")],
        &[json!(5), json!("=A3*2")],
        &[json!(null), json!(null), json!(null), json!("old")],
    ]);
    let before = settled(&mut book);
    // D4 goes: the source is empty there. The references follow by two columns.
    let (applied, patches) = done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!B:B", "to": "Data!D:D"}),
    );
    assert_eq!(applied.target, "Data!D1:D4");
    assert_eq!(value(&book, "Data!D4"), CellValue::Empty);
    assert_eq!(
        table(&book, "Data!D1:D3"),
        "\tD\n1\tTwice\n2\t=C2*2 → 0\n3\t=^ → 0\n"
    );
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!A:B", "to": "'Q1 2026'!C1"}),
    );
    assert_eq!(
        table(&book, "'Q1 2026'!C1:D3"),
        "\tC\tD\n1\tUnits\tTwice\n2\t1\t=C2*2 → 2\n3\t5\t=^ → 10\n"
    );
    done(
        &mut book,
        json!({"op": "range.copy", "from": "Data!2:2", "to": "Data!7:8"}),
    );
    assert_eq!(
        table(&book, "Data!A7:B8"),
        "\tA\tB\n7\t1\t=A7*2 → 2\n8\t1\t=^ → 2\n"
    );
}
