//! Every deck that there is: nothing but what was asked for changes, undo gives back the file, and no tool that reads
//! the deck before finds anything worse in it afterwards.

use deskhand_opc::Patch;
use deskhand_slides::Deck;
use serde_json::{Value, json};

use crate::decks::{PICTURE, all, answer, apply, bytes, is_strict, open, parts, run};
use crate::outside::{findings, new_findings, read_by_python};

/// The first shape of a deck that takes text, with its slide.
fn first_text(deck: &Deck) -> Option<(String, String)> {
    let info = answer(deck, json!({"op": "deck.info"}));
    info["slides"].as_array().unwrap().iter().find_map(|slide| {
        let shape = slide["shapes"].as_array().unwrap().iter().find(|shape| {
            let kind = shape["kind"].as_str().unwrap();
            let text = set_text(slide["id"].as_str().unwrap(), shape["id"].as_str().unwrap());
            matches!(kind, "placeholder" | "text" | "shape") && run(deck, text).is_ok()
        })?;
        Some((slide["id"].as_str()?.to_owned(), shape["id"].as_str()?.to_owned()))
    })
}

fn set_text(slide: &str, shape: &str) -> Value {
    json!({"op": "text.set", "slide": slide, "shape": shape, "text": "Revenue & margin\nnext <line>"})
}

/// A deck with a text: where it has none, with a slide that has one. `None` where no layout has a title either.
fn with_text(deck: Deck) -> Option<Deck> {
    if first_text(&deck).is_some() {
        return Some(deck);
    }
    let info = answer(&deck, json!({"op": "deck.info"}));
    let mut layouts = info["layouts"].as_array().unwrap().iter();
    let titled = layouts.find(|layout| layout["placeholders"].to_string().contains("itle\""))?;
    let texts = json!([{"placeholder": "title", "text": "A title"}]);
    Some(apply(
        &deck,
        [json!({"op": "slide.add", "layout": titled["name"], "texts": texts})],
    ))
}

