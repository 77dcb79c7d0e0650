//! `deck.check`: what is planted is found, by name; and real decks raise few alarms.

use serde_json::{Value, json};

use crate::decks::{PICTURE, all, answer, apply, fixture, open, rewritten};

const COLLECTION: &str = "pptx-automizer__ShapeTypesCollection.pptx";

fn findings(deck: &deskhand_slides::Deck) -> Vec<Value> {
    let checked = answer(deck, json!({"op": "deck.check"}));
    checked["findings"].as_array().unwrap().clone()
}

/// The codes found on a slide with nothing but what operations put there.
fn codes_after(operations: &[Value]) -> Vec<String> {
    let add = json!({"op": "slide.add", "id": "checked", "layout": "Nur Titel"});
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let deck = apply(&deck, std::iter::once(add).chain(operations.to_vec()));
    let on_it = |finding: &&Value| {
        finding["location"]
            .as_str()
            .is_some_and(|place| place.starts_with("slide checked"))
    };
    let found = findings(&deck);
    found
        .iter()
        .filter(on_it)
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

fn text_box(name: &str, frame: [i32; 4], text: &str, look: &Value) -> Value {
    json!({"op": "shape.add", "slide": "checked", "name": name, "kind": "textBox", "text": text, "look": look,
        "frame": {"left": frame[0], "top": frame[1], "width": frame[2], "height": frame[3]}})
}

fn panel(look: &Value) -> Value {
    json!({"op": "shape.add", "slide": "checked", "name": "Panel", "kind": "rectangle", "look": look,
        "frame": {"left": 100, "top": 100, "width": 300, "height": 120}})
}

fn same(what: &str, cases: &[(&str, Vec<Value>, &str)]) {
    for (case, operations, expected) in cases {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(codes_after(operations), expected, "{what}: {case}");
    }
}

#[test]
fn texts_that_do_not_fit_or_leave_the_slide_are_found() {
    let long = "Revenue grew in every region, and margins followed with a delay of one quarter. ".repeat(12);
    let text = |frame: [i32; 4], text: &str| vec![text_box("A", frame, text, &json!({"size": 18}))];
    same(
        "place",
        &[
            ("nothing", vec![], ""),
            ("a text that fits", text([50, 50, 400, 60], "Revenue grew"), ""),
            (
                "a text that does not",
                text([50, 50, 300, 60], &long),
                "text.overflow",
            ),
            (
                "off the slide",
                text([600, 50, 800, 60], "Revenue"),
                "shape.offSlide",
            ),
            (
                "beside the slide",
                text([2000, 50, 100, 60], "Revenue"),
                "shape.offSlide",
            ),
            (
                "filler",
                text([50, 50, 300, 60], "Lorem ipsum dolor sit amet"),
                "placeholder.leftover",
            ),
        ],
    );
}

#[test]
fn fonts_and_colours_off_the_theme_and_pale_text_are_found() {
    let text = |look: Value| vec![text_box("A", [50, 50, 300, 60], "Revenue", &look)];
    let on_panel = |fill: Value, look: Value| {
        vec![
            panel(&fill),
            text_box("A", [110, 110, 200, 60], "Revenue grew", &look),
        ]
    };
    same(
        "style",
        &[
            (
                "a font of its own",
                text(json!({"font": "Arial", "size": 18, "color": "text1"})),
                "font.offTheme",
            ),
            (
                "a colour of its own",
                text(json!({"color": "#8A2BE2"})),
                "color.offTheme",
            ),
            (
                "a text on a panel",
                on_panel(
                    json!({"fill": "accent1", "line": "none"}),
                    json!({"color": "background1", "size": 24}),
                ),
                "",
            ),
            (
                "pale text on a panel",
                on_panel(json!({"fill": "background1"}), json!({"color": "background1"})),
                "text.contrast",
            ),
        ],
    );
}

#[test]
fn what_stands_on_a_text_is_found() {
    let plain = json!({});
    let cases = [
        (
            "a text under a panel",
            vec![
                text_box("A", [110, 110, 200, 60], "Revenue grew", &plain),
                panel(&json!({"fill": "accent1"})),
            ],
            "shape.overlap",
        ),
        (
            "two texts in one place",
            vec![
                text_box("A", [50, 50, 300, 40], "Revenue grew in every region", &plain),
                text_box("B", [60, 55, 300, 40], "Margins followed with a delay", &plain),
            ],
            "shape.overlap",
        ),
        (
            "a picture that says nothing",
            vec![
                json!({"op": "picture.add", "slide": "checked", "name": "P", "data": PICTURE, "altText": "",
                "frame": {"left": 50, "top": 50, "width": 100, "height": 0}}),
            ],
            "picture.noAltText",
        ),
    ];
    same("overlap", &cases);
}

#[test]
fn damage_is_an_error_and_stands_first() {
    let deck = fixture(COLLECTION);
    let deck = rewritten(&deck, "ppt/slides/slide1.xml", |text| {
        let at = text.find("<a:tc>").unwrap();
        let end = at + text[at..].find("</a:tc>").unwrap() + 7;
        format!("{}{}", &text[..at], &text[end..])
    });
    let deck = rewritten(&deck, "ppt/slides/_rels/slide1.xml.rels", |text| {
        text.replace("charts/chart1.xml", "charts/chart99.xml")
    });
    let found = findings(&deck);
    let first: Vec<&str> = found
        .iter()
        .take(2)
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert_eq!(first, ["relation.target", "table.grid"], "{found:#?}");
    assert_eq!(found[0]["severity"], "error");
}

#[test]
fn real_decks_raise_few_alarms() {
    let (mut slides, mut alarms) = (0, Vec::new());
    for path in all() {
        let deck = open(&path);
        slides += deck.slide_ids().count();
        for finding in findings(&deck) {
            if finding["severity"] != "note" {
                let name = path.file_name().unwrap().to_string_lossy();
                alarms.push(format!(
                    "{name} {} {}: {}",
                    finding["code"], finding["location"], finding["sentence"]
                ));
            }
        }
    }
    eprintln!("{slides} slides\n{}", alarms.join("\n"));
    assert!(
        alarms.len() <= slides,
        "{} alarms on {slides} slides",
        alarms.len()
    );
}
