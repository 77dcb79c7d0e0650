//! Each operation that changes a slide, its result read by python-pptx and openpyxl.

use deskhand_slides::Deck;
use serde_json::{Value, json};

use crate::decks::{PICTURE, answer, apply, fixture, parts, rewritten, run};
use crate::outside::read_by_python;

const COLLECTION: &str = "pptx-automizer__ShapeTypesCollection.pptx";

/// The slide of a position from 0, as python-pptx reads it.
fn slide(deck: &Deck, index: usize) -> Value {
    read_by_python(deck)["slides"][index].clone()
}

fn shape<'v>(slide: &'v Value, name: &str) -> &'v Value {
    let shapes = slide["shapes"].as_array().unwrap();
    shapes
        .iter()
        .find(|shape| shape["name"] == name)
        .unwrap_or_else(|| panic!("no shape {name} in {slide}"))
}

fn names(slide: &Value) -> Vec<&str> {
    slide["shapes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shape| shape["name"].as_str().unwrap())
        .collect()
}

fn add_slide(layout: &str, texts: &Value) -> Value {
    json!({"op": "slide.add", "id": "s-1", "layout": layout, "texts": texts})
}

#[test]
fn a_new_slide_has_the_placeholders_that_were_filled_and_no_others() {
    let texts = json!([
        {"placeholder": "title", "text": "Revenue by region"},
        {"placeholder": "obj", "text": "left"},
        {"placeholder": "body", "text": "right\nand below"},
    ]);
    let (answered, deck, _) = run(&fixture(COLLECTION), add_slide("Zwei Inhalte", &texts)).unwrap();
    assert_eq!((&answered["id"], &answered["index"]), (&json!("s-1"), &json!(2)));
    assert_eq!(
        (&answered["title"], &answered["layout"]),
        (&json!("Revenue by region"), &json!("Zwei Inhalte"))
    );
    let slide = slide(&deck, 1);
    assert_eq!(
        (&slide["layout"], &slide["number"]),
        (&json!("Zwei Inhalte"), &json!(257))
    );
    assert_eq!(
        names(&slide),
        ["Titel 1", "Inhaltsplatzhalter 2", "Inhaltsplatzhalter 3"]
    );
    let right = shape(&slide, "Inhaltsplatzhalter 3");
    assert_eq!(right["placeholder"], 2);
    assert_eq!(right["paragraphs"], json!(["right", "and below"]));
    assert_eq!(
        right["frame"],
        json!([486.0, 143.75, 408.0, 342.63]),
        "the place comes from the layout"
    );
}

#[test]
fn a_layout_is_found_across_line_breaks_and_a_placeholder_by_its_name() {
    let texts = json!([{"placeholder": "textplatzhalter 2", "text": "by name"}]);
    let deck = apply(
        &fixture(COLLECTION),
        [add_slide("Abschnitts- überschrift", &texts)],
    );
    assert_eq!(
        shape(&slide(&deck, 1), "Textplatzhalter 1")["paragraphs"],
        json!(["by name"])
    );
}

#[test]
fn a_slide_stands_where_it_was_asked_for() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let add = json!({"op": "slide.add", "id": "new", "layout": "Nur Titel", "after": "256"});
    let deck = apply(&deck, [add]);
    assert_eq!(deck.slide_ids().collect::<Vec<_>>(), ["256", "new", "257", "258"]);
    let numbers = read_by_python(&deck)["slides"].as_array().unwrap().clone();
    assert_eq!(
        numbers.iter().map(|slide| &slide["number"]).collect::<Vec<_>>(),
        [256, 259, 257, 258]
    );
}

#[test]
fn a_slide_without_an_id_of_ours_is_named_by_its_number() {
    let deck = fixture(COLLECTION);
    let (answered, after, _) = run(&deck, json!({"op": "slide.add", "layout": "Leer"})).unwrap();
    assert_eq!(answered["id"], "257");
    assert!(
        parts(after.package())
            .iter()
            .all(|(name, _)| !name.contains("/tags/")),
        "no tag is needed"
    );
}

