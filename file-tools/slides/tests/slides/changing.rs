//! Every operation on every deck where it applies: undo gives back the file, untouched parts stay as they are,
//! python-pptx opens the result, and the Open XML SDK finds nothing new in it.

use deskhand_opc::Patch;
use deskhand_slides::Deck;
use serde_json::{Value, json};

use crate::decks::{PICTURE, all, answer, bytes, is_strict, open, run};
use crate::outside::{findings, new_findings, read_by_python};

/// A slide and one of its shapes, as they are named.
type Place = (Value, Value);

/// Kinds of shape and the operations on them.
type OnKind = (&'static [&'static str], fn(&Place) -> Vec<Value>);

/// The operations that apply to a deck, each at its first place.
fn applicable(deck: &Deck) -> Vec<Value> {
    let info = answer(deck, json!({"op": "deck.info"}));
    let slides = info["slides"].as_array().unwrap();
    let first_of = |kinds: &[&str]| -> Option<Place> {
        slides.iter().find_map(|slide| {
            let shapes = slide["shapes"].as_array()?;
            let shape = shapes
                .iter()
                .find(|shape| kinds.contains(&shape["kind"].as_str().unwrap()))?;
            Some((slide["id"].clone(), shape["id"].clone()))
        })
    };
    let Some(slide) = slides.first().map(|slide| slide["id"].clone()) else {
        return Vec::new();
    };
    let mut operations = on_slides(&slide, slides.len());
    let of_kinds: [OnKind; 4] = [
        (&["shape", "text", "placeholder"], on_shapes),
        (&["table"], on_tables),
        (&["chart"], on_charts),
        (&["picture"], on_pictures),
    ];
    for (kinds, make) in of_kinds {
        operations.extend(first_of(kinds).iter().flat_map(make));
    }
    operations
}

fn frame() -> Value {
    json!({"left": 40, "top": 60, "width": 120, "height": 50})
}

fn on_slides(slide: &Value, count: usize) -> Vec<Value> {
    let source =
        json!({"categories": ["1", "2"], "series": [{"name": "s", "values": [3, 4], "sizes": [1, 2]}]});
    let charts = [
        "barStacked",
        "columnStacked100",
        "lineMarkers",
        "lineStacked",
        "areaStacked",
        "scatter",
        "scatterLines",
        "bubble",
        "radar",
    ]
    .map(|kind| {
        json!({"op": "chart.add", "slide": slide, "name": kind, "kind": kind, "data": source, "frame": frame()})
    });
    let mut operations = vec![
        json!({"op": "slide.move", "slide": slide, "to": count}),
        json!({"op": "slide.hide", "slide": slide, "hidden": true}),
        json!({"op": "slide.duplicate", "slide": slide}),
        json!({"op": "notes.set", "slide": slide, "text": "Say this\nand that"}),
        json!({"op": "text.replace", "find": "e", "replace": "E<&>", "notes": true}),
        json!({"op": "shape.add", "slide": slide, "name": "Our box", "kind": "textBox", "frame": frame(),
            "text": "Box\ntwo", "look": {"color": "accent2", "size": 14, "bold": true, "font": "heading"}}),
        json!({"op": "shape.add", "slide": slide, "name": "Our chevron", "kind": "chevron", "frame": frame(),
            "look": {"fill": "#0055AA", "line": "none", "align": "right", "anchor": "top"}, "text": "Step"}),
        json!({"op": "shape.add", "slide": slide, "name": "Our arrow", "kind": "arrow", "frame": frame(),
            "rising": true, "look": {"line": "accent3", "lineWidth": 2.5}}),
    ];
    operations.extend(charts);
    operations
}

fn on_shapes((slide, shape): &Place) -> Vec<Value> {
    vec![
        json!({"op": "shape.move", "slide": slide, "shape": shape, "left": 30.5, "top": 40}),
        json!({"op": "shape.resize", "slide": slide, "shape": shape, "width": 200}),
        json!({"op": "shape.format", "slide": slide, "shape": shape, "altText": "What it shows",
            "look": {"fill": "accent1", "line": "#FF0000", "lineWidth": 1, "color": "light1", "size": 12.5,
                "italic": true, "underline": true, "font": "Arial", "align": "center", "anchor": "middle"}}),
    ]
}

fn on_tables((slide, shape): &Place) -> Vec<Value> {
    vec![
        json!({"op": "table.set", "slide": slide, "shape": shape, "cells": [["Head & <er>", null]]}),
        json!({"op": "table.set", "slide": slide, "shape": shape, "insertRows": {"at": 2, "count": 2},
            "insertColumns": {"at": 1, "count": 1}, "row": 2, "cells": [["new"]]}),
        json!({"op": "shape.resize", "slide": slide, "shape": shape, "width": 300, "height": 100}),
    ]
}

