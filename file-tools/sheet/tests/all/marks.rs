//! What hangs on cells: notes, threads of comments and hyperlinks, set, copied and sorted with them.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::outside::new_findings;
use crate::support::{
    data, done, fixture, goes_back, layout, open, operation, part, read, refused, saved, settled, with_part,
};

const SHEET: &str = "xl/worksheets/sheet1.xml";
const DRAWING: &str = "xl/drawings/vmlDrawing1.vml";

fn copied(book: &mut Workbook, from: &str, to: &str) -> deskhand_opc::PatchSet {
    done(book, json!({"op": "range.copy", "from": from, "to": to})).1
}

/// Notes by cell as openpyxl reads them.
fn notes(book: &Workbook, sheet: &str) -> Value {
    layout(book)["layout"][sheet]["notes"].clone()
}

fn links(book: &Workbook, sheet: &str) -> Value {
    layout(book)["layout"][sheet]["links"].clone()
}

/// The cells of a drawing's boxes, each with its anchor.
fn boxes(book: &Workbook, drawing: &str) -> Vec<(String, String, String)> {
    let xml = part(book, drawing);
    let inner = |shape: &str, name: &str| {
        let from = shape.find(&format!("{name}>")).unwrap() + name.len() + 1;
        shape[from..from + shape[from..].find("</").unwrap()]
            .trim()
            .to_owned()
    };
    let shapes = xml.split("ObjectType=\"Note\"").skip(1);
    shapes
        .map(|shape| {
            (
                inner(shape, "Row"),
                inner(shape, "Column"),
                inner(shape, "Anchor"),
            )
        })
        .collect()
}

/// The validator of the Open XML SDK finds nothing that was not there before, nor does the lint.
fn sound(before: &[u8], after: &Workbook) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("before.xlsx");
    std::fs::write(&file, before).unwrap();
    let after_file = saved(after, folder.path(), "after.xlsx");
    assert_eq!(new_findings(&file, &after_file), Vec::<String>::new());
    assert!(lint(after).unwrap().is_empty());
}

/// The parts, but not those that only lead to others.
fn parts_beside_links(book: &Workbook) -> Vec<String> {
    let parts = book.package().parts().filter(|part| !part.contains("_rels/"));
    parts.map(str::to_owned).collect()
}

#[test]
fn notes_copied_with_their_sheet_are_notes_of_their_own() {
    let mut book = data();
    for cell in ["Data!A1", "Data!B2"] {
        done(&mut book, json!({"op": "note.set", "cell": cell, "text": "Seen"}));
    }
    done(
        &mut book,
        json!({"op": "sheet.copy", "name": "Data", "to": "Copy"}),
    );
    done(&mut book, json!({"op": "note.delete", "cell": "Copy!B2"}));
    let count = |sheet: &str| notes(&book, sheet).as_object().unwrap().len();
    assert_eq!((count("Copy"), count("Data")), (1, 2));
}

#[test]
fn notes_come_change_and_go_with_their_parts() {
    let mut book = data();
    let before = settled(&mut book);
    let parts = parts_beside_links(&book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "note.set", "cell": "Data!B2", "text": "Is this & that\nright?", "author": "Ann"}),
    );
    done(
        &mut book,
        json!({"op": "note.set", "cell": "Data!A1", "text": "A header"}),
    );
    assert_eq!(
        notes(&book, "Data"),
        json!({"A1": ["Deskhand", "A header"], "B2": ["Ann", "Is this & that\nright?"]})
    );
    assert!(lint(&book).unwrap().is_empty());
    let drawing = part(&book, "xl/drawings/vmlDrawing1.vml");
    assert_eq!(drawing.matches("<v:shapetype").count(), 1);
    assert!(drawing.contains("<x:Row>1</x:Row><x:Column>1</x:Column>"));
    done(
        &mut book,
        json!({"op": "note.set", "cell": "Data!B2", "text": "Yes", "author": "Bob"}),
    );
    assert_eq!(notes(&book, "Data")["B2"], json!(["Bob", "Yes"]));
    let told = read(&book, "Data", &["notes"]).notes.unwrap();
    assert_eq!(told.len(), 2);
    let missing = json!({"op": "note.delete", "cell": "Data!C9"});
    assert_eq!(refused(&book, missing).0, RefusalCode::NotFound);
    done(&mut book, json!({"op": "note.delete", "cell": "Data!B2"}));
    done(&mut book, json!({"op": "note.delete", "cell": "Data!A1"}));
    assert_eq!(parts_beside_links(&book), parts);
    assert!(!part(&book, SHEET).contains("legacyDrawing"));
    let mut fresh = open(&before);
    fresh.apply(&patches).unwrap();
    goes_back(&fresh, &patches, &before);
}

