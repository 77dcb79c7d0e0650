//! A deck from untrusted parts: everything read and checked, and one operation of the input's own planned, done and undone on
//! its first slides and shapes; without an operation, slides are taken over from the deck itself and into a deck of another size.
//! In operations `{slide}` and `{shape}` stand for what there is, `{package}` for the slide as a package of its own.
#![no_main]

use std::sync::OnceLock;

use deskhand_fuzz::Input;
use deskhand_opc::{Limits, Package};
use deskhand_operations::{DeckAnswer, DeckOperation};
use deskhand_sheet::{NewSheet, create_workbook};
use deskhand_slides::{Deck, create_deck, edit_slide_package, lint};
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
    written_out: 4 << 20,
};

fuzz_target!(|data: &[u8]| -> Corpus {
    let mut input = Input::read(data);
    let own = input
        .take("operation")
        .and_then(|own| std::str::from_utf8(own).ok());
    // What lies inside a chart is no text: a workbook stands for each, so that charts can be changed.
    input.fill(".xlsx", workbook());
    let opened = Package::open(input.archive(), &LIMITS)
        .ok()
        .and_then(|package| Deck::open(package).ok());
    let Some(deck) = opened else {
        return Corpus::Reject;
    };
    read(&deck);
    for (number, slide) in deck.slide_ids().take(2).enumerate() {
        let answer = deck.answer(&operation(
            json!({"op": "slide.read", "slide": slide, "runs": true}),
        ));
        let Ok(DeckAnswer::SlideRead(content)) = answer else {
            continue;
        };
        let taken = deck.answer(&operation(json!({"op": "slide.export", "slide": slide})));
        let taken = match taken {
            Ok(DeckAnswer::SlideExport(package)) => json!(package),
            _ => Value::Null,
        };
        let shapes = content.shapes.iter().map(|shape| shape.id.as_str());
        match own {
            Some(own) if own.contains("{shape}") => {
                for shape in shapes.take(4) {
                    if let Some(op) = asked(own, slide, shape, &taken) {
                        change(&deck, &op);
                    }
                }
            }
            Some(own) => {
                if let Some(op) = asked(own, slide, "", &taken) {
                    change(&deck, &op);
                }
            }
            None if number == 0 && !taken.is_null() => taken_over(&deck, slide, &taken),
            None => {}
        }
    }
    Corpus::Keep
});

/// The operation of the input for one shape.
fn asked(own: &str, slide: &str, shape: &str, package: &Value) -> Option<DeckOperation> {
    let inside = |id: &str| {
        let quoted = json!(id).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let own = own
        .replace("{slide}", &inside(slide))
        .replace("{shape}", &inside(shape))
        .replace("\"{package}\"", &package.to_string());
    serde_json::from_str(&own).ok()
}

/// A slide put in again, into a deck of another size, and edited as one of an open deck; and the deck as a template.
fn taken_over(deck: &Deck, slide: &str, package: &Value) {
    for look in ["deck", "template"] {
        let add = json!({"op": "slide.fromTemplate", "id": "taken", "package": package, "look": look});
        change(deck, &operation(add.clone()));
        change(plain(), &operation(add));
    }
    let replaced = json!({"op": "slide.replace", "slide": slide, "package": package});
    change(deck, &operation(replaced));
    let package = serde_json::from_value(package.clone()).expect("it was one");
    let words = operation(json!({"op": "text.replace", "find": "e", "replace": "E"}));
    let _ = edit_slide_package(&package, &words);
    let template = json!({"template": "t.potx", "package": package.data});
    let _ = create_deck(&serde_json::from_value(template).expect("an operation"), None);
}

/// A deck of 4:3 without slides.
fn plain() -> &'static Deck {
    static PLAIN: OnceLock<Deck> = OnceLock::new();
    PLAIN.get_or_init(|| {
        let standard = serde_json::from_value(json!({"size": "standard"})).expect("an operation");
        create_deck(&standard, None).expect("a new deck").0
    })
}

fn workbook() -> &'static [u8] {
    static WORKBOOK: OnceLock<Vec<u8>> = OnceLock::new();
    WORKBOOK.get_or_init(|| {
        let cells = serde_json::from_value(json!([["", "Units", "Cost"], ["Q1", 1, 2.5], ["Q2", 3, 4],]));
        let sheet = NewSheet {
            name: "Sheet1".to_owned(),
            cells: cells.expect("cells"),
        };
        create_workbook(&[sheet]).expect("a new workbook").0
    })
}

fn operation(json: Value) -> DeckOperation {
    serde_json::from_value(json).expect("an operation of the vocabulary")
}

fn read(deck: &Deck) {
    let _ = deck.answer(&operation(json!({"op": "deck.info"})));
    let _ = deck.answer(&operation(json!({"op": "deck.check"})));
    let _ = lint(deck);
}

fn change(deck: &Deck, operation: &DeckOperation) {
    let Ok(planned) = deck.plan(operation) else {
        return;
    };
    let mut package = deck.package().clone();
    let before = package.write().expect("memory takes everything");
    package
        .apply(&planned.patches)
        .expect("a plan can be carried out");
    match Deck::open(package.clone()) {
        Ok(changed) => read(&changed),
        Err(refusal) => panic!("a change made a deck that cannot be opened: {refusal:?}"),
    }
    package
        .apply(&planned.patches.invert())
        .expect("nothing came in between");
    assert_eq!(package.write().expect("memory takes everything"), before);
}