fn on_charts((slide, shape): &Place) -> Vec<Value> {
    let data = json!({"categories": ["A", "B & C", "D"], "series": [
        {"name": "One", "values": [1, 2.5, null], "numberFormat": "0.0"}, {"name": "Two", "values": [4, 5, 6]},
        {"name": "Three", "values": [7, 8, -9]}]});
    let look = json!({"categoryTitle": "Along", "valueTitle": "Up", "valueFormat": "0%", "minimum": 0,
        "legend": "top"});
    vec![
        json!({"op": "chart.update", "slide": slide, "shape": shape, "title": "New & title"}),
        json!({"op": "chart.update", "slide": slide, "shape": shape, "look": look}),
        json!({"op": "chart.update", "slide": slide, "shape": shape, "data": data}),
        json!({"op": "chart.update", "slide": slide, "shape": shape, "data": data, "kind": "barStacked100"}),
    ]
}

fn on_pictures((slide, shape): &Place) -> Vec<Value> {
    vec![
        json!({"op": "picture.replace", "slide": slide, "shape": shape, "data": PICTURE,
        "altText": "Another picture"}),
    ]
}

/// Codes with which an operation may not apply to a shape after all.
fn may_refuse(refusal: &deskhand_operations::Refusal) -> bool {
    use deskhand_operations::RefusalCode::{BadInput, Unsupported};
    matches!(refusal.code, BadInput | Unsupported)
}

/// The parts that an operation may change where they are there already; it may add others.
fn may_change(operation: &str) -> &'static [&'static str] {
    match operation {
        "slide.move" => &["ppt/presentation.xml"],
        "slide.duplicate" => &[
            "ppt/presentation.xml",
            "ppt/_rels/presentation.xml.rels",
            "[Content_Types].xml",
        ],
        "notes.set" => &[
            "ppt/notesSlides/",
            "ppt/slides/_rels/",
            "ppt/presentation.xml",
            "ppt/_rels/presentation.xml.rels",
            "[Content_Types].xml",
        ],
        "text.replace" => &["ppt/slides/slide", "ppt/notesSlides/notes", "ppt/charts/chart"],
        "chart.add" => &["ppt/slides/", "[Content_Types].xml"],
        // The old picture goes where nothing else shows it.
        "picture.replace" => &["ppt/slides/", "ppt/media/", "[Content_Types].xml"],
        "chart.update" => &[
            "ppt/charts/",
            "ppt/embeddings/",
            "ppt/slides/slide",
            "[Content_Types].xml",
        ],
        _ => &["ppt/slides/slide"],
    }
}

#[test]
fn every_operation_is_undone_to_the_byte_and_leaves_other_parts_alone() {
    let (mut done, mut refused) = (0, Vec::new());
    for path in all() {
        let deck = open(&path);
        let original = bytes(&deck);
        for operation in applicable(&deck) {
            let allowed = may_change(operation["op"].as_str().unwrap());
            let shown = format!("{}: {operation}", path.display());
            let (_, after, patches) = match run(&deck, operation) {
                Ok(done) => done,
                Err(refusal) if may_refuse(&refusal) => {
                    refused.push(format!("{shown}: {refusal}"));
                    continue;
                }
                Err(refusal) => panic!("{shown}: {refusal:?}"),
            };
            done += 1;
            for part in patches.patches.iter().map(Patch::part) {
                let is_new = !deck.package().contains(part);
                let is_allowed = allowed.iter().any(|known| part.starts_with(known));
                assert!(is_new || is_allowed, "{shown}: {part}");
            }
            let mut undone = after.package().clone();
            undone.apply(&patches.invert()).unwrap();
            assert!(
                undone.write().unwrap() == original,
                "{shown}: undo gives other bytes"
            );
        }
    }
    assert!(
        done > 200 && refused.len() * 8 < done,
        "{done} done, refused: {refused:#?}"
    );
}

/// All operations that apply, one after the other.
fn changed(deck: &Deck) -> Deck {
    applicable(deck)
        .into_iter()
        .fold(deck.clone(), |deck, operation| {
            let shown = operation.to_string();
            match run(&deck, operation) {
                Ok((_, after, _)) => after,
                Err(refusal) if may_refuse(&refusal) => deck,
                Err(refusal) => panic!("{shown}: {refusal:?}"),
            }
        })
}

#[test]
fn changed_decks_open_in_python_pptx_and_the_open_xml_sdk_finds_nothing_new() {
    let decks = all();
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
    let after = changed(&deck);
    if let Some(folder) = std::env::var_os("DESKHAND_KEEP_DECKS") {
        let file = std::path::Path::new(&folder).join(path.file_name().unwrap());
        std::fs::write(file, bytes(&after)).unwrap();
    }
    let before = findings(&bytes(&deck), &ending);
    // A copied slide has the findings of the original once more.
    let twice = before
        .into_iter()
        .map(|(finding, count)| (finding, count * 2))
        .collect();
    let new = new_findings(&twice, &findings(&bytes(&after), &ending));
    assert!(new.is_empty(), "{}: {new:#?}", path.display());
    if !is_strict(&deck) {
        let read = read_by_python(&after);
        let count = after.slide_ids().count();
        assert_eq!(
            read["slides"].as_array().unwrap().len(),
            count,
            "{}",
            path.display()
        );
    }
}
