//! The check of word documents: each fault is found by its code where it stands, and sound documents have none.

use deskhand_text::lint;
use serde_json::json;

use crate::documents::{answer, blocks, corpus, of_body, open, paragraphs, rewritten, run};

fn codes(document: &deskhand_text::Document) -> Vec<&'static str> {
    lint(document)
        .unwrap()
        .iter()
        .map(|finding| finding.code)
        .collect()
}

fn field(kind: &str) -> String {
    format!("<w:r><w:fldChar w:fldCharType=\"{kind}\"/></w:r>")
}

fn instruction(text: &str) -> String {
    format!("<w:r><w:instrText xml:space=\"preserve\">{text}</w:instrText></w:r>")
}

const W14: &str = "xmlns:w14=\"http://schemas.microsoft.com/office/word/2010/wordml\"";
const MC: &str = "xmlns:mc=\"http://schemas.openxmlformats.org/markup-compatibility/2006\"";

/// The body after a sound first paragraph, the code, and what is said about it.
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn planted() -> Vec<(String, &'static str, &'static str)> {
    let p = |inner: &str| format!("<w:p>{inner}</w:p>");
    let t = "<w:r><w:t>text</w:t></w:r>";
    let cell = "<w:tc><w:p/></w:tc>";
    let table = |rows: &str| {
        let head = "<w:tblPr><w:tblW w:w=\"0\" w:type=\"auto\"/></w:tblPr><w:tblGrid><w:gridCol w:w=\"99\"/></w:tblGrid>";
        format!("<w:tbl>{head}{rows}</w:tbl>{}", p(""))
    };
    vec![
        (
            p("<w:pPr><w:pStyle w:val=\"Nowhere\"/></w:pPr>"),
            "style.missing",
            "something has the paragraph style Nowhere, which is not there",
        ),
        (
            p("<w:r><w:rPr><w:rStyle w:val=\"Normal\"/></w:rPr><w:t>x</w:t></w:r>"),
            "style.missing",
            "something has the character style Normal, which is not there",
        ),
        (
            p("<w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"9\"/></w:numPr></w:pPr>"),
            "list.missing",
            "a paragraph is of the list 9, which is not there",
        ),
        (
            p("<w:bookmarkStart w:id=\"4\" w:name=\"Total\"/>"),
            "bookmark.open",
            "the bookmark 4 begins and does not end",
        ),
        (
            p("<w:bookmarkEnd w:id=\"4\"/>"),
            "bookmark.open",
            "the bookmark 4 ends and does not begin",
        ),
        (
            p(
                "<w:bookmarkStart w:id=\"4\" w:name=\"Total\"/><w:bookmarkEnd w:id=\"4\"/>\
               <w:bookmarkStart w:id=\"5\" w:name=\"total\"/><w:bookmarkEnd w:id=\"5\"/>",
            ),
            "bookmark.twice",
            "two bookmarks are called `total`",
        ),
        (
            p("<w:hyperlink w:anchor=\"Gone\"><w:r><w:t>x</w:t></w:r></w:hyperlink>"),
            "bookmark.missing",
            "something leads to the bookmark `Gone`, which is not there",
        ),
        (
            p(&(field("begin") + &instruction(" REF Gone \\h ") + &field("separate") + t + &field("end"))),
            "bookmark.missing",
            "something leads to the bookmark `Gone`, which is not there",
        ),
        (
            p("<w:r><w:commentReference w:id=\"3\"/></w:r>"),
            "comment.missing",
            "the comment 3 is referred to and not there",
        ),
        (
            p("<w:r><w:footnoteReference w:id=\"7\"/></w:r>"),
            "note.missing",
            "the footnote 7 is referred to and not there",
        ),
        (
            p("<w:moveFromRangeStart w:id=\"1\" w:author=\"A\" w:name=\"m\"/>"),
            "move.open",
            "the source of the move 1 begins and does not end",
        ),
        (
            format!("<w:p {W14} w14:paraId=\"0A0A0A0A\"/><w:p {W14} w14:paraId=\"0a0a0a0a\"/>"),
            "paragraph.twice",
            "two paragraphs or rows have the id 0a0a0a0a",
        ),
        (
            format!("<w:p {W14} w14:paraId=\"80000001\"/>"),
            "paragraph.id",
            "the id 80000001 of a paragraph or row is out of range",
        ),
        (
            p(&(field("begin") + &instruction("PAGE  \\* MERGEFORMAT") + &field("separate"))),
            "field.open",
            "the field `PAGE \\* MERGEFORMAT` begins and does not end",
        ),
        (
            p(&field("end")),
            "field.end",
            "a field ends or goes on that does not begin",
        ),
        (
            p(&format!(
                "<w:ins w:id=\"1\" w:author=\"A\">{t}</w:ins><w:ins w:id=\"1\" w:author=\"A\">{t}</w:ins>"
            )),
            "change.twice",
            "two tracked changes have the id 1",
        ),
        (
            p(&format!("<w:ins w:id=\"1\">{t}</w:ins>")),
            "change.author",
            "a tracked change names no author",
        ),
        (
            p(&format!("<w:ins w:author=\"A\">{t}</w:ins>")),
            "change.id",
            "a tracked change has no id",
        ),
        (
            p(&format!("<w:del w:id=\"1\" w:author=\"A\">{t}</w:del>")),
            "change.text",
            "text in a deletion stands as if it were not deleted",
        ),
        (
            p("<w:r><w:delText>x</w:delText></w:r>"),
            "change.text",
            "deleted text stands outside a deletion",
        ),
        (
            table("<w:tr><w:tc><w:tcPr/></w:tc></w:tr>"),
            "cell.paragraph",
            "a cell of a table does not end with a paragraph",
        ),
        (
            table(&format!("<w:tr>{cell}</w:tr><w:tr/>")),
            "row.empty",
            "a row of a table has no cell",
        ),
        (
            p(
                "<w:hyperlink r:id=\"rId99\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"/>",
            ),
            "relation.missing",
            "something refers to the relationship rId99, which is not there",
        ),
    ]
}

