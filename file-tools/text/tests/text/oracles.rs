//! What is read here beside what others read in the same files: pdfplumber in PDFs, pyxlsb in .xlsb, Python's own writer of
//! delimited text.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use deskhand_text::{DelimitedFile, LegacyFile, PdfFile};
use serde_json::{Value, json};

use crate::outside::python;

fn fixtures(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = deskhand_test_support::repository()
        .join("file-tools/fixtures")
        .join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|own| own == ending));
    files.sort();
    files
}

fn read_elsewhere(kind: &str, file: &Path) -> Value {
    serde_json::from_slice(&python("read_elsewhere.py", &[Path::new(kind), file])).unwrap()
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// How often each thing is there.
fn counted<T: Ord>(all: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_insert(0) += 1;
    }
    counts
}

#[test]
fn pdfplumber_finds_the_same_words_on_the_same_pages() {
    let files = fixtures("pdfs", "pdf");
    assert_eq!(files.len(), 3);
    for file in files {
        let theirs = read_elsewhere("pdf", &file);
        let pdf = PdfFile::open(std::fs::read(&file).unwrap()).unwrap();
        let read = json!({"op": "pdf.read", "maxPages": 50});
        let ours = serde_json::to_value(pdf.answer(&serde_json::from_value(read).unwrap()).unwrap()).unwrap();
        let ours = ours["pages"].as_array().unwrap();
        let theirs = theirs.as_array().unwrap();
        assert_eq!(ours.len(), theirs.len().min(50), "{}", name(&file));
        for (our, their) in ours.iter().zip(theirs) {
            let text = our["text"].as_str().unwrap();
            let words: Vec<&str> = their
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap())
                .collect();
            let place = format!("{} page {}", name(&file), our["page"]);
            assert_eq!(
                counted(text.split_whitespace()),
                counted(words.iter().copied()),
                "{place}"
            );
        }
    }
}

#[test]
fn pyxlsb_reads_the_same_cells() {
    for file in fixtures("legacy", "xlsb") {
        if name(&file).contains("pass_protected") {
            continue;
        }
        let theirs = read_elsewhere("xlsb", &file);
        let book = LegacyFile::open(std::fs::read(&file).unwrap()).unwrap();
        let mut compared = 0;
        for (sheet, cells) in theirs.as_object().unwrap() {
            let quoted = format!("'{}'", sheet.replace('\'', "''"));
            for cell in cells.as_array().unwrap() {
                let (row, column) = (cell[0].as_u64().unwrap() + 1, cell[1].as_u64().unwrap());
                assert!(column < 26, "columns beyond Z are not named here");
                let letter = char::from(b'A' + column as u8);
                let read = json!({"op": "legacy.read", "range": format!("{quoted}!{letter}{row}")});
                let read = book.answer(&serde_json::from_value(read).unwrap()).unwrap();
                let read = serde_json::to_value(read).unwrap();
                let ours = &read["values"][0][0];
                let place = format!("{} {sheet}!{letter}{row}: {ours} beside {}", name(&file), cell[2]);
                match (ours, &cell[2]) {
                    (Value::Number(our), Value::Number(their)) => {
                        assert_eq!(our.as_f64(), their.as_f64(), "{place}");
                    }
                    // A date or duration: pyxlsb tells its number, and a day is one.
                    (Value::String(our), Value::Number(their)) => {
                        assert!(is_of_day(our, their.as_f64().unwrap()), "{place}");
                    }
                    // pyxlsb tells an error by its number.
                    (Value::String(our), Value::String(their)) if their.starts_with("0x") => {
                        assert!(our.starts_with('#'), "{place}");
                    }
                    (our, their) => assert_eq!(our, their, "{place}"),
                }
                compared += 1;
            }
        }
        assert!(compared > 0, "{}", name(&file));
        println!("{}: {compared} cells", name(&file));
    }
}

/// True where text in ISO 8601 begins with the day of a serial number, or tells a time or duration below a day or beyond.
fn is_of_day(iso: &str, serial: f64) -> bool {
    let days_from_civil = |year: i64, month: i64, day: i64| {
        // Howard Hinnant's count of days from 1970-01-01.
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year - era * 400;
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    };
    let parts: Vec<i64> = iso
        .split('T')
        .next()
        .unwrap_or_default()
        .split('-')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        // Serial 25,569 is 1970-01-01.
        [year, month, day] => days_from_civil(*year, *month, *day) + 25_569 == serial.floor() as i64,
        _ => iso.starts_with("PT") || iso.contains(':'),
    }
}

#[test]
fn what_python_writes_as_delimited_text_is_read_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let written: Value = serde_json::from_slice(&python("write_delimited.py", &[folder.path()])).unwrap();
    let rows = written["rows"].as_array().unwrap();
    for file in written["files"].as_array().unwrap() {
        let path = folder.path().join(file.as_str().unwrap());
        let mut delimited = DelimitedFile::open(File::open(path).unwrap()).unwrap();
        let mut read = Vec::new();
        let mut from = json!(1);
        while !from.is_null() {
            // In pages that do not divide the file evenly.
            let page = json!({"op": "csv.read", "fromRow": from, "maxRows": 77});
            let page = delimited.answer(&serde_json::from_value(page).unwrap()).unwrap();
            let page = serde_json::to_value(page).unwrap();
            assert_eq!(page["header"], rows[0], "{file}");
            read.extend(page["rows"].as_array().unwrap().iter().cloned());
            from = page["next"].clone();
        }
        assert_eq!(read.len(), rows.len() - 1, "{file}");
        for (number, (our, their)) in read.iter().zip(&rows[1..]).enumerate() {
            assert_eq!(our, their, "{file} row {}", number + 1);
        }
    }
}
