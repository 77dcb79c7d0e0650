//! Sheets renamed, moved, copied and hidden: what refers to them follows.

use deskhand_operations::{CellValue, RefusalCode};
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{done, goes_back, layout, part, refused, settled, table, value, with_part, workbook};

/// Two sheets that refer to each other, with names, rules, a chart, a table and a link.
fn model() -> Workbook {
    let mut book = workbook(&[
        &[json!("Item"), json!("Units")],
        &[json!("North"), json!(2)],
        &[json!("South"), json!("='Q1 2026'!A1+Data!B2")],
    ]);
    done(
        &mut book,
        json!({"op": "range.write", "range": "'Q1 2026'!B1", "cells": [["=SUM(Data!B2:B3)"], ["=INDIRECT(\"Data!B2\")"]]}),
    );
    let xml = part(&book, "xl/workbook.xml");
    let names = concat!(
        r#"</sheets><definedNames><definedName name="_xlnm.Print_Area" localSheetId="0">Data!$A$1:$B$3</definedName>"#,
        r#"<definedName name="Local" localSheetId="0">Data!$B$2</definedName><definedName name="Units">Data!$B$2:$B$3</definedName></definedNames>"#
    );
    book = with_part(&book, "xl/workbook.xml", &xml.replace("</sheets>", names));
    let sheet = part(&book, "xl/worksheets/sheet2.xml");
    let rules = concat!(
        r#"</sheetData><conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>A1&gt;Data!$B$2</formula></cfRule></conditionalFormatting>"#,
        r#"<dataValidations count="1"><dataValidation type="list" sqref="C1"><formula1>Data!$A$2:$A$3</formula1></dataValidation></dataValidations>"#,
        r#"<hyperlinks><hyperlink ref="D1" location="Data!A1" display="x"/></hyperlinks>"#
    );
    book = with_part(
        &book,
        "xl/worksheets/sheet2.xml",
        &sheet.replace("</sheetData>", rules),
    );
    done(
        &mut book,
        json!({"op": "chart.add", "range": "Data!A1:B3", "kind": "columnClustered", "name": "Chart", "place": "Data!D2"}),
    );
    book
}

/// The parts whose content holds a text.
fn holders(book: &Workbook, text: &str) -> Vec<String> {
    let parts = book.package().parts().map(str::to_owned);
    parts
        .filter(|name| {
            let content = book.package().part(name).unwrap();
            String::from_utf8_lossy(&content).contains(text)
        })
        .collect()
}

#[test]
fn everything_that_names_a_sheet_follows_its_new_name() {
    let mut book = model();
    let before = settled(&mut book);
    let (applied, patches) = done(
        &mut book,
        json!({"op": "sheet.rename", "name": "data", "to": "Bob's & co"}),
    );
    assert_eq!(
        table(&book, "'Q1 2026'!A1:B2"),
        "\tA\tB\n1\t5\t=SUM('Bob''s & co'!B2:B3) → 9\n2\t\t=INDIRECT(\"Data!B2\")\n"
    );
    assert_eq!(
        table(&book, "'Bob''s & co'!B3"),
        "\tB\n3\t='Q1 2026'!A1+'Bob''s & co'!B2 → 7\n"
    );
    assert!(
        applied.warnings[0].contains("'Q1 2026'!B2"),
        "{:?}",
        applied.warnings
    );
    let seen = layout(&book);
    assert_eq!(seen["sheets"], json!(["Bob's & co", "Q1 2026"]));
    assert_eq!(seen["names"], json!({"Units": "'Bob''s & co'!$B$2:$B$3"}));
    let other = &seen["layout"]["Q1 2026"];
    assert_eq!(other["formats"][0][1][0][3], json!(["A1>'Bob''s & co'!$B$2"]));
    assert_eq!(other["validations"][0][3], json!("'Bob''s & co'!$A$2:$A$3"));
    assert_eq!(other["links"], json!({"D1": "'Bob''s & co'!A1"}));
    assert_eq!(
        seen["layout"]["Bob's & co"]["print"]["area"],
        json!("'Bob''s & co'!$A$1:$B$3")
    );
    assert!(
        part(&book, "docProps/app.xml").contains("<vt:lpstr>Bob&apos;s &amp; co</vt:lpstr>")
            || part(&book, "docProps/app.xml").contains("<vt:lpstr>Bob's &amp; co</vt:lpstr>")
    );
    // The text inside INDIRECT alone keeps the old name.
    assert_eq!(holders(&book, "Data!"), ["xl/worksheets/sheet2.xml"]);
    assert!(lint(&book).unwrap().is_empty());
    goes_back(&book, &patches, &before);
    for (to, code) in [
        ("Q1 2026", RefusalCode::NameTaken),
        ("a/b", RefusalCode::BadInput),
    ] {
        let op = json!({"op": "sheet.rename", "name": "Bob's & co", "to": to});
        assert_eq!(refused(&book, op).0, code);
    }
}