#[test]
fn every_planted_fault_is_found_where_it_stands() {
    for (body, code, sentence) in planted() {
        let document = of_body(&format!("<w:p><w:r><w:t>First</w:t></w:r></w:p>{body}"));
        let found = lint(&document).unwrap();
        let told: Vec<(&str, &str)> = found
            .iter()
            .map(|finding| (finding.code, finding.sentence.as_str()))
            .collect();
        assert_eq!(told, [(code, sentence)], "{body}");
        assert_eq!(found[0].part, "word/document.xml", "{body}");
        let by_relationship = code == "relation.missing";
        let in_order = ["p2", "p3"].contains(&found[0].location.as_str()) || found[0].location == "t1";
        assert!(by_relationship || in_order, "{body}: {}", found[0].location);
        // The same, as a person or a model gets it.
        let checked = answer(&document, json!({"op": "document.check"}));
        let first = &checked["findings"][0];
        assert_eq!(first["code"], code, "{checked}");
        assert_ne!(first["severity"], "note", "{checked}");
    }
}

#[test]
fn a_fault_of_the_file_is_found_in_the_part_that_has_it() {
    let sound = of_body("<w:p/>");
    let lost = rewritten(&sound, "word/_rels/document.xml.rels", |text| {
        text.replace("theme/theme1.xml", "theme/theme9.xml")
    });
    let twice = rewritten(&sound, "word/styles.xml", |text| {
        text.replace(
            "</w:styles>",
            "<w:style w:type=\"paragraph\" w:styleId=\"normal\"/></w:styles>",
        )
    });
    let loose = rewritten(&sound, "word/styles.xml", |text| {
        let style = "<w:style w:type=\"paragraph\" w:styleId=\"Own\"><w:basedOn w:val=\"None\"/><w:pPr><w:numPr>\
                     <w:numId w:val=\"5\"/></w:numPr></w:pPr></w:style></w:styles>";
        text.replace("</w:styles>", style)
    });
    let untyped = rewritten(&sound, "[Content_Types].xml", |text| {
        text.replace("word/theme/theme1.xml", "word/theme/other.xml")
            .replace("Extension=\"xml\"", "Extension=\"xmk\"")
    });
    let damaged = rewritten(&sound, "word/theme/theme1.xml", |_| "<a:theme".to_owned());
    assert_eq!(codes(&sound), [""; 0]);
    assert_eq!(codes(&lost), ["relation.target"]);
    assert_eq!(codes(&twice), ["style.twice"]);
    assert_eq!(codes(&loose), ["style.missing", "list.missing"]);
    assert_eq!(codes(&untyped), ["part.contentType"]);
    assert_eq!(codes(&damaged), ["part.damaged"]);
}