#[test]
fn an_untouched_deck_is_written_as_it_was() {
    for path in all() {
        assert!(
            bytes(&open(&path)) == std::fs::read(&path).unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn one_text_changes_one_part_and_undo_gives_back_the_file() {
    let mut edited = 0;
    for path in all() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(deck) = with_text(open(&path)) else {
            continue;
        };
        edited += 1;
        let original = bytes(&deck);
        let (slide, shape) = first_text(&deck).unwrap();
        let (_, after, patches) = run(&deck, set_text(&slide, &shape)).unwrap();
        let touched: Vec<&str> = patches.patches.iter().map(Patch::part).collect();
        assert_eq!(touched.len(), 1, "{name}: {touched:?}");
        let (before_parts, after_parts) = (parts(deck.package()), parts(after.package()));
        assert_eq!(before_parts.len(), after_parts.len(), "{name}");
        for (before, after) in before_parts.iter().zip(&after_parts) {
            assert_eq!(before.0, after.0, "{name}: the order of the parts");
            assert_eq!(
                before.1 == after.1,
                before.0 != touched[0],
                "{name}: {}",
                before.0
            );
        }
        let read = answer(&after, json!({"op": "slide.read", "slide": slide}));
        let shapes = read["shapes"].as_array().unwrap();
        let text = &shapes.iter().find(|found| found["id"] == shape.as_str()).unwrap()["text"];
        assert_eq!(text, "Revenue & margin\nnext <line>", "{name}");
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(
            undone.write().unwrap() == original,
            "{name}: undo gives other bytes"
        );
    }
    assert!(
        edited * 10 >= all().len() * 9,
        "only {edited} decks have a text to set"
    );
}

/// A new slide with a chart, a table and a picture, and a text changed, where a deck has a text.
fn everything(deck: &Deck) -> Vec<Value> {
    let layouts = answer(deck, json!({"op": "deck.info"}))["layouts"].clone();
    let layout = layouts[0]["name"].as_str().unwrap();
    let mut operations = vec![
        json!({"op": "slide.add", "id": "new-slide", "layout": layout}),
        json!({"op": "chart.add", "slide": "new-slide", "name": "Our chart", "kind": "columnClustered",
            "title": "Revenue", "frame": {"left": 30, "top": 100, "width": 300, "height": 200},
            "data": {"categories": ["North", "South"], "series": [
                {"name": "2025", "values": [1.5, 2], "numberFormat": "#,##0.0"},
                {"name": "2026", "values": [2.25, null]}]}}),
        json!({"op": "table.add", "slide": "new-slide", "name": "Our table",
            "rows": [["Region", "Revenue"], ["North", "1,248"]],
            "frame": {"left": 340, "top": 100, "width": 200, "height": 80}}),
        json!({"op": "picture.add", "slide": "new-slide", "name": "Our picture", "data": PICTURE,
            "altText": "A blue field", "frame": {"left": 340, "top": 200, "width": 80, "height": 0}}),
    ];
    if let Some((slide, shape)) = first_text(deck) {
        operations.push(set_text(&slide, &shape));
    }
    operations
}

#[test]
fn new_slides_in_every_deck_are_read_by_python_pptx() {
    for path in all() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let deck = open(&path);
        if is_strict(&deck) {
            continue;
        }
        let read = read_by_python(&apply(&deck, everything(&deck)));
        let slides = read["slides"].as_array().unwrap();
        assert_eq!(slides.len(), deck.slide_ids().count() + 1, "{name}");
        let shapes = slides.last().unwrap()["shapes"].as_array().unwrap();
        let shape = |wanted: &str| shapes.iter().find(|shape| shape["name"] == wanted).unwrap();
        let chart = &shape("Our chart")["chart"];
        assert_eq!(
            chart["series"],
            json!([["2025", [1.5, 2.0]], ["2026", [2.25, null]]]),
            "{name}"
        );
        let sheet = json!([[null, "2025", "2026"], ["North", 1.5, 2.25], ["South", 2, null]]);
        assert_eq!(chart["sheet"], sheet, "{name}");
        assert_eq!(
            shape("Our table")["rows"],
            json!([["Region", "Revenue"], ["North", "1,248"]]),
            "{name}"
        );
        assert_eq!(
            shape("Our picture")["picture"],
            json!(["image/png", 40, 20]),
            "{name}"
        );
        assert_eq!(
            shape("Our picture")["frame"],
            json!([340.0, 200.0, 80.0, 40.0]),
            "{name}"
        );
    }
}

#[test]
fn the_open_xml_sdk_finds_nothing_new() {
    let decks = all();
    // Two at a time: the validator takes a second for a deck.
    let (one, other) = decks.split_at(decks.len() / 2);
    std::thread::scope(|scope| {
        for half in [one, other] {
            scope.spawn(move || half.iter().for_each(|path| check(path)));
        }
    });
}

fn check(path: &std::path::Path) {
    let ending = path.extension().unwrap().to_string_lossy();
    let deck = open(path);
    let after = apply(&deck, everything(&deck));
    let before = findings(&std::fs::read(path).unwrap(), &ending);
    let new = new_findings(&before, &findings(&bytes(&after), &ending));
    assert!(new.is_empty(), "{}: {new:#?}", path.display());
    // Deletions on the fixtures only: the validator is slow.
    if path.components().any(|folder| folder.as_os_str() == "fixtures") {
        let first = deck.slide_ids().next().unwrap();
        for (what, last) in [
            (
                "its first slide",
                run(&after, json!({"op": "slide.delete", "slide": first}))
                    .unwrap()
                    .1,
            ),
            ("the shapes of its first slide", without_shapes(&after, first)),
        ] {
            let new = new_findings(&before, &findings(&bytes(&last), &ending));
            assert!(new.is_empty(), "{} without {what}: {new:#?}", path.display());
        }
    }
}

/// A deck with every shape of a slide deleted, the last one first.
fn without_shapes(deck: &Deck, slide: &str) -> Deck {
    let read = answer(deck, json!({"op": "slide.read", "slide": slide}));
    let shapes = read["shapes"].as_array().unwrap().iter().rev();
    shapes.fold(deck.clone(), |deck, shape| {
        // A group is gone with its last member.
        let operation = json!({"op": "shape.delete", "slide": slide, "shape": shape["id"]});
        run(&deck, operation).map_or(deck, |(_, deck, _)| deck)
    })
}

#[test]
fn a_shape_of_every_kind_can_be_deleted_and_comes_back_by_undo() {
    for path in all() {
        let original = std::fs::read(&path).unwrap();
        let deck = open(&path);
        let info = answer(&deck, json!({"op": "deck.info"}));
        let mut kinds = std::collections::BTreeSet::new();
        for slide in info["slides"].as_array().unwrap() {
            for shape in slide["shapes"].as_array().unwrap() {
                if !kinds.insert(shape["kind"].to_string()) {
                    continue;
                }
                let operation = json!({"op": "shape.delete", "slide": slide["id"], "shape": shape["id"]});
                let (_, after, patches) = run(&deck, operation).unwrap();
                let rest = answer(&after, json!({"op": "slide.read", "slide": slide["id"]}));
                let rest = rest["shapes"].as_array().unwrap();
                assert!(
                    rest.iter().all(|other| other["id"] != shape["id"]),
                    "{}: {shape}",
                    path.display()
                );
                let mut undone = after.package().clone();
                undone.apply(&patches.invert()).unwrap();
                assert!(undone.write().unwrap() == original, "{}: {shape}", path.display());
            }
        }
    }
}
