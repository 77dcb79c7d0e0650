//! One small workbook for each thing that follows rows and columns (`followers/cases.txt`), and what is computed after.

use deskhand_opc::{Draft, Target};
use deskhand_operations::CellValue;
use deskhand_sheet::{Workbook, lint};
use serde_json::json;

use crate::support::{done, open, part, plan, with_part, with_sheet, workbook};

const CASES: &str = include_str!("followers/cases.txt");
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const SHEET: &str = "xl/worksheets/sheet1.xml";
const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing";

/// Ten rows of three numbers.
fn grid() -> String {
    let cell = |column: char, row: u32| format!(r#"<c r="{column}{row}"><v>{row}</v></c>"#);
    let row = |row: u32| {
        let cells: String = "ABC".chars().map(|column| cell(column, row)).collect();
        format!(r#"<row r="{row}" spans="1:3">{cells}</row>"#)
    };
    format!("<sheetData>{}</sheetData>", (1..=10).map(row).collect::<String>())
}

/// A worksheet of these elements.
fn worksheet(inside: &str) -> String {
    if inside == "{prefixed}" {
        return format!(
            r#"<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="5"><x:c r="A5"><x:v>1</x:v></x:c></x:row></x:sheetData><x:mergeCells count="1"><x:mergeCell ref="A6:B7"/></x:mergeCells></x:worksheet>"#
        );
    }
    let inside = inside.replace("{grid}", &grid());
    format!(
        r#"<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}" xmlns:xdr="{DRAWING}">{inside}</worksheet>"#
    )
}

/// The workbook with a part to which another leads.
fn leading(workbook: &Workbook, from: &str, [name, content_type, kind]: [&str; 3], xml: &str) -> Workbook {
    let mut draft = Draft::new(workbook.package());
    draft
        .add_part(name, xml.replace("{main}", MAIN), content_type)
        .unwrap();
    let kind = format!("{RELATIONSHIPS}/{kind}");
    draft
        .add_relationship(from, &kind, &Target::Part(name.to_owned()))
        .unwrap();
    open(&draft.package().write().unwrap())
}

/// The workbook with one more thing that a line tells.
fn built(book: &Workbook, what: &str, xml: &str) -> Workbook {
    match what {
        "sheet" => with_sheet(&worksheet(xml)),
        "other" => with_part(book, "xl/worksheets/sheet2.xml", &worksheet(xml)),
        "also" => {
            let held = part(book, SHEET).replace("</worksheet>", &format!("{xml}</worksheet>"));
            with_part(book, SHEET, &held)
        }
        "names" => {
            let names = format!("</sheets><definedNames>{xml}</definedNames>");
            let held = part(book, "xl/workbook.xml").replace("</sheets>", &names);
            with_part(book, "xl/workbook.xml", &held)
        }
        "chain" => {
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml";
            leading(
                book,
                "xl/workbook.xml",
                ["xl/calcChain.xml", kind, "calcChain"],
                xml,
            )
        }
        other => {
            let words: Vec<&str> = other.strip_prefix("part ").unwrap().split(' ').collect();
            leading(book, SHEET, words.try_into().unwrap(), xml)
        }
    }
}

/// After the operation the part holds the texts; it passes the check, and taking it back gives the same file.
fn holds(book: &Workbook, title: &str, op: &str, range: &str, texts: &[&str]) {
    let before = book.package().write().unwrap();
    let mut after = open(&before);
    let (answer, patches) = done(&mut after, json!({"op": op, "range": format!("Data!{range}")}));
    let name = match texts[0] {
        "sheet" => SHEET,
        "other" => "xl/worksheets/sheet2.xml",
        "workbook" => "xl/workbook.xml",
        name => name,
    };
    if let Some(name) = name.strip_prefix("gone ") {
        assert!(!after.package().contains(name), "{title}: {op} {range}");
    } else {
        let (xml, was) = (part(&after, name), part(book, name));
        for text in &texts[1..] {
            let right = match (text.strip_prefix("no "), text.strip_prefix("warns ")) {
                (Some(text), _) => !xml.contains(text),
                (_, Some(text)) => answer.warnings.iter().any(|warning| warning.contains(text)),
                _ => xml.contains(text),
            };
            assert!(
                right,
                "{title}: {op} {range}: {text}\n{was}\nbecame\n{xml}\n{:?}",
                answer.warnings
            );
        }
    }
    assert_eq!(
        lint(&after).unwrap(),
        lint(book).unwrap(),
        "{title}: {op} {range}"
    );
    after.apply(&patches.invert()).unwrap();
    assert!(
        after.package().write().unwrap() == before,
        "{title}: {op} {range} taken back"
    );
}

#[test]
fn everything_that_says_where_something_is_follows() {
    let mut books = 0;
    for section in CASES.split("\n== ").skip(1) {
        let (title, rest) = section.split_once('\n').unwrap();
        let mut book = workbook(&[]);
        let mut operations = 0;
        for line in rest.lines().filter(|line| !line.is_empty()) {
            if let Some((what, words)) = line.split_once(" ! ") {
                let (op, range) = what.split_once(' ').unwrap();
                let (code, words) = words.split_once(": ").unwrap();
                let refusal = plan(&book, json!({"op": op, "range": format!("Data!{range}")})).unwrap_err();
                assert_eq!(format!("{:?}", refusal.code), code, "{title}: {refusal}");
                assert!(refusal.message.contains(words), "{title}: {refusal}");
                operations += 1;
            } else if let Some((what, texts)) = line.split_once(" | ") {
                let (op, range) = what.split_once(' ').unwrap();
                holds(&book, title, op, range, &texts.split(" | ").collect::<Vec<_>>());
                operations += 1;
            } else {
                let (what, xml) = line.split_once(": ").unwrap();
                book = built(&book, what, xml);
            }
        }
        assert!(operations > 0, "{title}");
        books += 1;
    }
    assert!(books >= 30, "{books} workbooks");
}

/// The rows of a drawing's markers, in order.
fn marker_rows(workbook: &Workbook) -> Vec<String> {
    let xml = part(workbook, "xl/drawings/drawing1.xml");
    let rows = xml.split("<xdr:row>").skip(1);
    rows.map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[test]
fn drawings_move_and_grow_as_they_say() {
    let marker = |name: &str, column: u32, row: u32, offset: u32| {
        format!(
            "<xdr:{name}><xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row><xdr:rowOff>{offset}</xdr:rowOff></xdr:{name}>"
        )
    };
    let (from, to) = (marker("from", 4, 2, 9), marker("to", 8, 6, 9));
    let anchor = |editing: &str| {
        format!(r#"<xdr:twoCellAnchor{editing}>{from}{to}<xdr:sp textlink="Data!$A$5"/></xdr:twoCellAnchor>"#)
    };
    let anchors = [
        anchor(""),
        anchor(r#" editAs="oneCell""#),
        anchor(r#" editAs="absolute""#),
    ]
    .concat();
    let one = format!(
        "<xdr:oneCellAnchor>{}</xdr:oneCellAnchor>",
        marker("from", 1, 7, 0)
    );
    let xml = format!(r#"<xdr:wsDr xmlns:xdr="{DRAWING}">{anchors}{one}</xdr:wsDr>"#);
    let names = [
        "xl/drawings/drawing1.xml",
        "application/vnd.openxmlformats-officedocument.drawing+xml",
        "drawing",
    ];
    let book = leading(&with_sheet(&worksheet("{grid}")), SHEET, names, &xml);
    // Both ends of what grows, moves and stays; then of what has one end.
    for (op, range, rows) in [
        ("rows.insert", "5:6", ["2", "8", "2", "6", "2", "6", "9"]),
        ("rows.insert", "1:1", ["3", "7", "3", "7", "2", "6", "8"]),
        ("rows.insert", "8:8", ["2", "6", "2", "6", "2", "6", "8"]),
        ("rows.delete", "4:4", ["2", "5", "2", "6", "2", "6", "6"]),
        ("rows.delete", "2:8", ["1", "1", "1", "5", "2", "6", "1"]),
    ] {
        let mut after = book.clone();
        done(&mut after, json!({"op": op, "range": format!("Data!{range}")}));
        assert_eq!(marker_rows(&after), rows, "{op} {range}");
    }
    let mut after = book.clone();
    done(&mut after, json!({"op": "rows.insert", "range": "Data!5:6"}));
    assert!(part(&after, names[0]).contains(r#"textlink="Data!$A$7""#));
}

#[test]
fn values_that_depend_on_the_change_are_computed() {
    let book = workbook(&[
        &[json!(1), json!("=SUM(A1:A3)"), json!("=ROW(A3)")],
        &[json!(2), json!("=COUNT(A:A)"), json!("=ROWS(A1:A3)")],
        &[json!(3)],
    ]);
    let (mut shrunk, mut grown) = (book.clone(), book);
    let (answer, _) = done(&mut shrunk, json!({"op": "rows.delete", "range": "Data!3:3"}));
    done(&mut grown, json!({"op": "rows.insert", "range": "Data!2:5"}));
    let number = CellValue::Number;
    let lost = CellValue::Text("#REF!".to_owned());
    for (workbook, cell, expected) in [
        (&shrunk, "Data!B1", number(3.0)),
        (&shrunk, "Data!B2", number(2.0)),
        (&shrunk, "Data!C1", lost),
        (&shrunk, "Data!C2", number(2.0)),
        (&grown, "Data!B1", number(6.0)),
        (&grown, "Data!C1", number(7.0)),
        (&grown, "Data!C6", number(7.0)),
    ] {
        assert_eq!(crate::support::value(workbook, cell), expected, "{cell}");
    }
    assert!(
        answer.warnings.iter().any(|warning| warning.contains("Data!C1")),
        "{:?}",
        answer.warnings
    );
}
