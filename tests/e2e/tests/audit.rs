//! The audit of the whole program: what a turn leaves in it, what checking it says, and that a deleted session leaves nothing.

use std::path::{Path, PathBuf};

use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_protocol::Method;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::session::{Nothing, SessionParams};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// What is said, written and answered: words that stand nowhere else.
const MARKER: &str = "zinnober-4711";

const SCRIPT: &str = r#"
models: [claude-standin]
key: e2e-key
capture: { book: { before: " | workbook | " } }
steps:
  - answer:
      say:
        - { tool: range_read, input: { document: "{{book}}", range: "Sheet1!A1:C3" } }
        - { tool: sheet_add, input: { document: "{{book}}", name: zinnober-4711 } }
  - answer: { say: [{ text: The sheet zinnober-4711 is there. }] }
"#;

/// A home whose service has done one turn on a workbook; the session stays open at a window.
async fn worked() -> (Setup, Service, Talk, deskhand_standins::gateway::Gateway) {
    let gateway = play(SCRIPT).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let book = setup.fixture("workbooks/ironcalc__example.xlsx", "book.xlsx");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach(&book).await.expect("the workbook is attached");
    let prompt = talk.prompt(&format!("Add a sheet named {MARKER}"));
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    (setup, service, talk, gateway)
}

