//! Names set and deleted, tables resized.

use deskhand_operations::{CellValue, RefusalCode};
use deskhand_sheet::{Workbook, lint};
use serde_json::json;

use crate::support::{
    done, goes_back, layout, openpyxl, part, refused, saved, settled, table, value, workbook,
};

fn sales() -> Workbook {
    let mut book = workbook(&[
        &[json!("Region"), json!("Units"), json!("Twice"), json!("Note")],
        &[json!("North"), json!(2), json!("=B2*2"), json!("a")],
        &[json!("South"), json!(3), json!("=B3*2"), json!("b")],
        &[json!("West"), json!(4)],
        &[json!("East"), json!(5)],
    ]);
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!A1:C3", "name": "Sales"}),
    );
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!F1", "cells": [["=SUM(Sales[Units])"]]}),
    );
    book
}

#[test]
fn a_name_stands_for_a_range_and_then_for_a_formula() {
    let mut book = sales();
    done(
        &mut book,
        json!({"op": "name.set", "name": "Rate", "refersTo": "'Q1 2026'!A1", "comment": "of the quarter"}),
    );
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!G1", "cells": [["=Rate*2", "=G1+1"]]}),
    );
    assert_eq!(value(&book, "Data!G1"), CellValue::Number(10.0));
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "name.set", "name": "RATE", "refersTo": "=Data!$B$2+1"}),
    );
    // What rests on the name is computed anew.
    assert_eq!(table(&book, "Data!G1:H1"), "\tG\tH\n1\t=Rate*2 → 6\t=G1+1 → 7\n");
    assert_eq!(layout(&book)["names"], json!({"Rate": "Data!$B$2+1"}));
    assert!(part(&book, "xl/workbook.xml").contains(r#"comment="of the quarter""#));
    goes_back(&book, &patches, &before);
    // A name local to the sheet comes before the one of the workbook.
    done(
        &mut book,
        json!({"op": "name.set", "name": "Rate", "refersTo": "Data!$B$3", "sheet": "Data"}),
    );
    assert_eq!(value(&book, "Data!G1"), CellValue::Number(6.0));
    done(&mut book, json!({"op": "name.delete", "name": "Rate"}));
    let op = json!({"op": "name.delete", "name": "Rate", "sheet": "Data"});
    let (code, sentence) = refused(&book, op.clone());
    assert_eq!(code, RefusalCode::Protected);
    assert!(sentence.contains("Data!G1"), "{sentence}");
    done(&mut book, json!({"op": "range.clear", "range": "Data!G1:H1"}));
    done(&mut book, op);
    assert!(!part(&book, "xl/workbook.xml").contains("definedNames"));
}

#[test]
fn names_that_excel_refuses_are_refused() {
    let book = sales();
    for (name, refers_to, code) in [
        ("A1", "Data!B2", RefusalCode::BadInput),
        ("R1C1", "Data!B2", RefusalCode::BadInput),
        ("a b", "Data!B2", RefusalCode::BadInput),
        ("Sales", "Data!B2", RefusalCode::NameTaken),
        ("Ok", "B2", RefusalCode::BadInput),
        ("Ok", "Nowhere!B2", RefusalCode::NotFound),
        ("Ok", "=SUM(Data!B2", RefusalCode::BadInput),
        ("Ok", "=Ok+1", RefusalCode::BadInput),
    ] {
        let op = json!({"op": "name.set", "name": name, "refersTo": refers_to});
        assert_eq!(refused(&book, op).0, code, "{name} {refers_to}");
    }
    let op = json!({"op": "name.delete", "name": "Nobody"});
    assert_eq!(refused(&book, op).0, RefusalCode::NotFound);
}

#[test]
fn a_table_grows_by_rows_and_columns() {
    let mut book = sales();
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "table.resize", "name": "sales", "range": "Data!A1:E5"}),
    );
    assert_eq!(
        table(&book, "Data!A1:F5"),
        concat!(
            "\tA\tB\tC\tD\tE\tF\n1\tRegion\tUnits\tTwice\tNote\tColumn5\t=SUM(Sales[Units]) → 14\n",
            "2\tNorth\t2\t=B2*2 → 4\ta\n3\tSouth\t3\t=^ → 6\tb\n4\tWest\t4\t=^ → 8\n5\tEast\t5\t=^ → 10\n"
        )
    );
    let folder = tempfile::tempdir().unwrap();
    let file = saved(&book, folder.path(), "book.xlsx");
    let seen = openpyxl(&[json!({"file": file})]).remove(0);
    assert_eq!(seen["tables"]["Data"], json!({"Sales": "A1:E5"}));
    assert!(part(&book, "xl/tables/table1.xml").contains(r#"<tableColumn id="5" name="Column5"/>"#));
    assert!(lint(&book).unwrap().is_empty());
    goes_back(&book, &patches, &before);
    // And shrinks again; the cells stay.
    done(
        &mut book,
        json!({"op": "table.resize", "name": "Sales", "range": "Data!A1:C3"}),
    );
    assert_eq!(value(&book, "Data!F1"), CellValue::Number(5.0));
    assert_eq!(value(&book, "Data!E1"), CellValue::Text("Column5".to_owned()));
}

#[test]
fn the_row_of_totals_moves_with_the_end_of_the_table() {
    let mut book = sales();
    let xml = part(&book, "xl/tables/table1.xml");
    let xml = xml
        .replace(
            r#"ref="A1:C3" totalsRowShown="0""#,
            r#"ref="A1:C4" totalsRowCount="1""#,
        )
        .replacen(r#"name="Units""#, r#"name="Units" totalsRowFunction="sum""#, 1);
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A4", "cells": [["Total", "=SUBTOTAL(109,Sales[Units])"], [{"clear": true}, {"clear": true}]]}),
    );
    book = crate::support::with_part(&book, "xl/tables/table1.xml", &xml);
    assert!(lint(&book).unwrap().is_empty(), "{:?}", lint(&book));
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "table.resize", "name": "Sales", "range": "Data!A1:C6"}),
    );
    assert_eq!(
        table(&book, "Data!A4:C6"),
        "\tA\tB\tC\n4\t\t\t=B4*2 → 0\n5\t\t\t=^ → 0\n6\tTotal\t=SUBTOTAL(109,Sales[Units]) → 5\n"
    );
    assert!(part(&book, "xl/tables/table1.xml").contains(r#"<autoFilter ref="A1:C5"/>"#));
    goes_back(&book, &patches, &before);
}

#[test]
fn sizes_that_would_harm_something_are_refused() {
    let mut book = sales();
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!H1:I3", "name": "Other"}),
    );
    done(&mut book, json!({"op": "range.merge", "range": "Data!A8:B8"}));
    for (range, code) in [
        ("Data!A2:C5", RefusalCode::BadInput),
        ("'Q1 2026'!A1:C5", RefusalCode::BadInput),
        ("Data!A1:C1", RefusalCode::BadInput),
        ("Data!K1:M5", RefusalCode::BadInput),
        ("Data!A1:H5", RefusalCode::Protected),
        ("Data!A1:C9", RefusalCode::Protected),
        // A formula sums the column that would be left out.
        ("Data!A1:A3", RefusalCode::Protected),
    ] {
        let op = json!({"op": "table.resize", "name": "Sales", "range": range});
        assert_eq!(refused(&book, op).0, code, "{range}");
    }
}
