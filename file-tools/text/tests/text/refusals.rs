//! What documents are refused for, and that a damaged one never stops the reader.

use deskhand_opc::{Limits, Package};
use deskhand_operations::RefusalCode::{BadInput, Changed, NotFound, Protected};
use deskhand_text::{Document, create_document};
use serde_json::json;

use crate::documents::{answer, bytes, corpus, of_body, operation, refused, reviewer, rewritten};

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn each_refusal_says_what_is_not_possible() {
    let document = of_body("<w:p><w:r><w:t>words</w:t></w:r></w:p>");
    let cases = [
        (
            json!({"op": "document.replace", "find": "none", "replace": "x"}),
            NotFound,
            "'none' does not occur",
        ),
        (
            json!({"op": "document.replace", "find": "words", "replace": "words"}),
            BadInput,
            "are the same",
        ),
        (
            json!({"op": "document.replace", "find": "words"}),
            BadInput,
            "takes either",
        ),
        (
            json!({"op": "document.replace", "paragraph": "p9", "text": "x"}),
            NotFound,
            "no paragraph 'p9'",
        ),
        (
            json!({"op": "document.replace", "paragraph": "p1", "text": "words"}),
            BadInput,
            "has this text already",
        ),
        (
            json!({"op": "document.replace", "paragraph": "p1", "text": "a\nb"}),
            BadInput,
            "stand in one line",
        ),
        (
            json!({"op": "document.replace", "find": "words", "replace": "a\u{7}"}),
            BadInput,
            "U+0007",
        ),
        (
            json!({"op": "document.replace", "find": "words", "replace": "x", "fingerprint": "other"}),
            Changed,
            "changed since it was read",
        ),
        (
            json!({"op": "document.insert", "blocks": []}),
            BadInput,
            "no blocks",
        ),
        (
            json!({"op": "document.insert", "after": "p7", "blocks": [{"kind": "pageBreak"}]}),
            NotFound,
            "no block 'p7'",
        ),
        (
            json!({"op": "document.insert", "blocks": [{"kind": "heading", "level": 10, "text": "x"}]}),
            BadInput,
            "10 is no level",
        ),
        (
            json!({"op": "document.insert", "blocks": [{"kind": "paragraph", "text": "x", "style": "Nope"}]}),
            NotFound,
            "no paragraph style 'Nope'",
        ),
        (
            json!({"op": "document.insert", "blocks": [{"kind": "paragraph", "text": [{"text": "x", "link": "file:///etc/passwd"}]}]}),
            BadInput,
            "is no link that is taken",
        ),
        (
            json!({"op": "document.insert", "blocks": [{"kind": "picture", "data": "R0lGODlh", "altText": "x"}]}),
            BadInput,
            "neither PNG nor JPEG",
        ),
        (
            json!({"op": "document.create", "blocks": [{"kind": "pageBreak"}]}),
            BadInput,
            "makes a new file",
        ),
    ];
    for (json, code, words) in cases {
        let shown = json.to_string();
        let (found, message) = refused(&document, json);
        assert_eq!(found, code, "{shown}: {message}");
        assert!(message.contains(words), "{shown}: {message}");
    }
}

#[test]
fn a_protected_document_stays_as_it_is() {
    let document = of_body("<w:p><w:r><w:t>words</w:t></w:r></w:p>");
    let with = |protection: &str| {
        rewritten(&document, "word/settings.xml", |text| {
            text.replace("<w:defaultTabStop", &format!("{protection}<w:defaultTabStop"))
        })
    };
    let change = |tracked: bool| json!({"op": "document.replace", "find": "words", "replace": "x", "tracked": tracked});
    let read_only = with("<w:documentProtection w:edit=\"readOnly\" w:enforcement=\"1\"/>");
    assert_eq!(refused(&read_only, change(true)).0, Protected);
    assert_eq!(
        answer(&read_only, json!({"op": "document.info"}))["protection"],
        "readOnly"
    );
    let tracked_only = with("<w:documentProtection w:edit=\"trackedChanges\" w:enforcement=\"1\"/>");
    assert_eq!(refused(&tracked_only, change(false)).0, Protected);
    assert!(tracked_only.plan(&operation(change(true)), &reviewer()).is_ok());
    let off = with("<w:documentProtection w:edit=\"readOnly\" w:enforcement=\"0\"/>");
    assert!(off.plan(&operation(change(false)), &reviewer()).is_ok());
}

#[test]
fn other_packages_are_no_word_documents() {
    let bytes = bytes(&of_body("<w:p/>"));
    let package = Package::open(bytes, &Limits::default()).unwrap();
    let mut other = package.clone();
    let content = package.part("word/document.xml").unwrap();
    let patch = package
        .edit("word/document.xml", [(0..content.len(), "<a/>".into())])
        .unwrap();
    other
        .apply(&deskhand_opc::PatchSet { patches: vec![patch] })
        .unwrap();
    assert_eq!(
        Document::open(other).unwrap_err().message,
        "The file is not a word document."
    );
}

#[test]
fn damaged_markup_is_refused_and_never_panics() {
    for path in corpus() {
        let package = Package::open(std::fs::read(&path).unwrap(), &Limits::default()).unwrap();
        let main = package.main_part().unwrap();
        let content = package.part(&main).unwrap();
        for step in 1..24 {
            let cut = content.len() * step / 24;
            let patch = package
                .edit(&main, [(cut..content.len().min(cut + 9), "<w:p>".into())])
                .unwrap();
            let mut damaged = package.clone();
            damaged
                .apply(&deskhand_opc::PatchSet { patches: vec![patch] })
                .unwrap();
            if let Ok(document) = Document::open(damaged) {
                let _ = document.answer(&operation(json!({"op": "document.read", "maxBlocks": 500})));
                let change = json!({"op": "document.replace", "find": "e", "replace": "E"});
                let _ = document.plan(&operation(change), &reviewer());
            }
        }
    }
}

#[test]
fn a_new_document_is_refused_for_what_it_cannot_hold() {
    let create = |json| {
        create_document(&serde_json::from_value(json).unwrap(), &reviewer())
            .unwrap_err()
            .message
    };
    let language = create(json!({"language": "\"/><x", "blocks": [{"kind": "pageBreak"}]}));
    assert!(language.contains("no language tag"), "{language}");
    let table = create(json!({"blocks": [{"kind": "table", "rows": []}]}));
    assert_eq!(table, "A table needs at least one cell.");
}
