//! Pictures on sheets, read by openpyxl.

use std::process::Command;

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{done, open, part, plan, saved, workbook};

/// One red point.
const POINT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const READ: &str = "
import json, sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
print(json.dumps([[image.width, image.height, image.format, image.anchor._from.col, image.anchor._from.row,
    image.anchor.ext.width, image.anchor.ext.height] for image in book['Data']._images]))";

/// What openpyxl reads: width, height, format, column, row, and the size on the sheet in English metric units.
fn seen(book: &Workbook) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = saved(book, folder.path(), "book.xlsx");
    let output = Command::new(deskhand_test_support::python())
        .args(["-c", READ])
        .arg(file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn add(place: &str, name: &str, data: &str) -> Value {
    json!({"op": "picture.add", "place": place, "name": name, "data": data, "altText": "A <red> point"})
}

#[test]
fn a_picture_stands_in_its_own_size_or_as_large_as_its_area_allows() {
    let mut book = workbook(&[&[json!("x")]]);
    let before = book.package().write().unwrap();
    let (_, first) = done(&mut book, add("Data!B2", "Point", POINT));
    let (_, second) = done(&mut book, add("Data!D4:E7", "Larger", POINT));
    // A pixel of 96 an inch is 9525 units. Two columns of 64 pixels, four rows of 20: a square of 80.
    assert_eq!(
        seen(&book),
        json!([
            [1, 1, "png", 1, 1, 9525, 9525],
            [1, 1, "png", 3, 3, 762_000, 762_000]
        ])
    );
    assert!(lint(&book).unwrap().is_empty());
    // The same bytes are held once.
    assert!(!book.package().contains("xl/media/image2.png"));
    assert!(part(&book, "xl/drawings/drawing1.xml").contains(r#"descr="A &lt;red&gt; point""#));
    let info = book
        .answer(&crate::support::operation(json!({"op": "workbook.info"})))
        .unwrap();
    let info = serde_json::to_value(info).unwrap();
    assert_eq!(
        info["sheets"][0]["pictures"],
        json!([{"name": "Point", "place": "B2", "altText": "A <red> point"},
            {"name": "Larger", "place": "D4", "altText": "A <red> point"}])
    );
    let mut undone = open(&book.package().write().unwrap());
    undone.apply(&second.invert()).unwrap();
    undone.apply(&first.invert()).unwrap();
    assert!(undone.package().write().unwrap() == before);
}

#[test]
fn what_is_no_picture_is_refused_by_name() {
    let mut book = workbook(&[&[json!("x")]]);
    done(&mut book, add("Data!B2", "Point", POINT));
    let large = "A".repeat((10 << 20) / 3 * 4 + 8);
    let cases = [
        (add("Data!B2", "point", POINT), RefusalCode::NameTaken),
        (add("Data!B2", "", POINT), RefusalCode::BadInput),
        (add("Data!B2", "x", "not base64!"), RefusalCode::BadInput),
        (add("Data!B2", "x", "PHN2Zy8+"), RefusalCode::BadInput),
        (add("Data!B2", "x", &large), RefusalCode::TooLarge),
        (add("Nowhere!B2", "x", POINT), RefusalCode::NotFound),
        (add("Data!A1:XFD1048576", "x", POINT), RefusalCode::TooLarge),
    ];
    for (op, code) in cases {
        let name = op["place"].clone();
        assert_eq!(
            plan(&book, op)
                .map(|planned| panic!("{planned:?}"))
                .unwrap_err()
                .code,
            code,
            "{name}"
        );
    }
}
