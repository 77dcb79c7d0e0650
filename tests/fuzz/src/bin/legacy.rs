//! Any bytes as a spreadsheet of an old format: listed, and every sheet read. The reader of others may panic: that becomes
//! a refusal.
#![no_main]

use deskhand_fuzz::let_panic_in;
use deskhand_operations::text::{LegacyAnswer, LegacyOperation};
use deskhand_text::LegacyFile;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json};

fuzz_target!(init: let_panic_in("bounded reader"), |data: &[u8]| -> Corpus {
    let Ok(file) = LegacyFile::open(data.to_vec()) else {
        return Corpus::Reject;
    };
    if let Ok(LegacyAnswer::Info(info)) = file.answer(&operation(json!({"op": "legacy.info"}))) {
        for sheet in info.sheets.iter().take(4) {
            let _ = file.answer(&operation(json!({"op": "legacy.read", "range": sheet.name, "formulas": true})));
        }
    }
    Corpus::Keep
});

fn operation(json: Value) -> LegacyOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}
