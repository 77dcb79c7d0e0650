//! The documents that tests use, and doing operations on them.

use std::path::PathBuf;

use deskhand_opc::{Limits, Package, PatchSet};
use deskhand_operations::text::{WordAnswer, WordOperation};
use deskhand_operations::{Refusal, RefusalCode};
use deskhand_text::{Document, Revision, create_document};
use serde_json::{Value, json};

/// A PNG of one colour: 40 by 20 pixels.
pub(crate) const PICTURE: &str = include_str!("../../../slides/tests/slides/picture.base64");

/// Who changes things in tests.
pub(crate) fn reviewer() -> Revision {
    Revision {
        author: "Test Reviewer".to_owned(),
        date: Some("2026-11-21T09:30:00Z".to_owned()),
    }
}

/// Every document of the corpus where that is there: beside the repository, or at `DESKHAND_CORPUS`.
pub(crate) fn corpus() -> Vec<PathBuf> {
    let root = deskhand_test_support::repository();
    let folder = std::env::var_os("DESKHAND_CORPUS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        root.ancestors()
            .map(|up| up.join("shared/corpus"))
            .find(|up| up.exists())
            .unwrap_or_default()
    });
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut documents: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    documents.retain(|path| {
        path.extension()
            .is_some_and(|ending| ending == "docx" || ending == "docm")
    });
    documents.sort();
    documents
}

pub(crate) fn open(bytes: Vec<u8>) -> Document {
    Document::open(Package::open(bytes, &Limits::default()).unwrap()).unwrap()
}

/// A document around a body in WordprocessingML, with the prefix `w`.
pub(crate) fn of_body(body: &str) -> Document {
    let bytes = create_document(
        &serde_json::from_value(json!({"blocks": [{"kind": "paragraph", "text": "x"}]})).unwrap(),
        &reviewer(),
    )
    .unwrap();
    let document = open(bytes);
    rewritten(&document, "word/document.xml", |text| {
        let start = text.find("<w:body>").unwrap() + "<w:body>".len();
        let end = text.rfind("<w:sectPr").unwrap();
        format!("{}{body}{}", &text[..start], &text[end..])
    })
}

/// A document with one part rewritten.
pub(crate) fn rewritten(document: &Document, part: &str, rewrite: impl FnOnce(String) -> String) -> Document {
    let mut package = document.package().clone();
    let content = package.part(part).unwrap();
    let text = rewrite(String::from_utf8(content.to_vec()).unwrap());
    let patch = package.edit(part, [(0..content.len(), text.into())]).unwrap();
    package.apply(&PatchSet { patches: vec![patch] }).unwrap();
    Document::open(package).unwrap()
}

pub(crate) fn operation(json: Value) -> WordOperation {
    serde_json::from_value(json).unwrap()
}

/// What an operation that reads answers.
pub(crate) fn answer(document: &Document, json: Value) -> Value {
    serde_json::to_value(document.answer(&operation(json)).unwrap()).unwrap()
}

/// Plans an operation and applies it; answers also what was applied.
pub(crate) fn run(document: &Document, json: Value) -> Result<(Value, Document, PatchSet), Refusal> {
    let planned = document.plan(&operation(json), &reviewer())?;
    let mut package = document.package().clone();
    package.apply(&planned.patches).unwrap();
    let answer: &WordAnswer = &planned.answer;
    Ok((
        serde_json::to_value(answer).unwrap(),
        Document::open(package).unwrap(),
        planned.patches,
    ))
}

/// The code and sentence of a refusal.
pub(crate) fn refused(document: &Document, json: Value) -> (RefusalCode, String) {
    let refusal = run(document, json).map(drop).unwrap_err();
    (refusal.code, refusal.message)
}

pub(crate) fn bytes(document: &Document) -> Vec<u8> {
    document.package().write().unwrap()
}

/// The main part.
pub(crate) fn main_part(document: &Document) -> String {
    String::from_utf8(document.package().part("word/document.xml").unwrap().to_vec()).unwrap()
}

/// All blocks of the main text, tables as they are.
pub(crate) fn blocks(document: &Document) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut from = json!(null);
    loop {
        let page = answer(
            document,
            json!({"op": "document.read", "from": from, "maxBlocks": 500, "runs": true}),
        );
        blocks.extend(page["blocks"].as_array().unwrap().iter().cloned());
        if page["next"].is_null() {
            return blocks;
        }
        from = page["next"].clone();
    }
}

/// The paragraphs of blocks in the order of the file, those in tables too.
pub(crate) fn paragraphs(blocks: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    for block in blocks {
        if block["kind"] != "table" {
            found.push(block.clone());
            continue;
        }
        for row in block["rows"].as_array().unwrap() {
            for cell in row["cells"].as_array().unwrap() {
                found.extend(paragraphs(cell["blocks"].as_array().unwrap()));
            }
        }
    }
    found
}