#[test]
fn new_text_keeps_the_formatting_that_stood_there() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let before = slide(&deck, 1);
    let set = json!({"op": "text.set", "slide": "257", "shape": "3", "text": "One\n\nThree"});
    let after = slide(&apply(&deck, [set]), 1);
    let (old, new) = (shape(&before, "Titel 2"), shape(&after, "Titel 2"));
    assert_eq!(new["paragraphs"], json!(["One", "", "Three"]));
    assert_eq!(new["frame"], old["frame"]);
    for run in [0, 1] {
        assert_eq!(
            (&new["bold"][run], &new["sizes"][run]),
            (&old["bold"][0], &old["sizes"][0]),
            "{new}"
        );
    }
}

#[test]
fn a_shape_without_a_text_body_gets_one() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let bare = rewritten(&deck, "ppt/slides/slide2.xml", |text| {
        let smiley = text.find("Smiley 3").unwrap();
        let from = smiley + text[smiley..].find("<p:txBody>").unwrap();
        let to = from + text[from..].find("</p:txBody>").unwrap() + "</p:txBody>".len();
        format!("{}{}", &text[..from], &text[to..])
    });
    let deck = apply(
        &bare,
        [json!({"op": "text.set", "slide": "257", "shape": "4", "text": "now"})],
    );
    assert_eq!(shape(&slide(&deck, 1), "Smiley 3")["paragraphs"], json!(["now"]));
}

#[test]
fn a_chart_fills_the_free_placeholder_and_its_workbook_holds_the_data() {
    let chart = json!({"op": "chart.add", "slide": "s-1", "name": "Revenue", "kind": "columnStacked",
        "title": "Revenue <k€>", "data": {"categories": ["North", "South & West"], "series": [
            {"name": "Licences", "values": [1248.3, 77], "numberFormat": "#,##0.0"},
            {"name": "Services", "values": [null, -3.5], "numberFormat": "#,##0.0"}]}});
    let title = json!([{"placeholder": "title", "text": "Revenue"}]);
    let deck = apply(
        &fixture(COLLECTION),
        [add_slide("Titel und Inhalt", &title), chart],
    );
    let slide = slide(&deck, 1);
    let frame = shape(&slide, "Revenue");
    assert_eq!(
        (&frame["placeholder"], &frame["frame"]),
        (&json!(1), &json!([66.0, 143.75, 828.0, 342.63]))
    );
    assert_eq!(frame["alt"], "Stacked column chart: Revenue <k€>");
    let chart = &frame["chart"];
    assert_eq!(
        (&chart["type"], &chart["title"]),
        (&json!("COLUMN_STACKED"), &json!("Revenue <k€>"))
    );
    assert_eq!(chart["categories"], json!(["North", "South & West"]));
    assert_eq!(
        chart["series"],
        json!([["Licences", [1248.3, 77.0]], ["Services", [null, -3.5]]])
    );
    let sheet = json!([
        [null, "Licences", "Services"],
        ["North", 1248.3, null],
        ["South & West", 77, -3.5]
    ]);
    assert_eq!(chart["sheet"], sheet);
    assert_eq!(chart["formats"][1], "#,##0.0");
}

#[test]
fn every_kind_of_chart_is_what_python_pptx_says_it_is() {
    let kinds = [
        ("barClustered", "BAR_CLUSTERED"),
        ("columnClustered", "COLUMN_CLUSTERED"),
        ("columnStacked", "COLUMN_STACKED"),
        ("line", "LINE"),
        ("area", "AREA"),
        ("pie", "PIE"),
        ("doughnut", "DOUGHNUT"),
    ];
    let charts = kinds.iter().map(|(kind, _)| {
        json!({"op": "chart.add", "slide": "256", "name": kind, "kind": kind,
            "frame": {"left": 10, "top": 10, "width": 200, "height": 150},
            "data": {"categories": ["a", "b"], "series": [{"name": "s", "values": [3, 4]}]}})
    });
    let deck = apply(&fixture(COLLECTION), charts);
    let slide = slide(&deck, 0);
    for (kind, theirs) in kinds {
        let found = &shape(&slide, kind)["chart"];
        assert_eq!(found["type"], theirs);
        assert_eq!(found["series"], json!([["s", [3.0, 4.0]]]));
    }
}

