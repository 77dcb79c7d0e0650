//! PDFs with known contents, written by reportlab and LibreOffice.

use deskhand_operations::{Refusal, RefusalCode};
use deskhand_text::PdfFile;
use serde_json::{Value, json};

use crate::outside::python;

fn ask(bytes: &[u8], json: Value) -> Result<Value, Refusal> {
    let file = PdfFile::open(bytes.to_vec())?;
    Ok(serde_json::to_value(file.answer(&serde_json::from_value(json).unwrap())?).unwrap())
}

fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    python("make_pdf.py", &[folder.path()]);
    folder
}

#[test]
fn text_and_tables_are_read_by_page() {
    let folder = made();
    let bytes = std::fs::read(folder.path().join("tables.pdf")).unwrap();
    let info = ask(&bytes, json!({"op": "pdf.info"})).unwrap();
    assert_eq!(
        (&info["pages"], &info["withText"], &info["scanned"]),
        (&json!(2), &json!(2), &json!(false))
    );
    assert_eq!(info["title"], "Quarterly <report>");
    let read = ask(&bytes, json!({"op": "pdf.read"})).unwrap();
    let rows = json!([
        ["Region", "Revenue", "Change"],
        ["North", "1,248.50", "4.0%"],
        ["South", "980.00", "-1.5%"],
        ["Total", "2,228.50", ""]
    ]);
    let pages = read["pages"].as_array().unwrap();
    let first = pages[0]["text"].as_str().unwrap();
    assert!(
        first.starts_with("Quarterly report\nRevenue rose in all regions.\n"),
        "{first}"
    );
    assert_eq!(pages[0]["tables"], json!([{"rows": rows, "ruled": true}]));
    assert_eq!(pages[1]["tables"], json!([{"rows": rows, "ruled": false}]));
    assert!(pages[1]["text"].as_str().unwrap().ends_with("After the table."));
    let second = ask(&bytes, json!({"op": "pdf.read", "from": 1, "maxPages": 1})).unwrap();
    assert_eq!(second["next"], 2);
    let found = ask(&bytes, json!({"op": "pdf.find", "text": "AFTER"})).unwrap();
    assert_eq!(found["lines"], json!([{"page": 2, "text": "After the table."}]));
    assert_eq!(
        ask(&bytes, json!({"op": "pdf.read", "from": 3}))
            .unwrap_err()
            .code,
        RefusalCode::NotFound
    );
}

#[test]
fn encrypted_and_scanned_files_are_told_apart() {
    let folder = made();
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let locked = PdfFile::open(bytes("locked.pdf")).unwrap_err();
    assert_eq!(
        (locked.code, locked.message.as_str()),
        (RefusalCode::Encrypted, "The PDF is protected by a password.")
    );
    let restricted = ask(&bytes("restricted.pdf"), json!({"op": "pdf.info"})).unwrap();
    assert_eq!(
        (&restricted["encrypted"], &restricted["withText"]),
        (&json!(true), &json!(1))
    );
    let read = ask(&bytes("restricted.pdf"), json!({"op": "pdf.read"})).unwrap();
    assert_eq!(read["pages"][0]["text"], "Secret figures");
    let scanned = ask(&bytes("scanned.pdf"), json!({"op": "pdf.info"})).unwrap();
    assert_eq!(
        (&scanned["scanned"], &scanned["withText"]),
        (&json!(true), &json!(0))
    );
    let page = ask(&bytes("scanned.pdf"), json!({"op": "pdf.read"})).unwrap()["pages"][0].clone();
    assert!(
        page["warning"].as_str().unwrap().contains("it was scanned"),
        "{page}"
    );
}

#[test]
fn a_damaged_file_gets_an_answer_at_every_cut() {
    let folder = made();
    let bytes = std::fs::read(folder.path().join("tables.pdf")).unwrap();
    for step in 0..40 {
        let cut = bytes.len() * step / 40;
        let _ = ask(&bytes[..cut], json!({"op": "pdf.read"}));
        let mut changed = bytes.clone();
        changed[cut] ^= 0x55;
        let _ = ask(&changed, json!({"op": "pdf.read"}));
    }
}
