//! A word document from untrusted parts: read, searched, changed with and without tracking, each change undone.
#![no_main]

use deskhand_fuzz::Input;
use deskhand_opc::{Limits, Package};
use deskhand_operations::text::{WordAnswer, WordOperation};
use deskhand_text::{Document, Revision};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json};

/// Smaller than the product's, so that a slow input shows as one.
const LIMITS: Limits = Limits {
    file_bytes: 1 << 20,
    parts: 256,
    part_bytes: 8 << 20,
    total_bytes: 16 << 20,
    ratio: 300,
    ratio_from: 1 << 20,
    spin_count: 100,
    xml_depth: 256,
    xml_nodes: 100_000,
    written_out: 4 << 20,
};

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut input = Input::read(data);
    let own = input
        .take("operation")
        .and_then(|json| serde_json::from_slice(json).ok());
    let opened = Package::open(input.archive(), &LIMITS)
        .ok()
        .and_then(|package| Document::open(package).ok());
    let Some(document) = opened else {
        return Corpus::Reject;
    };
    let _ = document.answer(&operation(json!({"op": "document.info"})));
    let _ = document.answer(&operation(json!({"op": "document.check"})));
    let _ = document.answer(&operation(json!({"op": "document.find", "text": "e"})));
    if let Ok(WordAnswer::Read(content)) =
        document.answer(&operation(json!({"op": "document.read", "runs": true})))
    {
        for block in content.blocks.iter().take(3) {
            let text = format!("new & <text> {}", block.text.replace(['\n', '\r'], " "));
            let rewrite = json!({"op": "document.replace", "paragraph": block.id, "text": text});
            change(&document, &operation(rewrite));
            let blocks = json!([{"kind": "heading", "level": 1, "text": "H"},
                {"kind": "listItem", "text": "one", "numbered": true},
                {"kind": "table", "rows": [["a", "1"]], "header": true}]);
            let insert = json!({"op": "document.insert", "after": block.id, "blocks": blocks});
            change(&document, &operation(insert));
        }
    }
    for tracked in [true, false] {
        let replace = json!({"op": "document.replace", "find": "e", "replace": "\u{e9}", "tracked": tracked});
        change(&document, &operation(replace));
    }
    if let Some(own) = own {
        change(&document, &own);
    }
    Corpus::Keep
});

fn operation(json: Value) -> WordOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}

fn change(document: &Document, operation: &WordOperation) {
    let Ok(planned) = document.plan(operation, &Revision::default()) else {
        return;
    };
    let mut package = document.package().clone();
    let before = package.write().expect("memory takes everything");
    package
        .apply(&planned.patches)
        .expect("a plan can be carried out");
    assert!(
        Document::open(package.clone()).is_ok_and(|after| after
            .answer(&self::operation(json!({"op": "document.read"})))
            .is_ok()),
        "a change made a document that cannot be read"
    );
    package
        .apply(&planned.patches.invert())
        .expect("nothing came in between");
    assert_eq!(package.write().expect("memory takes everything"), before);
}
