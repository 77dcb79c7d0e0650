//! `slide.fromTemplate`: slides of other decks, with their look and with ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use deskhand_slides::Deck;
use serde_json::{Value, json};

use crate::decks::{all, answer, bytes, fixture, is_strict, open, parts, run};
use crate::outside::{findings, new_findings, read_by_python};

fn package(deck: &Deck, slide: &str) -> Value {
    let exported = answer(deck, json!({"op": "slide.export", "slide": slide}));
    json!({"data": exported["data"], "slideId": exported["slideId"]})
}

fn first(deck: &Deck) -> String {
    deck.slide_ids().next().unwrap().to_owned()
}

/// Adds the first slide of every deck to one deck, each undone on trial; names what was added.
fn gathered(target: &Deck, look: &str) -> (Deck, Vec<PathBuf>) {
    let mut deck = target.clone();
    let mut added = Vec::new();
    for path in all() {
        let source = open(&path);
        if is_strict(&source) || source.slide_ids().next().is_none() {
            continue;
        }
        let (name, id) = (path.display(), format!("from-{}", added.len()));
        let operation = json!({"op": "slide.fromTemplate", "id": id, "look": look,
            "package": package(&source, &first(&source))});
        let (answered, after, patches) =
            run(&deck, operation).unwrap_or_else(|refusal| panic!("{name} {look}: {refusal}"));
        assert_eq!(answered["id"], id.as_str(), "{name}");
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(
            bytes(&Deck::open(undone).unwrap()) == bytes(&deck),
            "{name}: undo gives other bytes"
        );
        deck = after;
        added.push(path);
    }
    (deck, added)
}

#[test]
fn a_slide_of_every_deck_comes_with_its_look_and_with_ours() {
    let target = fixture("pptx-automizer__ShapeTypesCollection.pptx");
    let before = findings(&bytes(&target), "pptx");
    for look in ["deck", "template"] {
        let (deck, added) = gathered(&target, look);
        if let Some(folder) = std::env::var_os("DESKHAND_KEEP_DECKS") {
            let file = Path::new(&folder).join(format!("gathered-{look}.pptx"));
            std::fs::write(file, bytes(&deck)).unwrap();
        }
        let read = read_by_python(&deck);
        let slides = read["slides"].as_array().unwrap();
        assert_eq!(slides.len(), target.slide_ids().count() + added.len(), "{look}");
        // What a slide brought along it had in its own deck too.
        let new = new_findings(&before, &findings(&bytes(&deck), "pptx"));
        let known: Vec<String> = if new.is_empty() {
            Vec::new()
        } else {
            let of_sources = added
                .iter()
                .map(|path| findings(&std::fs::read(path).unwrap(), "pptx"));
            of_sources.flat_map(BTreeMap::into_keys).collect()
        };
        let new: Vec<_> = new
            .into_iter()
            .filter(|finding| !known.iter().any(|known| finding.ends_with(known.as_str())))
            .collect();
        assert!(new.is_empty(), "{look}: {new:#?}");
    }
}

#[test]
fn a_mapped_slide_stands_on_our_layout_and_brings_no_master() {
    let target = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let source = fixture("shapecrawler__015.pptx");
    let masters = |deck: &Deck| {
        parts(deck.package())
            .iter()
            .filter(|(name, _)| name.starts_with("ppt/slideMasters/slideMaster"))
            .count()
    };
    let add = |look: &str| {
        let operation = json!({"op": "slide.fromTemplate", "id": "new", "look": look, "package": package(&source, "257"),
            "texts": [{"placeholder": "Shape 61", "text": "Our words"}]});
        run(&target, operation).map(|(answered, deck, _)| (answered, deck))
    };
    let (answered, mapped) = add("deck").unwrap();
    assert_eq!(masters(&mapped), masters(&target));
    let own = answer(&target, json!({"op": "deck.info"}));
    assert!(
        own["layouts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|layout| layout["name"] == answered["layout"])
    );
    assert_eq!(answered["shapes"][0]["text"], "Our words");
    let (answered, kept) = add("template").unwrap();
    assert_eq!(masters(&kept), masters(&target) + 1);
    assert_eq!(answered["shapes"][0]["text"], "Our words");
    // The master that came along is taken again.
    let again = json!({"op": "slide.fromTemplate", "id": "again", "look": "template", "package": package(&source, "257")});
    let (_, again, _) = run(&kept, again).unwrap();
    assert_eq!(masters(&again), masters(&kept));
}

#[test]
fn what_is_no_package_is_refused_by_name() {
    let target = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let text = base64::engine::general_purpose::STANDARD.encode("no deck");
    for (operation, words) in [
        (json!({"op": "slide.fromTemplate"}), "The other deck is missing"),
        (
            json!({"op": "slide.fromTemplate", "package": {"data": text, "slideId": "256"}}),
            "not",
        ),
    ] {
        let refusal = run(&target, operation).unwrap_err();
        assert!(refusal.message.contains(words), "{refusal}");
    }
}