#[test]
fn a_moved_sheet_takes_its_local_names_along_and_spans_read_anew() {
    let mut book = model();
    for (name, units) in [("Mar", 30), ("Feb", 20)] {
        done(&mut book, json!({"op": "sheet.add", "name": name}));
        done(
            &mut book,
            json!({"op": "range.write", "range": format!("{name}!A1"), "cells": [[units]]}),
        );
    }
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!F1", "cells": [["=SUM('Q1 2026:Mar'!A1)"]]}),
    );
    let before = settled(&mut book);
    let (applied, patches) = done(
        &mut book,
        json!({"op": "sheet.move", "name": "Mar", "after": "Feb"}),
    );
    // Sums over several sheets are left to Excel, and said to be.
    assert!(
        applied.warnings.iter().any(|warning| warning.contains("Data!F1")),
        "{applied:?}"
    );
    assert!(part(&book, "xl/workbook.xml").contains(r#"fullCalcOnLoad="1""#));
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "sheet.move", "name": "Data", "after": "Q1 2026"}),
    );
    let seen = layout(&book);
    assert_eq!(seen["sheets"], json!(["Q1 2026", "Data", "Feb", "Mar"]));
    assert_eq!(seen["layout"]["Data"]["print"]["area"], json!("'Data'!$A$1:$B$3"));
    done(&mut book, json!({"op": "sheet.move", "name": "Mar"}));
    assert_eq!(layout(&book)["sheets"], json!(["Mar", "Q1 2026", "Data", "Feb"]));
    let xml = part(&book, "xl/workbook.xml");
    assert!(xml.contains(r#"name="Local" localSheetId="2""#), "{xml}");
}

#[test]
fn a_copied_sheet_has_parts_names_and_tables_of_its_own() {
    let mut book = model();
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!A1:B3", "name": "Sales"}),
    );
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A5", "cells": [["=SUM(Sales[Units])+Local", "=SUM(Units)"]]}),
    );
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "sheet.copy", "name": "Data", "to": "Data (2)"}),
    );
    assert_eq!(
        table(&book, "'Data (2)'!A3:B5"),
        "\tA\tB\n3\tSouth\t='Q1 2026'!A1+'Data (2)'!B2 → 7\n4\n5\t=SUM(Sales2[Units])+Local → 11\t=SUM(Units) → 9\n"
    );
    let xml = part(&book, "xl/workbook.xml").replace("&apos;", "'");
    for name in [
        r#"<definedName name="_xlnm.Print_Area" localSheetId="1">'Data (2)'!$A$1:$B$3</definedName>"#,
        r#"<definedName name="Local" localSheetId="1">'Data (2)'!$B$2</definedName>"#,
        r#"<definedName name="Units" localSheetId="1">'Data (2)'!$B$2:$B$3</definedName>"#,
    ] {
        assert!(xml.contains(name), "{name} in {xml}");
    }
    let seen = layout(&book);
    assert_eq!(seen["sheets"], json!(["Data", "Data (2)", "Q1 2026"]));
    let charts = holders(&book, "c:chartSpace");
    assert_eq!(charts.len(), 2);
    let leads_to_copy = |chart: &String| part(&book, chart).replace("&apos;", "'").contains("'Data (2)'!$");
    assert_eq!(charts.iter().filter(|chart| leads_to_copy(chart)).count(), 1);
    assert!(lint(&book).unwrap().is_empty());
    goes_back(&book, &patches, &before);
    // A change to the copy leaves the first sheet alone, and its names lead to itself.
    done(
        &mut book,
        json!({"op": "range.write", "range": "'Data (2)'!B2", "cells": [[100]]}),
    );
    assert_eq!(value(&book, "'Data (2)'!B5"), CellValue::Number(205.0));
    assert_eq!(value(&book, "Data!B5"), CellValue::Number(9.0));
    let taken = json!({"op": "sheet.copy", "name": "Data", "to": "q1 2026"});
    assert_eq!(refused(&book, taken).0, RefusalCode::NameTaken);
}