#[test]
fn refuses_notes_that_excel_has_no_room_for() {
    let book = data();
    for op in [
        json!({"op": "note.set", "cell": "Data!A1:B2", "text": "x"}),
        json!({"op": "note.set", "cell": "Data!A1", "text": ""}),
        json!({"op": "note.set", "cell": "Data!A1", "text": "x".repeat(32_001)}),
    ] {
        assert_eq!(refused(&book, op).0, RefusalCode::BadInput);
    }
}

#[test]
fn a_copy_takes_notes_along_and_replaces_those_that_are_there() {
    let mut book = data();
    for (cell, text) in [("A2", "one"), ("B3", "two"), ("D2", "old"), ("E9", "stays")] {
        let op = json!({"op": "note.set", "cell": format!("Data!{cell}"), "text": text, "author": "Ann"});
        done(&mut book, op);
    }
    let before = settled(&mut book);
    // Two copies one below the other: D2:E4 and D5:E7.
    let patches = copied(&mut book, "Data!A2:B4", "Data!D2:E7");
    let ann = |text: &str| json!(["Ann", text]);
    assert_eq!(
        notes(&book, "Data"),
        json!({"A2": ann("one"), "B3": ann("two"), "D2": ann("one"), "E3": ann("two"), "D5": ann("one"), "E6": ann("two"), "E9": ann("stays")})
    );
    // The box stands as far from its cell as that of the source: A2 had it at columns 1 to 3 and rows 0 to 4.
    let held = boxes(&book, DRAWING);
    let at = |row: &str, column: &str| {
        held.iter()
            .find(|held| (&*held.0, &*held.1) == (row, column))
            .unwrap()
            .2
            .clone()
    };
    assert_eq!(at("1", "0"), "1, 15, 0, 10, 3, 15, 4, 4");
    assert_eq!(at("4", "3"), "4, 15, 3, 10, 6, 15, 7, 4");
    assert_eq!(held.len(), 7);
    let order: Vec<String> = part(&book, "xl/comments1.xml")
        .split("ref=\"")
        .skip(1)
        .map(|rest| rest[..2].to_owned())
        .collect();
    assert_eq!(order, ["A2", "D2", "B3", "E3", "D5", "E6", "E9"]);
    sound(&before, &book);
    goes_back(&book, &patches, &before);
    // Values, formulas and formats leave notes where they are.
    for what in ["values", "formulas", "formats"] {
        done(
            &mut book,
            json!({"op": "range.copy", "from": "Data!A1:B1", "to": "Data!D2", "what": what}),
        );
    }
    assert_eq!(notes(&book, "Data")["D2"], ann("one"));
    // Cells without notes take those of the target away.
    copied(&mut book, "Data!A1:B1", "Data!D2");
    assert_eq!(notes(&book, "Data").get("D2"), None);
}

