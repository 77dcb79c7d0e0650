//! Text changed as tracked changes: runs, links, controls, tables, other people's changes.

use serde_json::{Value, json};

use crate::documents::{answer, blocks, bytes, main_part, of_body, refused, run};
use crate::outside::findings;

fn replace(find: &str, new: &str) -> Value {
    json!({"op": "document.replace", "find": find, "replace": new})
}

fn ins(id: u32, inner: &str) -> String {
    format!("<w:ins w:id=\"{id}\" w:author=\"Test Reviewer\" w:date=\"2026-11-21T09:30:00Z\">{inner}</w:ins>")
}

fn del(id: u32, inner: &str) -> String {
    format!("<w:del w:id=\"{id}\" w:author=\"Test Reviewer\" w:date=\"2026-11-21T09:30:00Z\">{inner}</w:del>")
}

fn t(text: &str) -> String {
    format!("<w:t xml:space=\"preserve\">{text}</w:t>")
}

fn dt(text: &str) -> String {
    format!("<w:delText xml:space=\"preserve\">{text}</w:delText>")
}

/// What, body, what to find, what to put there, and the paragraph as it is then.
#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn a_change_is_tracked_where_it_stands_and_keeps_the_formatting() {
    let bold = "<w:rPr><w:b/></w:rPr>";
    let cases: [(&str, String, &str, &str, String); 6] = [
        (
            "inside one run",
            format!("<w:p><w:r w:rsidR=\"00AA11BB\">{bold}<w:t>Revenue rose 4% in May</w:t></w:r></w:p>"),
            "4%",
            "5%",
            format!(
                "<w:p><w:r w:rsidR=\"00AA11BB\">{bold}{}</w:r>{}{}<w:r>{bold}{}</w:r></w:p>",
                t("Revenue rose "),
                del(1, &format!("<w:r>{bold}{}</w:r>", dt("4"))),
                ins(2, &format!("<w:r>{bold}{}</w:r>", t("5"))),
                t("% in May"),
            ),
        ),
        (
            "over two runs, in the formatting of the first",
            format!("<w:p><w:r>{bold}<w:t>Rev</w:t></w:r><w:r><w:t>enue</w:t></w:r></w:p>"),
            "Revenue",
            "Sales",
            format!(
                "<w:p>{}{}{}</w:p>",
                del(1, &format!("<w:r>{bold}{}</w:r>", dt("Rev"))),
                del(2, &format!("<w:r>{}</w:r>", dt("enue"))),
                ins(3, &format!("<w:r>{bold}{}</w:r>", t("Sales"))),
            ),
        ),
        (
            "in a link",
            "<w:p><w:hyperlink w:anchor=\"a\"><w:r><w:t>old words</w:t></w:r></w:hyperlink></w:p>".to_owned(),
            "old",
            "new",
            format!(
                "<w:p><w:hyperlink w:anchor=\"a\">{}{}<w:r>{}</w:r></w:hyperlink></w:p>",
                del(1, &format!("<w:r>{}</w:r>", dt("old"))),
                ins(2, &format!("<w:r>{}</w:r>", t("new"))),
                t(" words"),
            ),
        ),
        (
            "a note in the middle stays",
            "<w:p><w:r><w:t>a</w:t><w:tab/><w:noBreakHyphen/><w:t>b</w:t></w:r></w:p>".to_owned(),
            "\t",
            " ",
            format!(
                "<w:p><w:r><w:t>a</w:t></w:r>{}{}<w:r><w:noBreakHyphen/><w:t>b</w:t></w:r></w:p>",
                del(1, "<w:r><w:tab/></w:r>"),
                ins(2, &format!("<w:r>{}</w:r>", t(" "))),
            ),
        ),
        (
            "inside somebody else's insertion",
            "<w:p><w:ins w:id=\"7\" w:author=\"Other\"><w:r><w:t>their words</w:t></w:r></w:ins></w:p>"
                .to_owned(),
            "their",
            "our",
            format!(
                "<w:p><w:ins w:id=\"7\" w:author=\"Other\">{}</w:ins>{}<w:ins w:id=\"2\" w:author=\"Other\"><w:r>{}</w:r></w:ins></w:p>",
                del(1, &format!("<w:r>{}</w:r>", dt("their"))),
                ins(3, &format!("<w:r>{}</w:r>", t("our"))),
                t(" words"),
            ),
        ),
        (
            "inside an insertion of one's own",
            "<w:p><w:ins w:id=\"7\" w:author=\"Test Reviewer\"><w:r><w:t>my words</w:t></w:r></w:ins></w:p>"
                .to_owned(),
            "my",
            "our",
            format!(
                "<w:p><w:ins w:id=\"7\" w:author=\"Test Reviewer\"><w:r>{}</w:r><w:r>{}</w:r></w:ins></w:p>",
                t("our"),
                t(" words"),
            ),
        ),
    ];
    for (what, body, find, new, expected) in cases {
        let document = of_body(&body);
        let (_, after, patches) = run(&document, replace(find, new)).unwrap();
        let main = main_part(&after);
        assert!(
            main.contains(&expected),
            "{what}:\n{main}\nshould hold\n{expected}"
        );
        let errors = findings(&bytes(&after), "docx");
        assert!(errors.is_empty(), "{what}: {errors:#?}");
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(undone.write().unwrap() == bytes(&document), "{what}: undo");
    }
}

