//! What reading, changing and writing large files costs in time and memory, beside what one could use instead. Each task
//! runs in a process of its own, so that its peak of memory is its own; tasks that are compared take turns, and the best
//! of the rounds counts. Never a test: nothing fails on figures.
//!
//! `deskhand-bench-files` prints a table; with `--figures` one JSON line for each figure, for `cargo xtask bench`.

mod edit;
mod make;
mod others;
mod read;
mod table;
mod write;

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use deskhand_opc::{Limits, Package};
use serde_json::{Value, json};

/// Rows of the workbook, of 20 cells each.
const ROWS: u32 = 100_000;
const SHEET: &str = "xl/worksheets/sheet1.xml";
/// Turns of each task.
const ROUNDS: usize = 3;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// A task by its name; it answers how long what counts of it took.
type Task = (&'static str, fn(&Files) -> Done<Duration>);

const TASKS: [Task; 16] = [
    ("deflate", edit::deflate),
    ("edit 1 cell", |files| edit::edit(files, 1)),
    ("edit 100 cells", |files| edit::edit(files, 100)),
    ("undo 1 cell", edit::undo),
    ("save with check", edit::save_with_check),
    ("inflate", read::inflate),
    ("stream cells", read::stream_cells),
    ("calamine cells", read::calamine_cells),
    ("range.read", read::range_read),
    ("range.find", read::range_find),
    ("python-calamine", |files| others::run("python-calamine", files)),
    ("fastexcel", |files| others::run("fastexcel", files)),
    ("openpyxl read", |files| others::run("openpyxl read", files)),
    ("write rows", write::rows),
    ("rust_xlsxwriter rows", write::rust_xlsxwriter),
    ("list deck", read::list_deck),
];

/// Once only: they take long.
const SLOW: [&str; 2] = ["openpyxl read", "save with check"];

/// Where the files are.
struct Files {
    workbook: PathBuf,
    deck: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = std::env::temp_dir();
    let files = Files {
        workbook: folder.join("deskhand-bench-100000x20.xlsx"),
        deck: folder.join("deskhand-bench-300.pptx"),
    };
    let done = match arguments.first().map(String::as_str) {
        None => table::all(&files, false),
        Some("--figures") => table::all(&files, true),
        Some(name) => run(name, &files),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}

/// What a task took.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// Milliseconds of what counts.
    wall: f64,
    /// Milliseconds of processor time, of the whole process.
    cpu: f64,
    /// MiB of memory at its peak, of this program.
    peak: f64,
}

/// Runs one task in this process.
fn run(name: &str, files: &Files) -> Done {
    let task = TASKS.iter().find(|task| task.0 == name);
    let (_, task) = task.ok_or("there is no such task")?;
    let wall = task(files)?;
    say(&json!({"wall": wall.as_secs_f64() * 1000.0, "cpu": cpu(), "peak": peak()}).to_string());
    Ok(())
}

/// Runs one task in a process of its own.
fn apart(name: &str) -> Done<Taken> {
    let output = Command::new(std::env::current_exe()?).arg(name).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    if !output.status.success() {
        return Err(format!("{name}: {last} {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let taken: Value = serde_json::from_str(last)?;
    let number = |key: &str| taken[key].as_f64().ok_or("no figure");
    Ok(Taken {
        wall: number("wall")?,
        cpu: number("cpu")?,
        peak: number("peak")?,
    })
}

/// Processor time of this process and of those that it waited for, in milliseconds: fields 14 to 17 of `stat`, in ticks of
/// 10 ms.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |split| split.1);
    let ticks = fields.split_whitespace().skip(11).take(4);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// The peak of memory of this process, in MiB (`VmHWM`).
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}

fn opened(path: &Path) -> Done<Package> {
    Ok(Package::open_reader(
        Arc::new(File::open(path)?),
        &Limits::default(),
    )?)
}

/// A refusal as any other error.
fn refused(refusal: deskhand_operations::Refusal) -> Box<dyn Error> {
    refusal.message.into()
}