#[test]
fn a_note_comes_to_another_sheet_with_its_look_and_turns_with_its_cell() {
    let bytes = fixture("openxlsx-data__pivot_notes.xlsx");
    let mut book = open(&bytes);
    let told = layout(&book);
    let sheets = told["layout"].as_object().unwrap();
    let (sheet, held) = sheets
        .iter()
        .find(|(_, held)| held["notes"].get("C5").is_some())
        .unwrap();
    let text = held["notes"]["C5"].clone();
    done(&mut book, json!({"op": "sheet.add", "name": "New"}));
    let before = settled(&mut book);
    let op =
        json!({"op": "range.copy", "from": format!("'{sheet}'!C4:D5"), "to": "New!F9", "transpose": true});
    let (_, patches) = done(&mut book, op);
    // C5 is the second row and first column: it comes to the first row and the second column.
    assert_eq!(notes(&book, "New"), json!({"G9": text}));
    let drawing = book
        .package()
        .parts()
        .filter(|part| part.contains("vmlDrawing") && !part.contains("_rels/"))
        .last()
        .unwrap()
        .to_owned();
    let xml = part(&book, &drawing);
    assert!(
        xml.contains("visibility:visible;mso-wrap-style:tight")
            && xml.contains("<v:shapetype id=\"_x0000_t202\""),
        "{xml}"
    );
    assert_eq!(
        boxes(&book, &drawing),
        [(
            "8".to_owned(),
            "6".to_owned(),
            "7, 15, 7, 6, 9, 12, 11, 11".to_owned()
        )]
    );
    assert!(part(&book, "xl/comments3.xml").contains("<rFont val=\"Tahoma\"/>"));
    sound(&before, &book);
    goes_back(&book, &patches, &before);
}

/// A drawing as openpyxl writes it: prefixes of its own, declared where they are used, and one with two meanings.
const PREFIXED: &str = concat!(
    r#"<xml><ns0:shapelayout xmlns:ns0="urn:schemas-microsoft-com:office:office" xmlns:ns1="urn:schemas-microsoft-com:vml" ns1:ext="edit"><ns0:idmap ns1:ext="edit" data="1"/></ns0:shapelayout>"#,
    r##"<ns0:shape xmlns:ns0="urn:schemas-microsoft-com:vml" xmlns:ns1="urn:schemas-microsoft-com:office:office" type="#_x0000_t202" style="position:absolute;visibility:hidden" fillcolor="#ffffe1" ns1:insetmode="auto" id="_x0000_s1026"><div>Open<br>line</div>"##,
    r#"<ns2:ClientData xmlns:ns2="urn:schemas-microsoft-com:office:excel" ObjectType="Note"><ns2:Anchor>1, 0, 0, 0, 2, 0, 3, 0</ns2:Anchor><ns2:Row>0</ns2:Row><ns2:Column>0</ns2:Column></ns2:ClientData></ns0:shape></xml>"#
);

#[test]
fn drawings_of_other_programs_are_followed_whatever_their_prefixes() {
    let mut book = data();
    done(
        &mut book,
        json!({"op": "note.set", "cell": "Data!A1", "text": "x"}),
    );
    let mut book = with_part(&book, DRAWING, PREFIXED);
    let before = settled(&mut book);
    let first = copied(&mut book, "Data!A1", "Data!C3");
    goes_back(&book, &first, &before);
    done(
        &mut book,
        json!({"op": "note.set", "cell": "Data!B2", "text": "new"}),
    );
    copied(&mut book, "Data!A1", "'Q1 2026'!B2");
    done(&mut book, json!({"op": "rows.insert", "range": "Data!1:2"}));
    done(&mut book, json!({"op": "note.delete", "cell": "Data!C5"}));
    let xml = part(&book, DRAWING);
    assert!(
        xml.contains("<ns2:Row>2</ns2:Row>") && xml.contains("Open<br>line"),
        "{xml}"
    );
    assert!(
        xml.contains("<v:shape xmlns:v=\"urn:schemas-microsoft-com:vml\""),
        "{xml}"
    );
    assert_eq!(boxes(&book, DRAWING).len(), 2, "{xml}");
    let other = part(&book, "xl/drawings/vmlDrawing2.vml");
    assert!(
        other.contains("<ns2:Row>1</ns2:Row><ns2:Column>1</ns2:Column>"),
        "{other}"
    );
    assert_eq!(
        notes(&book, "Data")
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["A3", "B4"]
    );
    assert_eq!(notes(&book, "Q1 2026")["B2"][1], json!("x"));
}

