//! The decks that tests use, and doing operations on them.

use std::path::{Path, PathBuf};

use deskhand_opc::{Limits, Package, PatchSet};
use deskhand_operations::{DeckAnswer, DeckOperation, Refusal};
use deskhand_slides::Deck;
use serde_json::Value;

/// A deck of `file-tools/fixtures/decks`.
pub(crate) fn fixture(name: &str) -> Deck {
    open(
        &deskhand_test_support::repository()
            .join("file-tools/fixtures/decks")
            .join(name),
    )
}

pub(crate) fn open(path: &Path) -> Deck {
    let bytes = std::fs::read(path).unwrap();
    let package = Package::open(bytes, &Limits::default()).unwrap();
    Deck::open(package).unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()))
}

/// Every fixture, and every deck of the corpus where that is there: beside the repository, or at `DESKHAND_CORPUS`.
pub(crate) fn all() -> Vec<PathBuf> {
    let root = deskhand_test_support::repository();
    let corpus =
        std::env::var_os("DESKHAND_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    let mut decks: Vec<PathBuf> = Vec::new();
    for folder in [root.join("file-tools/fixtures/decks"), corpus] {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let is_deck = path
                .extension()
                .is_some_and(|ending| ending == "pptx" || ending == "pptm");
            if is_deck && decks.iter().all(|other| other.file_name() != path.file_name()) {
                decks.push(path);
            }
        }
    }
    decks.sort();
    assert!(decks.len() >= 7, "the fixtures are there");
    decks
}

/// An operation from its wire form.
pub(crate) fn operation(json: Value) -> DeckOperation {
    serde_json::from_value(json).unwrap()
}

/// Plans an operation and applies it; answers also what was applied.
pub(crate) fn run(deck: &Deck, json: Value) -> Result<(Value, Deck, PatchSet), Refusal> {
    let planned = deck.plan(&operation(json))?;
    let mut package = deck.package().clone();
    package.apply(&planned.patches).unwrap();
    Ok((wire(&planned.answer), Deck::open(package)?, planned.patches))
}

/// Does operations one after the other.
pub(crate) fn apply(deck: &Deck, operations: impl IntoIterator<Item = Value>) -> Deck {
    operations.into_iter().fold(deck.clone(), |deck, json| {
        let shown = json.to_string();
        run(&deck, json)
            .unwrap_or_else(|refusal| panic!("{refusal} for {shown}"))
            .1
    })
}

/// What an operation that reads answers.
pub(crate) fn answer(deck: &Deck, json: Value) -> Value {
    wire(&deck.answer(&operation(json)).unwrap())
}

fn wire(answer: &DeckAnswer) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// A deck with one part rewritten.
pub(crate) fn rewritten(deck: &Deck, part: &str, rewrite: impl FnOnce(String) -> String) -> Deck {
    let mut package = deck.package().clone();
    let content = package.part(part).unwrap();
    let text = rewrite(String::from_utf8(content.to_vec()).unwrap());
    assert!(text.as_bytes() != &*content, "the rewriting changes {part}");
    let patch = package.edit(part, [(0..content.len(), text.into())]).unwrap();
    package.apply(&PatchSet { patches: vec![patch] }).unwrap();
    Deck::open(package).unwrap()
}

/// The file of a deck.
pub(crate) fn bytes(deck: &Deck) -> Vec<u8> {
    deck.package().write().unwrap()
}

/// Every part with its bytes, in the order of the file.
pub(crate) fn parts(package: &Package) -> Vec<(String, Vec<u8>)> {
    package
        .parts()
        .map(|name| (name.to_owned(), package.part(name).unwrap().to_vec()))
        .collect()
}

/// Whether a deck is in the strict dialect, which python-pptx does not read at all.
pub(crate) fn is_strict(deck: &Deck) -> bool {
    let presentation = deck.package().part("ppt/presentation.xml").unwrap();
    String::from_utf8_lossy(&presentation).contains("http://purl.oclc.org/ooxml/")
}

/// A PNG of one colour: 40 by 20 pixels.
pub(crate) const PICTURE: &str = include_str!("picture.base64");