#[test]
fn one_sheet_stays_visible_and_the_active_one_moves() {
    let mut book = model();
    let before = settled(&mut book);
    let (_, patches) = done(&mut book, json!({"op": "sheet.hide", "name": "Data"}));
    let states = |book: &Workbook| -> Vec<Value> {
        let seen = layout(book);
        ["Data", "Q1 2026"]
            .map(|sheet| seen["layout"][sheet]["state"].clone())
            .to_vec()
    };
    assert_eq!(states(&book), [json!("hidden"), json!("visible")]);
    assert!(part(&book, "xl/workbook.xml").contains(r#"activeTab="1""#));
    assert!(!part(&book, "xl/worksheets/sheet1.xml").contains("tabSelected"));
    assert!(part(&book, "xl/worksheets/sheet2.xml").contains(r#"tabSelected="1""#));
    goes_back(&book, &patches, &before);
    let last = json!({"op": "sheet.hide", "name": "Q1 2026"});
    assert_eq!(refused(&book, last).0, RefusalCode::Protected);
    done(
        &mut book,
        json!({"op": "sheet.hide", "name": "Data", "visibility": "veryHidden"}),
    );
    assert_eq!(states(&book), [json!("veryHidden"), json!("visible")]);
    done(
        &mut book,
        json!({"op": "sheet.hide", "name": "Data", "visibility": "visible"}),
    );
    assert_eq!(states(&book), [json!("visible"), json!("visible")]);
}

#[test]
fn a_protected_structure_refuses_every_change_of_tabs() {
    let plain = model();
    let xml = part(&plain, "xl/workbook.xml");
    let xml = xml.replace(
        "<bookViews>",
        r#"<workbookProtection lockStructure="1"/><bookViews>"#,
    );
    let book = with_part(&plain, "xl/workbook.xml", &xml);
    for op in [
        json!({"op": "sheet.rename", "name": "Data", "to": "X"}),
        json!({"op": "sheet.move", "name": "Data", "after": "Q1 2026"}),
        json!({"op": "sheet.copy", "name": "Data", "to": "X"}),
        json!({"op": "sheet.hide", "name": "Data"}),
        json!({"op": "sheet.add", "name": "X"}),
    ] {
        assert_eq!(refused(&book, op.clone()).0, RefusalCode::Protected, "{op}");
    }
}

#[test]
fn when_the_active_sheet_goes_the_next_visible_one_is_active() {
    let mut book = model();
    for name in ["Hidden", "Last"] {
        done(&mut book, json!({"op": "sheet.add", "name": name}));
    }
    done(&mut book, json!({"op": "sheet.hide", "name": "Hidden"}));
    let xml = part(&book, "xl/workbook.xml");
    let active = xml.replacen("<workbookView", r#"<workbookView activeTab="3""#, 1);
    book = with_part(&book, "xl/workbook.xml", &active);
    done(&mut book, json!({"op": "sheet.delete", "name": "Last"}));
    assert!(part(&book, "xl/workbook.xml").contains(r#"activeTab="1""#));
}
