//! The way back (Invariant 6) over closed files: the original comes back byte for byte, an older change set is undone
//! while a newer one stays, and what a person changed since is kept and told.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_opc::Limits;
use deskhand_protocol::ErrorCode;
use deskhand_protocol::event::TurnOutcome;
use deskhand_test_support::python;
use pretty_assertions::assert_eq;

const WORKBOOK: &str = r#"
models: [claude-standin]
capture: { book: { before: " | workbook | " } }
steps:
  - answer:
      say:
        - { tool: sheet_add, input: { document: "{{book}}", name: Summary } }
        - { tool: range_write, input: { document: "{{book}}", range: "Summary!A1:B2", cells: [[Sum, "=SUM(Sheet1!C1:C3)"], [Half, "=B1/2"]] } }
        - { tool: range_write, input: { document: "{{book}}", range: "Sheet1!A1:A2", cells: [[overwritten], [111]] } }
        - { tool: range_format, input: { document: "{{book}}", range: "Summary!B1:B2", format: { numberFormat: "0.00", bold: true } } }
        - { tool: chart_add, input: { document: "{{book}}", range: "Summary!A1:B2", kind: columnClustered, name: Sums } }
  - answer: { say: [{ text: Done. }] }
"#;

const DECK: &str = r#"
models: [claude-standin]
capture: { deck: { before: " | deck | " }, slide: { after: "The slide's id is ", before: "." } }
steps:
  - answer: { say: [{ tool: deck_info, input: { document: "{{deck}}" } }] }
  - answer: { say: [{ tool: slide_add, input: { document: "{{deck}}", layout: "Titel und Inhalt" } }] }
  - answer:
      say:
        - tool: slide_chart_add
          input:
            document: "{{deck}}"
            slide: "{{slide}}"
            name: Sums
            kind: columnClustered
            data: { categories: [North, South], series: [{ name: Revenue, values: [12, 30] }] }
        - { tool: slide_table_add, input: { document: "{{deck}}", slide: "{{slide}}", name: Points, rows: [[Region, Revenue], [North, "12"]], frame: { left: 60, top: 300, width: 400, height: 120 } } }
  - answer: { say: [{ text: Done. }] }
"#;

