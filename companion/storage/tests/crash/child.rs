//! The process that is killed: it writes without end and says what was acknowledged.

use std::io::Write;
use std::path::Path;

use deskhand_storage::{Change, Durability, MasterKey, NewEvent, OpenOptions, Store};
use uuid::Uuid;

use crate::Seeded;

pub(crate) const SESSION: Uuid = Uuid::from_u128(0x5e55);

pub(crate) fn open(folder: &Path) -> Store {
    let options = OpenOptions {
        folder: folder.to_owned(),
        deployment: None,
        master_key: MasterKey::new([7; 32]),
        text_of: |_| None,
        max_bytes: None,
    };
    Store::open(options).unwrap()
}

/// The payload of the event that round `round` wrote as its `index`th: unlike any other.
pub(crate) fn payload(round: u64, index: u64) -> String {
    let filling = "-".repeat((index * 37 % 900) as usize);
    format!("round {round} event {index} {filling}")
}

fn event(round: u64, index: u64) -> NewEvent {
    NewEvent {
        at: 1,
        schema: 1,
        payload: payload(round, index).into_bytes(),
    }
}

/// Appends until it is killed. For each acknowledged job one line goes to standard output:
/// `flushed|written FIRST-SEQ INDEX COUNT`, or `folded FIRST-SEQ LAST-SEQ INDEX`.
pub(crate) fn work(folder: &Path, round: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut seeded = Seeded(round * 7_919 + 1);
    let store = open(folder);
    runtime.block_on(async {
        if store.session(SESSION).await.is_err() {
            let create = Change::Create {
                at: 1,
                meta: Vec::new(),
            };
            store
                .write(SESSION, vec![create], Durability::Flushed)
                .await
                .unwrap();
        }
        say("ready");
        let mut index = 0;
        loop {
            let count = 1 + seeded.below(3);
            let flush = seeded.below(2) == 0;
            let durability = if flush {
                Durability::Flushed
            } else {
                Durability::Written
            };
            let events = (index..index + count).map(|index| event(round, index)).collect();
            let seqs = store.append(SESSION, events, durability).await.unwrap();
            let word = if flush { "flushed" } else { "written" };
            say(&format!("{word} {} {index} {count}", seqs[0]));
            if count > 1 && seeded.below(4) == 0 {
                let (first, last) = (seqs[0], seqs[seqs.len() - 1]);
                let fold = Change::Fold {
                    seqs,
                    event: event(round, index),
                };
                store
                    .write(SESSION, vec![fold], Durability::Written)
                    .await
                    .unwrap();
                say(&format!("folded {first} {last} {index}"));
            }
            index += count;
        }
    });
}

/// One line, by one system call.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        // Whoever listened is gone.
        std::process::exit(0);
    }
}
