//! Slides as packages: taken out, edited, put back, brought into other decks.

use deskhand_operations::answer::SlidePackage;
use deskhand_slides::{Deck, edit_slide_package};
use serde_json::{Value, json};

use crate::decks::{
    PICTURE, all, answer, apply, bytes, fixture, is_strict, open, operation, parts, rewritten, run,
};
use crate::outside::{findings, new_findings, read_by_python};

const THREE: &str = "pptx-automizer__SlidesWithoutCreationIds.pptx";

fn export(deck: &Deck, id: &str) -> Value {
    let mut package = answer(deck, json!({"op": "slide.export", "slide": id}));
    package.as_object_mut().unwrap().remove("op");
    package
}

fn decoded(package: &Value) -> Deck {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(package["data"].as_str().unwrap())
        .unwrap();
    Deck::open(deskhand_opc::Package::open(bytes, &deskhand_opc::Limits::default()).unwrap()).unwrap()
}

/// What of a slide has to be the same wherever it is: its position aside.
fn content(deck: &Deck, id: &str) -> Value {
    let mut slide = answer(deck, json!({"op": "slide.read", "slide": id}));
    for volatile in ["index", "fingerprint", "id"] {
        slide.as_object_mut().unwrap().remove(volatile);
    }
    slide
}

#[test]
fn an_exported_slide_is_a_deck_of_one_slide_that_reads_the_same() {
    for path in all() {
        let deck = open(&path);
        // The first slides of a deck: a long one would only repeat them.
        for id in deck.slide_ids().take(3) {
            let package = export(&deck, id);
            let alone = decoded(&package);
            let number = package["slideId"].as_str().unwrap();
            assert_eq!(
                content(&deck, id),
                content(&alone, number),
                "{} {id}",
                path.display()
            );
        }
        let first = deck.slide_ids().next().unwrap();
        let alone = decoded(&export(&deck, first));
        let types = String::from_utf8(alone.package().part("[Content_Types].xml").unwrap().to_vec()).unwrap();
        assert!(!types.contains("macroEnabled.main") && !alone.package().contains("ppt/vbaProject.bin"));
        assert!(bytes(&alone).len() <= bytes(&deck).len());
        if !is_strict(&deck) {
            let theirs = read_by_python(&alone);
            assert_eq!(
                theirs["slides"].as_array().unwrap().len(),
                alone.slide_ids().count(),
                "{}",
                path.display()
            );
        }
    }
    let alone = decoded(&export(&fixture(THREE), "257"));
    assert_eq!(alone.slide_ids().count(), 1);
    let left = parts(alone.package());
    assert_eq!(
        left.iter()
            .filter(|(name, _)| name.starts_with("ppt/slides/slide"))
            .count(),
        1
    );
    assert_eq!(
        left.iter()
            .filter(|(name, _)| name.starts_with("ppt/notesSlides/notes"))
            .count(),
        1
    );
}

#[test]
fn slides_that_a_slide_links_to_come_along() {
    let deck = rewritten(&fixture(THREE), "ppt/slides/_rels/slide1.xml.rels", |text| {
        let link = "<Relationship Id=\"rId99\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
            relationships/slide\" Target=\"slide3.xml\"/></Relationships>";
        text.replace("</Relationships>", link)
    });
    assert_eq!(
        decoded(&export(&deck, "256")).slide_ids().collect::<Vec<_>>(),
        ["256", "258"]
    );
}

