//! What is read in a deck, against python-pptx and against what the files are known to hold.

use serde_json::{Value, json};

use crate::decks::{all, answer, fixture, is_strict, open, rewritten};
use crate::outside::read_by_python;

fn shapes(slide: &Value) -> &Vec<Value> {
    slide["shapes"].as_array().unwrap()
}

fn named<'v>(slide: &'v Value, name: &str) -> &'v Value {
    shapes(slide)
        .iter()
        .find(|shape| shape["name"] == name)
        .unwrap_or_else(|| panic!("no shape {name}"))
}

#[test]
fn places_and_texts_are_those_that_python_pptx_reads() {
    let mut compared = 0;
    for path in all() {
        let deck = open(&path);
        if is_strict(&deck) {
            continue;
        }
        let theirs = read_by_python(&deck);
        for (id, their) in deck.slide_ids().zip(theirs["slides"].as_array().unwrap()) {
            let ours = answer(&deck, json!({"op": "slide.read", "slide": id}));
            assert_eq!(ours["layout"], their["layout"], "{} {id}", path.display());
            for shape in shapes(their) {
                let wanted = shape["id"].to_string();
                let Some(our) = shapes(&ours).iter().find(|our| our["id"] == wanted.as_str()) else {
                    panic!("{} {id}: no shape {shape}", path.display());
                };
                let what = format!("{} {id}: {our} {shape}", path.display());
                for (index, side) in ["left", "top", "width", "height"].iter().enumerate() {
                    let (our, their) = (our["frame"][side].as_f64(), shape["frame"][index].as_f64());
                    assert!(
                        (our.unwrap_or(0.0) - their.unwrap_or(0.0)).abs() < 0.02,
                        "{side} {what}"
                    );
                }
                if let Some(lines) = shape["paragraphs"].as_array() {
                    let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
                    // A placeholder for media has no text body, of which python-pptx makes an empty one.
                    let text = our["text"].as_str().unwrap_or_default();
                    assert_eq!(text, lines.join("\n"), "{what}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 30, "{compared} shapes compared");
}

#[test]
fn reads_every_kind_of_shape() {
    let deck = fixture("pptx-automizer__ShapeTypesCollection.pptx");
    let slide = answer(&deck, json!({"op": "slide.read", "slide": "256"}));
    for (name, kind) in [
        ("Table", "table"),
        ("Image", "picture"),
        ("Line (Arrow)", "line"),
        ("VecorShape (Box with arrow)", "shape"),
        ("SmartArt (Diagram)", "other"),
        ("Chart", "chart"),
        ("Textfield", "text"),
    ] {
        assert_eq!(named(&slide, name)["kind"], kind, "{name}");
    }
    assert_eq!(
        named(&slide, "Table")["rows"],
        json!([["a", "a", "a"], ["b", "b", "b"]])
    );
    let frame = json!({"left": 37.231, "top": 30.82, "width": 251.692, "height": 58.4});
    assert_eq!(named(&slide, "Table")["frame"], frame);
    assert_eq!(named(&slide, "Pictogram")["altText"], "Kopf mit Zahnrädern");
    let chart = &named(&slide, "Chart")["chart"];
    assert_eq!(
        chart["categories"],
        json!(["Kategorie 1", "Kategorie 2", "Kategorie 3", "Kategorie 4"])
    );
    assert_eq!(
        chart["series"][0],
        json!({"name": "Datenreihe 1", "values": [4.3, 2.5, 3.5, 4.5]})
    );
    assert_eq!(
        chart["series"][1]["values"],
        json!([2.4, 4.4, 1.8, 2.8]),
        "4.4000000000000004 is 4.4"
    );
}

#[test]
fn info_tells_size_layouts_and_slides_with_their_texts_only() {
    let deck = fixture("shapecrawler__015.pptx");
    let info = answer(&deck, json!({"op": "deck.info"}));
    assert_eq!((&info["kind"], &info["label"]), (&json!("deck"), &Value::Null));
    let theirs = read_by_python(&deck);
    assert_eq!(
        (&info["width"], &info["height"]),
        (&theirs["width"], &theirs["height"])
    );
    let masters: Vec<&Value> = info["layouts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layout| &layout["master"])
        .collect();
    assert!(
        masters.iter().any(|master| *master != masters[0]),
        "two masters: {masters:?}"
    );
    assert_eq!(info["slides"].as_array().unwrap().len(), 2);
    for shape in info["slides"].as_array().unwrap().iter().flat_map(shapes) {
        assert_eq!(
            (&shape["frame"], &shape["chart"]),
            (&Value::Null, &Value::Null),
            "{shape}"
        );
    }
}

#[test]
fn a_strict_deck_reads_like_any_other() {
    let deck = fixture("open-xml-sdk__bldlst-Build_Graphics-bldgraphic-uiexpand.pptx");
    let slide = answer(&deck, json!({"op": "slide.read", "slide": "256"}));
    let charts: Vec<&Value> = shapes(&slide)
        .iter()
        .filter(|shape| shape["kind"] == "chart")
        .collect();
    assert_eq!(charts.len(), 1);
    assert_eq!(
        charts[0]["chart"]["categories"].as_array().unwrap().len(),
        4,
        "{}",
        charts[0]
    );
}

#[test]
fn the_first_choice_of_alternative_content_is_read_once() {
    let deck = fixture("open-xml-sdk__Of16-01.pptx");
    let slide = answer(&deck, json!({"op": "slide.read", "slide": "256"}));
    let kinds: Vec<&Value> = shapes(&slide).iter().map(|shape| &shape["kind"]).collect();
    assert_eq!(kinds, ["chart"], "{slide}");
}

#[test]
fn the_fingerprint_follows_slide_and_chart() {
    let deck = fixture("pptx-automizer__ShapeTypesCollection.pptx");
    let read = |deck: &deskhand_slides::Deck| {
        answer(deck, json!({"op": "slide.read", "slide": "256"}))["fingerprint"].clone()
    };
    let other = |part: &str, from: &str| rewritten(&deck, part, |text| text.replacen(from, "else", 1));
    assert_eq!(read(&deck), read(&deck.clone()));
    assert_ne!(read(&deck), read(&other("ppt/slides/slide1.xml", "Table")));
    assert_ne!(read(&deck), read(&other("ppt/charts/chart1.xml", "Datenreihe 1")));
}
