//! bubblewrap on the same computer: no machine of its own, so each command is a sandbox that begins and ends with it. The
//! shared folder is the host's, bound into it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::beside::{Column, Took};
use super::{RUNS, milliseconds, work};
use crate::figure::quantile;

/// The column; all of it is missing where this user may not make a sandbox.
pub(super) fn measure(folder: &Path) -> Column {
    let name = "bubblewrap";
    let begun: Option<Vec<f64>> = (0..RUNS)
        .map(|_| timed(bwrap().args(["--", "/bin/true"])))
        .collect();
    let Some(begun) = begun else {
        return Column::without(name, "does not run");
    };
    let each = Took::Milliseconds(quantile(&begun, 0.5));
    let work = work::all(|script| in_folder(folder, script).unwrap_or(f64::NAN));
    Column {
        name,
        cold: each,
        kept: Took::Not("has none"),
        exec: each,
        work: work.into_iter().map(Took::Milliseconds).collect(),
    }
}

/// The whole computer for reading, and nothing else.
fn bwrap() -> Command {
    let mut bwrap = Command::new("bwrap");
    bwrap.args(["--unshare-all", "--ro-bind", "/", "/"]);
    bwrap
}

fn in_folder(folder: &Path, script: &str) -> Option<f64> {
    // What is bound has no devices: the few that scripts need come anew.
    let mut bwrap = bwrap();
    bwrap
        .args([
            "--dev", "/dev", "--tmpfs", "/tmp", "--setenv", "HOME", "/tmp", "--bind",
        ])
        .arg(folder)
        .args(["/mnt", "--chdir", "/mnt", "--", "/bin/sh", "-c", script]);
    timed(&mut bwrap)
}

/// How long it took, where it ended well.
fn timed(command: &mut Command) -> Option<f64> {
    let begun = Instant::now();
    let done = command.stdin(Stdio::null()).status();
    done.is_ok_and(|done| done.success()).then(|| milliseconds(begun))
}