#[test]
fn an_empty_placeholder_on_the_slide_gives_way_to_a_table() {
    // The second slide's body is emptied first: an empty placeholder that is there counts as free.
    let deck = fixture("shapecrawler__015.pptx");
    let empty = json!({"op": "text.set", "slide": "257", "shape": "61", "text": ""});
    let table = json!({"op": "table.add", "slide": "257", "name": "Figures",
        "rows": [["Region", "Revenue", "Share"], ["North", "1,248", "(3.2%)"], ["South"]]});
    let deck = apply(&deck, [empty, table]);
    let slide = slide(&deck, 1);
    assert_eq!(
        names(&slide).iter().filter(|name| **name == "Shape 61").count(),
        0,
        "{:?}",
        names(&slide)
    );
    let table = shape(&slide, "Figures");
    assert_eq!(
        table["rows"],
        json!([
            ["Region", "Revenue", "Share"],
            ["North", "1,248", "(3.2%)"],
            ["South", "", ""]
        ])
    );
    assert_eq!(
        table["alignments"],
        json!(["None", "RIGHT (3)", "RIGHT (3)"]),
        "numbers stand right"
    );
    assert_eq!(
        table["placeholder"],
        Value::Null,
        "a placeholder for text is not for a table"
    );
}

#[test]
fn a_frame_beyond_the_slide_is_kept_and_said() {
    let table = json!({"op": "table.add", "slide": "256", "name": "Wide", "rows": [["x"]],
        "frame": {"left": 900, "top": 10, "width": 200, "height": 40}});
    let (answered, deck, _) = run(&fixture(COLLECTION), table).unwrap();
    let warning = "the shape reaches beyond the slide, which is 960 by 540 points";
    assert_eq!(answered["warnings"], json!([warning]));
    assert_eq!(
        (&answered["target"], &answered["changed"]),
        (&json!("slide 256, Wide"), &json!(1))
    );
    assert_eq!(
        shape(&slide(&deck, 0), "Wide")["frame"],
        json!([900.0, 10.0, 200.0, 40.0])
    );
}

#[test]
fn a_picture_keeps_its_ratio_where_a_side_is_left_open() {
    let picture = |name: &str, width: u32, height: u32| {
        json!({"op": "picture.add", "slide": "256", "name": name, "data": PICTURE, "altText": "A \"blue\" field",
            "frame": {"left": 5, "top": 5, "width": width, "height": height}})
    };
    let pictures = [
        picture("by width", 100, 0),
        picture("by height", 0, 100),
        picture("own size", 0, 0),
    ];
    let deck = apply(&fixture(COLLECTION), pictures);
    let slide = slide(&deck, 0);
    for (name, width, height) in [
        ("by width", 100.0, 50.0),
        ("by height", 200.0, 100.0),
        ("own size", 30.0, 15.0),
    ] {
        let found = shape(&slide, name);
        assert_eq!(found["frame"], json!([5.0, 5.0, width, height]), "{name}");
        assert_eq!(
            (&found["picture"], &found["alt"]),
            (&json!(["image/png", 40, 20]), &json!("A \"blue\" field"))
        );
    }
}

#[test]
fn a_deleted_chart_takes_its_parts_along() {
    let deck = fixture(COLLECTION);
    let (_, after, _) = run(
        &deck,
        json!({"op": "shape.delete", "slide": "256", "shape": "15"}),
    )
    .unwrap();
    let left: Vec<String> = parts(after.package()).into_iter().map(|(name, _)| name).collect();
    let gone: Vec<String> = parts(deck.package())
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !left.contains(name))
        .collect();
    assert_eq!(gone.len(), 5, "{gone:?}");
    for part in [
        "charts/chart1.xml",
        "charts/_rels/chart1.xml.rels",
        "charts/style1.xml",
        "charts/colors1.xml",
        "xlsx",
    ] {
        assert!(gone.iter().any(|name| name.ends_with(part)), "{part} in {gone:?}");
    }
    assert!(!names(&slide(&after, 0)).contains(&"Chart"));
}

