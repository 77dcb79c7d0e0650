//! Sorting as Excel sorts.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::json;

use crate::support::{
    done, goes_back, layout, part, read, refused, settled, table, with_part, with_sheet, workbook,
};

const SPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const SHEET: &str = "xl/worksheets/sheet1.xml";

fn mixed() -> Workbook {
    workbook(&[
        &[json!("Key"), json!("Name"), json!("Twice")],
        &[json!("b"), json!("first"), json!("=LEN(A2)*2")],
        &[json!(10), json!("second"), json!("=A3*2")],
        &[json!(true), json!("third"), json!("=B$1&B4")],
        &[json!(null), json!("fourth"), json!("=B5")],
        &[json!("=1/0"), json!("fifth")],
        &[json!("A"), json!("sixth")],
        &[json!(2), json!("seventh")],
        &[json!("B"), json!("eighth")],
    ])
}

#[test]
fn numbers_come_before_texts_logical_values_errors_and_blanks() {
    let mut book = mixed();
    let before = settled(&mut book);
    let op = json!({"op": "range.sort", "range": "Data!A1:C9", "by": [{"column": "Key"}], "hasHeader": true});
    let (applied, patches) = done(&mut book, op);
    assert_eq!(applied.target, "Data!A1:C9");
    assert_eq!(
        table(&book, "Data"),
        concat!(
            "\tA\tB\tC\n1\tKey\tName\tTwice\n2\t2\tseventh\n3\t10\tsecond\t=A3*2 → 20\n4\tA\tsixth\n",
            // Equal keys keep their order; formulas refer to the row they stand in now.
            "5\tb\tfirst\t=LEN(A5)*2 → 2\n6\tB\teighth\n7\tTRUE\tthird\t=B$1&B7 → Namethird\n",
            "8\t=1/0 → #DIV/0!\tfifth\n9\t\tfourth\t=B9 → fourth\n"
        )
    );
    goes_back(&book, &patches, &before);
    assert!(lint(&book).unwrap().is_empty());
    let op = json!({"op": "range.sort", "range": "Data!A2:C9", "by": [{"column": "A", "descending": true}, {"column": "B"}]});
    done(&mut book, op);
    let names: Vec<_> = read(&book, "Data!B2:B9", &["texts"]).texts.unwrap().concat();
    assert_eq!(
        names,
        [
            "fifth", "third", "eighth", "first", "sixth", "second", "seventh", "fourth"
        ]
    );
}

#[test]
fn several_keys_decide_one_after_the_other() {
    let mut book = workbook(&[
        &[json!("South"), json!(1), json!("a")],
        &[json!("North"), json!(1), json!("b")],
        &[json!("South"), json!(3), json!("c")],
        &[json!("North"), json!(2), json!("d")],
    ]);
    let by = json!([{"column": "A"}, {"column": "B", "descending": true}]);
    done(
        &mut book,
        json!({"op": "range.sort", "range": "Data!A:C", "by": by}),
    );
    let texts = read(&book, "Data!C1:C4", &["texts"]).texts.unwrap().concat();
    assert_eq!(texts, ["d", "b", "c", "a"]);
}

