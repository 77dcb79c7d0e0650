//! A guest that takes nothing of what it is sent, and a host that changes more than can be told: little waits for them, and
//! nothing else is held up.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use deskhand_vm_files::{Access, Change, Journal, Kept, Limits, ServeError, Share, serve};
use pretty_assertions::assert_eq;
use support::guest::*;
use support::{Agreeing, Heard, Mounted, within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What happens at all happens in this time.
const SOON: Duration = Duration::from_secs(30);
/// Times that the rest of the program does something on a blocking thread.
const ROUNDS: usize = 300;

fn runtime(blocking: usize) -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).max_blocking_threads(blocking);
    builder.enable_all().build().unwrap()
}

/// A guest that asks all this at once, behind its first request, and reads nothing.
fn ask_and_read_nothing(
    runtime: &Runtime,
    share: Share,
    journal: Arc<dyn Journal>,
    asked: Vec<u8>,
) -> (ReadHalf<DuplexStream>, JoinHandle<Result<(), ServeError>>) {
    let (ours, theirs) = tokio::io::duplex(64);
    let task = runtime.spawn(serve(theirs, share, journal, Arc::new(Heard::default())));
    let (reader, mut writer) = tokio::io::split(ours);
    runtime.spawn(async move {
        // The service may stop reading.
        drop(writer.write_all(&message(INIT, 1, 0, &init_body())).await);
        drop(writer.write_all(&asked).await);
        drop(writer.shutdown().await);
    });
    (reader, task)
}

/// The rest of the program finds a blocking thread.
fn expect_that_blocking_work_goes_on(runtime: &Runtime) {
    for round in 0..ROUNDS {
        let done =
            runtime.block_on(async { tokio::time::timeout(SOON, tokio::task::spawn_blocking(|| ())).await });
        assert!(done.is_ok(), "no thread in round {round}");
    }
}

fn made_folders(count: u64) -> Vec<u8> {
    let body = |number: u64| named(&words(&[0o755, 0]), &[number.to_string().as_bytes()]);
    (0..count)
        .flat_map(|number| message(MKDIR, number + 2, 1, &body(number)))
        .collect()
}

#[test]
fn a_guest_that_reads_no_answers_holds_no_thread_of_the_service() {
    let host = home();
    let runtime = runtime(2);
    let share = Share::open(host.path(), Access::ReadWrite, 0, 0).unwrap();
    let (reader, task) =
        ask_and_read_nothing(&runtime, share, Arc::new(Agreeing::default()), made_folders(500));
    expect_that_blocking_work_goes_on(&runtime);
    task.abort();
    drop((reader, runtime.block_on(task)));
}

#[test]
fn a_guest_that_reads_no_answers_is_not_worked_for_any_more() {
    let host = home();
    let runtime = runtime(8);
    let limits = Limits {
        in_flight: 4,
        ..Limits::default()
    };
    let share = Share::open(host.path(), Access::ReadWrite, 0, 0)
        .unwrap()
        .with_limits(limits);
    let journal = Arc::new(Agreeing::default());
    let changes = || journal.changes.lock().unwrap().len();
    let (mut reader, task) = ask_and_read_nothing(&runtime, share, journal.clone(), made_folders(100));
    // The first answer is none of them, and waits too.
    assert!(within(SOON, || changes() == 3));
    expect_that_blocking_work_goes_on(&runtime);
    assert_eq!(changes(), 3, "each answer keeps its place until it is written");
    // Once it reads, all is done.
    let mut answers = Vec::new();
    runtime.block_on(reader.read_to_end(&mut answers)).unwrap();
    assert_eq!(changes(), 100);
    runtime.block_on(task).unwrap().unwrap();
}

