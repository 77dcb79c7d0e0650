//! `slide.fromTemplate` from a deck of another slide size: everything fits, in one ratio.

use deskhand_slides::{Deck, create_deck};
use serde_json::{Value, json};

use crate::decks::{PICTURE, answer, apply, bytes, fixture, parts, rewritten, run};
use crate::outside::{findings, read_by_python};

/// A new deck, 13⅓ by 7½ inches or 10 by 7½.
fn plain(size: &str) -> Deck {
    let create = serde_json::from_value(json!({"size": size})).unwrap();
    create_deck(&create, None).unwrap().0
}

/// A wide deck with one slide `s`: title, box, table, picture and a group of a box.
fn wide() -> Deck {
    let frame = |left: f64, top: f64, width: f64, height: f64| json!({"left": left, "top": top, "width": width, "height": height});
    let deck = apply(
        &plain("wide"),
        [
            json!({"op": "slide.add", "id": "s", "layout": "Title Only", "texts": [{"placeholder": "title", "text": "Sizes"}]}),
            json!({"op": "shape.add", "slide": "s", "name": "Box", "kind": "rectangle", "frame": frame(96.0, 54.0, 192.0, 108.0),
                "text": "Own size", "look": {"size": 24}}),
            json!({"op": "shape.add", "slide": "s", "name": "Plain", "kind": "textBox", "frame": frame(480.0, 270.0, 200.0, 40.0),
                "text": "Usual size"}),
            json!({"op": "table.add", "slide": "s", "name": "Table", "rows": [["Region", "Units"], ["North", "12"]],
                "frame": frame(96.0, 324.0, 384.0, 80.0)}),
            json!({"op": "picture.add", "slide": "s", "name": "Picture", "data": PICTURE, "altText": "Blue",
                "frame": frame(960.0 - 80.0, 0.0, 80.0, 40.0)}),
        ],
    );
    let slide = "ppt/slides/slide1.xml";
    rewritten(&deck, slide, |xml| {
        let group = "<p:grpSp><p:nvGrpSpPr><p:cNvPr id=\"90\" name=\"Group\"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>\
            <a:off x=\"1219200\" y=\"1219200\"/><a:ext cx=\"2438400\" cy=\"1219200\"/><a:chOff x=\"0\" y=\"0\"/><a:chExt cx=\"100\" cy=\"100\"/>\
            </a:xfrm></p:grpSpPr><p:sp><p:nvSpPr><p:cNvPr id=\"91\" name=\"Inner\"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>\
            <a:off x=\"50\" y=\"0\"/><a:ext cx=\"50\" cy=\"100\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></p:spPr>\
            <p:txBody><a:bodyPr lIns=\"40000\"/><a:lstStyle/><a:p><a:pPr marL=\"400000\" indent=\"-200000\"><a:spcBef><a:spcPts val=\"1000\"/>\
            </a:spcBef></a:pPr><a:r><a:rPr sz=\"1600\"/><a:t>In</a:t></a:r></a:p></p:txBody></p:sp></p:grpSp></p:spTree>";
        xml.replace("</p:spTree>", group)
    })
}

fn package(deck: &Deck) -> Value {
    let exported = answer(deck, json!({"op": "slide.export", "slide": "s"}));
    json!({"data": exported["data"], "slideId": exported["slideId"]})
}

fn added(target: &Deck, id: &str, look: &str, package: &Value) -> Deck {
    let add = json!({"op": "slide.fromTemplate", "id": id, "look": look, "package": package});
    let (_, after, patches) = run(target, add).unwrap();
    let mut undone = after.package().clone();
    undone.apply(&patches.invert()).unwrap();
    assert!(undone.write().unwrap() == bytes(target), "undo gives other bytes");
    after
}

fn close(found: &Value, wanted: [f64; 4]) {
    let sides = found
        .as_array()
        .unwrap()
        .iter()
        .map(|side| side.as_f64().unwrap());
    let sides: Vec<f64> = sides.collect();
    let near = sides
        .iter()
        .zip(wanted)
        .all(|(found, wanted)| (found - wanted).abs() < 0.02);
    assert!(near, "{sides:?} is not {wanted:?}");
}