#[test]
fn without_tracking_the_text_is_simply_another() {
    let document = of_body("<w:p><w:r><w:rPr><w:i/></w:rPr><w:t>one two three</w:t></w:r></w:p>");
    let (_, after, _) = run(
        &document,
        json!({"op": "document.replace", "find": "two", "replace": "2", "tracked": false}),
    )
    .unwrap();
    assert!(!main_part(&after).contains("w:ins"));
    let block = &blocks(&after)[0];
    assert_eq!(
        (&block["text"], &block["original"]),
        (&json!("one 2 three"), &Value::Null)
    );
    assert_eq!(block["runs"], json!([{"text": "one 2 three", "italic": true}]));
}

#[test]
fn every_place_changes_and_ids_are_unique() {
    let cell = "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"100\"/></w:tblGrid><w:tr><w:tc><w:tcPr/><w:p><w:r><w:t>FY25</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
    let control = "<w:p><w:sdt><w:sdtPr><w:alias w:val=\"Year\"/></w:sdtPr><w:sdtContent><w:r><w:t>FY25</w:t></w:r></w:sdtContent></w:sdt></w:p>";
    let body = format!(
        "<w:p><w:bookmarkStart w:id=\"1\" w:name=\"b\"/><w:r><w:t>FY25 and FY25</w:t></w:r><w:bookmarkEnd w:id=\"1\"/></w:p>{cell}{control}"
    );
    let document = of_body(&body);
    let (answered, after, _) = run(&document, replace("FY25", "FY26")).unwrap();
    assert_eq!(answered["changed"], 4);
    let main = main_part(&after);
    let mut ids: Vec<&str> = main
        .split("<w:ins w:id=\"")
        .chain(main.split("<w:del w:id=\""))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    ids.retain(|id| id.parse::<u32>().is_ok());
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count), (8, 8), "{ids:?}");
    assert!(!ids.contains(&"1"), "a bookmark has this id");
    let found = answer(&after, json!({"op": "document.find", "text": "fy26"}));
    assert_eq!(found["paragraphs"].as_array().unwrap().len(), 3);
    assert_eq!(
        found["paragraphs"][2]["fields"],
        json!([{"kind": "control", "name": "Year", "text": "FY26"}])
    );
    let info = answer(&after, json!({"op": "document.info"}));
    assert_eq!(
        info["changes"],
        json!([{"author": "Test Reviewer", "changes": 8}])
    );
}

#[test]
fn text_goes_into_an_empty_paragraph() {
    for body in ["<w:p/>", "<w:p><w:pPr><w:rPr><w:b/></w:rPr></w:pPr></w:p>"] {
        let document = of_body(body);
        let (_, after, _) = run(
            &document,
            json!({"op": "document.replace", "paragraph": "p1", "text": "New"}),
        )
        .unwrap();
        let block = &blocks(&after)[0];
        assert_eq!(
            (&block["text"], &block["original"]),
            (&json!("New"), &json!("")),
            "{body}"
        );
        assert_eq!(block["runs"][0]["bold"] == true, body.contains("w:b/"), "{body}");
    }
}

#[test]
fn what_must_not_change_is_left_and_said() {
    let locked = "<w:p><w:sdt><w:sdtPr><w:lock w:val=\"contentLocked\"/></w:sdtPr><w:sdtContent><w:r><w:t>FY25</w:t></w:r></w:sdtContent></w:sdt></w:p>";
    let document = of_body(&format!("{locked}<w:p><w:r><w:t>FY25</w:t></w:r></w:p>"));
    let (answered, _, _) = run(&document, replace("FY25", "FY26")).unwrap();
    assert_eq!(answered["changed"], 1);
    assert!(
        answered["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("1 places were left"),
        "{answered}"
    );
    let (_, message) = refused(&of_body(locked), replace("FY25", "FY26"));
    assert!(
        message.starts_with("The words stand only where they cannot be changed"),
        "{message}"
    );
}
