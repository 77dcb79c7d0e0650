//! Damaged decks: whatever a byte of a part becomes, reading and planning answer or refuse, and never panic.

use deskhand_opc::PatchSet;
use deskhand_slides::Deck;
use serde_json::json;

use crate::decks::{fixture, operation};

/// Numbers that follow from a seed (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// What a damaged file might hold in a place where something else was.
const PIECES: [&str; 10] = [
    "",
    "0",
    "-1",
    "99999999999999999999",
    "<",
    "\"",
    "rId1",
    "&amp;",
    "/>",
    "\u{feff}",
];

#[test]
fn no_change_of_a_part_makes_a_panic() {
    let parts = [
        (
            "pptx-automizer__ShapeTypesCollection.pptx",
            "ppt/slides/slide1.xml",
        ),
        (
            "pptx-automizer__ShapeTypesCollection.pptx",
            "ppt/slides/_rels/slide1.xml.rels",
        ),
        (
            "pptx-automizer__ShapeTypesCollection.pptx",
            "ppt/charts/chart1.xml",
        ),
        (
            "pptx-automizer__ShapeTypesCollection.pptx",
            "ppt/slideLayouts/slideLayout2.xml",
        ),
        ("poi__bug65551.pptx", "ppt/presentation.xml"),
        ("poi__bug65551.pptx", "ppt/_rels/presentation.xml.rels"),
        (
            "open-xml-sdk__bldlst-Build_Graphics-bldgraphic-uiexpand.pptx",
            "ppt/slides/slide1.xml",
        ),
    ];
    let (mut numbers, mut opened) = (Numbers(20_261_121), 0);
    for (name, part) in parts {
        let deck = fixture(name);
        let content = deck.package().part(part).unwrap();
        for _ in 0..40 {
            let from = numbers.below(content.len());
            let to = (from + numbers.below(24)).min(content.len());
            let piece = PIECES[numbers.below(PIECES.len())];
            let mut package = deck.package().clone();
            let patch = package.edit(part, [(from..to, piece.into())]).unwrap();
            package.apply(&PatchSet { patches: vec![patch] }).unwrap();
            opened += usize::from(Deck::open(package).is_ok_and(|deck| exercise(&deck)));
        }
    }
    assert!(
        opened > 50,
        "only {opened} of the damaged decks open: the damage is too crude to say anything"
    );
}

/// Plans one operation of each kind; answers whether the deck can be listed.
fn exercise(deck: &Deck) -> bool {
    let Some(slide) = deck.slide_ids().next() else {
        return false;
    };
    let operations = [
        json!({"op": "slide.read", "slide": slide}),
        json!({"op": "slide.export", "slide": slide}),
        json!({"op": "slide.add", "layout": "Titel und Inhalt", "id": "new"}),
        json!({"op": "text.set", "slide": slide, "shape": "16", "text": "x"}),
        json!({"op": "shape.delete", "slide": slide, "shape": "15"}),
        json!({"op": "table.add", "slide": slide, "name": "t", "rows": [["x"]]}),
        json!({"op": "slide.delete", "slide": slide}),
    ];
    for json in operations {
        // Both an answer and a refusal are well; a panic ends the test.
        drop(deck.plan(&operation(json)));
    }
    deck.answer(&operation(json!({"op": "deck.info"}))).is_ok()
}
