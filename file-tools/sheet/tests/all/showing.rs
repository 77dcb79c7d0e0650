//! What a sheet shows and prints: filters, panes, widths, heights, pages.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{done, goes_back, layout, part, refused, settled, with_sheet, workbook};

const SPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const SHEET: &str = "xl/worksheets/sheet1.xml";

fn sales() -> Workbook {
    workbook(&[
        &[json!("Region"), json!("Units"), json!("Note")],
        &[json!("North"), json!(2), json!("a*b")],
        &[json!("South"), json!(30), json!(null)],
        &[json!("north-west"), json!(4), json!("ab")],
        &[json!("East"), json!(50), json!("x")],
        &[json!("=SUBTOTAL(109,B2:B5)")],
    ])
}

/// The rows that are hidden after a filter.
fn hidden(book: &Workbook, columns: &Value) -> Value {
    let mut book = book.clone();
    let op = json!({"op": "filter.set", "range": "Data!A1:C5", "columns": columns});
    done(&mut book, op);
    assert!(lint(&book).unwrap().is_empty());
    layout(&book)["layout"]["Data"]["hidden_rows"].clone()
}

#[test]
fn a_filter_hides_the_rows_that_do_not_match() {
    let book = sales();
    let condition = |operator: &str, value: Value| json!({"operator": operator, "value": value});
    let cases = [
        (
            json!([{"column": "Region", "values": ["north", "East"]}]),
            json!([3, 4]),
        ),
        (json!([{"column": "C", "values": [null, "x"]}]), json!([2, 4])),
        (json!([{"column": "B", "values": [30]}]), json!([2, 4, 5])),
        (
            json!([{"column": "Units", "conditions": [condition("greaterThan", json!(3)), condition("lessThanOrEqual", json!(30))]}]),
            json!([2, 5]),
        ),
        (
            json!([{"column": "Units", "conditions": [condition("lessThan", json!(3)), condition("greaterThan", json!(30))], "any": true}]),
            json!([3, 4]),
        ),
        (
            json!([{"column": "Region", "conditions": [condition("beginsWith", json!("NORTH"))]}]),
            json!([3, 5]),
        ),
        (
            json!([{"column": "Region", "conditions": [condition("endsWith", json!("t"))]}]),
            json!([2, 3]),
        ),
        (
            json!([{"column": "Note", "conditions": [condition("contains", json!("*"))]}]),
            json!([3, 4, 5]),
        ),
        (
            json!([{"column": "Note", "conditions": [condition("doesNotContain", json!("b"))]}]),
            json!([2, 4]),
        ),
        (
            json!([{"column": "Region", "values": ["North", "East"]}, {"column": "Units", "conditions": [condition("notEqual", json!(2))]}]),
            json!([2, 3, 4]),
        ),
        (json!([]), json!([])),
    ];
    for (columns, expected) in cases {
        assert_eq!(hidden(&book, &columns), expected, "{columns}");
    }
}

