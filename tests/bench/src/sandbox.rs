//! The sandbox: how soon a command runs, what a shared folder costs, what a machine takes; and the same beside a plain QEMU
//! with a 9p share and beside bubblewrap, on the same computer and in the same run.

mod beside;
mod bubblewrap;
mod ours;
mod plain;
mod work;

use std::time::Instant;

use crate::figure::{Report, say};

/// Memory of a machine, in mebibytes.
const MEMORY: u32 = 512;
/// Times that a machine is started cold, and from its state.
const STARTS: usize = 5;
/// Times that `true` is run.
const RUNS: usize = 60;

/// Ours, then the others, then one table.
pub(crate) async fn sandbox(report: &mut Report) {
    let home = tempfile::tempdir().expect("a folder");
    let (ours, accelerator) = Box::pin(ours::measure(home.path(), report)).await;
    // Each has a folder of its own on the same disk, and none of ours is at work any more.
    let (plain, said) = plain::measure(accelerator, &work::folder(home.path(), "plain"));
    plain.report(report);
    let bubblewrap = bubblewrap::measure(&work::folder(home.path(), "bubblewrap"));
    bubblewrap.report(report);
    say("");
    for line in beside::table(&ours, &[plain, bubblewrap]) {
        say(&line);
    }
    say(&format!("  The plain machine, {said}"));
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}
