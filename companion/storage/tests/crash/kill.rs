//! Kill -9 at seeded points: after reopening, everything acknowledged is there, once.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Seeded;
use crate::child::{SESSION, open, payload};

/// What the child was told is in the log: by last number, the first number and the payload.
type Acknowledged = BTreeMap<u64, (u64, String)>;

pub(crate) fn acknowledged_events_survive_200_kills() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::new();
    let mut seeded = Seeded(20_261_121);
    let mut unacknowledged = 0;
    for round in 0..200 {
        // Some die while they open the database, some after hundreds of jobs, always a little off the last answer.
        let lines = if round % 10 == 0 { 0 } else { 1 + seeded.below(120) };
        let delay = Duration::from_micros(seeded.below(2_000));
        run_and_kill(folder.path(), round, lines, delay, &mut acknowledged);
        let found = check(folder.path(), &acknowledged, round);
        unacknowledged += usize::from(found != acknowledged);
        acknowledged = found;
    }
    assert!(
        acknowledged.len() > 5_000,
        "only {} events were acknowledged",
        acknowledged.len()
    );
    assert!(
        unacknowledged > 0,
        "no kill came between commit and answer: the points are too tame"
    );
}

/// Starts a child, waits for some of its lines, lets it run a moment longer, kills it, and takes down what it was told.
fn run_and_kill(folder: &Path, round: u64, lines: u64, delay: Duration, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child".as_ref(), folder.as_os_str(), round.to_string().as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..lines {
        let line = output.next().expect("the child ended by itself").unwrap();
        note(&line, round, acknowledged);
    }
    let moment = Instant::now();
    while moment.elapsed() < delay {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    for line in output {
        note(&line.unwrap(), round, acknowledged);
    }
    assert!(!child.wait().unwrap().success(), "the child was not killed");
}

fn note(line: &str, round: u64, acknowledged: &mut Acknowledged) {
    let (word, numbers) = line.split_once(' ').unwrap_or((line, ""));
    let numbers: Vec<u64> = numbers
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    match (word, numbers.as_slice()) {
        ("ready", []) => {}
        ("flushed" | "written", &[seq, index, count]) => {
            for offset in 0..count {
                let known = (seq + offset, payload(round, index + offset));
                assert_eq!(
                    acknowledged.insert(seq + offset, known),
                    None,
                    "a number was given twice"
                );
            }
        }
        ("folded", &[first, last, index]) => {
            acknowledged.retain(|seq, _| !(first..=last).contains(seq));
            acknowledged.insert(last, (first, payload(round, index)));
        }
        _ => panic!("the child said {line:?}"),
    }
}

/// Compares the log with what was acknowledged. Returns what is there: the next round builds on all of it.
fn check(folder: &Path, acknowledged: &Acknowledged, round: u64) -> Acknowledged {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(read_all(folder, acknowledged.is_empty()));
    for (seq, known) in acknowledged {
        let (last, there) = found
            .range(seq..)
            .next()
            .unwrap_or_else(|| panic!("round {round}: {seq} is lost"));
        if last == seq {
            assert!(
                there == known || there.0 < known.0,
                "round {round}: {seq} changed"
            );
        }
        // Only a fold whose answer was lost may have taken the event in, and it carries the text of its first part.
        if there != known {
            assert!(there.0 < *last && there.0 <= *seq, "round {round}: {seq} is lost");
            assert_eq!(
                there.1, acknowledged[&there.0].1,
                "round {round}: a fold of something else"
            );
        }
    }
    found
}

/// The whole log; each number must be there exactly once.
async fn read_all(folder: &Path, may_be_new: bool) -> Acknowledged {
    let store = open(folder);
    let mut found = Acknowledged::new();
    let mut next = 1;
    loop {
        let page = match store.read(SESSION, next - 1, 1_000).await {
            Err(error) if may_be_new && error.code() == "SESSION_UNKNOWN" => return found,
            page => page.unwrap(),
        };
        if page.is_empty() {
            return found;
        }
        for event in page {
            assert_eq!(event.first_seq, next, "a number is missing or there twice");
            next = event.seq + 1;
            found.insert(
                event.seq,
                (event.first_seq, String::from_utf8(event.payload).unwrap()),
            );
        }
    }
}
