//! The order of system calls: before an answer that promises a flush leaves the process, everything written to the WAL
//! was flushed by fsync or fdatasync.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Answers to wait for.
const ANSWERS: usize = 300;

/// An answer of the child, and whether the WAL held unflushed bytes when it was given.
struct Answer {
    flushed: bool,
    dirty: bool,
}

pub(crate) fn acknowledged_means_flushed() {
    let promised: Vec<_> = traced_answers()
        .into_iter()
        .filter(|answer| answer.flushed)
        .collect();
    assert!(
        promised.len() > ANSWERS / 4,
        "only {} answers promised a flush",
        promised.len()
    );
    let broken = promised.iter().filter(|answer| answer.dirty).count();
    assert_eq!(broken, 0, "of {} answers that promised a flush", promised.len());
}

/// The counter-check: answers that promise no flush do leave unflushed bytes, and the same look at the trace shows it.
pub(crate) fn a_missing_flush_would_be_seen() {
    let unpromised: Vec<_> = traced_answers()
        .into_iter()
        .filter(|answer| !answer.flushed)
        .collect();
    assert!(unpromised.len() > ANSWERS / 4);
    assert!(unpromised.iter().filter(|answer| answer.dirty).count() > unpromised.len() / 2);
}

/// Runs a child under strace until it has given its answers, and reads the trace.
fn traced_answers() -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut strace = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-e",
            "trace=write,pwrite64,pwritev,fsync,fdatasync,ftruncate",
            "-o",
        ])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["child".as_ref(), folder.path().as_os_str(), "1".as_ref()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("strace is installed");
    // The child ends when nobody listens any more.
    let answers = BufReader::new(strace.stdout.take().unwrap())
        .lines()
        .take(ANSWERS)
        .count();
    strace.wait().unwrap();
    assert_eq!(answers, ANSWERS, "the child could not be traced");
    read_trace(&fs::read_to_string(trace).unwrap())
}

/// Walks the calls in the order in which strace saw them start; a flush counts from when it has returned.
fn read_trace(trace: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut dirty = false;
    let mut flushing: HashMap<&str, bool> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let on_wal = call.contains("-wal>");
        let done = call.trim_end().ends_with("= 0");
        if on_wal && (call.starts_with("pwrite64(") || call.starts_with("pwritev(")) {
            dirty = true;
            // What is written while a flush runs may miss it.
            for covers_all in flushing.values_mut() {
                *covers_all = false;
            }
        } else if on_wal && (call.starts_with("fdatasync(") || call.starts_with("fsync(")) {
            if call.contains("<unfinished") {
                flushing.insert(thread, true);
            } else {
                dirty &= !done;
            }
        } else if call.starts_with("<... fdatasync resumed") || call.starts_with("<... fsync resumed") {
            if flushing.remove(thread) == Some(true) && done {
                dirty = false;
            }
        } else if call.starts_with("write(1<") {
            let said = |word: &str| call.contains(&format!("\"{word} "));
            if said("flushed") || said("written") {
                answers.push(Answer {
                    flushed: said("flushed"),
                    dirty,
                });
            }
        }
    }
    answers
}
