//! Lists that name slides stay whole when slides come and go: sections, custom shows, links, logical ids.

use deskhand_slides::Deck;
use serde_json::json;

use crate::decks::{all, apply, bytes, fixture, open, parts, rewritten, run};

/// The numbers in the sections, section by section.
fn sections(deck: &Deck) -> Vec<Vec<u32>> {
    let presentation =
        String::from_utf8(deck.package().part("ppt/presentation.xml").unwrap().to_vec()).unwrap();
    let Some((_, list)) = presentation.split_once("<p14:sectionLst") else {
        return Vec::new();
    };
    let list = list.split_once("</p14:sectionLst>").unwrap().0;
    let numbers = |section: &str| {
        let found = section.split("<p14:sldId id=\"").skip(1);
        found
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect()
    };
    list.split("<p14:section ").skip(1).map(numbers).collect()
}

#[test]
fn every_slide_is_in_exactly_one_section_after_every_change() {
    let mut tried = 0;
    for path in all() {
        let deck = open(&path);
        if sections(&deck).is_empty() {
            continue;
        }
        tried += 1;
        let first = deck.slide_ids().next().unwrap().to_owned();
        let layout = json!({"op": "slide.add", "id": "one", "layout": first_layout(&deck)});
        let second = json!({"op": "slide.add", "id": "two", "layout": first_layout(&deck), "after": first});
        let deck = apply(&deck, [layout, second]);
        check(&deck);
        let home = sections(&deck)
            .into_iter()
            .find(|numbers| numbers.iter().any(|n| n.to_string() == first))
            .unwrap();
        let at = home
            .iter()
            .position(|number| number.to_string() == first)
            .unwrap();
        assert!(
            at + 1 < home.len(),
            "the new slide stands behind its neighbour: {home:?}"
        );
        let deck = apply(&deck, [json!({"op": "slide.delete", "slide": first})]);
        check(&deck);
        let ids: Vec<String> = deck.slide_ids().map(str::to_owned).collect();
        let empty = apply(
            &deck,
            ids.iter().map(|id| json!({"op": "slide.delete", "slide": id})),
        );
        assert_eq!(sections(&empty).concat(), Vec::<u32>::new(), "{}", path.display());
        let again = apply(
            &empty,
            [json!({"op": "slide.add", "layout": first_layout(&empty)})],
        );
        check(&again);
    }
    assert!(tried > 0, "no deck with sections");
}

fn first_layout(deck: &Deck) -> String {
    let info = crate::decks::answer(deck, json!({"op": "deck.info"}));
    info["layouts"][0]["name"].as_str().unwrap().to_owned()
}

/// The numbers of the list of slides are those of the sections, each once.
fn check(deck: &Deck) {
    let presentation =
        String::from_utf8(deck.package().part("ppt/presentation.xml").unwrap().to_vec()).unwrap();
    let mut listed: Vec<u32> = presentation
        .split("<p:sldId ")
        .skip(1)
        .map(|rest| {
            rest.split("id=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    let mut sectioned = sections(deck).concat();
    listed.sort_unstable();
    sectioned.sort_unstable();
    assert_eq!(listed, sectioned);
}

#[test]
fn a_deleted_slide_leaves_no_link_no_list_entry_and_no_part() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    // A link from the first slide to the second, and a custom show with it.
    let linked = rewritten(&deck, "ppt/slides/_rels/slide1.xml.rels", |text| {
        let link = "<Relationship Id=\"rId99\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
            relationships/slide\" Target=\"slide2.xml\"/></Relationships>";
        text.replace("</Relationships>", link)
    });
    let linked = rewritten(&linked, "ppt/slides/slide1.xml", |text| {
        let (before, after) = text.split_once("name=\"Titel 1\">").unwrap();
        let link = "<a:hlinkClick r:id=\"rId99\" action=\"ppaction://hlinksldjump\"/>";
        format!("{before}name=\"Titel 1\">{link}{after}")
    });
    let shown = rewritten(&linked, "ppt/presentation.xml", |text| {
        let show = "<p:custShowLst><p:custShow name=\"Short\" id=\"0\"><p:sldLst><p:sld r:id=\"rId3\"/></p:sldLst>\
            </p:custShow></p:custShowLst><p:defaultTextStyle>";
        text.replace("<p:defaultTextStyle>", show)
    });
    let (_, after, patches) = run(&shown, json!({"op": "slide.delete", "slide": "257"})).unwrap();
    let left = parts(after.package());
    assert!(
        left.iter().all(|(name, _)| !name.contains("slide2.xml")),
        "the part is gone"
    );
    for (name, content) in &left {
        let text = String::from_utf8_lossy(content);
        assert!(
            !text.contains("slide2.xml") && !text.contains("hlinksldjump"),
            "{name}"
        );
        assert!(!text.contains("<p:sld r:id"), "{name}");
    }
    let mut undone = after.package().clone();
    undone.apply(&patches.invert()).unwrap();
    assert!(undone.write().unwrap() == bytes(&shown));
}

#[test]
fn of_two_slides_with_one_tag_the_first_keeps_the_id() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let add = |id: &str| json!({"op": "slide.add", "id": id, "layout": "Nur Titel"});
    let deck = apply(&deck, [add("one"), add("two")]);
    let copied = rewritten(&deck, "ppt/tags/tag2.xml", |text| text.replace("two", "one"));
    assert_eq!(
        copied.slide_ids().collect::<Vec<_>>(),
        ["256", "257", "258", "one", "260"]
    );
}
