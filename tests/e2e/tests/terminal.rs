//! The terminal front end: `deskhand ask` on a closed workbook, and the commands around it.

#![cfg(unix)]

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use deskhand_e2e::{PATIENCE, Service, Setup, Talk, command, finish, play};
use deskhand_protocol::EventBody;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::session::PermissionMode;
use deskhand_test_support::{Child, python};
use pretty_assertions::assert_eq;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

const SCRIPT: &str = r#"
models: [claude-standin]
key: e2e-key
capture: { book: { before: " | workbook | " } }
steps:
  - answer:
      say:
        - { tool: range_read, input: { document: "{{book}}", range: "Sheet1!A1:C3" } }
        - { tool: sheet_add, input: { document: "{{book}}", name: Summary } }
        - { tool: range_write, input: { document: "{{book}}", range: "Summary!A1:B1", cells: [[Sum, "=SUM(Sheet1!C1:C3)"]] } }
        - { tool: range_write, input: { document: "{{book}}", range: "Sheet1!A2", cells: [[223]] } }
  - answer: { say: [{ text: [The sum is on, " the sheet Summary."] }] }
"#;

fn cells(path: &Path) -> Vec<String> {
    let program = "import sys, openpyxl\nbook = openpyxl.load_workbook(sys.argv[1])\n\
                   print(book['Sheet1']['A2'].value)\n\
                   print(book['Summary']['B1'].value if 'Summary' in book.sheetnames else None)";
    let read = Command::new(python())
        .args(["-W", "ignore", "-c", program])
        .arg(path)
        .output()
        .expect("python starts");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8_lossy(&read.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// A home with a workbook in it and a gateway that plays a script.
async fn home(script: &str) -> (Setup, std::path::PathBuf, deskhand_standins::gateway::Gateway) {
    let gateway = play(script).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let book = setup.fixture("workbooks/ironcalc__example.xlsx", "book.xlsx");
    (setup, book, gateway)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn running(setup: &Setup) -> bool {
    json(&setup.run(&["status", "--json"]).out)["running"] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_changes_a_closed_workbook_and_leaves_no_service_behind() {
    let (setup, book, _gateway) = home(SCRIPT).await;
    let asked = setup.run(&[
        "ask",
        "--yes",
        "--file",
        book.to_str().expect("a path"),
        "Sum it up",
    ]);
    assert_eq!(asked.code(), Some(0), "{}", asked.err);
    assert_eq!(
        asked.out, "The sum is on the sheet Summary.\n",
        "words alone go to standard output"
    );
    for told in ["… Reading Sheet1!A1:C3", "✓", "? Overwrite 1 cell on Sheet1?"] {
        assert!(asked.err.contains(told), "{told} is not in {}", asked.err);
    }
    assert_eq!(cells(&book), ["223", "=SUM(Sheet1!C1:C3)"]);
    assert!(
        !running(&setup),
        "the service that was started for it is stopped again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_denies_is_not_done() {
    let (setup, book, _gateway) = home(SCRIPT).await;
    let asked = setup.run(&[
        "ask",
        "--no",
        "--file",
        book.to_str().expect("a path"),
        "Sum it up",
    ]);
    assert_eq!(asked.code(), Some(0), "{}", asked.err);
    assert!(asked.err.contains("✗ You said no"), "{}", asked.err);
    assert_eq!(
        cells(&book),
        ["222", "=SUM(Sheet1!C1:C3)"],
        "what needs no question is done"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_the_model_asks_for_is_not_attached_by_yes_to_everything() {
    let asks = r"
models: [claude-standin]
key: e2e-key
steps:
  - answer: { say: [{ tool: request_directory, input: { path: /usr, reason: to look around } }] }
  - expect: { results: [{ tool: request_directory, error: true }] }
    answer: { say: [{ text: Without it. }] }
";
    let (setup, _book, _gateway) = home(asks).await;
    let asked = setup.run(&["ask", "--yes", "Look around"]);
    assert_eq!(
        (asked.code(), asked.out.as_str()),
        (Some(0), "Without it.\n"),
        "{}",
        asked.err
    );
    for told in [
        "? Attach the folder usr?",
        "No folder is attached by --yes",
        "✗ You said no",
    ] {
        assert!(asked.err.contains(told), "{told} is not in {}", asked.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_turn_exits_with_1_and_says_why_on_standard_error() {
    let (setup, _book, _gateway) = home(SCRIPT).await;
    setup.key("another-key");
    let asked = setup.run(&["ask", "Sum it up"]);
    assert_eq!(asked.code(), Some(1));
    assert!(asked.err.contains("[INF_AUTH]"), "{}", asked.err);
    assert_eq!(asked.out, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_the_turn_and_exits_with_130() {
    let stalls = "models: [claude-standin]\nsteps: [{ faults: [{ stall_after: 4 }], answer: { say: [{ text: [One, ' two.'] }] } }]";
    let (setup, _book, _gateway) = home(stalls).await;
    let mut ask = command(setup.path(), &["ask", "--json", "Count"]);
    // A terminal sends the signal to every process of the command.
    let mut ask = Child::spawn(ask.process_group(0));
    ask.line(PATIENCE, |line| line.contains("textDelta"));
    let group = Pid::from_raw(i32::try_from(ask.id()).expect("a process id")).expect("a process id");
    kill_process_group(group, Signal::INT).expect("Ctrl+C");
    let last = ask.line(PATIENCE, |line| line.contains("turnEnded"));
    assert_eq!(json(&last)["outcome"], "cancelled");
    assert_eq!(ask.ended(PATIENCE).code(), Some(130), "{}", ask.errors());
    assert!(!running(&setup));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_event_a_line_from_the_prompt_to_the_end() {
    let (setup, book, _gateway) = home(SCRIPT).await;
    let asked = setup.run(&[
        "ask",
        "--yes",
        "--json",
        "--file",
        book.to_str().expect("a path"),
        "Sum it up",
    ]);
    assert_eq!(asked.code(), Some(0), "{}", asked.err);
    let events: Vec<Value> = asked.out.lines().map(json).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds.last(), Some(&"turnEnded"));
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "toolCallCompleted").count(),
        4
    );
    let seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert_eq!(seqs.len(), events.len());
    assert!(seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_is_joined_and_stays() {
    let (setup, book, _gateway) = home(SCRIPT).await;
    let service = Service::start(&setup, 0);
    let asked = setup.run(&[
        "ask",
        "--yes",
        "--file",
        book.to_str().expect("a path"),
        "Sum it up",
    ]);
    assert_eq!(asked.code(), Some(0), "{}", asked.err);
    let status = json(&setup.run(&["status", "--json"]).out);
    assert_eq!(status["running"], true);
    assert_eq!(status["address"], service.address());
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_shown_found_exported_gone_on_with_and_deleted() {
    let greeting = "models: [claude-standin]\nsteps:\n  - answer: { say: [{ text: A first answer about umbrellas. }] }\n  - answer: { say: [{ text: A second one. }] }";
    let (setup, _book, _gateway) = home(greeting).await;
    // One service for all of it, so that each command joins.
    let _service = Service::start(&setup, 0);
    assert_eq!(setup.run(&["session", "list"]).out, "No sessions.\n");
    assert_eq!(setup.run(&["ask", "Tell me of the rain"]).code(), Some(0));

    let list = json(&setup.run(&["session", "list", "--json"]).out);
    let id = list["sessions"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(list["sessions"][0]["title"], "Tell me of the rain");
    assert!(setup.run(&["session", "list"]).out.contains(&id));
    let again = setup.run(&["ask", "--session", &id, "Go on"]);
    assert_eq!(
        (again.code(), again.out.as_str()),
        (Some(0), "A second one.\n"),
        "{}",
        again.err
    );

    let shown = setup.run(&["session", "show", &id]).out;
    for words in [
        "> Tell me of the rain",
        "A first answer about umbrellas.",
        "> Go on",
        "A second one.",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    assert_eq!(
        json(&setup.run(&["session", "show", &id, "--json"]).out)["session"]["id"],
        *id
    );

    let found = json(&setup.run(&["session", "search", "umbrellas", "--json"]).out);
    assert_eq!(found["hits"][0]["session"], *id);
    assert_eq!(
        setup.run(&["session", "search", "xylophone"]).out,
        "Nothing found.\n"
    );

    let exported = setup.run(&["session", "export", &id]).out;
    let events: Vec<Value> = exported.lines().map(json).collect();
    let whole = json(&setup.run(&["session", "export", &id, "--json"]).out);
    assert_eq!(
        whole["events"].as_array().map(Vec::as_slice),
        Some(events.as_slice())
    );

    assert_eq!(
        json(&setup.run(&["session", "delete", &id, "--json"]).out)["deleted"],
        *id
    );
    let gone = setup.run(&["session", "show", &id]);
    assert_eq!(gone.code(), Some(1));
    assert!(gone.err.contains("[SES_NOT_FOUND]"), "{}", gone.err);
    let status = json(&setup.run(&["status", "--json"]).out);
    assert_eq!(
        (&status["provider"], &status["managed"]),
        (&"gateway".into(), &false.into())
    );
}

/// A request that the Messages API would refuse the stand-in refuses, too; the second prompt brings the picture once more,
/// out of the journal.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_and_a_pdf_of_a_folder_reach_the_model() {
    let setup = Setup::empty();
    let pdf = setup.fixture("pdfs/pdfplumber__issue-140-example.pdf", "report.pdf");
    let folder = pdf.parent().expect("a folder").to_owned();
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x02\0\0\0....".to_vec();
    picture.extend(b"\0\0\0\0IEND\xaeB`\x82");
    std::fs::write(folder.join("chart.png"), picture).expect("a picture");
    let script = format!(
        r#"
models: [claude-standin]
key: e2e-key
steps:
  - answer:
      say:
        - {{ tool: Read, input: {{ path: "{0}/chart.png" }} }}
        - {{ tool: Read, input: {{ path: "{0}/report.pdf", as: pdf }} }}
  - expect:
      results:
        - {{ tool: Read, contains: "2 by 2 pixels", shows: [image/png] }}
        - {{ tool: Read, contains: "PDF, ", shows: [application/pdf] }}
    answer: {{ say: [{{ text: A field and a report. }}] }}
  - expect: {{ user: "And now", text: "2 by 2 pixels" }}
    answer: {{ say: [{{ text: The same. }}] }}
"#,
        folder.canonicalize().expect("a folder").display()
    );
    let gateway = play(&script).await;
    setup.configure("inferenceProvider", "gateway");
    setup.configure("inferenceGatewayBaseUrl", &gateway.base_url());
    setup.key("e2e-key");
    let _service = Service::start(&setup, 0);
    let asked = setup.run(&[
        "ask",
        "--folder",
        folder.to_str().expect("a path"),
        "What is there?",
    ]);
    assert_eq!(
        (asked.code(), asked.out.as_str()),
        (Some(0), "A field and a report.\n"),
        "{}",
        asked.err
    );
    assert!(asked.err.contains("Looked at chart.png"), "{}", asked.err);
    let list = json(&setup.run(&["session", "list", "--json"]).out);
    let id = list["sessions"][0]["id"].as_str().expect("an id").to_owned();
    let again = setup.run(&["ask", "--session", &id, "And now?"]);
    assert_eq!(
        (again.code(), again.out.as_str()),
        (Some(0), "The same.\n"),
        "{}",
        again.err
    );
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let setup = Setup::empty();
    let book = setup.fixture("workbooks/ironcalc__example.xlsx", "book.xlsx");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let file = book.to_str().expect("a path in Unicode");
    let done = command(setup.path(), &["document", "info", file])
        .stdout(writer)
        .output()
        .expect("deskhand runs");
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

/// The model sees a note and wants to keep one; it speaks of what it was told.
const NOTES: &str = r#"
models: [claude-standin]
order: any
steps:
  - expect: { user: "And now", text: "Plan figures are in column P" }
    answer: { say: [{ text: Column P. }] }
  - expect: { user: "And now" }
    answer: { say: [{ text: I do not know. }] }
  - expect: { results: [memory_write] }
    answer: { say: [{ text: Noted. }] }
  - expect: { results: [{ tool: memory_write, error: true }] }
    answer: { say: [{ text: Not noted. }] }
  - answer: { say: [{ tool: memory_write, input: { name: Plan, text: "Plan figures are in column P.\nSpell British." } }] }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_read_and_allowed_by_a_person_and_told_in_later_sessions_with_its_folder() {
    let (setup, book, _gateway) = home(NOTES).await;
    let folder = book.parent().and_then(Path::to_str).expect("a folder");
    let ask = |words: &str| {
        let asked = setup.run(&["ask", "--yes", "--folder", folder, words]);
        assert_eq!(asked.code(), Some(0), "{}", asked.err);
        asked
    };
    // What outlives the session is not allowed by a word given beforehand.
    let asked = ask("Remember where the plan is");
    for told in ["? Remember the note “Plan”?", "No note is kept by --yes"] {
        assert!(asked.err.contains(told), "{}", asked.err);
    }
    assert_eq!(asked.out, "Not noted.\n");
    assert_eq!(ask("And now?").out, "I do not know.\n");

    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach_folder(book.parent().expect("a folder")).await;
    let mut prompt = talk.prompt("Remember where the plan is");
    // The mode that acts by itself asks as well; a person in the window says yes.
    prompt.mode = PermissionMode::Act;
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let question = talk.view.events().find_map(|event| match &event.body {
        EventBody::PermissionRequested { request } => Some(request.clone()),
        _ => None,
    });
    let lines: Vec<String> = question
        .expect("a question")
        .rows
        .into_iter()
        .map(|row| row.after)
        .collect();
    assert_eq!(
        lines,
        ["Plan figures are in column P.", "Spell British."],
        "all of it is shown"
    );
    service.stop();
    assert_eq!(ask("And now?").out, "Column P.\n");

    let listed = setup.run(&["instructions", "list"]);
    assert!(
        listed.out.contains(", note “Plan”, written by the agent, "),
        "{}",
        listed.out
    );
    assert!(listed.out.contains("  Spell British.\n"), "{}", listed.out);
    let deleted = setup.run(&["instructions", "delete", "--folder", folder, "--note", "Plan"]);
    assert_eq!(deleted.code(), Some(0), "{}", deleted.err);
    assert_eq!(ask("And now?").out, "I do not know.\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn instructions_are_written_in_the_terminal_and_refused_where_they_are_too_long() {
    let (setup, _book, _gateway) = home(NOTES).await;
    let set = |text: &str| finish(command(setup.path(), &["instructions", "set"]), text);
    let done = set("Negative figures in brackets.\n");
    assert_eq!(
        done.out, "Kept. The model is told from its next step on.\n",
        "{}",
        done.err
    );
    let refused = set(&"x".repeat(17_000));
    assert_eq!(refused.code(), Some(1));
    for words in ["16384 bytes", "What stood there before is kept.", "[INS_REFUSED]"] {
        assert!(refused.err.contains(words), "{}", refused.err);
    }
    assert_eq!(set(" \n").code(), Some(1), "an empty text is no way to delete");
    let listed = json(&setup.run(&["instructions", "list", "--json"]).out);
    assert_eq!(listed["guidance"][0]["text"], "Negative figures in brackets.");
    assert_eq!(listed["guidance"].as_array().map(Vec::len), Some(1));
}