fn exported(setup: &Setup) -> Vec<Value> {
    let done = setup.run(&["audit", "export"]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let lines = done.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn kinds(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .filter_map(|record| record["type"].as_str())
        .collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

/// Files of the program that hold these bytes: the workbook of the user is not one of them.
fn holding(setup: &Setup, needle: &[u8]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        // A socket has no content.
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle)
    };
    let all = files(setup.path()).into_iter();
    all.filter(|path| path.extension().is_none_or(|end| end != "xlsx"))
        .filter(holds)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_recorded_from_the_prompt_to_its_end_without_its_words() {
    let (setup, service, talk, _gateway) = worked().await;
    let records = exported(&setup);
    let found = kinds(&records);
    for kind in [
        "serviceStarted",
        "policyChanged",
        "frontEndConnected",
        "sessionCreated",
        "documentAttached",
        "promptAccepted",
        "modelAsked",
        "modelAnswered",
        "toolCallStarted",
        "toolCallCompleted",
        "documentChanged",
        "turnEnded",
    ] {
        assert!(found.contains(&kind), "{kind} is not in {found:?}");
    }
    let prompt = records.iter().find(|record| record["type"] == "promptAccepted");
    let prompt = prompt.expect("the prompt");
    assert_eq!(prompt["by"], "window");
    assert_eq!(prompt["session"], talk.session.as_str());
    assert_eq!(
        prompt["content"]["length"],
        format!("Add a sheet named {MARKER}").len()
    );
    let text = Value::from(records.clone()).to_string();
    assert!(!text.contains(MARKER) && !text.contains("e2e-key"), "{text}");
    let verified = setup.run(&["audit", "verify"]);
    assert_eq!(verified.code(), Some(0), "{}{}", verified.out, verified.err);
    assert!(verified.out.contains("only anchors can show"), "{}", verified.out);
    // That it was read is in it, too, through the service and without one.
    service.stop();
    assert_eq!(setup.run(&["audit", "verify"]).code(), Some(0));
    let after = exported(&setup);
    let read: Vec<&str> = kinds(&after)
        .into_iter()
        .filter(|kind| matches!(*kind, "auditExported" | "auditVerified" | "serviceStopped"))
        .collect();
    assert_eq!(
        read,
        [
            "auditExported",
            "auditVerified",
            "serviceStopped",
            "auditVerified"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_text_is_compared_with_what_was_recorded() {
    let (setup, _service, _talk, _gateway) = worked().await;
    let records = exported(&setup);
    let prompt = records.iter().find(|record| record["type"] == "promptAccepted");
    let number = prompt.expect("the prompt")["number"].to_string();
    for (text, code) in [
        (format!("Add a sheet named {MARKER}"), 0),
        ("another".to_owned(), 1),
    ] {
        let file = setup.path().join("kept.txt");
        std::fs::write(&file, text).expect("a file");
        let path = file.to_str().expect("a path");
        let done = setup.run(&["audit", "show", &number, "--compare", path]);
        assert_eq!(done.code(), Some(code), "{}{}", done.out, done.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_record_is_named_and_ends_with_1() {
    let (setup, service, _talk, _gateway) = worked().await;
    service.stop();
    let database = rusqlite::Connection::open(setup.database()).expect("the database");
    let edit = "UPDATE audit SET at = at - 60000 WHERE number = 5; DELETE FROM audit WHERE number = 7";
    database.execute_batch(edit).expect("the audit is edited");
    drop(database);
    let verified = setup.run(&["audit", "verify"]);
    assert_eq!(verified.code(), Some(1), "{}", verified.err);
    for told in ["Record 5 was edited", "Record 7 was removed"] {
        assert!(verified.out.contains(told), "{told} is not in {}", verified.out);
    }
    let machine = setup.run(&["audit", "verify", "--json"]);
    let machine: Value = serde_json::from_str(&machine.out).expect("JSON");
    assert_eq!(
        machine["faults"],
        json!([
            { "type": "altered", "record": 5 },
            { "type": "missing", "first": 7, "last": 7 },
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_that_was_put_back_is_shown_by_an_anchor() {
    let (setup, service, _talk, _gateway) = worked().await;
    service.stop();
    let copy = setup.path().join("older");
    std::fs::copy(setup.database(), &copy).expect("a copy");
    let verified = setup.run(&["audit", "verify", "--json"]);
    let chain = serde_json::from_str::<Value>(&verified.out).expect("JSON")["chain"].clone();
    let last = exported(&setup).pop().expect("a record");
    let anchor = json!({ "chain": chain, "number": last["number"], "link": last["link"], "at": last["at"] });
    let anchors = setup.path().join("anchors.jsonl");
    std::fs::write(&anchors, format!("{anchor}\n")).expect("a file");
    let path = anchors.to_str().expect("a path");
    let untouched = setup.run(&["audit", "verify", "--anchors", path]);
    assert_eq!(untouched.code(), Some(0), "{}{}", untouched.out, untouched.err);
    std::fs::copy(&copy, setup.database()).expect("the copy is put back");
    assert_eq!(
        setup.run(&["audit", "verify"]).code(),
        Some(0),
        "the chain alone does not show it"
    );
    let shown = setup.run(&["audit", "verify", "--anchors", path]);
    assert_eq!(shown.code(), Some(1), "{}", shown.out);
    assert!(
        shown.out.contains("an older copy was put back") || shown.out.contains("rebuilt since"),
        "{}",
        shown.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_session_leaves_no_byte_of_its_text_and_its_key_in_any_file() {
    let (setup, service, mut talk, _gateway) = worked().await;
    let found: Value = {
        let params = json!({ "text": MARKER });
        talk.window
            .call(Method::SessionSearch, params)
            .await
            .expect("found")
    };
    assert!(
        found["hits"].as_array().is_some_and(|hits| !hits.is_empty()),
        "the words were there"
    );
    let database = rusqlite::Connection::open(setup.database()).expect("the database");
    let of_session = "SELECT wrapped FROM keys WHERE session IS NOT NULL";
    let key: Vec<u8> = database
        .query_row(of_session, [], |row| row.get(0))
        .expect("the key of the one session");
    assert_eq!(holding(&setup, &key).len(), 1, "the key was there");
    drop(database);
    let _: Nothing = talk
        .window
        .call(
            Method::SessionDelete,
            SessionParams {
                session: talk.session.clone(),
            },
        )
        .await
        .expect("deleted");
    let check = |when: &str| {
        assert_eq!(
            holding(&setup, MARKER.as_bytes()),
            Vec::<PathBuf>::new(),
            "{when}: the words"
        );
        assert_eq!(holding(&setup, &key), Vec::<PathBuf>::new(), "{when}: the key");
    };
    check("while the service runs");
    assert!(!service.errors().contains(MARKER), "the log");
    service.stop();
    check("after its end");
    let records = exported(&setup);
    let deleted = records.iter().find(|record| record["type"] == "sessionDeleted");
    assert_eq!(deleted.expect("the deletion")["by"], "window");
    assert_eq!(setup.run(&["audit", "verify"]).code(), Some(0));
}