#[test]
fn a_filter_is_told_to_excel_and_goes_again() {
    let mut book = sales();
    let before = settled(&mut book);
    let op = json!({"op": "filter.set", "range": "Data!A:C", "columns": [
        {"column": "Units", "conditions": [{"operator": "greaterThan", "value": 3}]}, {"column": "Note", "values": ["ab", null]}]});
    let (applied, patches) = done(&mut book, op);
    assert_eq!((applied.target.as_str(), applied.changed), ("Data!A1:C6", 3));
    assert!(applied.warnings[0].contains("Data!A6"), "{applied:?}");
    let seen = layout(&book);
    let data = &seen["layout"]["Data"];
    assert_eq!(data["filter"], json!("A1:C6"));
    assert_eq!(
        data["filtered"],
        json!([[1, null, null, [["greaterThan", "3"]]], [2, ["ab"], true, null]])
    );
    assert_eq!(data["hidden_rows"], json!([2, 5, 6]));
    let xml = part(&book, "xl/workbook.xml");
    assert!(xml.contains(r#"<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">Data!$A$1:$C$6</definedName>"#), "{xml}");
    assert!(part(&book, SHEET).contains(r#"filterMode="1""#));
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "filter.set", "range": "Data!A1:C5", "remove": true}),
    );
    let xml = part(&book, SHEET);
    for gone in ["autoFilter", "filterMode", "hidden="] {
        assert!(!xml.contains(gone), "{gone} in {xml}");
    }
    assert!(!part(&book, "xl/workbook.xml").contains("_FilterDatabase"));
}

#[test]
fn a_table_is_filtered_in_its_own_part() {
    let mut book = sales();
    done(
        &mut book,
        json!({"op": "table.add", "range": "Data!A1:C5", "name": "Sales"}),
    );
    let op =
        json!({"op": "filter.set", "table": "Sales", "columns": [{"column": "Region", "values": ["East"]}]});
    done(&mut book, op);
    assert_eq!(layout(&book)["layout"]["Data"]["hidden_rows"], json!([2, 3, 4]));
    let xml = part(&book, "xl/tables/table1.xml");
    assert!(xml.contains(r#"<autoFilter ref="A1:C5"><filterColumn colId="0"><filters><filter val="East"/></filters></filterColumn></autoFilter>"#), "{xml}");
    let over = json!({"op": "filter.set", "range": "Data!A1:C9", "columns": []});
    assert_eq!(refused(&book, over).0, RefusalCode::Protected);
    for op in [
        json!({"op": "filter.set", "columns": []}),
        json!({"op": "filter.set", "table": "Sales", "columns": [{"column": "Region"}]}),
        json!({"op": "filter.set", "range": "Data!F1", "columns": []}),
    ] {
        assert_eq!(refused(&book, op).0, RefusalCode::BadInput);
    }
    let nobody = json!({"op": "filter.set", "table": "Nobody"});
    assert_eq!(refused(&book, nobody).0, RefusalCode::NotFound);
}

#[test]
fn panes_freeze_move_and_thaw() {
    let mut book = sales();
    let before = settled(&mut book);
    let (_, patches) = done(&mut book, json!({"op": "freeze", "sheet": "Data", "rows": 1}));
    assert_eq!(layout(&book)["layout"]["Data"]["freeze"], json!("A2"));
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "freeze", "sheet": "Data", "rows": 2, "columns": 1}),
    );
    assert_eq!(layout(&book)["layout"]["Data"]["freeze"], json!("B3"));
    assert!(part(&book, SHEET).contains(
        r#"<pane xSplit="1" ySplit="2" topLeftCell="B3" activePane="bottomRight" state="frozen"/><selection pane="topRight"/><selection pane="bottomLeft"/><selection pane="bottomRight""#
    ));
    done(&mut book, json!({"op": "freeze", "sheet": "Data", "columns": 3}));
    assert_eq!(layout(&book)["layout"]["Data"]["freeze"], json!("D1"));
    done(&mut book, json!({"op": "freeze", "sheet": "Data"}));
    assert_eq!(layout(&book)["layout"]["Data"]["freeze"], json!(null));
    let all = json!({"op": "freeze", "sheet": "Data", "rows": 1_048_576});
    assert_eq!(refused(&book, all).0, RefusalCode::BadInput);
}

