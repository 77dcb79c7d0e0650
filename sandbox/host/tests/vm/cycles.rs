//! Machines one after the other, and at once: nothing is left, nothing is mixed up.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use tokio::task::JoinSet;

use crate::support::{run, session, shell, workshop};

/// Says how often a machine is started and ended; `500` for the whole proof, which takes minutes.
const CYCLES: &str = "DESKHAND_TEST_CYCLES";

/// From so many cycles on memory is looked at as well: by how much it may grow in the second half of them, in KiB.
const MANY: u32 = 50;
const MAY_GROW: u64 = 4 * 1024;

/// What a leak would add to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
    children: usize,
    folders: usize,
    /// Of the runtime.
    tasks: usize,
}

impl Held {
    fn now(home: &Path) -> Self {
        let count = |folder: &Path| fs::read_dir(folder).map_or(0, Iterator::count);
        Self {
            descriptors: count(Path::new("/proc/self/fd")),
            threads: count(Path::new("/proc/self/task")),
            children: children(),
            folders: count(&home.join("machines")),
            tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        }
    }

    fn is_within(self, other: Self) -> bool {
        self.descriptors <= other.descriptors
            && self.threads <= other.threads
            && self.children <= other.children
            && self.folders <= other.folders
            && self.tasks <= other.tasks
    }
}

/// Processes whose parent is this one, the ended and not yet collected as well.
fn children() -> usize {
    let me = std::process::id().to_string();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = all.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let rest = stat.rsplit(')').next().unwrap_or_default();
            rest.split_whitespace().nth(1) == Some(&me)
        })
        .count()
}

/// Memory of this process, in KiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("Linux tells it")
}

/// Waits until no more is held than that.
async fn settled(home: &Path, before: Held) -> Held {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let held = Held::now(home);
        if held.is_within(before) || Instant::now() > deadline {
            return held;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn machines_that_come_and_go_leave_nothing() {
    let cycles = std::env::var(CYCLES).map_or(6, |text| text.parse::<u32>().unwrap());
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    workshop.keep_state().await.unwrap().expect("a state");
    let cycle = async |number: u32| {
        let session = session(&workshop).await;
        let said = run(&session, &["echo", &number.to_string()]).await.ok();
        assert_eq!(said, format!("{number}\n"));
    };
    // What is made once and kept is made.
    for number in 0..3 {
        cycle(number).await;
    }
    let warm = Held {
        children: 0,
        folders: 0,
        ..settled(home.path(), Held::now(home.path())).await
    };
    let before = settled(home.path(), warm).await;
    for number in 0..cycles / 2 {
        cycle(number).await;
    }
    // What allocators keep for good they have by now, where there were many.
    let half = memory();
    for number in cycles / 2..cycles {
        cycle(number).await;
    }
    let after = settled(home.path(), before).await;
    assert!(
        after.is_within(before),
        "{before:?} became {after:?} in {cycles} cycles"
    );
    let grown = memory().saturating_sub(half);
    eprintln!("{cycles} cycles: {after:?}, {half} KiB after half of them and {grown} more after all");
    assert!(
        grown < MAY_GROW || cycles < MANY,
        "{grown} KiB in {} cycles",
        cycles / 2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_machines_at_once_keep_to_themselves() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    workshop.keep_state().await.unwrap().expect("a state");
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(session(&workshop).await);
    }
    let mut working = JoinSet::new();
    for (number, session) in sessions.into_iter().enumerate() {
        working.spawn(async move {
            let script = format!("ls -A; echo {number} > own; sync; sleep 0.2; cat own");
            assert_eq!(shell(&session, &script).await.ok(), format!("{number}\n"));
            session
        });
    }
    let sessions = working.join_all().await;
    assert_eq!(
        fs::read_dir(home.path().join("machines")).unwrap().count(),
        sessions.len()
    );
}