const THREADS: [&str; 2] = [
    "xl/threadedComments/threadedComment1.xml",
    "xl/threadedComments/threadedComment2.xml",
];

fn threads(book: &Workbook) -> Value {
    let answer = book.answer(&operation(json!({"op": "comment.read"}))).unwrap();
    serde_json::to_value(answer).unwrap()["threads"].take()
}

/// The ids of a part's comments.
fn ids(book: &Workbook, threads: &str) -> Vec<String> {
    let xml = part(book, threads);
    let ids = xml.split(" id=\"").skip(1);
    ids.map(|rest| rest[..38].to_owned()).collect()
}

#[test]
fn a_copied_thread_is_a_thread_of_its_own() {
    let bytes = fixture("test_files__threaded_comments_none.xlsx");
    let mut book = open(&bytes);
    let sheet = layout(&book)["sheets"][0].as_str().unwrap().to_owned();
    let patches = copied(&mut book, &format!("'{sheet}'!E5"), &format!("'{sheet}'!G7"));
    sound(&bytes, &book);
    goes_back(&book, &patches, &bytes);
    done(&mut book, json!({"op": "sheet.add", "name": "New"}));
    copied(&mut book, &format!("'{sheet}'!E5"), "New!A1");
    let all = threads(&book);
    let cells: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|thread| thread["cell"].as_str().unwrap())
        .collect();
    assert_eq!(
        cells,
        [format!("{sheet}!E5"), format!("{sheet}!G7"), "New!A1".to_owned()]
    );
    for thread in all.as_array().unwrap() {
        assert_eq!(thread["comments"], all[0]["comments"]);
    }
    let all_ids: std::collections::BTreeSet<String> =
        THREADS.iter().flat_map(|threads| ids(&book, threads)).collect();
    assert_eq!(all_ids.len(), 9);
    // The note beside a thread names it, and an answer goes to the copy alone.
    let id = ids(&book, THREADS[1])[0].clone();
    assert!(part(&book, "xl/comments2.xml").contains(&format!("<author>tc={id}</author>")));
    done(
        &mut book,
        json!({"op": "comment.reply", "cell": "New!A1", "text": "Here", "at": "2026-03-31T09:30:00Z"}),
    );
    let all = threads(&book);
    let count = |thread: usize| all[thread]["comments"].as_array().unwrap().len();
    assert_eq!((count(0), count(2)), (3, 4));
    // A cell without anything takes the thread away, with its parts.
    copied(&mut book, "New!C3", "New!A1");
    assert_eq!(threads(&book).as_array().unwrap().len(), 2);
    assert!(
        !book
            .package()
            .contains("xl/threadedComments/threadedComment2.xml")
    );
    assert!(lint(&book).unwrap().is_empty());
}

/// Links outside and inside the workbook, one of them over several cells.
fn linked() -> Workbook {
    let mut book = data();
    let mut draft = deskhand_opc::Draft::new(book.package());
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink";
    let target = deskhand_opc::Target::External("https://example.com/?a=1&b=2".to_owned());
    let id = draft.add_relationship(SHEET, kind, &target).unwrap();
    book.apply(&draft.finish()).unwrap();
    let list = format!(
        concat!(
            r#"</sheetData><hyperlinks><hyperlink xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" ref="A2" r:id="{}" tooltip="Go &amp; see"/>"#,
            r#"<hyperlink ref="D1:D9" location="Data!A1" display="Up"/></hyperlinks>"#
        ),
        id
    );
    let xml = part(&book, SHEET).replace("</sheetData>", &list);
    with_part(&book, SHEET, &xml)
}

