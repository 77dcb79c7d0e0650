//! Any bytes as a PDF: looked at, read, searched. The reader of others may panic: that becomes a refusal.
#![no_main]

use deskhand_fuzz::let_panic_in;
use deskhand_operations::text::PdfOperation;
use deskhand_text::PdfFile;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::json;

fuzz_target!(init: let_panic_in("bounded reader"), |data: &[u8]| -> Corpus {
    let Ok(file) = PdfFile::open(data.to_vec()) else {
        return Corpus::Reject;
    };
    for asked in [json!({"op": "pdf.info"}), json!({"op": "pdf.read"}), json!({"op": "pdf.find", "text": "e"})] {
        let operation: PdfOperation = serde_json::from_value(asked).expect("an operation of the vocabulary");
        let _ = file.answer(&operation);
    }
    Corpus::Keep
});
