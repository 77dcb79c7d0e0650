//! Files and panes that cannot be written now.

use std::path::Path;

use deskhand_e2e::{Pane, Service, Setup, Talk, Workbook, play};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::EventBody;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::operations::CellValue;
use pretty_assertions::assert_eq;

const WRITE: &str = r#"
models: [claude-standin]
capture: { book: { before: " | workbook | " } }
steps:
  - answer: { say: [{ tool: range_write, input: { document: "{{book}}", range: "Sheet1!H1:H2", cells: [[1], [2]] } }] }
  - answer: { say: [{ text: I could not. }] }
"#;
const FIXTURE: &str = "workbooks/ironcalc__example.xlsx";

/// Lets the agent write to a file and expects its tool to fail with a code, the file to stay and the prompt to be kept.
async fn refuses(prepare: impl FnOnce(&Path), code: ErrorCode) {
    let gateway = play(WRITE).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let book = setup.fixture(FIXTURE, "book.xlsx");
    prepare(&book);
    let before = std::fs::read(&book).expect("the file");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach(&book).await.expect("the file is attached");
    let prompt = talk.prompt("Write");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    let outputs = talk.outputs();
    assert!(
        outputs[0].contains(&format!("[{}]", code.as_str())),
        "{outputs:?}"
    );
    assert!(
        before == std::fs::read(&book).expect("the file"),
        "nothing was changed"
    );
    assert_eq!(talk.kept_prompts().await, ["Write"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_is_open_elsewhere() {
    let lock = |book: &Path| {
        // What Excel writes beside an open workbook: the user's name, its length first.
        let mut owner = vec![3, b'A', b'n', b'n'];
        owner.resize(165, b' ');
        std::fs::write(book.with_file_name("~$book.xlsx"), owner).expect("a lock file");
    };
    refuses(lock, ErrorCode::DocumentInUse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_is_protected_with_a_password() {
    refuses(
        |book| std::fs::write(book, encrypted()).expect("a file"),
        ErrorCode::DocumentEncrypted,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workbook_is_damaged() {
    let damage = |book: &Path| {
        let bytes = std::fs::read(book).expect("the file");
        std::fs::write(book, &bytes[..bytes.len() / 2]).expect("half of it");
    };
    refuses(damage, ErrorCode::DocumentCorrupt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_workbook_is_not_attached() {
    let setup = Setup::empty();
    let text = setup.path().join("notes.txt");
    std::fs::write(&text, "notes").expect("a file");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let refused = talk.attach(&text).await.expect_err("no workbook");
    assert_eq!(refused.code, ErrorCode::DocumentWrongKind);
    let missing = talk
        .attach(&setup.path().join("gone.xlsx"))
        .await
        .expect_err("no file");
    assert_eq!(missing.code, ErrorCode::DocumentNotFound);
}

/// A compound file (MS-CFB) with the stream that an encrypted workbook has.
fn encrypted() -> Vec<u8> {
    let mut file = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    file.resize(512, 0);
    file[24..34].copy_from_slice(&[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0]);
    file[44] = 1; // sectors of the allocation table
    file[48] = 1; // first sector of the directory
    file[56..60].copy_from_slice(&4096_u32.to_le_bytes());
    file[60..64].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    file[68..72].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    file[76..512].fill(0xFF);
    file[76..80].copy_from_slice(&0_u32.to_le_bytes());
    let mut table = vec![0xFF; 512];
    table[0..4].copy_from_slice(&0xFFFF_FFFD_u32.to_le_bytes());
    table[4..8].copy_from_slice(&0xFFFF_FFFE_u32.to_le_bytes());
    file.extend(table);
    // Each with the entry that follows it among the children of its storage, and its first child.
    let none = 0xFFFF_FFFF_u32;
    for (name, kind, next, child) in [
        ("Root Entry", 5, none, 1),
        ("EncryptionInfo", 2, 2, none),
        ("EncryptedPackage", 2, none, none),
        ("", 0, none, none),
    ] {
        let mut entry = vec![0; 128];
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry[..wide.len()].copy_from_slice(&wide);
        entry[64] = u8::try_from(wide.len() + 2).expect("a short name");
        entry[66] = kind;
        entry[68..72].fill(0xFF);
        entry[72..76].copy_from_slice(&u32::to_le_bytes(next));
        entry[76..80].copy_from_slice(&u32::to_le_bytes(child));
        file.extend(entry);
    }
    file
}

const LIVE: &str = r#"
models: [claude-standin]
capture: { book: { before: " | workbook | " } }
steps:
  - answer: { say: [{ tool: range_write, input: { document: "{{book}}", range: "Data!C1:C2", cells: [[1], [2]] } }] }
  - answer: { say: [{ text: Done. }] }
"#;

async fn with_pane(gateway: &deskhand_standins::gateway::Gateway) -> (Setup, Service, Talk, Pane) {
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let live = Pane::workbook_at("https://files.invalid/book.xlsx");
    let workbook = Workbook::with_sheet("Data", &[&[1.0, 2.0]]);
    let pane = Pane::pair(&service, &mut talk.window, live, workbook).await;
    (setup, service, talk, pane)
}

fn waited_for(talk: &Talk, code: ErrorCode) -> bool {
    talk.view
        .events()
        .any(|event| matches!(&event.body, EventBody::ToolCallWaiting { error, .. } if error.code == code))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_is_edited_is_waited_for_and_told() {
    let gateway = play(LIVE).await;
    let (_setup, _service, mut talk, mut pane) = Box::pin(with_pane(&gateway)).await;
    pane.workbook.busy = 3;
    let mut prompt = talk.prompt("Write");
    prompt.documents.push(pane.document.clone());
    assert_eq!(talk.say_with(&mut pane, prompt).await, TurnOutcome::Completed);
    assert!(waited_for(&talk, ErrorCode::DocumentCellEdit));
    assert_eq!(pane.workbook.changes, ["range.write Data!C1:C2"]);
    assert_eq!(pane.workbook.cell("Data!C2"), CellValue::Number(2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pane_that_is_closed_in_the_middle_is_waited_for_and_told() {
    let gateway = play(LIVE).await;
    let (_setup, service, mut talk, mut pane) = Box::pin(with_pane(&gateway)).await;
    let mut prompt = talk.prompt("Write");
    prompt.documents.push(pane.document.clone());
    talk.window.prompt(prompt).await.expect("the prompt is taken");
    // It reads, and is gone when it should write.
    loop {
        let request = pane.next().await.expect("the pane is connected");
        if request.params.steps[0].expected.is_some() {
            break;
        }
        pane.serve(&request).await;
    }
    pane.reload();
    while !waited_for(&talk, ErrorCode::DocumentPaneClosed) {
        let events = talk
            .window
            .events(&talk.session)
            .await
            .expect("the service stays");
        assert_eq!(talk.take(events).await, None, "the turn waits");
    }
    pane.open(&service).await;
    let outcome = loop {
        tokio::select! {
            events = talk.window.events(&talk.session) => {
                if let Some(outcome) = talk.take(events.expect("the service stays")).await {
                    break outcome;
                }
            }
            request = pane.next() => pane.serve(&request.expect("the pane stays connected")).await,
        }
    };
    assert_eq!(outcome, TurnOutcome::Completed);
    assert_eq!(pane.workbook.changes, ["range.write Data!C1:C2"]);
}
