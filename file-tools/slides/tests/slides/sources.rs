//! Where figures on slides came from: kept in the file, following slides, shapes and words, told as outdated where they
//! mean nothing any more.

use deskhand_opc::{Step, way_back};
use deskhand_operations::RefusalCode;
use deskhand_slides::Deck;
use serde_json::{Value, json};

use crate::decks::{all, answer, apply, bytes, fixture, is_strict, open, parts, rewritten, run};
use crate::outside::{findings, new_findings, read_by_python};

const PART: &str = "customXml/deskhandSources.xml";

fn source(figure: &str) -> Value {
    json!({"figure": figure, "document": "d1", "title": "Ledger <2026>.xlsx", "address": "Revenue!F2:F486", "value": 12.5})
}

/// A deck with a slide `s` of one text, one table and one chart, each with sources: shapes `Words`, `Table` and `Chart`.
fn written() -> Deck {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let layout = answer(&deck, json!({"op": "deck.info"}))["layouts"][0]["name"].clone();
    let frame = |top: u32| json!({"left": 40, "top": top, "width": 400, "height": 100});
    apply(
        &deck,
        [
            json!({"op": "slide.add", "id": "s", "layout": layout}),
            json!({"op": "shape.add", "slide": "s", "name": "Words", "kind": "textBox", "frame": frame(20),
                "text": "Revenue rose to 12.5m in 2026, costs to 7m", "sources": [source("12.5m"), source("7m")]}),
            json!({"op": "table.add", "slide": "s", "name": "Table", "frame": frame(140),
                "rows": [["Region", "Units"], ["North", "1,248"], ["South", "96"]], "sources": [source("1,248"), source("96")]}),
            json!({"op": "chart.add", "slide": "s", "name": "Chart", "kind": "columnClustered", "frame": frame(260),
                "data": {"categories": ["Q1", "Q2"], "series": [{"name": "Margin", "values": [0.125, 0.5]}]},
                "sources": [source("12.5%"), source("0.5")]}),
        ],
    )
}

fn id(deck: &Deck, slide: &str, name: &str) -> String {
    let read = answer(deck, json!({"op": "slide.read", "slide": slide}));
    let shapes = read["shapes"].as_array().unwrap();
    let shape = shapes.iter().find(|shape| shape["name"] == name).unwrap();
    shape["id"].as_str().unwrap().to_owned()
}

/// The figures of a slide with a source, shape by shape; one that is outdated has a `?`.
fn figures(deck: &Deck, slide: &str) -> Vec<String> {
    let read = answer(deck, json!({"op": "slide.read", "slide": slide}));
    let shapes = read["shapes"].as_array().unwrap().iter();
    let all = shapes.flat_map(|shape| {
        let sources = shape["sources"].as_array().cloned().unwrap_or_default();
        let name = shape["name"].as_str().unwrap().to_owned();
        sources.into_iter().map(move |source| {
            let mark = if source["outdated"] == true { "?" } else { "" };
            format!("{name}: {}{mark}", source["figure"].as_str().unwrap())
        })
    });
    all.collect()
}

const ALL: [&str; 6] = [
    "Words: 12.5m",
    "Words: 7m",
    "Table: 1,248",
    "Table: 96",
    "Chart: 12.5%",
    "Chart: 0.5",
];

#[test]
fn a_file_keeps_the_sources_of_its_figures_and_tells_them() {
    let deck = written();
    assert_eq!(figures(&deck, "s"), ALL);
    let read = answer(&deck, json!({"op": "slide.read", "slide": "s"}));
    let words = read["shapes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|shape| shape["name"] == "Words")
        .unwrap();
    assert_eq!(
        words["sources"][0],
        json!({"figure": "12.5m", "document": "d1", "title": "Ledger <2026>.xlsx", "address": "Revenue!F2:F486", "value": 12.5})
    );
    let info = answer(&deck, json!({"op": "deck.info"}));
    assert_eq!(info["sources"], 6);
    let plain = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    assert_eq!(answer(&plain, json!({"op": "deck.info"})).get("sources"), None);
    let seen = read_by_python(&deck);
    assert_eq!(
        seen["slides"].as_array().unwrap().len(),
        plain.slide_ids().count() + 1
    );
    let (before, after) = (findings(&bytes(&plain), "pptx"), findings(&bytes(&deck), "pptx"));
    assert_eq!(new_findings(&before, &after), Vec::<String>::new());
}

/// Does each operation on the deck of [`written`]: the figures that are left, by their places in [`ALL`] and new ones.
fn follows(deck: &Deck, cases: &[(Value, &[&str])]) {
    let before = bytes(deck);
    for (operation, expected) in cases {
        let (_, after, patches) = run(deck, operation.clone()).unwrap();
        assert_eq!(figures(&after, "s"), *expected, "{operation}");
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(
            undone.write().unwrap() == before,
            "{operation}: undo gives other bytes"
        );
    }
}

/// All figures but one.
fn without(gone: usize) -> Vec<&'static str> {
    let left = ALL.iter().enumerate().filter(|(index, _)| *index != gone);
    left.map(|(_, figure)| *figure).collect()
}

