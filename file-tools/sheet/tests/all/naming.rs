//! The names by which Excel knows what is printed; links of pictures that follow the name of a sheet.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::outside::new_findings;
use crate::support::{done, goes_back, layout, part, refused, saved, settled, with_part, workbook};

fn data() -> Workbook {
    workbook(&[&[json!("Units")], &[json!(1)], &[json!(2)]])
}

fn set(name: &str, refers_to: &str, sheet: &str) -> Value {
    json!({"op": "name.set", "name": name, "refersTo": refers_to, "sheet": sheet})
}

#[test]
fn what_is_printed_is_set_and_deleted_by_name() {
    let cases = [
        (
            set("Print_Area", "Data!A1:C9", "Data"),
            r#"name="_xlnm.Print_Area" localSheetId="0">Data!$A$1:$C$9<"#,
        ),
        (
            set("print_area", "=Data!$A$1:$C$9,Data!$E$1:$F$9", "Data"),
            r#"name="_xlnm.Print_Area" localSheetId="0">Data!$A$1:$C$9,Data!$E$1:$F$9<"#,
        ),
        (
            set("_xlnm.Print_Area", "'Q1 2026'!A1", "Q1 2026"),
            r#"name="_xlnm.Print_Area" localSheetId="1">'Q1 2026'!$A$1<"#,
        ),
        (
            set("Print_Titles", "Data!1:2,Data!A:A", "Data"),
            r#"name="_xlnm.Print_Titles" localSheetId="0">Data!$A:$A,Data!$1:$2<"#,
        ),
        (
            set("Print_Area", "=OFFSET(Data!$A$1,0,0,5,2)", "Data"),
            r#"name="_xlnm.Print_Area" localSheetId="0">OFFSET(Data!$A$1,0,0,5,2)<"#,
        ),
    ];
    for (op, expected) in cases {
        let mut book = data();
        let bytes = settled(&mut book);
        let (_, patches) = done(&mut book, op.clone());
        let xml = part(&book, "xl/workbook.xml").replace("&apos;", "'");
        assert!(xml.contains(expected), "{op}: {xml}");
        assert!(lint(&book).unwrap().is_empty(), "{op}");
        let mut gone = book.clone();
        let delete = json!({"op": "name.delete", "name": op["name"], "sheet": op["sheet"]});
        done(&mut gone, delete);
        assert!(!part(&gone, "xl/workbook.xml").contains("Print_"), "{op}");
        goes_back(&book, &patches, &bytes);
    }
    let none = json!({"op": "name.set", "name": "Print_Area", "refersTo": "Data!A1"});
    for op in [
        none,
        set("Print_Area", "'Q1 2026'!A1", "Data"),
        set("Print_Titles", "Data!A1:B2", "Data"),
        set("Print_Area", "units sold", "Data"),
    ] {
        assert_eq!(refused(&data(), op.clone()).0, RefusalCode::BadInput, "{op}");
    }
}

#[test]
fn other_programs_read_what_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let before = saved(&data(), folder.path(), "before.xlsx");
    let cases = [
        (
            set("Print_Area", "Data!A1:C9", "Data"),
            "Data",
            json!(["'Data'!$A$1:$C$9", null, null]),
        ),
        (
            set("Print_Area", "=Data!$A$1:$C$9,Data!$E$1:$F$9", "Data"),
            "Data",
            json!(["'Data'!$A$1:$C$9,'Data'!$E$1:$F$9", null, null]),
        ),
        (
            set("Print_Area", "'Q1 2026'!A1", "Q1 2026"),
            "Q1 2026",
            json!(["'Q1 2026'!$A$1", null, null]),
        ),
        (
            set("Print_Titles", "Data!1:2,Data!A:A", "Data"),
            "Data",
            json!(["", "$1:$2", "$A:$A"]),
        ),
        (
            set("Print_Titles", "'Q1 2026'!3:3", "Q1 2026"),
            "Q1 2026",
            json!(["", "$3:$3", null]),
        ),
        // What Excel computes itself is no area to openpyxl.
        (
            set("Print_Area", "=OFFSET(Data!$A$1,0,0,5,2)", "Data"),
            "Data",
            json!(["", null, null]),
        ),
    ];
    for (op, sheet, expected) in cases {
        let mut book = data();
        done(&mut book, op.clone());
        let print = layout(&book)["layout"][sheet]["print"].clone();
        assert_eq!(
            json!([print["area"], print["rows"], print["columns"]]),
            expected,
            "{op}"
        );
        let after = saved(&book, folder.path(), "after.xlsx");
        assert_eq!(new_findings(&before, &after), Vec::<String>::new(), "{op}");
    }
}

#[test]
fn links_of_pictures_follow_the_name_of_their_sheet() {
    let mut book = data();
    let picture = include_str!("../../../slides/tests/slides/picture.base64");
    done(
        &mut book,
        json!({"op": "picture.add", "place": "Data!C3", "name": "Logo", "data": picture.trim(), "altText": "A logo"}),
    );
    let relationships = "xl/drawings/_rels/drawing1.xml.rels";
    let link = |target: &str| {
        format!(
            "<Relationship Id=\"rId90\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink\" \
             Target=\"{target}\"/></Relationships>"
        )
    };
    for (target, expected) in [
        ("#'Q1%202026'!B2", "#'Plan%20B'!B2"),
        ("#Data!B2", "#Data!B2"),
        (
            "https://example.com/#'Q1%202026'!B2",
            "https://example.com/#'Q1%202026'!B2",
        ),
    ] {
        let xml = part(&book, relationships).replace("</Relationships>", &link(target));
        let mut linked = with_part(&book, relationships, &xml);
        let bytes = settled(&mut linked);
        let rename = json!({"op": "sheet.rename", "name": "Q1 2026", "to": "Plan B"});
        let (_, patches) = done(&mut linked, rename);
        let after = part(&linked, relationships).replace("&apos;", "'");
        assert!(after.contains(&format!("Target=\"{expected}\"")), "{after}");
        goes_back(&linked, &patches, &bytes);
    }
}
