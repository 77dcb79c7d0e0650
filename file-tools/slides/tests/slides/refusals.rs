//! What is refused, with its code and its sentence. Nothing is planned by a refused operation.

use deskhand_operations::RefusalCode::{self, BadInput, NameTaken, NotFound, TooLarge, Unsupported};
use serde_json::{Value, json};

use crate::decks::{PICTURE, fixture, run};

const COLLECTION: &str = "pptx-automizer__ShapeTypesCollection.pptx";

fn table(rows: &Value, name: &str) -> Value {
    let frame = json!({"left": 0, "top": 0, "width": 10, "height": 10});
    json!({"op": "table.add", "slide": "256", "name": name, "rows": rows, "frame": frame})
}

fn picture(data: &str) -> Value {
    json!({"op": "picture.add", "slide": "256", "name": "new", "data": data, "altText": "",
        "frame": {"left": 0, "top": 0, "width": 10, "height": 10}})
}

fn chart(series: &Value) -> Value {
    json!({"op": "chart.add", "slide": "256", "name": "new", "kind": "pie",
        "frame": {"left": 0, "top": 0, "width": 10, "height": 10},
        "data": {"categories": ["a", "b"], "series": series}})
}

fn add(layout: &str, texts: &Value) -> Value {
    json!({"op": "slide.add", "layout": layout, "texts": texts})
}

fn check(deck: &str, cases: Vec<(Value, RefusalCode, &str)>) {
    let deck = fixture(deck);
    for (operation, code, sentence) in cases {
        let shown = operation.to_string().chars().take(200).collect::<String>();
        let refusal = run(&deck, operation)
            .err()
            .unwrap_or_else(|| panic!("not refused: {shown}"));
        assert_eq!(refusal.code, code, "{shown}: {refusal}");
        assert!(refusal.message.contains(sentence), "{shown}: {refusal}");
    }
}

#[test]
fn refuses_what_is_not_there_and_names_what_is() {
    let text =
        |slide: &str, shape: &str| json!({"op": "text.set", "slide": slide, "shape": shape, "text": "x"});
    check(
        COLLECTION,
        vec![
            (
                json!({"op": "slide.read", "slide": "9"}),
                NotFound,
                "There is no slide '9'; the deck has '256'",
            ),
            (text("9", "2"), NotFound, "There is no slide '9'"),
            (
                text("256", "999"),
                NotFound,
                "has no shape with the id 999; it has '4 Table', '6 Image'",
            ),
            (
                add("Title Only", &json!([])),
                NotFound,
                "There is no layout 'Title Only'; the deck has 'Titelfolie'",
            ),
            (
                add("Nur Titel", &json!([{"placeholder": "body", "text": "x"}])),
                NotFound,
                "The layout 'Nur Titel' has no placeholder 'body'; it has 'Titel 1 (title)'",
            ),
            (
                add(
                    "Nur Titel",
                    &json!([{"placeholder": "title", "text": ""}, {"placeholder": "title", "text": ""}]),
                ),
                NotFound,
                "has no further placeholder 'title'",
            ),
            (
                json!({"op": "slide.add", "layout": "Leer", "after": "7"}),
                NotFound,
                "There is no slide '7'",
            ),
        ],
    );
}

#[test]
fn refuses_text_where_no_text_goes() {
    let text =
        |shape: &str, text: &str| json!({"op": "text.set", "slide": "256", "shape": shape, "text": text});
    check(
        COLLECTION,
        vec![
            (
                text("6", "x"),
                BadInput,
                "The shape 'Image' is a picture and takes no text; the slide '256' has text in",
            ),
            (text("15", "x"), BadInput, "The shape 'Chart' is a chart"),
            (text("4", "x"), BadInput, "The shape 'Table' is a table"),
            (
                text("16", "a\u{1}"),
                BadInput,
                "The text holds the control character U+0001",
            ),
            (
                text("16", &"x".repeat(200_001)),
                TooLarge,
                "longer than 200000 bytes",
            ),
            (
                add(
                    "Bild mit Überschrift",
                    &json!([{"placeholder": "Bildplatzhalter 2", "text": "x"}]),
                ),
                BadInput,
                "The placeholder 'Bildplatzhalter 2' of the layout 'Bild mit Überschrift' is for 'pic' and takes no text",
            ),
        ],
    );
}