#[test]
fn what_word_itself_writes_is_no_finding() {
    let bookmark = "<w:bookmarkStart w:id=\"0\" w:name=\"_Toc1\"/><w:r><w:t>Chapter</w:t></w:r><w:bookmarkEnd w:id=\"0\"/>";
    let open = field("begin") + &instruction("TOC \\o") + &field("separate");
    let inner = field("begin") + &instruction(" PAGEREF _toc1 \\h ") + &field("separate") + &field("end");
    let bodies = [
        // A field over paragraphs, with another inside.
        format!("<w:p>{bookmark}</w:p><w:p>{open}</w:p><w:p>{inner}</w:p><w:p>{}</w:p>", field("end")),
        // A text that a field names, the built-in beginning, and a name in another file.
        format!(
            "<w:p>{}{}{}</w:p><w:p><w:fldSimple w:instr=\" REF Client \"/><w:hyperlink w:anchor=\"_top\"/></w:p>",
            field("begin"),
            instruction("SET Client &quot;Us&quot;"),
            field("end"),
        ),
        // A text box has fields of its own, and its second form the same ids.
        format!(
            "<w:p {MC} {W14} w14:paraId=\"11111111\"><w:r><mc:AlternateContent><mc:Choice Requires=\"wps\"><w:txbxContent>\
             <w:p w14:paraId=\"22222222\">{0}</w:p></w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>\
             <w:p w14:paraId=\"22222222\">{0}</w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>",
            field("begin") + &instruction("PAGE") + &field("end"),
        ),
        // Text that was inserted and deleted again, and a mark of a deleted paragraph.
        "<w:p><w:pPr><w:rPr><w:del w:id=\"1\" w:author=\"A\"/></w:rPr></w:pPr><w:ins w:id=\"2\" w:author=\"A\">\
         <w:del w:id=\"3\" w:author=\"A\"><w:r><w:delText>x</w:delText></w:r></w:del></w:ins><w:r><w:t>y</w:t></w:r></w:p>"
            .to_owned(),
        // A paragraph that leaves its style's list, and a cell of which a control holds the paragraph.
        "<w:p><w:pPr><w:numPr><w:numId w:val=\"0\"/></w:numPr></w:pPr></w:p><w:tbl><w:tblPr/><w:tblGrid><w:gridCol/>\
         </w:tblGrid><w:tr><w:tc><w:sdt><w:sdtContent><w:p/></w:sdtContent></w:sdt></w:tc></w:tr></w:tbl><w:p/>"
            .to_owned(),
    ];
    for body in bodies {
        assert_eq!(codes(&of_body(&body)), [""; 0], "{body}");
    }
}

#[test]
fn errors_of_fields_open_changes_and_missing_words_are_told() {
    let body = "<w:p><w:fldSimple w:instr=\" REF Total \"><w:r><w:t>Error! Reference source not found.</w:t></w:r></w:fldSimple>\
        <w:bookmarkStart w:id=\"0\" w:name=\"Total\"/><w:bookmarkEnd w:id=\"0\"/></w:p>\
        <w:p><w:ins w:id=\"1\" w:author=\"Ana\"><w:r><w:t>x</w:t></w:r></w:ins></w:p>";
    let picture = json!([{"kind": "picture", "data": crate::documents::PICTURE.trim(), "altText": ""}]);
    let (_, document, _) = run(
        &of_body(body),
        json!({"op": "document.insert", "blocks": picture, "tracked": false}),
    )
    .unwrap();
    let checked = answer(&document, json!({"op": "document.check"}));
    let told: Vec<(&str, &str)> = checked["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (
                finding["severity"].as_str().unwrap(),
                finding["sentence"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "warning",
                "A field shows an error: `Error! Reference source not found.`."
            ),
            ("note", "A picture has no alternative text."),
            (
                "note",
                "1 tracked change by Ana is neither accepted nor rejected."
            ),
        ]
    );
}

/// Office wrote them, so whatever is found in them is a false alarm.
#[test]
fn documents_of_the_corpus_have_no_findings() {
    for path in corpus() {
        let found = lint(&open(std::fs::read(&path).unwrap())).unwrap();
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

/// A change may be refused for many reasons; never because of what the document had wrong before.
#[test]
fn no_ordinary_change_is_refused_by_the_check() {
    for path in corpus() {
        let document = open(std::fs::read(&path).unwrap());
        let (mut done, mut tried) = (0, 0);
        for paragraph in paragraphs(&blocks(&document)).iter().take(60) {
            let text = format!(
                "{} more",
                paragraph["text"]
                    .as_str()
                    .unwrap()
                    .replace(['\u{b}', '\u{c}'], " ")
            );
            let inserted =
                json!([{"kind": "heading", "level": 1, "text": "New"}, {"kind": "listItem", "text": "one"}]);
            for operation in [
                json!({"op": "document.replace", "paragraph": paragraph["id"], "text": text}),
                json!({"op": "document.insert", "after": paragraph["id"], "blocks": inserted}),
            ] {
                tried += 1;
                match run(&document, operation) {
                    Ok(_) => done += 1,
                    Err(refusal) => assert!(
                        !refusal.message.contains("pass its check"),
                        "{} {}: {refusal}",
                        path.display(),
                        paragraph["id"]
                    ),
                }
            }
        }
        assert!(
            done > 0 || tried == 0,
            "{}: nothing of {tried} was possible",
            path.display()
        );
    }
}
