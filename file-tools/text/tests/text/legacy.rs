//! Spreadsheets of old formats, written by LibreOffice.

use std::io::Write as _;

use deskhand_operations::{Refusal, RefusalCode};
use deskhand_text::LegacyFile;
use serde_json::{Value, json};

use crate::outside::{converted, python};

fn ask(bytes: &[u8], json: Value) -> Result<Value, Refusal> {
    let file = LegacyFile::open(bytes.to_vec())?;
    Ok(serde_json::to_value(file.answer(&serde_json::from_value(json).unwrap())?).unwrap())
}

fn made(format: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    python("make_sheets.py", &[&folder.path().join("book.xlsx")]);
    let out = converted(folder.path(), format);
    std::fs::read(out.join(format!("book.{format}"))).unwrap()
}

#[test]
fn old_formats_are_read_with_values_formulas_and_dates() {
    // LibreOffice writes a truth value of a workbook into an .ods as the number of a formula.
    for (format, truth) in [("xls", json!(true)), ("ods", json!(1.0))] {
        let bytes = made(format);
        let info = ask(&bytes, json!({"op": "legacy.info"})).unwrap();
        assert_eq!(info["kind"], format);
        assert_eq!(
            info["sheets"],
            json!([{"name": "Q1 2026", "visible": true, "usedRange": "A1:C6"},
                {"name": "Hidden", "visible": false, "usedRange": "A1"}]),
            "{format}"
        );
        let read = ask(
            &bytes,
            json!({"op": "legacy.read", "range": "'Q1 2026'!A1:C4", "formulas": true}),
        )
        .unwrap();
        assert_eq!(
            read["values"],
            json!([
                ["Region", "Revenue", "Day"],
                ["Nörd", 1248.5, "2026-01-05"],
                ["South", 2.0, "2026-01-06T09:30:00"],
                [null, 1250.5, truth]
            ]),
            "{format}"
        );
        let formula = read["formulas"][3][1].as_str().unwrap();
        assert!(
            formula.starts_with("=SUM(") && formula.contains("B2"),
            "{format}: {formula}"
        );
        let rest = ask(
            &bytes,
            json!({"op": "legacy.read", "range": "Q1 2026", "maxRows": 2}),
        )
        .unwrap();
        assert_eq!(rest["rest"], "'Q1 2026'!A3:C6", "{format}");
        let missing = ask(&bytes, json!({"op": "legacy.read", "range": "Nope!A1"})).unwrap_err();
        assert_eq!(missing.code, RefusalCode::NotFound);
    }
    let merged = ask(&made("xls"), json!({"op": "legacy.read", "range": "Q1 2026"})).unwrap();
    assert_eq!(merged["merged"], json!(["A6:B6"]));
}

#[test]
fn an_encrypted_file_says_so() {
    let file =
        deskhand_test_support::repository().join("file-tools/fixtures/legacy/calamine__pass_protected.xlsb");
    let refusal = LegacyFile::open(std::fs::read(file).unwrap()).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (
            RefusalCode::Encrypted,
            "The spreadsheet is protected by a password."
        )
    );
}

#[test]
fn repeated_cells_do_not_fill_the_memory() {
    let cell = "<table:table-cell office:value-type=\"float\" office:value=\"1\" table:number-columns-repeated=\"16384\"/>";
    let content = format!(
        "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
         xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\"><office:body><office:spreadsheet>\
         <table:table table:name=\"a\"><table:table-row table:number-rows-repeated=\"1048576\">{cell}</table:table-row>\
         </table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_str()),
    ] {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    let refusal = LegacyFile::open(bytes).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooLarge, "{refusal}");
}

#[test]
fn a_damaged_file_gets_an_answer_at_every_cut() {
    for format in ["xls", "ods"] {
        let bytes = made(format);
        for step in 0..60 {
            let cut = bytes.len() * step / 60;
            let _ = ask(&bytes[..cut], json!({"op": "legacy.info"}));
            let mut changed = bytes.clone();
            changed[cut] ^= 0x55;
            let _ = ask(&changed, json!({"op": "legacy.info"}));
        }
    }
    let empty = LegacyFile::open(Vec::new()).unwrap_err();
    assert_eq!(empty.message, "The file is empty.");
}
