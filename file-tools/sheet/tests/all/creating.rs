//! Workbooks that are written row by row.

use std::io::Cursor;

use deskhand_operations::{CellInput, WorkbookOperation};
use deskhand_sheet::{CreateError, NewWorkbook, lint};
use serde_json::{Value, json};

use crate::support::{open, openpyxl, read, saved};

fn row(cells: Value) -> Vec<CellInput> {
    serde_json::from_value(cells).unwrap()
}

fn made(sheets: &[(&str, Vec<Vec<CellInput>>)]) -> Result<Vec<u8>, CreateError> {
    let mut workbook = NewWorkbook::new();
    for (name, rows) in sheets {
        let mut sheet = workbook.sheet(name)?;
        for cells in rows {
            sheet.row(cells)?;
        }
    }
    let mut file = Cursor::new(Vec::new());
    workbook.finish(&mut file)?;
    Ok(file.into_inner())
}

#[test]
fn rows_of_every_kind_of_cell_are_read_back_by_others_and_by_us() {
    let first = row(json!(["Name", "R&D <x>", "'=no formula", " two  spaces "]));
    let second = row(json!([1.5, true, null, {"date": "2026-03-31"}, "=A3*2"]));
    let bytes = made(&[
        ("Data", vec![first, vec![], second]),
        ("Q1 \"2026\"", vec![row(json!([-0.1]))]),
    ]);
    let mut workbook = open(&bytes.unwrap());
    assert!(lint(&workbook).unwrap().is_empty());
    let values = read(&workbook, "Data!A1:D3", &["values", "texts"]);
    assert_eq!(
        json!(values.values.unwrap()),
        json!([
            ["Name", "R&D <x>", "=no formula", " two  spaces "],
            [null, null, null, null],
            [1.5, true, null, 46_112.0]
        ])
    );
    assert_eq!(values.texts.unwrap()[2], ["1.5", "TRUE", "", "2026-03-31"]);
    // Computed as any other.
    let recalculate: WorkbookOperation =
        serde_json::from_value(json!({"op": "workbook.recalculate"})).unwrap();
    let planned = workbook.plan(&recalculate).unwrap();
    workbook.apply(&planned.patches).unwrap();
    let computed = read(&workbook, "Data!E3", &["values", "formulas"]);
    assert_eq!(
        json!([computed.values, computed.formulas]),
        json!([[[3.0]], [["=A3*2"]]])
    );
    let folder = tempfile::tempdir().unwrap();
    let file = saved(&workbook, folder.path(), "new.xlsx");
    let cells = json!([["Data", "A1"], ["Data", "D3"], ["Q1 \"2026\"", "A1"]]);
    let seen = openpyxl(&[json!({"file": file, "cells": cells})]).remove(0);
    assert_eq!(seen["cells"]["Data!A1"]["value"], json!("Name"));
    assert_eq!(seen["cells"]["Data!D3"]["format"], json!("yyyy-mm-dd"));
    assert_eq!(seen["cells"]["Q1 \"2026\"!A1"]["value"], json!(-0.1));
}

#[test]
fn what_no_workbook_can_hold_is_refused() {
    let wide = vec![CellInput::Number(1.0); 16_385];
    let endless = row(json!(["x".repeat(32_768)]));
    for (sheets, why) in [
        (vec![], "no sheet"),
        (vec![("a/b", vec![])], "a name with a slash"),
        (vec![("Data", vec![]), ("data", vec![])], "a name twice"),
        (vec![("Data", vec![wide])], "too many columns"),
        (vec![("Data", vec![endless])], "a text that is too long"),
    ] {
        assert!(matches!(made(&sheets), Err(CreateError::Input(_))), "{why}");
    }
}

fn described(asked: Value) -> Result<(deskhand_sheet::Workbook, Vec<String>), deskhand_operations::Refusal> {
    let create = serde_json::from_value(asked).unwrap();
    deskhand_sheet::workbook_of(&create).map(|(workbook, applied)| (workbook, applied.warnings))
}

#[test]
fn a_described_workbook_has_its_sheets_values_formats_and_widths() {
    let asked = json!({"sheets": [
        {"name": "Data", "cells": [["Region", "Units"], ["North", 2], ["South", 3], ["Total", "=SUM(B2:B3)"]],
            "widths": [18.5, null, 12],
            "formats": [{"range": "A1:B1", "format": {"bold": true}}, {"range": "B2:B4", "format": {"numberFormat": "#,##0.00"}}]},
        {"name": "Q1 'x' 2026", "cells": [["=Data!B4*2", "=1/0", {"date": "2026-03-31"}]]},
        {"name": "Empty"}
    ]});
    let (workbook, warnings) = described(asked).unwrap();
    assert_eq!(
        warnings,
        ["Formulas answer errors: 'Q1 ''x'' 2026'!B1 (#DIV/0!)."]
    );
    let values = read(&workbook, "'Q1 ''x'' 2026'!A1:B1", &["values"])
        .values
        .unwrap();
    assert_eq!(json!(values), json!([[10.0, "#DIV/0!"]]));
    assert_eq!(read(&workbook, "Data!B4", &["texts"]).texts.unwrap(), [["5.00"]]);
    assert!(lint(&workbook).unwrap().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let file = saved(&workbook, folder.path(), "described.xlsx");
    let found: Vec<String> = crate::outside::findings(&file).into_keys().collect();
    assert_eq!(found, Vec::<String>::new());
    let cells = json!([["Data", "A1"], ["Data", "B4"], ["Q1 'x' 2026", "A1"]]);
    let seen = &openpyxl(&[json!({"file": file, "cells": cells})])[0]["cells"];
    assert_eq!(seen["Data!A1"]["bold"], true, "{seen}");
    assert_eq!(seen["Data!B4"]["format"], "#,##0.00", "{seen}");
    assert_eq!(seen["Data!B4"]["value"], 5, "{seen}");
    assert_eq!(seen["Q1 'x' 2026!A1"]["value"], 10, "{seen}");
}

#[test]
fn what_no_workbook_can_be_is_refused_by_name() {
    let long = "x".repeat(32);
    let cases = [
        (json!({"sheets": []}), "1 to 255 sheets"),
        (json!({"sheets": [{"name": long}]}), "31"),
        (json!({"sheets": [{"name": "A/B"}]}), "A/B"),
        (json!({"sheets": [{"name": "Data"}, {"name": "data"}]}), "data"),
        (json!({"sheets": [{"name": "Data", "widths": [300]}]}), "255"),
        (
            json!({"sheets": [{"name": "Data", "formats": [{"range": "Other!A1", "format": {"bold": true}}]}]}),
            "Other!A1",
        ),
        (
            json!({"sheets": [{"name": "Data", "cells": [["y".repeat(32_768)]]}]}),
            "32",
        ),
    ];
    for (asked, words) in cases {
        let refusal = described(asked.clone()).unwrap_err();
        assert!(refusal.message.contains(words), "{refusal}");
        assert!(refusal.message.contains("nothing was"), "{refusal}");
    }
    let workbook = described(json!({"sheets": [{"name": "Data"}]})).unwrap().0;
    let again: WorkbookOperation =
        serde_json::from_value(json!({"op": "workbook.create", "sheets": []})).unwrap();
    assert!(workbook.plan(&again).unwrap_err().message.contains("new file"));
}