#[test]
fn a_wide_slide_fits_a_narrow_deck_in_one_ratio() {
    // 960 by 540 points onto 720 by 540: three quarters, with 67.5 points above and below.
    let deck = added(&plain("standard"), "new", "deck", &package(&wide()));
    let read = read_by_python(&deck);
    let shapes = read["slides"][0]["shapes"].as_array().unwrap();
    let shape = |name: &str| shapes.iter().find(|shape| shape["name"] == name).unwrap();
    close(&shape("Box")["frame"], [72.0, 108.0, 144.0, 81.0]);
    assert_eq!(shape("Box")["sizes"], json!([18.0]));
    close(&shape("Plain")["frame"], [360.0, 270.0, 150.0, 30.0]);
    assert_eq!(
        shape("Plain")["sizes"],
        json!([13.5]),
        "what had the usual size is smaller too"
    );
    close(&shape("Picture")["frame"], [660.0, 67.5, 60.0, 30.0]);
    close(&shape("Table")["frame"], [72.0, 310.5, 288.0, 60.0]);
    close(&shape("Group")["frame"], [72.0, 139.5, 144.0, 72.0]);
    let slide = String::from_utf8(deck.package().part("ppt/slides/slide1.xml").unwrap().to_vec()).unwrap();
    for written in [
        // Of the group the members follow; their texts do not.
        "<a:chExt cx=\"100\" cy=\"100\"/>",
        "<a:off x=\"50\" y=\"0\"/>",
        "lIns=\"30000\" tIns=\"34290\" rIns=\"68580\" bIns=\"34290\"",
        "marL=\"300000\" indent=\"-150000\"",
        "<a:spcPts val=\"750\"/>",
        "sz=\"1200\"",
        "<a:gridCol w=\"1828800\"",
        "h=\"381000\"",
        "marL=\"68580\" marR=\"68580\" marT=\"34290\" marB=\"34290\"",
    ] {
        assert!(slide.contains(written), "{written} is not in {slide}");
    }
    assert_eq!(
        findings(&bytes(&deck), "pptx"),
        findings(&bytes(&plain("standard")), "pptx")
    );
}

#[test]
fn a_narrow_slide_keeps_its_size_in_the_middle_of_a_wide_deck() {
    let narrow = apply(
        &plain("standard"),
        [
            json!({"op": "slide.add", "id": "s", "layout": "Blank"}),
            json!({"op": "shape.add", "slide": "s", "name": "Box", "kind": "rectangle", "text": "Same",
                "frame": {"left": 0, "top": 10, "width": 720, "height": 100}, "look": {"size": 24}}),
        ],
    );
    let read = read_by_python(&added(&plain("wide"), "new", "deck", &package(&narrow)));
    let shape = &read["slides"][0]["shapes"][0];
    close(&shape["frame"], [120.0, 10.0, 720.0, 100.0]);
    assert_eq!(shape["sizes"], json!([24.0]));
}

#[test]
fn a_master_that_comes_along_is_stretched_and_taken_again() {
    let target = fixture("poi__bug68703.pptx");
    let from = package(&wide());
    let masters = |deck: &Deck| {
        let all = parts(deck.package());
        let masters = all
            .iter()
            .filter(|(name, _)| name.starts_with("ppt/slideMasters/slideMaster"));
        masters.count()
    };
    let size = answer(&target, json!({"op": "deck.info"}));
    let (x, y) = (
        size["width"].as_f64().unwrap() / 960.0,
        size["height"].as_f64().unwrap() / 540.0,
    );
    assert!((x - y).abs() > 0.01, "the fixture has another ratio: {x} and {y}");
    let title = |deck: &Deck, slide: &str| {
        let read = answer(deck, json!({"op": "slide.read", "slide": slide}));
        let shapes = read["shapes"].as_array().unwrap().clone();
        let title = shapes.into_iter().find(|shape| shape["text"] == "Sizes").unwrap();
        ["left", "top", "width", "height"].map(|side| title["frame"][side].as_f64().unwrap())
    };
    let before = title(&wide(), "s");
    let deck = added(&target, "one", "template", &from);
    let after = title(&deck, "one");
    for (side, (before, scale)) in after.iter().zip(before.iter().zip([x, y, x, y])) {
        assert!(
            (side - before * scale).abs() < 0.02,
            "{before} became {side} with {scale}"
        );
    }
    assert_eq!(masters(&deck), masters(&target) + 1);
    assert_eq!(masters(&added(&deck, "two", "template", &from)), masters(&deck));
}
