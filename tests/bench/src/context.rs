//! What a long session sends to the model: fifty questions about one workbook, asked of the service as it is, with a
//! stand-in that counts tokens as a gateway with a prompt cache does. One model reads the structure and then the rows it
//! needs, the other reads the whole sheet each time.

use std::fmt::Write as _;
use std::process::Command;

use deskhand_e2e::{Service, Setup, Talk, play};
use deskhand_protocol::EventBody;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::message::Usage;
use deskhand_test_support::python;

use crate::figure::{Aim, Report};

const TURNS: usize = 50;
const ROWS: usize = 2_000;
/// Rows that one question is about.
const ASKED: usize = 20;
/// What a token costs that is read from a cache or written to it, beside one that is not (published prices of the
/// Messages API).
const READ: f64 = 0.1;
const WRITTEN: f64 = 1.25;

/// Tokens of the session, by how the model reads and with and without a cache.
pub(crate) async fn tokens(report: &mut Report) {
    let (near, near_summaries) = session(Reads::RowsAlone).await;
    let (whole, whole_summaries) = session(Reads::AllEachTime).await;
    for (name, usage, summaries) in [
        ("structure first, then rows", near, near_summaries),
        ("the whole sheet each time", whole, whole_summaries),
    ] {
        let sent = usage.all() - usage.output;
        let cost = usage.input as f64 + usage.cache_read as f64 * READ + usage.cache_write as f64 * WRITTEN;
        let title = format!("tokens of {TURNS} turns: {name}");
        report.add(&title, sent as f64 / 1000.0, "k", Aim::None);
        report.add(
            "  the same, at the price of a cache",
            cost / 1000.0,
            "k",
            Aim::None,
        );
        report.add("  summaries on the way", summaries as f64, "", Aim::None);
    }
    let full = |usage: Usage| (usage.all() - usage.output) as f64;
    let paid = near.input as f64 + near.cache_read as f64 * READ + near.cache_write as f64 * WRITTEN;
    report.add(
        "structure first and cached, of the whole sheet and uncached",
        paid / full(whole),
        "x",
        Aim::None,
    );
}

#[derive(Clone, Copy)]
enum Reads {
    RowsAlone,
    AllEachTime,
}

/// Plays the session; its tokens, and how often the conversation was put into a summary.
async fn session(reads: Reads) -> (Usage, usize) {
    let gateway = play(&script(reads)).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let book = setup.path().join("orders.xlsx");
    let made = Command::new(python())
        .args(["-c", MAKE])
        .arg(&book)
        .arg(ROWS.to_string())
        .status();
    assert!(made.expect("python starts").success(), "the workbook is made");
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    talk.attach(&book).await.expect("the workbook is attached");
    for turn in 0..TURNS {
        let prompt = talk.prompt(&format!("What are the orders of block {turn}.?"));
        assert_eq!(talk.say(prompt).await, TurnOutcome::Completed, "turn {turn}");
    }
    let mut sum = Usage::default();
    let mut summaries = 0;
    for event in talk.view.events() {
        match &event.body {
            EventBody::TurnEnded { usage, .. } => sum = sum.plus(*usage),
            EventBody::ContextCompacted { .. } => summaries += 1,
            _ => {}
        }
    }
    (sum, summaries)
}

const MAKE: &str = "import sys, openpyxl\n\
    book = openpyxl.Workbook()\n\
    sheet = book.active\n\
    sheet.title = 'Orders'\n\
    sheet.append(['Order', 'Region', 'Product', 'Units', 'Price', 'Revenue'])\n\
    for row in range(2, int(sys.argv[2]) + 2):\n    \
        sheet.append([100000 + row, 'North South East West'.split()[row % 4], f'Product {row % 37}', row % 90 + 1, row % 700 / 10, f'=D{row}*E{row}'])\n\
    book.save(sys.argv[1])";

/// The model: reads what the question is about, and answers in a sentence.
fn script(reads: Reads) -> String {
    let mut script = "models: [claude-standin]\nkey: e2e-key\ncaches: true\norder: any\n\
                      capture: { book: { before: \" | workbook | \" } }\nsteps:\n\
                      - { expect: { user: 'This conversation becomes too long' }, \
                      answer: { say: [{ text: 'Orders were looked up block by block.' }] } }\n\
                      - { expect: { results: [range_read] }, answer: { say: [{ text: 'They are as listed.' }] } }\n"
        .to_owned();
    for turn in (0..TURNS).rev() {
        let first = 2 + turn * ASKED;
        let range = match reads {
            Reads::RowsAlone => format!("Orders!A{first}:F{}", first + ASKED - 1),
            Reads::AllEachTime => format!("Orders!A1:F{}", ROWS + 1),
        };
        let read =
            format!("{{ tool: range_read, input: {{ document: \"{{{{book}}}}\", range: \"{range}\" }} }}");
        let look = match (reads, turn) {
            (Reads::RowsAlone, 0) => {
                let structure = "{ tool: workbook_info, input: { document: \"{{book}}\" } }";
                let _ = writeln!(
                    script,
                    "- {{ expect: {{ results: [workbook_info] }}, answer: {{ say: [{read}] }} }}"
                );
                structure.to_owned()
            }
            _ => read,
        };
        let _ = writeln!(
            script,
            "- {{ expect: {{ user: 'block {turn}.' }}, answer: {{ say: [{look}] }} }}"
        );
    }
    script
}