#[test]
fn sources_go_with_the_text_that_they_are_of() {
    let deck = written();
    let words = id(&deck, "s", "Words");
    let find = |find: &str, replace: &str| json!({"op": "text.replace", "find": find, "replace": replace});
    let cases = [
        (
            json!({"op": "text.set", "slide": "s", "shape": words, "text": "12.5m"}),
            &ALL[2..],
        ),
        (
            json!({"op": "shape.delete", "slide": "s", "shape": words}),
            &ALL[2..],
        ),
        (
            json!({"op": "shape.move", "slide": "s", "shape": words, "left": 1, "top": 2}),
            &ALL[..],
        ),
        (find("Revenue", "Sales"), &ALL[..]),
        (find("7m", "8m"), &without(1)),
        (json!({"op": "slide.move", "slide": "s", "to": 1}), &ALL[..]),
        (
            json!({"op": "notes.set", "slide": "s", "text": "Say it slowly"}),
            &ALL[..],
        ),
    ];
    follows(&deck, &cases);
}

#[test]
fn sources_go_with_the_cells_and_the_data_that_they_are_of() {
    let deck = written();
    let (table, chart) = (id(&deck, "s", "Table"), id(&deck, "s", "Chart"));
    let cell = |text: &str| json!({"op": "table.set", "slide": "s", "shape": table, "row": 2, "column": 2, "cells": [[text]]});
    let lines = |what: &str, at: u32| json!({"op": "table.set", "slide": "s", "shape": table, what: {"at": at, "count": 1}});
    let data = json!({"categories": ["Q1", "Q2"], "series": [{"name": "Margin", "values": [0.125, 0.75]}]});
    let update = |sources: &[Value]| json!({"op": "chart.update", "slide": "s", "shape": chart, "data": data, "sources": sources});
    let mut sourced = ALL[..4].to_vec();
    sourced.push("Chart: 0.75");
    let cases = [
        (cell("1,300"), &without(2)[..]),
        // Written anew without a source.
        (cell("1,248"), &without(2)),
        (lines("insertRows", 2), &ALL),
        (lines("deleteRows", 3), &without(3)),
        (update(&[]), &ALL[..4]),
        (update(&[source("0.75")]), &sourced),
        (
            json!({"op": "chart.update", "slide": "s", "shape": chart, "title": "Margins"}),
            &ALL,
        ),
    ];
    follows(&deck, &cases);
}

