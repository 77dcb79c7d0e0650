//! Any bytes as delimited text: summed up, read from several rows, searched.
#![no_main]

use std::io::Cursor;

use deskhand_operations::text::{CsvAnswer, CsvOperation};
use deskhand_text::DelimitedFile;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let Ok(mut file) = DelimitedFile::open(Cursor::new(data)) else {
        return;
    };
    let Ok(CsvAnswer::Info(info)) = file.answer(&operation(json!({"op": "csv.info"}))) else {
        return;
    };
    // Reading on from row to row finds as many rows as were counted, and the same ones from a place in between.
    let (mut rows, mut next) = (Vec::new(), Some(1));
    while let Some(from) = next {
        let read = operation(json!({"op": "csv.read", "fromRow": from, "maxRows": 700}));
        let Ok(CsvAnswer::Read(content)) = file.answer(&read) else {
            panic!("rows that were counted can be read");
        };
        assert!(content.next.is_none_or(|next| next > from), "reading goes on");
        rows.extend(content.rows);
        next = content.next;
    }
    assert_eq!(rows.len() as u64, info.rows, "rows that were counted are read");
    let middle = info.rows / 2 + 1;
    if middle <= info.rows {
        let mut again = DelimitedFile::open(Cursor::new(data)).expect("it was opened before");
        let read = operation(json!({"op": "csv.read", "fromRow": middle, "maxRows": 1}));
        let Ok(CsvAnswer::Read(content)) = again.answer(&read) else {
            panic!("a row that was read can be read alone");
        };
        assert_eq!(content.rows.first(), rows.get(middle as usize - 1));
    }
    let _ = file.answer(&operation(json!({"op": "csv.find", "text": "e"})));
    for dialect in [
        json!({"delimiter": ";", "quote": ""}),
        json!({"encoding": "utf-16le", "header": true}),
    ] {
        let _ = file.answer(&operation(json!({"op": "csv.read", "dialect": dialect})));
    }
});

fn operation(json: Value) -> CsvOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}
