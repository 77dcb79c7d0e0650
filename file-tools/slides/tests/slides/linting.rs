//! The lint: every planted damage is found by its code, and decks that PowerPoint wrote have next to none.

use std::collections::BTreeSet;

use deskhand_slides::{Deck, lint};
use serde_json::json;

use crate::decks::{all, apply, fixture, open, rewritten};

const SLIDE: &str = "ppt/slides/slide1.xml";
const LINKS: &str = "ppt/slides/_rels/slide1.xml.rels";
const CHART: &str = "ppt/charts/chart1.xml";
const LIST: &str = "ppt/presentation.xml";

fn codes(deck: &Deck) -> BTreeSet<&'static str> {
    lint(deck)
        .unwrap()
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

/// What stands between two words, both included.
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let at = text.find(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    let inner = at + from.len();
    let end = inner + text[inner..].find(to).unwrap() + to.len();
    &text[at..end]
}

type Damage = (&'static str, &'static str, fn(&str) -> String);

/// A code, a part, and what damages it.
const DAMAGES: &[Damage] = &[
    ("relation.target", LINKS, |text| {
        text.replacen("charts/chart1.xml", "charts/chart99.xml", 1)
    }),
    ("relation.missing", LINKS, |text| {
        let link = between(
            &text[text.find("charts/").unwrap() - 200..],
            "<Relationship ",
            ">",
        )
        .to_owned();
        text.replacen(&link, "", 1)
    }),
    ("relation.twice", LINKS, |text| {
        let link = between(text, "<Relationship ", ">");
        text.replacen(link, &link.repeat(2), 1)
    }),
    ("sheet.owner", LINKS, |text| {
        text.replacen("relationships/slideLayout\"", "relationships/other\"", 1)
    }),
    ("xml.character", SLIDE, |text| {
        text.replacen("<a:t>", "<a:t>\u{b}", 1)
    }),
    ("part.damaged", SLIDE, |text| {
        text.replacen("<a:t>", "<a:t>&#xB;", 1)
    }),
    ("part.damaged", SLIDE, |text| {
        text.replacen("</p:spTree>", "</p:spTre>", 1)
    }),
    ("part.contentType", "[Content_Types].xml", |text| {
        text.replacen("PartName=\"/ppt/slides/slide1.xml\"", "PartName=\"/other\"", 1)
            .replacen("Extension=\"xml\"", "Extension=\"other\"", 1)
    }),
    ("shape.id", SLIDE, |text| {
        let head = between(text, "<p:nvGraphicFramePr><p:cNvPr id=\"", "\"");
        text.replacen(head, "<p:nvGraphicFramePr><p:cNvPr id=\"1\"", 1)
    }),
    ("table.grid", SLIDE, |text| {
        text.replacen(between(text, "<a:tc>", "</a:tc>"), "", 1)
    }),
    ("table.grid", SLIDE, |text| {
        text.replacen("<a:tc>", "<a:tc gridSpan=\"99\">", 1)
    }),
    ("text.paragraph", SLIDE, |text| {
        let body = between(text, "<a:txBody>", "</a:txBody>");
        let paragraph = between(body, "<a:p>", "</a:p>");
        text.replacen(body, &body.replace(paragraph, ""), 1)
    }),
    ("animation.shape", SLIDE, |text| {
        let timing = "<p:timing><p:tnLst><p:par><p:cTn id=\"1\"><p:childTnLst><p:set><p:cBhvr><p:cTn id=\"2\"/>\
                      <p:tgtEl><p:spTgt spid=\"4711\"/></p:tgtEl></p:cBhvr></p:set></p:childTnLst></p:cTn></p:par>\
                      </p:tnLst></p:timing></p:sld>";
        text.replacen("</p:sld>", timing, 1)
    }),
    ("slide.number", LIST, |text| {
        text.replacen(between(text, "<p:sldId id=\"", "\""), "<p:sldId id=\"255\"", 1)
    }),
    ("slide.twice", LIST, |text| {
        let entry = between(text, "<p:sldId ", "/>");
        let other = entry.replacen(between(entry, " id=\"", "\""), " id=\"9999\"", 1);
        text.replacen(entry, &format!("{entry}{other}"), 1)
    }),
    ("master.number", LIST, |text| {
        text.replacen(
            between(text, "<p:sldMasterId id=\"", "\""),
            "<p:sldMasterId id=\"7\"",
            1,
        )
    }),
    ("section.slide", LIST, |text| {
        let sections = "<p:ext uri=\"{521415D9-36F7-43E2-AB2F-B90AF26B5E84}\"><p14:sectionLst \
            xmlns:p14=\"http://schemas.microsoft.com/office/powerpoint/2010/main\"><p14:section name=\"s\" id=\"\"><p14:sldIdLst>\
            <p14:sldId id=\"4711\"/></p14:sldIdLst></p14:section></p14:sectionLst></p:ext></p:extLst></p:presentation>";
        text.replacen("</p:extLst></p:presentation>", sections, 1)
    }),
    ("chart.axis", CHART, |text| {
        text.replacen(between(text, "<c:axId val=\"", "\""), "<c:axId val=\"4711\"", 1)
    }),
    ("chart.points", CHART, |text| {
        text.replacen("<c:ptCount val=\"4\"", "<c:ptCount val=\"1\"", 1)
    }),
    ("chart.series", CHART, |text| {
        text.replace("<c:idx val=\"1\"/><c:order", "<c:idx val=\"0\"/><c:order")
    }),
];

#[test]
fn every_planted_damage_is_found_and_nothing_else() {
    let sound = fixture("pptx-automizer__ShapeTypesCollection.pptx");
    assert_eq!(codes(&sound), BTreeSet::new());
    let mut missed = Vec::new();
    for (code, part, damage) in DAMAGES {
        let found = codes(&rewritten(&sound, part, |text| damage(&text)));
        if found != BTreeSet::from([*code]) {
            missed.push(format!("{code} in {part}: {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn notes_of_another_slide_are_found() {
    let deck = fixture("pptx-automizer__ShapeTypesCollection.pptx");
    let noted = apply(
        &deck,
        [json!({"op": "notes.set", "slide": "256", "text": "Say this"})],
    );
    assert_eq!(codes(&noted), BTreeSet::new());
    let lost = rewritten(&noted, "ppt/notesSlides/_rels/notesSlide1.xml.rels", |text| {
        text.replacen("relationships/slide\"", "relationships/other\"", 1)
    });
    assert_eq!(codes(&lost), BTreeSet::from(["notes.slide"]));
}

#[test]
fn decks_as_they_are_have_few_findings() {
    let mut found = Vec::new();
    for path in all() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for finding in lint(&open(&path)).unwrap() {
            found.push(format!(
                "{name} {} {} {}: {}",
                finding.code, finding.part, finding.location, finding.sentence
            ));
        }
    }
    eprintln!("{}", found.join("\n"));
    assert!(found.len() < 20, "{} findings", found.len());
}