#[test]
fn a_copy_of_a_slide_takes_its_sources_along_and_a_deleted_slide_its_own() {
    let deck = written();
    let (answered, both, _) = run(
        &deck,
        json!({"op": "slide.duplicate", "slide": "s", "id": "copy"}),
    )
    .unwrap();
    assert_eq!(
        (figures(&both, "s"), figures(&both, "copy")),
        (ALL.map(str::to_owned).into(), ALL.map(str::to_owned).into())
    );
    let told = answered["shapes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|shape| shape.get("sources").is_some());
    assert_eq!(told.count(), 3);
    let (_, copy, _) = run(&both, json!({"op": "slide.delete", "slide": "s"})).unwrap();
    assert_eq!(figures(&copy, "copy"), ALL);
    assert_eq!(answer(&copy, json!({"op": "deck.info"}))["sources"], 6);
    let (_, none, _) = run(&copy, json!({"op": "slide.delete", "slide": "copy"})).unwrap();
    assert_eq!(answer(&none, json!({"op": "deck.info"})).get("sources"), None);
}

#[test]
fn a_slide_that_travels_as_a_package_has_its_own_sources_alone() {
    let deck = apply(
        &written(),
        [json!({"op": "slide.duplicate", "slide": "s", "id": "other"})],
    );
    let exported = answer(&deck, json!({"op": "slide.export", "slide": "s"}));
    let package = json!({"data": exported["data"], "slideId": exported["slideId"]});
    let taken = rewritten_words(&deck);
    let (_, put_back, _) = run(
        &taken,
        json!({"op": "slide.replace", "slide": "s", "package": package}),
    )
    .unwrap();
    assert_eq!(figures(&put_back, "s"), ALL);
    assert_eq!(figures(&put_back, "other"), ALL);
    // Into another deck, and there again with its look.
    let target = fixture("shapecrawler__015.pptx");
    for look in ["deck", "template"] {
        let add =
            json!({"op": "slide.fromTemplate", "id": "new", "look": look, "package": package, "sources": []});
        let (_, added, _) = run(&target, add).unwrap();
        assert_eq!(figures(&added, "new"), ALL, "{look}");
        assert_eq!(answer(&added, json!({"op": "deck.info"}))["sources"], 6, "{look}");
    }
}

/// The deck after the slide's text was set without sources.
fn rewritten_words(deck: &Deck) -> Deck {
    let set = json!({"op": "text.set", "slide": "s", "shape": id(deck, "s", "Words"), "text": "Nothing"});
    let taken = apply(deck, [set]);
    assert_eq!(figures(&taken, "s"), ALL[2..]);
    taken
}

#[test]
fn what_another_program_changed_is_told_as_outdated() {
    let deck = written();
    let slide = parts(deck.package()).into_iter().find(|(name, content)| {
        name.starts_with("ppt/slides/slide") && String::from_utf8_lossy(content).contains("12.5m")
    });
    let changed = rewritten(&deck, &slide.unwrap().0, |xml| xml.replace("12.5m", "13m"));
    assert_eq!(figures(&changed, "s")[..2], ["Words: 12.5m?", "Words: 7m"]);
    // A copy shows nothing that it would be of.
    let copied = apply(
        &changed,
        [json!({"op": "slide.duplicate", "slide": "s", "id": "copy"})],
    );
    assert_eq!(figures(&copied, "copy"), ALL[1..]);
}

#[test]
fn sources_of_nothing_that_was_written_are_named_and_not_kept() {
    let deck = written();
    let words = id(&deck, "s", "Words");
    // `96` stands in the table, not in the text that is set; `2` only inside of another number.
    let set = json!({"op": "text.set", "slide": "s", "shape": words, "text": "12 of 20",
        "sources": [source("96"), source("12"), source("2")]});
    let (answered, after, _) = run(&deck, set).unwrap();
    assert_eq!(figures(&after, "s")[0], "Words: 12");
    let warning = answered["warnings"][0].as_str().unwrap();
    assert!(warning.contains("96, 2"), "{warning}");
    let many: Vec<Value> = (0..501).map(|_| source("12")).collect();
    let set = json!({"op": "text.set", "slide": "s", "shape": words, "text": "12", "sources": many});
    assert_eq!(run(&deck, set).unwrap_err().code, RefusalCode::TooLarge);
    let layout = answer(&deck, json!({"op": "deck.info"}))["layouts"][0]["name"].clone();
    let add = json!({"op": "slide.add", "id": "t", "layout": layout, "sources": [source("4")]});
    let (answered, _, _) = run(&deck, add).unwrap();
    assert!(
        answered["warnings"][0].as_str().unwrap().contains('4'),
        "{answered}"
    );
}

#[test]
fn an_earlier_change_is_taken_back_while_the_sources_of_a_later_one_stay() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let slides: Vec<String> = deck.slide_ids().map(str::to_owned).collect();
    let add = |slide: &str, text: &str| {
        json!({"op": "shape.add", "slide": slide, "name": "New", "kind": "textBox", "text": text,
            "frame": {"left": 1, "top": 1, "width": 90, "height": 30}, "sources": [source(text)]})
    };
    let (_, first, one) = run(&deck, add(&slides[0], "11")).unwrap();
    let (_, second, two) = run(&first, add(&slides[1], "22")).unwrap();
    let log = [one, two].map(|set| Step { set, cancels: None });
    let back = way_back(&log, 0, &|_, _| false).unwrap();
    let back = second.take_back(&back.set).unwrap();
    let mut package = second.package().clone();
    package.apply(&back).unwrap();
    let left = Deck::open(package).unwrap();
    assert_eq!(figures(&left, &slides[0]), Vec::<String>::new());
    assert_eq!(figures(&left, &slides[1]), ["New: 22"]);
    assert_eq!(answer(&left, json!({"op": "deck.info"}))["sources"], 1);
}