#[test]
fn refuses_names_and_ids_that_are_taken_or_unusable() {
    check(
        COLLECTION,
        vec![
            (
                table(&json!([["x"]]), "Chart"),
                NameTaken,
                "The slide '256' has a shape named 'Chart' already",
            ),
            (table(&json!([["x"]]), ""), BadInput, "needs a name"),
            (
                table(&json!([["x"]]), "a\nb"),
                BadInput,
                "has to stand in one line",
            ),
            (
                json!({"op": "slide.add", "id": "256", "layout": "Leer"}),
                NameTaken,
                "The deck has a slide with the id '256' already",
            ),
            (
                json!({"op": "slide.add", "id": "x".repeat(201), "layout": "Leer"}),
                BadInput,
                "1 to 200 characters",
            ),
        ],
    );
}

#[test]
fn refuses_tables_charts_and_pictures_that_cannot_be() {
    let wide: Vec<String> = vec![String::new(); 26];
    let text = [("gif", "R0lGODlh"), ("not base64", "%%%")];
    check(
        COLLECTION,
        vec![
            (
                table(&json!([]), "new"),
                BadInput,
                "at least one row and one column",
            ),
            (
                table(&json!([[]]), "new"),
                BadInput,
                "at least one row and one column",
            ),
            (
                table(&json!([wide]), "new"),
                TooLarge,
                "at most 75 rows and 25 columns; this one has 1 and 26",
            ),
            (
                table(&json!(vec![["x"]; 76]), "new"),
                TooLarge,
                "this one has 76 and 1",
            ),
            (
                chart(&json!([])),
                BadInput,
                "at least one category and one series",
            ),
            (
                chart(&json!([{"name": "s", "values": [1]}])),
                BadInput,
                "'s' has 1 values for 2 categories",
            ),
            (
                chart(&json!([{"name": "s", "values": [1, "n/a"]}])),
                BadInput,
                "Value 2 of the series 's' is not a number",
            ),
            (
                chart(&json!([{"name": "s", "values": [1, 2]}, {"name": "t", "values": [1, 2]}])),
                BadInput,
                "A pie takes one series, and 2 were given",
            ),
            (picture(text[0].1), BadInput, "neither PNG nor JPEG"),
            (picture(text[1].1), BadInput, "not base64"),
            (picture(&PICTURE[..60]), BadInput, "damaged or cut off"),
            (picture(&"A".repeat(14 << 20)), TooLarge, "at most 10 MB"),
        ],
    );
}

#[test]
fn refuses_a_frame_out_of_reach_and_asks_for_one_where_no_placeholder_is_free() {
    let framed = |width: f64| {
        json!({"op": "table.add", "slide": "256", "name": "new", "rows": [["x"]],
            "frame": {"left": 0, "top": 0, "width": width, "height": 10}})
    };
    let unframed = json!({"op": "table.add", "slide": "256", "name": "new", "rows": [["x"]]});
    check(
        COLLECTION,
        vec![
            (framed(0.0), BadInput, "width and a height above 0"),
            (framed(1e300), BadInput, "width and a height above 0"),
            (
                unframed,
                BadInput,
                "has no free placeholder, so a frame is needed; the slide is 960 by 540 points",
            ),
        ],
    );
}

#[test]
fn refuses_to_break_content_with_a_fallback() {
    let text = json!({"op": "text.set", "slide": "256", "shape": "7", "text": "x"});
    check(
        "open-xml-sdk__Of16-01.pptx",
        vec![(text, Unsupported, "stands in two forms")],
    );
}

#[test]
fn refuses_packages_that_are_no_slides() {
    let replace = |data: &str| json!({"op": "slide.replace", "slide": "256", "package": {"data": data, "slideId": "256"}});
    check(
        COLLECTION,
        vec![
            (replace("%%%"), BadInput, "not base64"),
            (replace("AAAA"), RefusalCode::Corrupt, "not an Office document"),
            (replace(""), RefusalCode::Corrupt, "empty"),
        ],
    );
}

#[test]
fn a_workbook_is_not_a_deck() {
    let file =
        deskhand_test_support::repository().join("file-tools/fixtures/workbooks/ironcalc__example.xlsx");
    let package =
        deskhand_opc::Package::open(std::fs::read(file).unwrap(), &deskhand_opc::Limits::default()).unwrap();
    let refusal = deskhand_slides::Deck::open(package).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.message.as_str()),
        (RefusalCode::Corrupt, "The file is not a presentation.")
    );
}
