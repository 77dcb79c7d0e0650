//! Every word document that there is: nothing but what was asked for changes, undo gives back the file, and no tool that
//! reads the document before finds anything worse in it afterwards.

use deskhand_opc::Patch;
use deskhand_text::Document;
use serde_json::{Value, json};

use crate::documents::{PICTURE, answer, blocks, bytes, corpus, open, paragraphs, run};
use crate::outside::{converted, findings, new_findings, read_by_python};

fn name(path: &std::path::Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// python-docx reads neither the strict dialect nor documents with macros.
fn is_for_python(document: &Document, name: &str) -> bool {
    let main = document
        .package()
        .part(&document.package().main_part().unwrap())
        .unwrap();
    let strict = String::from_utf8_lossy(&main).contains("http://purl.oclc.org/ooxml/");
    !strict && !name.contains("Macro")
}

/// The first paragraph that can be changed, one with words if there is any, with a change to its first word.
fn change_of(document: &Document) -> Option<(Value, String, String)> {
    let mut paragraphs = paragraphs(&blocks(document));
    paragraphs.sort_by_key(|paragraph| paragraph["text"].as_str().unwrap().trim().is_empty());
    paragraphs.iter().find_map(|paragraph| {
        let text = paragraph["text"].as_str()?;
        let word = text
            .split_whitespace()
            .find(|word| word.chars().all(char::is_alphanumeric));
        // A paragraph without a word, with a chart for instance, gets one.
        let new = word.map_or_else(
            || format!("{text}Änderung"),
            |word| text.replacen(word, "Änderung & <mehr>", 1),
        );
        let operation = json!({"op": "document.replace", "paragraph": paragraph["id"], "text": new});
        run(document, operation.clone()).ok()?;
        Some((operation, paragraph["id"].as_str()?.to_owned(), new))
    })
}

/// Blocks of every kind.
fn everything() -> Value {
    json!([
        {"kind": "heading", "level": 2, "text": "Ergebnis"},
        {"kind": "paragraph", "text": [{"text": "Umsatz "}, {"text": "stieg", "bold": true},
            {"text": " laut "}, {"text": "Bericht", "link": "https://example.com/a?b=1&c=2"}]},
        {"kind": "listItem", "text": "eins", "numbered": true}, {"kind": "listItem", "text": "zwei", "numbered": true},
        {"kind": "listItem", "text": "Punkt"}, {"kind": "listItem", "text": "tiefer", "level": 2},
        {"kind": "table", "header": true, "rows": [["Region", "Umsatz"], ["Nord", "1.248,50"]]},
        {"kind": "table", "rows": [["allein"]]},
        {"kind": "pageBreak"},
        {"kind": "picture", "data": PICTURE.trim(), "altText": "Ein blaues Feld"},
    ])
}

#[test]
fn one_text_changes_one_part_and_undo_gives_back_the_file() {
    for path in corpus() {
        let name = name(&path);
        let original = std::fs::read(&path).unwrap();
        let document = open(original.clone());
        assert!(bytes(&document) == original, "{name}: an untouched document");
        let (operation, id, new) = change_of(&document).unwrap_or_else(|| panic!("{name} takes no change"));
        let (answered, after, patches) = run(&document, operation).unwrap();
        let touched: Vec<&str> = patches.patches.iter().map(Patch::part).collect();
        assert_eq!(touched.len(), 1, "{name}: {touched:?}");
        for part in document.package().parts() {
            let same = document.package().part(part).unwrap() == after.package().part(part).unwrap();
            assert_eq!(same, part != touched[0], "{name}: {part}");
        }
        let read = paragraphs(&blocks(&after));
        let paragraph = read
            .iter()
            .find(|paragraph| paragraph["id"] == id.as_str())
            .unwrap();
        assert_eq!(paragraph["text"], new, "{name}");
        let changes = paragraph["changes"].as_array().unwrap();
        let ours = changes
            .iter()
            .filter(|change| change["author"] == "Test Reviewer");
        assert!(ours.count() >= 1, "{name}: {changes:?}");
        let signed = answer(&document, json!({"op": "document.info"}))["signed"] == true;
        let warned = answered["warnings"].to_string().contains("breaks the signature");
        assert_eq!(signed, warned, "{name}");
        assert_eq!(signed, name.contains("signed"), "{name}");
        let mut undone = after.package().clone();
        undone.apply(&patches.invert()).unwrap();
        assert!(
            undone.write().unwrap() == original,
            "{name}: undo gives other bytes"
        );
    }
}

#[test]
fn python_docx_reads_the_same_text() {
    for path in corpus() {
        let (name, document) = (name(&path), open(std::fs::read(&path).unwrap()));
        if !is_for_python(&document, &name) {
            continue;
        }
        let theirs = read_by_python(&std::fs::read(&path).unwrap());
        let theirs = theirs["paragraphs"].as_array().unwrap();
        let ours = paragraphs(&blocks(&document));
        assert_eq!(ours.len(), theirs.len(), "{name}: how many paragraphs");
        for (our, their) in ours
            .iter()
            .zip(theirs)
            .filter(|(_, their)| their["plain"] == true)
        {
            let text = our["text"]
                .as_str()
                .unwrap()
                .replace('\u{b}', "\n")
                .replace('\u{c}', "");
            assert_eq!(text, their["text"].as_str().unwrap(), "{name}: {}", our["id"]);
            if !our["style"].is_null() {
                let style = our["style"].as_str().unwrap().to_lowercase();
                assert_eq!(
                    style,
                    their["style"].as_str().unwrap().to_lowercase(),
                    "{name}: {}",
                    our["id"]
                );
            }
        }
    }
}

#[test]
fn every_other_reader_takes_the_changed_documents() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    for path in corpus() {
        let (name, original) = (name(&path), std::fs::read(&path).unwrap());
        let document = open(original.clone());
        let (_, changed, _) = run(&document, change_of(&document).unwrap().0).unwrap();
        let inserted = run(&changed, json!({"op": "document.insert", "blocks": everything()}));
        let (_, after, _) = inserted.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let after_bytes = bytes(&after);
        let ending = path.extension().unwrap().to_string_lossy();
        let new = new_findings(&findings(&original, &ending), &findings(&after_bytes, &ending));
        assert!(new.is_empty(), "{name}: {new:#?}");
        if is_for_python(&document, &name) {
            // python-docx passes over insertions that are tracked.
            let plain = json!({"op": "document.insert", "blocks": everything(), "tracked": false});
            let read = read_by_python(&bytes(&run(&document, plain).unwrap().1)).to_string();
            for text in ["Region", "1.248,50", "Nord"] {
                assert!(read.contains(text), "{name}: {text}");
            }
        }
        std::fs::write(folder.path().join(format!("{written}.{ending}")), after_bytes).unwrap();
        written += 1;
    }
    if written > 0 {
        let out = converted(folder.path(), "txt:Text");
        for number in 0..written {
            let text = std::fs::read_to_string(out.join(format!("{number}.txt")))
                .unwrap_or_else(|error| panic!("LibreOffice wrote no document {number}: {error}"));
            assert!(
                text.contains("Ergebnis") && text.contains("1.248,50"),
                "{number}: {text}"
            );
        }
    }
}

#[test]
fn blocks_go_after_every_block_and_come_back_by_undo() {
    for path in corpus() {
        let (name, original) = (name(&path), std::fs::read(&path).unwrap());
        let document = open(original.clone());
        let all = blocks(&document);
        let picked = all.iter().step_by(all.len().div_ceil(6).max(1));
        for block in picked {
            let operation = json!({"op": "document.insert", "after": block["id"], "blocks": everything()});
            let (_, after, patches) = match run(&document, operation) {
                Ok(done) => done,
                Err(refusal) if refusal.message.contains("two forms") => continue,
                Err(refusal) => panic!("{name} after {}: {refusal}", block["id"]),
            };
            assert!(
                blocks(&after).len() >= all.len() + 9,
                "{name} after {}",
                block["id"]
            );
            let mut undone = after.package().clone();
            undone.apply(&patches.invert()).unwrap();
            assert!(
                undone.write().unwrap() == original,
                "{name} after {}",
                block["id"]
            );
        }
    }
}