/// The parts of a package by name.
fn parts(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = std::fs::File::open(path).expect("the file");
    let package = deskhand_opc::open_file(file, &Limits::default()).expect("a package");
    let names: Vec<String> = package.parts().map(str::to_owned).collect();
    let read = |name: String| {
        let bytes = package.part(&name).expect("a part").to_vec();
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

/// Cells of a workbook as openpyxl reads them.
fn cells(path: &Path, sheet: &str, cells: &[&str]) -> Vec<String> {
    let program = "import sys, openpyxl\nbook = openpyxl.load_workbook(sys.argv[1])\n\
                   for cell in sys.argv[3:]: print(book[sys.argv[2]][cell].value)";
    let read = Command::new(python())
        .args(["-W", "ignore", "-c", program])
        .arg(path)
        .arg(sheet)
        .args(cells)
        .output();
    let read = read.expect("python starts");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    String::from_utf8_lossy(&read.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// A turn over a copy of a fixture.
async fn turn(setup: &Setup, script: &str, fixture: &str, name: &str) -> (Service, Talk, std::path::PathBuf) {
    let gateway = play(script).await;
    setup.configure("inferenceProvider", "gateway");
    setup.configure("inferenceGatewayBaseUrl", &gateway.base_url());
    setup.key("e2e-key");
    let file = setup.fixture(fixture, name);
    let service = Service::start(setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach(&file).await.expect("the file is attached");
    let prompt = talk.prompt("Do it");
    assert_eq!(
        talk.say(prompt).await,
        TurnOutcome::Completed,
        "{:?}",
        talk.outputs()
    );
    (service, talk, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_every_change_set_gives_the_workbook_back_byte_for_byte() {
    let setup = Setup::empty();
    let fixture = "workbooks/ironcalc__example.xlsx";
    let (_service, mut talk, file) = Box::pin(turn(&setup, WORKBOOK, fixture, "book.xlsx")).await;
    let original = setup.fixture(fixture, "original.xlsx");
    assert_ne!(parts(&file), parts(&original));
    assert_eq!(
        cells(&file, "Summary", &["A1", "B1"]),
        ["Sum", "=SUM(Sheet1!C1:C3)"]
    );
    let changes = talk.changes();
    assert_eq!(changes.len(), 5, "{:?}", talk.outputs());
    for change in changes.iter().rev() {
        assert_eq!(talk.undo(change).await, Ok(Vec::new()));
    }
    assert!(parts(&file) == parts(&original), "every part is as it was");
    assert!(
        std::fs::read(&file).expect("the file") == std::fs::read(&original).expect("the original"),
        "and so is the file"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn undoing_every_change_set_gives_the_deck_back_byte_for_byte() {
    let setup = Setup::empty();
    let fixture = "decks/pptx-automizer__ShapeTypesCollection.pptx";
    let (_service, mut talk, file) = Box::pin(turn(&setup, DECK, fixture, "deck.pptx")).await;
    let original = setup.fixture(fixture, "original.pptx");
    let changes = talk.changes();
    assert_eq!(changes.len(), 3, "{:?}", talk.outputs());
    for change in changes.iter().rev() {
        assert_eq!(talk.undo(change).await, Ok(Vec::new()));
    }
    assert!(
        std::fs::read(&file).expect("the file") == std::fs::read(&original).expect("the original"),
        "the file is as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_change_set_is_undone_while_newer_ones_stay() {
    let setup = Setup::empty();
    let fixture = "workbooks/ironcalc__example.xlsx";
    let (_service, mut talk, file) = Box::pin(turn(&setup, WORKBOOK, fixture, "book.xlsx")).await;
    let changes = talk.changes();
    assert_eq!(cells(&file, "Sheet1", &["A1", "A2"]), ["overwritten", "111"]);
    assert_eq!(talk.undo(&changes[2]).await, Ok(Vec::new()));
    assert_eq!(cells(&file, "Sheet1", &["A1", "A2"]), ["A string", "222"]);
    assert_eq!(
        cells(&file, "Summary", &["A1", "B2"]),
        ["Sum", "=B1/2"],
        "the newer sheet stays"
    );
    assert_eq!(
        talk.undo(&changes[2]).await,
        Ok(Vec::new()),
        "undoing twice is no error"
    );
    assert_eq!(cells(&file, "Summary", &["B1"]), ["=SUM(Sheet1!C1:C3)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_changed_since_is_kept_and_told() {
    let setup = Setup::empty();
    let fixture = "workbooks/openxlsx-data__formula_checks.xlsx";
    let (_service, mut talk, file) = Box::pin(turn(&setup, WORKBOOK, fixture, "book.xlsx")).await;
    let program = "import sys, openpyxl\nbook = openpyxl.load_workbook(sys.argv[1])\n\
                   book['Sheet1']['A2'] = 'mine'\nbook['Summary']['D9'] = 'also mine'\nbook.save(sys.argv[1])";
    let edited = Command::new(python())
        .args(["-W", "ignore", "-c", program])
        .arg(&file)
        .status();
    assert!(edited.expect("python starts").success());
    let changes = talk.changes();
    assert_eq!(talk.undo(&changes[2]).await, Ok(vec!["Sheet1!A2".to_owned()]));
    assert_eq!(cells(&file, "Sheet1", &["A1", "A2"]), ["PtgRange", "mine"]);
    let refused = talk
        .undo(&changes[0])
        .await
        .expect_err("a sheet with a person's work in it stays");
    assert_eq!(refused.code, ErrorCode::UndoConflict);
    assert_eq!(cells(&file, "Summary", &["A1", "D9"]), ["Sum", "also mine"]);
}