#[test]
fn every_deck_keeps_a_source_and_gives_it_up_byte_for_byte() {
    for path in all() {
        let deck = open(&path);
        let Some(slide) = deck.slide_ids().next().map(str::to_owned) else {
            continue;
        };
        let before = bytes(&deck);
        let add = json!({"op": "shape.add", "slide": slide, "name": "Figure 4711", "kind": "textBox", "text": "4711",
            "frame": {"left": 1, "top": 1, "width": 90, "height": 30}, "sources": [source("4711")]});
        let name = path.display();
        let (_, after, patches) = run(&deck, add).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(figures(&after, &slide), ["Figure 4711: 4711"], "{name}");
        let ending = path.extension().unwrap().to_string_lossy();
        let new = new_findings(&findings(&before, &ending), &findings(&bytes(&after), &ending));
        assert!(new.is_empty(), "{name}: {new:#?}");
        if !is_strict(&deck) {
            read_by_python(&after);
        }
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(
            undone.write().unwrap() == before,
            "{name}: undo gives other bytes"
        );
    }
}

#[test]
fn a_damaged_part_of_sources_is_no_reason_to_refuse_a_file() {
    let deck = written();
    for (from, to) in [
        ("</figureSources>", ""),
        ("<words", "<other"),
        (" slide=", " on="),
    ] {
        let broken = rewritten(&deck, PART, |xml| xml.replace(from, to));
        assert_eq!(figures(&broken, "s"), Vec::<String>::new(), "{from}");
        let words = id(&broken, "s", "Words");
        apply(
            &broken,
            [json!({"op": "text.set", "slide": "s", "shape": words, "text": "9"})],
        );
    }
}

/// The figures of the notes of a slide.
fn of_notes(deck: &Deck, slide: &str) -> Vec<String> {
    let read = answer(deck, json!({"op": "slide.read", "slide": slide}));
    let sources = read["notesSources"].as_array().cloned().unwrap_or_default();
    let figures = sources.iter().map(|source| source["figure"].as_str().unwrap());
    figures.map(str::to_owned).collect()
}

#[test]
fn sources_of_notes_are_kept_come_with_a_copy_and_go_with_their_words() {
    let set = json!({"op": "notes.set", "slide": "s", "text": "Say 12.5m and 7m", "sources": [source("12.5m"), source("99")]});
    let (told, deck, _) = run(&written(), set).unwrap();
    let warnings = told["warnings"].as_array().unwrap();
    assert!(
        warnings.len() == 1 && warnings[0].as_str().unwrap().ends_with("does not keep them: 99."),
        "{warnings:?}"
    );
    assert_eq!(of_notes(&deck, "s"), ["12.5m"]);
    assert_eq!(figures(&deck, "s").len(), ALL.len(), "those of the shapes stay");
    let copied = apply(
        &deck,
        [json!({"op": "slide.duplicate", "id": "copy", "slide": "s"})],
    );
    assert_eq!(of_notes(&copied, "copy"), ["12.5m"]);
    let replaced = json!({"op": "text.replace", "find": "Say", "replace": "Say 31m,", "notes": true, "slide": "s",
        "sources": [source("31m")]});
    let deck = apply(&deck, [replaced]);
    assert_eq!(of_notes(&deck, "s"), ["12.5m", "31m"]);
    let deck = apply(
        &deck,
        [json!({"op": "notes.set", "slide": "s", "text": "Again 12.5m"})],
    );
    assert!(of_notes(&deck, "s").is_empty(), "written anew without a source");
}