/// Keeps each change waiting until it is let go.
#[derive(Debug, Default)]
struct Slow {
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Journal for Slow {
    fn before(&self, _: &Change<'_>) -> io::Result<Kept> {
        let over = self.over.wait_while(self.is_over.lock().unwrap(), |over| !*over);
        drop(over.unwrap());
        Ok(Kept::InPlace)
    }
}

#[test]
fn many_shares_at_work_leave_threads_to_the_rest_of_the_service() {
    // Room for what shares may have together, and eight more.
    let runtime = runtime(128 + 8);
    let slow = Arc::new(Slow::default());
    let hosts: Vec<_> = (0..20).map(|_| home()).collect();
    let guests: Vec<_> = hosts
        .iter()
        .map(|host| {
            let share = Share::open(host.path(), Access::ReadWrite, 0, 0).unwrap();
            ask_and_read_nothing(&runtime, share, slow.clone(), made_folders(40))
        })
        .collect();
    expect_that_blocking_work_goes_on(&runtime);
    *slow.is_over.lock().unwrap() = true;
    slow.over.notify_all();
    for (mut reader, task) in guests {
        let mut answers = Vec::new();
        runtime.block_on(reader.read_to_end(&mut answers)).unwrap();
        runtime.block_on(task).unwrap().unwrap();
    }
    assert_eq!(fs::read_dir(hosts[19].path()).unwrap().count(), 42);
}

/// A folder with so many files.
fn many(count: usize) -> tempfile::TempDir {
    let host = tempfile::tempdir().unwrap();
    for number in 0..count {
        fs::write(host.path().join(number.to_string()), "old").unwrap();
    }
    host
}

fn write_all(host: &Path, count: usize) {
    for number in 0..count {
        fs::write(host.join(number.to_string()), "newer").unwrap();
    }
}

const NOTIFY_REPLY: u32 = 41;

#[test]
fn all_that_the_host_changed_is_told_as_the_guest_takes_it() {
    const FILES: usize = 1_500;
    let host = many(FILES);
    let mut guest = guest(host.path());
    let mut nodes: BTreeSet<u64> = (0..FILES)
        .map(|number| guest.node(&number.to_string()).unwrap())
        .collect();
    write_all(host.path(), FILES);
    // Only what it says that it took makes room for more.
    let (mut under_way, mut most) = (0, 0);
    while !nodes.is_empty() {
        let notice = guest.receive().unwrap();
        match u32_at(&notice, 4) {
            2 => {
                under_way += 1;
                nodes.remove(&u64_at(&notice, 16));
            }
            3 => under_way += 1,
            5 => {
                let number = u64_at(&notice, 16);
                guest.send(&message(NOTIFY_REPLY, number, 1, &[0; 40]));
                under_way = 0;
            }
            other => panic!("{other}"),
        }
        most = most.max(under_way);
    }
    assert!(most <= 256, "{most}");
    // And it is answered as before.
    guest.node("7").unwrap();
    guest.end().unwrap();
}

#[test]
fn a_guest_that_takes_no_notices_is_served_and_believes_nothing_for_long() {
    // More than may wait and be under way.
    const FILES: usize = 6_000;
    let host = many(FILES);
    let mut guest = guest(host.path());
    let mut nodes: BTreeSet<u64> = (0..FILES)
        .map(|number| guest.node(&number.to_string()).unwrap())
        .collect();
    write_all(host.path(), FILES);
    let believed = |guest: &mut Guest| {
        let entry = guest.ask(LOOKUP, 1, &named(&[], &[b"7"])).unwrap();
        u64_at(&entry, 16)
    };
    assert!(
        within(SOON, || believed(&mut guest) == 0),
        "what was missed may be about it"
    );
    // Once it takes them, it is told of all, and may again.
    assert!(within(SOON, || {
        guest.send(&message(NOTIFY_REPLY, u64::MAX, 1, &[0; 40]));
        let is_believed = believed(&mut guest) > 0;
        for notice in guest.others.drain(..).filter(|notice| u32_at(notice, 4) == 2) {
            nodes.remove(&u64_at(&notice, 16));
        }
        is_believed && nodes.is_empty()
    }));
    guest.end().unwrap();
}

#[test]
fn a_real_kernel_sees_all_that_the_host_changed_however_much_that_is() {
    const FILES: usize = 6_000;
    let host = many(FILES);
    let share = Share::open(host.path(), Access::ReadOnly, 0, 0).unwrap();
    let Some(guest) = Mounted::new(share, Arc::new(Agreeing::default())) else {
        return;
    };
    let lengths = |length: u64| {
        (0..FILES).all(|number| fs::metadata(guest.join(&number.to_string())).unwrap().len() == length)
    };
    assert!(lengths(3));
    write_all(host.path(), FILES);
    assert!(within(SOON, || lengths(5)));
    // No more than may be under way ever waited for the kernel, with the question behind each message.
    let most = guest.most_notices();
    assert!((1..=1_024 + 8).contains(&most), "{most}");
}

#[test]
fn a_guest_that_answers_what_was_not_asked_changes_nothing() {
    let host = home();
    let mut guest = guest(host.path());
    for number in [0, 1, 77, u64::MAX] {
        guest.send(&message(NOTIFY_REPLY, number, number, &[]));
        guest.send(&message(NOTIFY_REPLY, number, 1, &[7; 100]));
    }
    guest.node("a").unwrap();
    fs::write(host.path().join("a"), "newer").unwrap();
    let notice = guest.receive().unwrap();
    assert_eq!(u32_at(&notice, 4), 2);
    guest.end().unwrap();
}
