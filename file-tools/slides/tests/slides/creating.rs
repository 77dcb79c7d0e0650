//! `deck.create`: new decks, plain and from templates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_operations::deck::DeckCreate;
use deskhand_operations::{Refusal, RefusalCode};
use deskhand_slides::{Deck, create_deck, lint};
use serde_json::{Value, json};

use crate::decks::{all, answer, apply, bytes, fixture, is_strict, open, operation, parts};
use crate::outside::{findings, new_findings, read_by_python};

fn made(asked: Value) -> Result<Deck, Refusal> {
    let create: DeckCreate = serde_json::from_value(asked).unwrap();
    create_deck(&create, Some("2026-03-01T08:00:00Z")).map(|(deck, _)| deck)
}

fn packaged(deck: &Deck) -> String {
    STANDARD.encode(bytes(deck))
}

fn names(deck: &Deck, list: &str) -> Vec<String> {
    let info = answer(deck, json!({"op": "deck.info"}));
    let list = info[list].as_array().unwrap().iter();
    list.map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_plain_deck_has_the_usual_layouts_and_opens_without_complaint() {
    for (size, width) in [
        (json!({}), 960.0),
        (json!({"size": "standard", "title": "R&D <2026>"}), 720.0),
    ] {
        let deck = made(size).unwrap();
        let info = answer(&deck, json!({"op": "deck.info"}));
        assert_eq!(
            (info["width"].as_f64(), info["height"].as_f64()),
            (Some(width), Some(540.0))
        );
        assert_eq!(info["slides"], json!([]));
        assert_eq!(
            names(&deck, "layouts"),
            [
                "Title Slide",
                "Title and Content",
                "Section Header",
                "Two Content",
                "Comparison",
                "Title Only",
                "Blank",
                "Content with Caption",
                "Picture with Caption"
            ]
        );
        assert_eq!(names(&deck, "masters"), ["Plain"]);
        assert_eq!(lint(&deck).unwrap(), []);
        assert_eq!(
            findings(&bytes(&deck), "pptx").into_keys().collect::<Vec<_>>(),
            Vec::<String>::new()
        );
        assert_eq!(read_by_python(&deck)["slides"], json!([]));
        // Every placeholder stands on the slide.
        for layout in info["layouts"].as_array().unwrap() {
            for place in layout["placeholders"].as_array().unwrap() {
                let side = |name: &str| place["frame"][name].as_f64().unwrap();
                assert!(
                    side("left") >= 0.0 && side("left") + side("width") <= width,
                    "{place}"
                );
                assert!(
                    side("top") >= 0.0 && side("top") + side("height") <= 540.0,
                    "{place}"
                );
            }
        }
    }
}

#[test]
fn a_slide_of_every_layout_with_every_kind_of_content_stands_on_a_plain_deck() {
    let deck = made(json!({})).unwrap();
    let layouts = names(&deck, "layouts");
    let mut operations: Vec<Value> = layouts
        .iter()
        .enumerate()
        .map(|(index, layout)| {
            let texts = match layout.as_str() {
                "Blank" => json!([]),
                "Comparison" => json!([{"placeholder": "title", "text": "T"}, {"placeholder": "Content Placeholder 3", "text": "one\ntwo"}]),
                _ => json!([{"placeholder": "title", "text": "A title"}]),
            };
            json!({"op": "slide.add", "id": format!("s{index}"), "layout": layout, "texts": texts})
        })
        .collect();
    operations.extend([
        json!({"op": "chart.add", "slide": "s1", "name": "Chart", "kind": "columnClustered",
            "data": {"categories": ["Q1", "Q2"], "series": [{"name": "Units", "values": [1, 2]}]}}),
        json!({"op": "table.add", "slide": "s5", "name": "Table", "rows": [["A", "B"], ["1", "2"]],
            "frame": {"left": 60, "top": 150, "width": 400, "height": 100}}),
        json!({"op": "notes.set", "slide": "s0", "text": "Welcome"}),
    ]);
    let filled = apply(&deck, operations);
    assert_eq!(
        findings(&bytes(&filled), "pptx").into_keys().collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    let seen = read_by_python(&filled);
    assert_eq!(seen["slides"].as_array().unwrap().len(), layouts.len());
    let checked = answer(&filled, json!({"op": "deck.check"}));
    let grave = checked["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error");
    assert_eq!(grave.count(), 0, "{checked}");
    // A slide of the plain deck goes elsewhere, with its master too.
    let exported = answer(&filled, json!({"op": "slide.export", "slide": "s1"}));
    let package = json!({"data": exported["data"], "slideId": exported["slideId"]});
    apply(
        &fixture("shapecrawler__015.pptx"),
        [json!({"op": "slide.fromTemplate", "look": "template", "package": package})],
    );
}

#[test]
fn every_deck_is_a_template() {
    for path in all() {
        let template = open(&path);
        let name = path.display();
        let deck = made(json!({"package": packaged(&template), "title": "Made"}))
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(deck.slide_ids().count(), 0, "{name}");
        assert_eq!(names(&deck, "layouts"), names(&template, "layouts"), "{name}");
        let held = parts(deck.package());
        assert!(
            held.iter().all(|(part, _)| !part.starts_with("ppt/slides/slide")),
            "{name}"
        );
        assert!(
            held.iter().all(|(part, _)| !part.ends_with("vbaProject.bin")),
            "{name}"
        );
        let ending = path.extension().unwrap().to_string_lossy();
        let before = findings(&std::fs::read(&path).unwrap(), &ending);
        let new = new_findings(&before, &findings(&bytes(&deck), "pptx"));
        assert!(new.is_empty(), "{name}: {new:#?}");
        if !is_strict(&deck) {
            assert_eq!(read_by_python(&deck)["slides"], json!([]), "{name}");
        }
        let kept = made(json!({"package": packaged(&template), "keepSlides": true})).unwrap();
        assert_eq!(kept.slide_ids().count(), template.slide_ids().count(), "{name}");
    }
}

#[test]
fn a_template_file_becomes_a_presentation() {
    let deck = fixture("shapecrawler__015.pptx");
    let template = crate::decks::rewritten(&deck, "[Content_Types].xml", |xml| {
        xml.replace(
            "presentationml.presentation.main+xml",
            "presentationml.template.main+xml",
        )
    });
    let made = made(json!({"package": packaged(&template)})).unwrap();
    let types = made.package().part("[Content_Types].xml").unwrap();
    let types = String::from_utf8_lossy(&types).into_owned();
    assert!(
        types.contains("presentationml.presentation.main+xml") && !types.contains("template.main"),
        "{types}"
    );
    read_by_python(&made);
}

#[test]
fn what_makes_no_deck_is_refused_by_name() {
    let cases = [
        (
            json!({"template": "somewhere.potx"}),
            RefusalCode::BadInput,
            "not read",
        ),
        (json!({"package": "%%%"}), RefusalCode::BadInput, "base64"),
        (
            json!({"package": STANDARD.encode("no deck")}),
            RefusalCode::Unsupported,
            "a text file",
        ),
        (
            json!({"package": packaged(&fixture("shapecrawler__015.pptx")), "size": "wide"}),
            RefusalCode::BadInput,
            "size",
        ),
        (json!({"title": "a\nb"}), RefusalCode::BadInput, "title"),
    ];
    for (asked, code, words) in cases {
        let refusal = made(asked.clone()).unwrap_err();
        assert!(
            refusal.code == code && refusal.message.contains(words),
            "{refusal}"
        );
    }
    let refusal = fixture("shapecrawler__015.pptx")
        .plan(&operation(json!({"op": "deck.create"})))
        .unwrap_err();
    assert!(refusal.message.contains("new file"), "{refusal}");
}
