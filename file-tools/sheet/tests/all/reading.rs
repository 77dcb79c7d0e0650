//! What `range.read` tells beside plain values, and dates as `range.write` puts them.

use deskhand_operations::{CellValue, RefusalCode};
use serde_json::json;

use crate::support::{
    done, openpyxl, part, read, refused, saved, table, value, with_part, with_sheet, workbook,
};

const SHEET: &str = "xl/worksheets/sheet1.xml";

#[test]
fn a_text_table_tells_everything_apart_in_few_characters() {
    let mut book = workbook(&[
        &[json!("Region"), json!("Units"), json!(null), json!("Total")],
        &[json!("North"), json!(2), json!(null), json!("=B2*3")],
        &[json!("South"), json!(4.5), json!(null), json!("=B3*3")],
        &[json!("Tab\tand\nline"), json!(true)],
        &[json!("'007"), json!("'=A1"), json!(null), json!("'TRUE")],
    ]);
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A10", "cells":
        [["=D3+0.1+0.2", {"date": "2026-03-31"}, null, {"date": "2026-03-31T14:30", "format": "dd.mm.yyyy hh:mm"}], [0.1, "=1/0", null, null]]}),
    );
    let expected = concat!(
        "\tA\tB\tD\n",
        "1\tRegion\tUnits\tTotal\n",
        "2\tNorth\t2\t=B2*3 → 6\n",
        "3\tSouth\t4.5\t=^ → 13.5\n",
        "4\tTab\\tand\\nline\tTRUE\n",
        "5\t'007\t'=A1\t'TRUE\n",
        "6-9\n",
        "10\t=D3+0.1+0.2 → 13.8\t2026-03-31\t2026-03-31T14:30\n",
        "11\t0.1\t=1/0 → #DIV/0!\n",
    );
    assert_eq!(table(&book, "Data"), expected);
    assert_eq!(table(&book, "Data!B3:D3"), "\tB\tD\n3\t4.5\t=B3*3 → 13.5\n");
    assert_eq!(table(&book, "Data!A6:A8"), "\n6-8\n");
}

#[test]
fn large_ranges_come_in_pages_that_name_the_rest() {
    let rows: Vec<String> = (1..=2_500)
        .map(|row| {
            format!(r#"<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="XFD{row}"><v>1</v></c></row>"#)
        })
        .collect();
    let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let book = with_sheet(&format!(
        r#"<worksheet xmlns="{space}"><sheetData>{}</sheetData></worksheet>"#,
        rows.concat()
    ));
    // 100,000 cells are six rows of a sheet of full width.
    let page = read(&book, "Data", &[]);
    assert_eq!(page.address, "Data!1:6");
    assert_eq!(page.rest.as_deref(), Some("Data!7:2500"));
    assert_eq!(page.values.unwrap()[5][0], CellValue::Number(6.0));
    let page = read(&book, "Data!A:B", &["table"]);
    assert_eq!(page.rest.as_deref(), Some("Data!A2001:B2500"));
    assert!(page.table.unwrap().ends_with("2000\t2000\n"));
}

#[test]
fn a_page_holds_no_more_text_than_is_bearable() {
    // Texts of 32,000 characters that do not deflate to nothing, which would look like a bomb.
    let long = |row: u64| -> String {
        let digits = (1..=2_000u64).map(|index| {
            format!(
                "{:016x}",
                (row * 7_919 + index).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            )
        });
        digits.collect()
    };
    let rows: Vec<String> = (1..=600)
        .map(|row| {
            format!(
                r#"<row r="{row}"><c r="A{row}" t="str"><f>B{row}</f><v>{}</v></c></row>"#,
                long(row)
            )
        })
        .collect();
    let space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let book = with_sheet(&format!(
        r#"<worksheet xmlns="{space}"><sheetData>{}</sheetData></worksheet>"#,
        rows.concat()
    ));
    let page = read(&book, "Data", &[]);
    assert_eq!(page.address, "Data!A1:A262");
    assert_eq!(page.rest.as_deref(), Some("Data!A263:A600"));
}

#[test]
fn notes_are_read_with_their_cells_and_authors() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/workbooks/openxlsx-data__pivot_notes.xlsx");
    let book = crate::support::open(&std::fs::read(&file).unwrap());
    let asked = json!({"file": file, "layout": true});
    let layout = &openpyxl(&[asked])[0]["layout"];
    let (sheet, expected) = layout
        .as_object()
        .unwrap()
        .iter()
        .map(|(sheet, held)| (sheet, held["notes"].as_object().unwrap()))
        .find(|(_, notes)| !notes.is_empty())
        .unwrap();
    let notes = read(&book, &format!("'{sheet}'"), &["notes"]).notes.unwrap();
    assert_eq!(notes.len(), expected.len());
    for note in notes {
        let held = &expected[&note.cell];
        assert_eq!(held[0].as_str(), note.author.as_deref());
        assert_eq!(held[1].as_str().unwrap(), note.text);
    }
}

#[test]
fn dates_keep_the_format_of_cells_that_show_dates_and_give_one_to_others() {
    let mut book = workbook(&[&[json!(1), json!(2), json!(3)]]);
    done(
        &mut book,
        json!({"op": "range.format", "range": "Data!B1", "format": {"numberFormat": "d mmm yyyy", "bold": true}}),
    );
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A1:D1", "cells":
        [[{"date": "2026-03-31"}, {"date": "2024-02-29"}, {"date": "2026-03-31", "format": "mmm yy"}, {"date": "14:30:00"}]]}),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = saved(&book, folder.path(), "dates.xlsx");
    let cells = [["Data", "A1"], ["Data", "B1"], ["Data", "C1"], ["Data", "D1"]];
    let answer = openpyxl(&[json!({"file": file, "cells": cells})]).remove(0);
    let expected = [
        ("A1", 46_112.0, "yyyy-mm-dd"),
        ("B1", 45_351.0, "d mmm yyyy"),
        ("C1", 46_112.0, "mmm yy"),
    ];
    for (cell, serial, format) in expected {
        let held = &answer["cells"][format!("Data!{cell}")];
        assert_eq!(held["value"].as_f64(), Some(serial), "{cell}: {held}");
        assert_eq!(held["format"], json!(format), "{cell}");
    }
    assert_eq!(answer["cells"]["Data!B1"]["bold"], json!(true));
    assert_eq!(answer["cells"]["Data!D1"]["format"], json!("hh:mm:ss"));
    assert!(part(&book, SHEET).contains("<v>0.6041666666666666</v>"));
}

#[test]
fn workbooks_that_count_from_1904_get_their_own_serial_numbers() {
    let plain = workbook(&[]);
    let xml = part(&plain, "xl/workbook.xml");
    let at = xml.find("<bookViews").unwrap();
    let start = xml.find("<workbookPr").unwrap_or(at);
    let xml = format!("{}<workbookPr date1904=\"1\"/>{}", &xml[..start], &xml[at..]);
    let mut book = with_part(&plain, "xl/workbook.xml", &xml);
    done(
        &mut book,
        json!({"op": "range.write", "range": "Data!A1", "cells": [[{"date": "2026-03-31"}]]}),
    );
    assert_eq!(value(&book, "Data!A1"), CellValue::Number(44_650.0));
    assert_eq!(table(&book, "Data"), "\tA\n1\t2026-03-31\n");
    let early = json!({"op": "range.write", "range": "Data!A1", "cells": [[{"date": "1903-12-31"}]]});
    assert_eq!(refused(&book, early).0, RefusalCode::BadInput);
}