#[test]
fn a_copy_takes_hyperlinks_along_and_replaces_those_that_are_there() {
    let mut book = linked();
    let before = settled(&mut book);
    let target = "https://example.com/?a=1&b=2";
    let patches = copied(&mut book, "Data!A2:A4", "Data!D3");
    let mut expected = json!({"A2": target, "D1": "Data!A1", "D3": target});
    let seen = links(&book, "Data");
    assert_eq!(seen["D3"], expected["D3"].take());
    assert_eq!(seen["A2"], json!(target));
    let xml = part(&book, SHEET);
    for held in [
        r#"<hyperlink ref="D1:D2" location="Data!A1" display="Up"/>"#,
        r#"<hyperlink ref="D6:D9" location="Data!A1" display="Up"/>"#,
        r#"tooltip="Go &amp; see""#,
    ] {
        assert!(xml.contains(held), "{held} in {xml}");
    }
    sound(&before, &book);
    goes_back(&book, &patches, &before);
    // To a sheet without links, four times: one link over all cells, by a relationship of that sheet.
    let mut book = open(&before);
    let patches = copied(&mut book, "Data!A2", "'Q1 2026'!B2:C3");
    assert_eq!(
        part(&book, "xl/worksheets/sheet2.xml")
            .matches("<hyperlink ")
            .count(),
        1
    );
    assert!(part(&book, "xl/worksheets/sheet2.xml").contains(r#"<hyperlinks><hyperlink ref="B2:C3" "#));
    assert_eq!(links(&book, "Q1 2026")["B2"], json!(target));
    sound(&before, &book);
    goes_back(&book, &patches, &before);
    // A cell without a link takes it away, and the last one its relationship too.
    copied(&mut book, "Data!B2", "'Q1 2026'!B2:C3");
    assert!(!part(&book, "xl/worksheets/sheet2.xml").contains("hyperlink"));
    assert!(!part(&book, "xl/worksheets/_rels/sheet2.xml.rels").contains("example.com"));
}

#[test]
fn sorted_rows_take_their_notes_along() {
    let mut book = data();
    for (cell, text) in [("A2", "one"), ("B4", "nine"), ("E3", "aside")] {
        let op = json!({"op": "note.set", "cell": format!("Data!{cell}"), "text": text});
        done(&mut book, op);
    }
    let before = settled(&mut book);
    let op = json!({"op": "range.sort", "range": "Data!A1:B4", "by": [{"column": "Units", "descending": true}], "hasHeader": true});
    let (_, patches) = done(&mut book, op);
    let own = |text: &str| json!(["Deskhand", text]);
    assert_eq!(
        notes(&book, "Data"),
        json!({"B2": own("nine"), "E3": own("aside"), "A4": own("one")})
    );
    let order: Vec<String> = part(&book, "xl/comments1.xml")
        .split("ref=\"")
        .skip(1)
        .map(|rest| rest[..2].to_owned())
        .collect();
    assert_eq!(order, ["B2", "E3", "A4"]);
    let held = boxes(&book, DRAWING);
    let one = held
        .iter()
        .find(|held| (&*held.0, &*held.1) == ("3", "0"))
        .unwrap();
    assert_eq!(one.2, "1, 15, 2, 10, 3, 15, 6, 4");
    assert!(held.iter().any(|held| (&*held.0, &*held.1) == ("1", "1")));
    sound(&before, &book);
    goes_back(&book, &patches, &before);
}

#[test]
fn sorted_rows_take_their_threads_along() {
    let bytes = fixture("test_files__threaded_comments_none.xlsx");
    let mut book = open(&bytes);
    let sheet = layout(&book)["sheets"][0].as_str().unwrap().to_owned();
    done(
        &mut book,
        json!({"op": "range.write", "range": format!("'{sheet}'!E5:E6"), "cells": [[2], [1]]}),
    );
    let before = settled(&mut book);
    let (_, patches) = done(
        &mut book,
        json!({"op": "range.sort", "range": format!("'{sheet}'!E5:E6"), "by": [{"column": "E"}]}),
    );
    assert!(!part(&book, "xl/threadedComments/threadedComment1.xml").contains("\"E5\""));
    assert_eq!(
        part(&book, "xl/threadedComments/threadedComment1.xml")
            .matches("ref=\"E6\"")
            .count(),
        3
    );
    assert!(part(&book, "xl/comments1.xml").contains("ref=\"E6\""));
    assert!(part(&book, DRAWING).contains("<x:Row>5</x:Row>"));
    goes_back(&book, &patches, &before);
}