#[test]
fn widths_split_runs_of_columns_and_keep_what_else_these_say() {
    let mut book = with_sheet(&format!(
        r#"<worksheet xmlns="{SPACE}"><cols><col min="1" max="5" width="20" style="0" customWidth="1"/></cols><sheetData><row r="1"><c r="B1" t="inlineStr"><is><t>Quite a long text of 40 characters in it.</t></is></c></row></sheetData></worksheet>"#
    ));
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "columnWidth", "range": "Data!C:D", "width": 10}),
    );
    let cols = |book: &Workbook| {
        let xml = part(book, SHEET);
        let from = xml.find("<cols>").unwrap();
        xml[from..xml.find("</cols>").unwrap()].to_owned()
    };
    assert_eq!(
        cols(&book),
        concat!(
            r#"<cols><col min="1" max="2" width="20" style="0" customWidth="1"/>"#,
            r#"<col min="3" max="4" width="10.7109375" style="0" customWidth="1"/>"#,
            r#"<col min="5" max="5" width="20" style="0" customWidth="1"/>"#
        )
    );
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "columnWidth", "range": "Data!G:G", "hidden": true}),
    );
    assert!(cols(&book).ends_with(r#"<col min="7" max="7" hidden="1" width="9.140625"/>"#));
    done(
        &mut book,
        json!({"op": "columnWidth", "range": "Data!B:B", "fit": true}),
    );
    let width = layout(&book)["layout"]["Data"]["columns"]["B"][2]
        .as_f64()
        .unwrap();
    assert!((30.0..50.0).contains(&width), "{width}");
    let wide = json!({"op": "columnWidth", "range": "Data!B:B", "width": 256});
    assert_eq!(refused(&book, wide).0, RefusalCode::BadInput);
    let mut plain = sales();
    done(
        &mut plain,
        json!({"op": "columnWidth", "range": "Data!B:C", "width": 12}),
    );
    done(&mut plain, json!({"op": "columnWidth", "range": "Data!A:Z"}));
    assert!(!part(&plain, SHEET).contains("<col"));
}

#[test]
fn rows_get_a_height_are_hidden_and_shown() {
    let mut book = sales();
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "rowHeight", "range": "Data!6:8", "height": 33.5}),
    );
    assert_eq!(
        layout(&book)["layout"]["Data"]["heights"],
        json!({"6": 33.5, "7": 33.5, "8": 33.5})
    );
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "rowHeight", "range": "Data!2:3", "hidden": true}),
    );
    assert_eq!(layout(&book)["layout"]["Data"]["hidden_rows"], json!([2, 3]));
    done(
        &mut book,
        json!({"op": "rowHeight", "range": "Data!3:9", "hidden": false}),
    );
    assert_eq!(layout(&book)["layout"]["Data"]["hidden_rows"], json!([2]));
    done(&mut book, json!({"op": "rowHeight", "range": "Data!1:9"}));
    assert_eq!(layout(&book)["layout"]["Data"]["heights"], json!({}));
    let high = json!({"op": "rowHeight", "range": "Data!1:1", "height": 410});
    assert_eq!(refused(&book, high).0, RefusalCode::BadInput);
    assert!(lint(&book).unwrap().is_empty());
}

#[test]
fn pages_are_set_up_field_by_field() {
    let mut book = sales();
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "pageSetup", "sheet": "Data", "orientation": "landscape", "paper": "a4", "fitWidth": 1, "fitHeight": 0,
            "printArea": "A1:C6", "titleRows": "1:1", "margins": {"left": 36, "top": 72}, "header": "&CSales & more", "gridlines": true}),
    );
    let print = |book: &Workbook| layout(book)["layout"]["Data"]["print"].clone();
    assert_eq!(
        print(&book),
        json!({"area": "'Data'!$A$1:$C$6", "rows": "$1:$1", "columns": null, "orientation": "landscape", "paper": 9, "scale": null,
            "fit": [1, 0, true], "margins": [0.5, 0.7, 1.0, 0.75, 0.3, 0.3], "header": "Sales & more", "gridlines": true})
    );
    assert!(part(&book, SHEET).contains(r#"paperSize="9""#));
    assert!(lint(&book).unwrap().is_empty());
    goes_back(&book, &patches, &before);
    done(
        &mut book,
        json!({"op": "pageSetup", "sheet": "Data", "scale": 80, "titleColumns": "A:B", "printArea": "", "footer": "Page &P", "gridlines": false}),
    );
    let now = print(&book);
    assert_eq!(now["rows"], json!("$1:$1"));
    assert_eq!(now["columns"], json!("$A:$B"));
    assert_eq!(now["scale"], json!(80));
    assert_eq!(now["fit"][2], json!(false));
    assert_eq!(now["orientation"], json!("landscape"));
    assert_eq!(now["gridlines"], json!(false));
    assert!(!part(&book, "xl/workbook.xml").contains("Print_Area"));
    for op in [
        json!({"op": "pageSetup", "sheet": "Data", "scale": 5}),
        json!({"op": "pageSetup", "sheet": "Data", "scale": 50, "fitWidth": 1}),
        json!({"op": "pageSetup", "sheet": "Data", "titleRows": "A1:B2"}),
        json!({"op": "pageSetup", "sheet": "Data", "header": "x".repeat(256)}),
        json!({"op": "pageSetup", "sheet": "Data", "margins": {"left": -1}}),
    ] {
        assert_eq!(refused(&book, op.clone()).0, RefusalCode::BadInput, "{op}");
    }
}