#[test]
fn hidden_rows_heights_and_borders_stay_and_formats_and_links_move() {
    let plain = workbook(&[]);
    let data = concat!(
        r#"<row r="1" ht="30" customHeight="1"><c r="A1"><v>3</v></c></row>"#,
        r#"<row r="2" hidden="1"><c r="A2"><v>2</v></c></row><row r="3"><c r="A3"><v>1</v></c></row>"#
    );
    let links = r#"<hyperlinks><hyperlink ref="A3" location="Data!A9" display="x"/></hyperlinks>"#;
    let mut book = with_part(
        &plain,
        SHEET,
        &format!(r#"<worksheet xmlns="{SPACE}"><sheetData>{data}</sheetData>{links}</worksheet>"#),
    );
    done(
        &mut book,
        json!({"op": "range.format", "range": "Data!A3", "format": {"fillColor": "#FF0000"}}),
    );
    done(
        &mut book,
        json!({"op": "range.sort", "range": "Data!A1:A3", "by": [{"column": "A"}]}),
    );
    let seen = layout(&book);
    let data = &seen["layout"]["Data"];
    assert_eq!(data["hidden_rows"], json!([2]));
    assert_eq!(data["heights"], json!({"1": 30.0}));
    assert_eq!(data["links"], json!({"A1": "Data!A9"}));
    assert_eq!(table(&book, "Data"), "\tA\n1\t1\n2\t2\n3\t3\n");
    let formats = read(&book, "Data!A1:A3", &["formats"]).formats.unwrap().concat();
    assert_eq!(formats[0].fill_color.as_deref(), Some("#FF0000"));
    assert_eq!(formats[2].fill_color.as_deref(), Some(""));
}

#[test]
fn a_border_stays_where_it_is() {
    let plain = workbook(&[&[json!(2)], &[json!(1)]]);
    let styles = part(&plain, "xl/styles.xml");
    let borders = styles.find("</borders>").unwrap();
    let mut styles = styles.clone();
    styles.insert_str(
        borders,
        r#"<border><left/><right/><top style="thin"/><bottom/><diagonal/></border>"#,
    );
    let xfs = styles.find("</cellXfs>").unwrap();
    styles.insert_str(
        xfs,
        r#"<xf numFmtId="0" fontId="0" fillId="0" borderId="1" xfId="0" applyBorder="1"/>"#,
    );
    let count = styles[..xfs].matches("<xf ").count();
    let book = with_part(&plain, "xl/styles.xml", &styles);
    let border = count - styles[..styles.find("<cellXfs").unwrap()].matches("<xf ").count();
    let xml = part(&book, SHEET).replace(r#"<c r="A1""#, &format!(r#"<c r="A1" s="{border}""#));
    let mut book = with_part(&book, SHEET, &xml);
    done(
        &mut book,
        json!({"op": "range.sort", "range": "Data!A1:A2", "by": [{"column": "A"}]}),
    );
    let xml = part(&book, SHEET);
    assert!(
        xml.contains(&format!(r#"<c r="A1" s="{border}"><v>1</v></c>"#)),
        "{xml}"
    );
    assert!(xml.contains(r#"<c r="A2"><v>2</v></c>"#), "{xml}");
}

#[test]
fn sorts_that_would_tear_something_apart_are_refused() {
    let by = json!([{"column": "A"}]);
    let mut tabled = mixed();
    done(
        &mut tabled,
        json!({"op": "table.add", "range": "Data!A1:C5", "name": "Part"}),
    );
    for (range, header) in [
        ("Data!A2:B5", false),
        ("Data!A1:C5", false),
        ("Data!A2:C9", false),
    ] {
        let op = json!({"op": "range.sort", "range": range, "by": by, "hasHeader": header});
        let (code, sentence) = refused(&tabled, op);
        assert_eq!(code, RefusalCode::Protected);
        assert!(sentence.contains("`Part`"), "{sentence}");
    }
    done(
        &mut tabled,
        json!({"op": "range.sort", "range": "Data!A1:C5", "by": by, "hasHeader": true}),
    );
    let merged = with_sheet(&format!(
        r#"<worksheet xmlns="{SPACE}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>"#
    ));
    let cases = [
        (
            &merged,
            json!({"op": "range.sort", "range": "Data!A1:B3", "by": by}),
            RefusalCode::Protected,
        ),
        (
            &tabled,
            json!({"op": "range.sort", "range": "Data!A6:C9", "by": []}),
            RefusalCode::BadInput,
        ),
        (
            &tabled,
            json!({"op": "range.sort", "range": "Data!A6:C9", "by": [{"column": "F"}]}),
            RefusalCode::NotFound,
        ),
    ];
    for (book, op, code) in cases {
        assert_eq!(refused(book, op).0, code);
    }
}
