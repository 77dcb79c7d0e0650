//! New documents: valid, and read by others as they were meant.

use deskhand_text::create_document;
use serde_json::{Value, json};

use crate::documents::{PICTURE, answer, blocks, open, reviewer};
use crate::outside::{findings, read_by_python};

fn report(paper: &str) -> Vec<u8> {
    let create = json!({"title": "Quarterly <report> & more", "paper": paper, "language": "de-DE", "blocks": [
        {"kind": "paragraph", "style": "Title", "text": "Quarterly report"},
        {"kind": "heading", "level": 1, "text": "Revenue"},
        {"kind": "paragraph", "text": [{"text": "Revenue "}, {"text": "rose", "bold": true, "italic": true},
            {"text": ", see "}, {"text": "the source", "link": "https://example.com/x?a=1&b=2"}, {"text": "."}]},
        {"kind": "listItem", "text": "first", "numbered": true},
        {"kind": "listItem", "text": "inner", "numbered": true, "level": 2},
        {"kind": "listItem", "text": "second", "numbered": true},
        {"kind": "paragraph", "text": "between\nthe lists"},
        {"kind": "listItem", "text": "first again", "numbered": true},
        {"kind": "listItem", "text": "bullet"},
        {"kind": "table", "header": true, "rows": [["Region", "Revenue"], ["North", "1,248.50"], ["South"]]},
        {"kind": "pageBreak"},
        {"kind": "picture", "data": PICTURE.trim(), "altText": "A blue field", "width": 90},
    ]});
    create_document(&serde_json::from_value(create).unwrap(), &reviewer()).unwrap()
}

#[test]
fn a_new_document_is_valid_and_read_by_others() {
    for (paper, width) in [("a4", 595.3), ("letter", 612.0)] {
        let bytes = report(paper);
        let findings = findings(&bytes, "docx");
        assert!(findings.is_empty(), "{findings:#?}");
        let read = read_by_python(&bytes);
        assert_eq!(read["title"], "Quarterly <report> & more");
        assert_eq!(read["author"], "Test Reviewer");
        assert!(
            (read["width"].as_f64().unwrap() - width).abs() < 0.1,
            "{}",
            read["width"]
        );
        assert_eq!(
            read["tables"],
            json!([[["Region", "Revenue"], ["North", "1,248.50"], ["South", ""]]])
        );
        assert_eq!(read["links"], json!(["https://example.com/x?a=1&b=2"]));
        assert_eq!(read["pictures"], 1);
        let styles: Vec<&str> = read["paragraphs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["style"].as_str().unwrap())
            .collect();
        assert_eq!(&styles[..4], ["Title", "Heading 1", "Normal", "List Paragraph"]);
    }
}

#[test]
fn a_new_document_without_blocks_is_valid_and_empty() {
    let asked = serde_json::from_value(json!({"blocks": []})).unwrap();
    let bytes = create_document(&asked, &reviewer()).unwrap();
    let findings = findings(&bytes, "docx");
    assert!(findings.is_empty(), "{findings:#?}");
    assert_eq!(blocks(&open(bytes)), Vec::<Value>::new());
}

#[test]
fn a_new_document_reads_as_it_was_written() {
    let document = open(report("a4"));
    let read = blocks(&document);
    let shown: Vec<(&str, &str, &str)> = read
        .iter()
        .map(|block| {
            let text = |key: &str| block[key].as_str().unwrap_or_default();
            (text("kind"), text("number"), text("text"))
        })
        .collect();
    let expected = [
        ("title", "", "Quarterly report"),
        ("heading", "", "Revenue"),
        ("paragraph", "", "Revenue rose, see the source."),
        ("listItem", "1.", "first"),
        ("listItem", "a.", "inner"),
        ("listItem", "2.", "second"),
        ("paragraph", "", "between\u{b}the lists"),
        ("listItem", "1.", "first again"),
        ("listItem", "•", "bullet"),
        ("table", "", ""),
        ("paragraph", "", "\u{c}"),
        ("paragraph", "", ""),
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        read[2]["links"],
        json!([{"text": "the source", "target": "https://example.com/x?a=1&b=2"}])
    );
    assert_eq!(
        read[2]["runs"][1],
        json!({"text": "rose", "bold": true, "italic": true})
    );
    let picture = &read[11]["images"][0];
    assert_eq!(
        (&picture["altText"], &picture["width"], &picture["height"]),
        (&json!("A blue field"), &json!(90.0), &json!(45.0))
    );
    let info = answer(&document, json!({"op": "document.info"}));
    assert_eq!(
        (&info["tables"], &info["images"], &info["title"]),
        (&json!(1), &json!(1), &json!("Quarterly <report> & more"))
    );
    assert_eq!(info["headings"][1]["text"], "Revenue");
}
