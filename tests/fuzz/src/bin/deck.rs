//! A deck from untrusted parts: everything read, a text set and one change of the input's own planned, done, undone.
#![no_main]

use deskhand_fuzz::Input;
use deskhand_opc::{Limits, Package};
use deskhand_operations::{DeckAnswer, DeckOperation};
use deskhand_slides::Deck;
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
    spin_count: 1000,
    xml_depth: 256,
    xml_nodes: 100_000,
};

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut input = Input::read(data);
    let own = input
        .take("operation")
        .and_then(|json| serde_json::from_slice(json).ok());
    let opened = Package::open(input.archive(), &LIMITS)
        .ok()
        .and_then(|package| Deck::open(package).ok());
    let Some(deck) = opened else {
        return Corpus::Reject;
    };
    let _ = deck.answer(&operation(json!({"op": "deck.info"})));
    for slide in deck.slide_ids().take(3) {
        let Ok(DeckAnswer::SlideRead(content)) =
            deck.answer(&operation(json!({"op": "slide.read", "slide": slide})))
        else {
            continue;
        };
        for shape in content.shapes.iter().take(3) {
            let text =
                json!({"op": "text.set", "slide": slide, "shape": shape.id, "text": "one\ntwo & <three>"});
            change(&deck, &operation(text));
        }
        change(&deck, &operation(json!({"op": "slide.export", "slide": slide})));
        change(&deck, &operation(json!({"op": "slide.delete", "slide": slide})));
    }
    if let Some(own) = own {
        change(&deck, &own);
    }
    Corpus::Keep
});

fn operation(json: Value) -> DeckOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}

fn change(deck: &Deck, operation: &DeckOperation) {
    let _ = deck.answer(operation);
    let Ok(planned) = deck.plan(operation) else {
        return;
    };
    let mut package = deck.package().clone();
    let before = package.write().expect("memory takes everything");
    package
        .apply(&planned.patches)
        .expect("a plan can be carried out");
    assert!(
        Deck::open(package.clone()).is_ok(),
        "a change made a deck that cannot be opened"
    );
    package
        .apply(&planned.patches.invert())
        .expect("nothing came in between");
    assert_eq!(package.write().expect("memory takes everything"), before);
}
