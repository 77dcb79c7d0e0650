//! Threads of comments in a workbook that Excel made.

use deskhand_operations::RefusalCode;
use deskhand_sheet::{Workbook, lint};
use serde_json::{Value, json};

use crate::support::{done, fixture, open, operation, part, plan, with_part};

const FILE: &str = "test_files__threaded_comments_none.xlsx";
const THREADS: &str = "xl/threadedComments/threadedComment1.xml";

fn threads(book: &Workbook, range: Option<&str>) -> Value {
    let mut op = json!({"op": "comment.read"});
    if let Some(range) = range {
        op["range"] = json!(range);
    }
    serde_json::to_value(book.answer(&operation(op)).unwrap()).unwrap()["threads"].take()
}

fn sheet(book: &Workbook) -> String {
    let info =
        serde_json::to_value(book.answer(&operation(json!({"op": "workbook.info"}))).unwrap()).unwrap();
    info["sheets"][0]["name"].as_str().unwrap().to_owned()
}

fn reply(book: &Workbook, fields: &Value) -> Value {
    let mut op = json!({"op": "comment.reply", "cell": format!("{}!E5", sheet(book)), "text": "Done & <checked>",
        "author": "A. Reviewer", "at": "2026-03-31T09:30:00Z"});
    for (name, value) in fields.as_object().unwrap() {
        op[name] = value.clone();
    }
    op
}

#[test]
fn a_thread_is_read_with_its_answers_and_who_gave_them() {
    let book = open(&fixture(FILE));
    let sheet = sheet(&book);
    let expected = json!([{"cell": format!("{sheet}!E5"), "comments": [
        {"author": "Sheet TS", "text": "Test3", "at": "2022-03-13T10:07:02.61"},
        {"author": "Sheet TS", "text": "Test2\n", "at": "2022-03-13T10:07:17.61"},
        {"author": "Sheet JS", "text": "Bahaha\n", "at": "2022-03-13T20:17:49.03"},
    ]}]);
    assert_eq!(threads(&book, None), expected);
    assert_eq!(threads(&book, Some(&sheet)), expected);
    assert_eq!(threads(&book, Some(&format!("{sheet}!D4:E5"))), expected);
    assert_eq!(threads(&book, Some(&format!("{sheet}!A1:D9"))), json!([]));
    let xml = part(&book, THREADS).replacen("ref=\"E5\"", "ref=\"E5\" done=\"1\"", 1).replacen(
        "<text>Test3</text>",
        "<text>@Sheet JS Test3</text><mentions><mention mentionpersonId=\"{54ee7950-7262-4200-6969-000000000001}\" mentionId=\"{0}\" startIndex=\"0\" length=\"9\"/></mentions>",
        1,
    );
    let book = with_part(&book, THREADS, &xml);
    let thread = threads(&book, None)[0].take();
    assert_eq!(thread["resolved"], json!(true));
    assert_eq!(thread["comments"][0]["mentions"], json!(["Sheet JS"]));
    let refusal = plan(&book, reply(&book, &json!({}))).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Protected);
}

#[test]
fn an_answer_joins_its_thread_and_older_readers_see_it() {
    let bytes = fixture(FILE);
    let mut book = open(&bytes);
    let before = part(&book, "xl/comments1.xml");
    let op = reply(&book, &json!({}));
    let (_, patches) = done(&mut book, op.clone());
    let thread = threads(&book, None)[0].take();
    assert_eq!(
        thread["comments"][3],
        json!({"author": "A. Reviewer", "text": "Done & <checked>", "at": "2026-03-31T09:30:00"})
    );
    assert_eq!(
        part(&book, "xl/comments1.xml"),
        before.replace(
            "Bahaha\r\n</t>",
            "Bahaha\r\nReply:&#10;    Done &amp; &lt;checked&gt;</t>"
        )
    );
    let person = part(&book, "xl/persons/person.xml");
    assert!(
        person.contains(r#"<person displayName="A. Reviewer" id="{"#)
            && person.contains(r#"providerId="None"/></personList>"#)
    );
    let xml = part(&book, THREADS);
    assert!(xml.contains(
        r#"parentId="{697C734A-D50C-C94C-B97C-C77102E3CC2E}"><text>Done &amp; &lt;checked&gt;</text>"#
    ));
    assert!(lint(&book).unwrap().is_empty());
    // The same in, the same out; the same author is one person; a second answer has an id of its own.
    let mut again = open(&bytes);
    done(&mut again, op.clone());
    assert_eq!(part(&again, THREADS), xml);
    done(&mut again, op);
    assert_eq!(part(&again, "xl/persons/person.xml"), person);
    let ids: Vec<String> = part(&again, THREADS)
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest[..38].to_owned())
        .collect();
    let distinct: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (5, 5));
    let mut undone = open(&book.package().write().unwrap());
    undone.apply(&patches.invert()).unwrap();
    assert!(undone.package().write().unwrap() == bytes);
}

#[test]
fn an_answer_never_takes_the_name_of_an_account() {
    let book = open(&fixture(FILE));
    let person = part(&book, "xl/persons/person.xml").replace(
        r#"userId="Sheet JS" providerId="None""#,
        r#"userId="S::js@example.com::1" providerId="AD""#,
    );
    let mut book = with_part(&book, "xl/persons/person.xml", &person);
    let op = reply(&book, &json!({"author": "Sheet JS"}));
    done(&mut book, op);
    assert_eq!(
        part(&book, "xl/persons/person.xml")
            .matches("displayName=\"Sheet JS\"")
            .count(),
        2
    );
}

#[test]
fn answers_that_no_thread_takes_are_refused_by_name() {
    let book = open(&fixture(FILE));
    let elsewhere = format!("{}!A1", sheet(&book));
    let cases = [
        (json!({"cell": elsewhere}), RefusalCode::NotFound),
        (json!({"cell": "Nowhere!E5"}), RefusalCode::NotFound),
        (json!({"text": "  "}), RefusalCode::BadInput),
        (json!({"text": "x".repeat(32_001)}), RefusalCode::BadInput),
        (json!({"author": " "}), RefusalCode::BadInput),
        (json!({"at": "yesterday"}), RefusalCode::BadInput),
    ];
    for (fields, code) in cases {
        assert_eq!(
            plan(&book, reply(&book, &fields)).unwrap_err().code,
            code,
            "{code:?}"
        );
    }
}
