//! Word documents, PDFs, delimited text and old spreadsheets as documents of a session.

use std::fs;
use std::path::PathBuf;

use deskhand_core::tool::AskReason;
use deskhand_document::{create, revision_at};
use deskhand_protocol::DocumentId;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::operations::{Operation, TextOperation};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::stage::Stage;

const ANY: &str = "calamine__date_1904.xlsx";

async fn ask(stage: &Stage, tool: &str, document: &DocumentId, input: Value) -> String {
    let result = stage.run(&stage.request(tool, document, input)).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    result.output
}

/// A file beside the stage's workbook.
fn beside(stage: &Stage, name: &str, bytes: &[u8]) -> PathBuf {
    let path = stage.book().with_file_name(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn made(operation: Operation) -> Vec<u8> {
    let change = create(&[operation], &revision_at(0), &|_| unreachable!("no template")).unwrap();
    change.document.package().write().unwrap()
}

fn report() -> Vec<u8> {
    let new = json!({"op": "document.create", "blocks": [
        {"kind": "heading", "level": 1, "text": "Quarterly report"},
        {"kind": "paragraph", "text": "Revenue rose 4% in May."},
    ]});
    let operation = Operation::Text(TextOperation::Document(serde_json::from_value(new).unwrap()));
    made(operation)
}

#[tokio::test]
async fn a_word_document_is_read_changed_with_a_question_and_brought_back() {
    let stage = Stage::with(ANY);
    let path = beside(&stage, "report.docx", &report());
    let original = fs::read(&path).unwrap();
    let document = stage.attach(&path).await.unwrap();
    let read = ask(&stage, "document_read", &document, json!({})).await;
    assert!(
        read.contains("Quarterly report") && read.contains("Revenue rose 4% in May."),
        "{read}"
    );
    let input = json!({"find": "4%", "replace": "5%"});
    let request = stage.request("document_replace", &document, input);
    let asked = stage.prepare(&request).await.unwrap().ask.expect("a question");
    assert_eq!((asked.reason, asked.total), (AskReason::Overwrites, 1));
    assert_eq!(
        (asked.rows[0].now.as_str(), asked.rows[0].after.as_str()),
        ("Revenue rose 4% in May.", "Revenue rose 5% in May.")
    );
    let result = stage.run(&request).await;
    assert_eq!(result.outcome, ToolOutcome::Done, "{}", result.output);
    let read = ask(&stage, "document_read", &document, json!({})).await;
    assert!(
        read.contains("Revenue rose 5% in May.") && read.contains("\"author\":\"Deskhand\""),
        "{read}"
    );
    let insert = json!({"after": "p2", "blocks": [{"kind": "paragraph", "text": "Costs fell."}]});
    let second = stage.change("document_insert", &document, insert).await;
    // The first change goes while the second one stays, then that one.
    assert_eq!(
        stage.undo(&result.change_set.unwrap()).await.unwrap(),
        Vec::<String>::new()
    );
    let read = ask(&stage, "document_read", &document, json!({})).await;
    assert!(read.contains("rose 4%") && read.contains("Costs fell."), "{read}");
    assert_eq!(stage.undo(&second).await.unwrap(), Vec::<String>::new());
    assert!(fs::read(&path).unwrap() == original, "the bytes differ");
}

#[tokio::test]
async fn what_is_only_read_is_read_and_other_tools_are_refused() {
    let stage = Stage::with(ANY);
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../file-tools/fixtures");
    let fixture = |name: &str| fs::read(fixtures.join(name)).unwrap();
    let cases = [
        (
            "sales.csv",
            b"Region;Revenue\nNorth;1.248,50\nSouth;980,00\n".to_vec(),
            "csv_read",
            json!({}),
            "1.248,50",
        ),
        (
            "old.xlsb",
            fixture("legacy/calamine__any_sheets.xlsb"),
            "legacy_read",
            json!({"range": "Visible!A1:B3"}),
            "[5.0,6.0]",
        ),
        (
            "figures.pdf",
            fixture("pdfs/pdfplumber__senate-expenditures.pdf"),
            "pdf_read",
            json!({}),
            "OBLIGATION",
        ),
    ];
    for (name, bytes, tool, input, expected) in cases {
        let document = stage.attach(&beside(&stage, name, &bytes)).await.unwrap();
        let read = ask(&stage, tool, &document, input).await;
        assert!(read.contains(expected), "{name}: {read}");
        let write = json!({"range": "A!A1", "cells": [[1]]});
        let refused = stage
            .prepare(&stage.request("range_write", &document, write))
            .await;
        assert_eq!(
            refused.unwrap_err().title,
            "Not for this kind of document",
            "{name}"
        );
    }
}