#[test]
fn a_slide_taken_out_edited_and_put_back_stands_where_it_stood() {
    let deck = fixture(THREE);
    let package: SlidePackage = serde_json::from_value(export(&deck, "257")).unwrap();
    let edits = [
        json!({"op": "chart.add", "slide": "257", "name": "C", "kind": "line",
            "frame": {"left": 10, "top": 10, "width": 300, "height": 200},
            "data": {"categories": ["a"], "series": [{"name": "s", "values": [7]}]}}),
        json!({"op": "picture.add", "slide": "257", "name": "P", "data": PICTURE, "altText": "blue",
            "frame": {"left": 400, "top": 10, "width": 40, "height": 0}}),
    ];
    let edited = edits.into_iter().fold(package, |package, edit| {
        edit_slide_package(&package, &operation(edit)).unwrap().0
    });
    let replace = json!({"op": "slide.replace", "slide": "257", "package": edited});
    let (answered, after, patches) = run(&deck, replace).unwrap();
    assert_eq!((&answered["id"], &answered["index"]), (&json!("257"), &json!(2)));
    assert_eq!(after.slide_ids().collect::<Vec<_>>(), ["256", "257", "258"]);
    let theirs = read_by_python(&after);
    let slide = &theirs["slides"][1];
    assert_eq!(slide["notes"], read_by_python(&deck)["slides"][1]["notes"]);
    let names: Vec<&str> = slide["shapes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shape| shape["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Titel 2", "Untertitel 1", "Smiley 3", "C", "P"]);
    assert_eq!(
        slide["shapes"][3]["chart"]["sheet"],
        json!([[null, "s"], ["a", 7]])
    );
    let sheet = parts(after.package())
        .iter()
        .filter(|(name, _)| name.contains("notesSlides/notes"))
        .count();
    assert_eq!(sheet, 3, "the old notes went with the old slide");
    let mut undone = after.package().clone();
    undone.apply(&patches.invert()).unwrap();
    assert!(undone.write().unwrap() == bytes(&deck));
}

#[test]
fn an_operation_on_a_package_names_the_slide_by_the_id_it_has_outside() {
    let deck = fixture(THREE);
    let mut package: SlidePackage = serde_json::from_value(export(&deck, "258")).unwrap();
    package.slide_id = "258#3396654126".to_owned();
    let set = json!({"op": "text.set", "slide": "outside", "shape": "3", "text": "Changed"});
    let (edited, answered) = edit_slide_package(&package, &operation(set)).unwrap();
    let answered = serde_json::to_value(answered).unwrap();
    assert_eq!(answered["target"], "slide outside, Titel 2");
    assert_eq!(edited.slide_id, package.slide_id);
    let read = operation(json!({"op": "slide.read", "slide": "outside"}));
    let (same, answered) = edit_slide_package(&edited, &read).unwrap();
    assert_eq!(same, edited, "reading changes nothing");
    assert_eq!(serde_json::to_value(answered).unwrap()["title"], "Changed");
    let refused = edit_slide_package(&package, &operation(json!({"op": "deck.info"}))).unwrap_err();
    assert_eq!(refused.code, deskhand_operations::RefusalCode::Unsupported);
}

#[test]
fn a_deleted_slide_comes_back_under_its_id_and_number() {
    let deck = fixture(THREE);
    let package = export(&deck, "257");
    let without = apply(&deck, [json!({"op": "slide.delete", "slide": "257"})]);
    let replace = json!({"op": "slide.replace", "slide": "257", "package": package, "after": "256"});
    let back = apply(&without, [replace]);
    assert_eq!(back.slide_ids().collect::<Vec<_>>(), ["256", "257", "258"]);
    assert_eq!(content(&back, "257"), content(&deck, "257"));
    assert!(
        parts(back.package())
            .iter()
            .all(|(name, _)| !name.contains("/tags/")),
        "its number is its id again"
    );
    let names = |deck: &Deck| {
        parts(deck.package())
            .into_iter()
            .map(|(name, _)| name)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(
        names(&back),
        names(&deck),
        "pictures are shared, nothing is left over"
    );
}

#[test]
fn a_slide_goes_into_every_deck_of_its_dialect_and_nothing_gets_worse() {
    let mut decks: Vec<Deck> = [
        THREE,
        "shapecrawler__015.pptx",
        "poi__bug65551.pptx",
        "poi__bug68703.pptx",
    ]
    .map(fixture)
    .into();
    decks.push(fixture("pptx-automizer__ShapeTypesCollection.pptx"));
    for source in &decks {
        let id = source.slide_ids().next().unwrap();
        let package = export(source, id);
        for target in &decks {
            let replace = json!({"op": "slide.replace", "slide": "brought", "package": package});
            let (answered, after, _) = run(target, replace).unwrap();
            assert_eq!(
                (&answered["id"], &answered["index"]),
                (&json!("brought"), &json!(1))
            );
            let theirs = read_by_python(&after);
            assert_eq!(
                theirs["slides"].as_array().unwrap().len(),
                target.slide_ids().count() + 1
            );
            let (mut ours, mut before) = (content(&after, "brought"), content(source, id));
            for slide in [&mut ours, &mut before] {
                slide.as_object_mut().unwrap().remove("op");
            }
            assert_eq!(ours, before);
        }
    }
    // A master comes along; a notes master does; both do.
    for (source, target) in [(1, 0), (0, 4), (2, 3)] {
        let (source, target) = (&decks[source], &decks[target]);
        let package = export(source, source.slide_ids().next().unwrap());
        let brought = apply(
            target,
            [json!({"op": "slide.replace", "slide": "b", "package": package})],
        );
        let mut before = findings(&bytes(target), "pptx");
        for (finding, count) in findings(&bytes(source), "pptx") {
            *before.entry(finding).or_insert(0) += count;
        }
        let new = new_findings(&before, &findings(&bytes(&brought), "pptx"));
        assert!(new.is_empty(), "{new:#?}");
    }
}

#[test]
fn a_slide_put_back_into_its_own_deck_leaves_nothing_out_and_nothing_over() {
    for path in all() {
        let deck = open(&path);
        let id = deck.slide_ids().next().unwrap();
        let replace = json!({"op": "slide.replace", "slide": id, "package": export(&deck, id)});
        let (_, after, patches) = run(&deck, replace).unwrap();
        assert_eq!(content(&after, id), content(&deck, id), "{}", path.display());
        assert!(after.slide_ids().eq(deck.slide_ids()), "{}", path.display());
        let count = |deck: &Deck| deck.package().parts().count();
        assert_eq!(count(&after), count(&deck), "{}", path.display());
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(undone.write().unwrap() == bytes(&deck), "{}", path.display());
    }
}

#[test]
fn refuses_a_package_whose_parts_lead_to_each_other_without_end() {
    let deck = fixture(THREE);
    let mut draft = deskhand_opc::Draft::new(deck.package());
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart";
    let mut source = "ppt/slides/slide1.xml".to_owned();
    for number in 0..2_000 {
        let part = format!("ppt/charts/link{number}a.xml");
        draft.add_part(&part, "<c/>", "application/xml").unwrap();
        draft
            .add_relationship(&source, kind, &deskhand_opc::Target::Part(part.clone()))
            .unwrap();
        source = part;
    }
    let chained = Deck::open(draft.package().clone()).unwrap();
    let replace = json!({"op": "slide.replace", "slide": "b", "package": export(&chained, "256")});
    let refusal = run(&deck, replace).unwrap_err();
    assert_eq!(refusal.code, deskhand_operations::RefusalCode::TooLarge);
}

#[test]
fn a_layout_of_the_same_name_is_used_and_another_comes_with_its_master() {
    let (three, other) = (fixture(THREE), fixture("shapecrawler__015.pptx"));
    let masters = |deck: &Deck| {
        let parts = parts(deck.package());
        parts
            .iter()
            .filter(|(name, _)| name.starts_with("ppt/slideMasters/slideMaster"))
            .count()
    };
    let replace = |package: Value| json!({"op": "slide.replace", "slide": "b", "package": package});
    let same = apply(&three, [replace(export(&three, "258"))]);
    assert_eq!(masters(&same), 1);
    let brought = apply(&three, [replace(export(&other, "257"))]);
    assert_eq!(masters(&brought), 2);
    let theirs = read_by_python(&brought);
    assert_eq!(theirs["slides"][0]["layout"], "Title and body");
    assert_ne!(theirs["slides"][0]["master"], theirs["slides"][1]["master"]);
    // A second slide of the same layout finds the layout there.
    let again = json!({"op": "slide.replace", "slide": "c", "package": export(&other, "257")});
    assert_eq!(masters(&apply(&brought, [again])), 2);
}

#[test]
fn slides_do_not_go_between_strict_and_transitional_decks() {
    let strict = fixture("open-xml-sdk__bldlst-Build_Graphics-bldgraphic-uiexpand.pptx");
    let package = export(&fixture(THREE), "256");
    let refusal = run(
        &strict,
        json!({"op": "slide.replace", "slide": "b", "package": package}),
    )
    .unwrap_err();
    assert_eq!(refusal.code, deskhand_operations::RefusalCode::Unsupported);
    let own = export(&strict, "256");
    let after = apply(
        &strict,
        [json!({"op": "slide.replace", "slide": "b", "package": own})],
    );
    assert_eq!(content(&after, "b"), content(&strict, "256"));
}