#[test]
fn a_slide_with_other_prefixes_is_edited_in_its_own() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let deck = rewritten(&deck, "ppt/slides/slide2.xml", |text| {
        let slide = text
            .replace("<p:", "<")
            .replace("</p:", "</")
            .replace("xmlns:p=", "xmlns=");
        slide
            .replace("<a:", "<d:")
            .replace("</a:", "</d:")
            .replace("xmlns:a=", "xmlns:d=")
    });
    let id = answer(&deck, json!({"op": "deck.info"}))["slides"][1]["id"].clone();
    let deck = apply(
        &deck,
        [
            json!({"op": "text.set", "slide": id, "shape": "3", "text": "Other prefixes"}),
            json!({"op": "table.add", "slide": id, "name": "T", "rows": [["a", "b"], ["1", "2"]],
                "frame": {"left": 10, "top": 10, "width": 100, "height": 50}}),
            json!({"op": "shape.delete", "slide": id, "shape": "4"}),
        ],
    );
    let slide = slide(&deck, 1);
    assert_eq!(shape(&slide, "Titel 2")["paragraphs"], json!(["Other prefixes"]));
    assert_eq!(shape(&slide, "T")["rows"], json!([["a", "b"], ["1", "2"]]));
    assert_eq!(names(&slide), ["Titel 2", "Untertitel 1", "T"]);
}

#[test]
fn a_rule_without_height_is_moved_and_stays_flat() {
    let deck = fixture("pptx-automizer__SlidesWithoutCreationIds.pptx");
    let slide = deck.slide_ids().next().unwrap().to_owned();
    let deck = apply(
        &deck,
        [
            json!({"op": "shape.add", "slide": slide, "name": "Rule", "kind": "rectangle",
            "frame": {"left": 30, "top": 40, "width": 200, "height": 50}}),
        ],
    );
    let part = &deck.package().parts().find(|part| {
        part.starts_with("ppt/slides/slide")
            && String::from_utf8_lossy(&deck.package().part(part).unwrap()).contains("\"Rule\"")
    });
    let deck = rewritten(&deck, part.unwrap(), |xml| {
        xml.replace("cx=\"2540000\" cy=\"635000\"", "cx=\"2540000\" cy=\"0\"")
    });
    let read = answer(&deck, json!({"op": "slide.read", "slide": slide}));
    let rule = read["shapes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|shape| shape["name"] == "Rule")
        .unwrap();
    let moved = apply(
        &deck,
        [json!({"op": "shape.move", "slide": slide, "shape": rule["id"], "left": 12, "top": 34})],
    );
    let read = answer(&moved, json!({"op": "slide.read", "slide": slide}));
    let rule = read["shapes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|shape| shape["name"] == "Rule")
        .unwrap();
    assert_eq!(
        rule["frame"],
        json!({"left": 12.0, "top": 34.0, "width": 200.0, "height": 0.0})
    );
}

#[test]
fn notes_come_into_a_deck_whose_theme_has_pictures() {
    let create = serde_json::from_value(json!({})).unwrap();
    let (deck, _) = deskhand_slides::create_deck(&create, None).unwrap();
    let deck = apply(
        &deck,
        [
            json!({"op": "slide.add", "id": "s", "layout": "Blank"}),
            json!({"op": "picture.add", "slide": "s", "name": "Picture", "data": PICTURE, "altText": "Blue",
                "frame": {"left": 0, "top": 0, "width": 40, "height": 20}}),
        ],
    );
    let theme = "ppt/theme/theme1.xml";
    let mut draft = deskhand_opc::Draft::new(deck.package());
    let image = deskhand_opc::Target::Part("ppt/media/image1.png".to_owned());
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image";
    draft.add_relationship(theme, kind, &image).unwrap();
    let deck = Deck::open(draft.package().clone()).unwrap();
    let noted = apply(
        &deck,
        [json!({"op": "notes.set", "slide": "s", "text": "Say this"})],
    );
    assert_eq!(read_by_python(&noted)["slides"][0]["notes"], "Say this");
    let package = noted.package();
    let master = package
        .related("ppt/presentation.xml", "notesMaster")
        .unwrap()
        .remove(0);
    let own = package.related(&master, "theme").unwrap().remove(0);
    assert_ne!(own, theme);
    assert_eq!(package.related(&own, "image").unwrap(), ["ppt/media/image1.png"]);
}
