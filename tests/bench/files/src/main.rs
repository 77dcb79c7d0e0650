//! What reading, changing and writing large files costs in time and memory, beside what one could use instead. Each task
//! runs in a process of its own, so that its peak of memory is its own; tasks that are compared take turns, and the best
//! of the rounds counts. Never a test: nothing fails on figures.
//!
//! `deskhand-bench-files` prints a table; with `--figures` one JSON line for each figure, for `cargo xtask bench`.

mod alone;
mod delimited;
mod edit;
mod make;
mod model;
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

/// How a task is done.
#[derive(Clone, Copy)]
enum Way {
    /// Here; it answers how long what counts of it took.
    Here(fn(&Files) -> Done<Duration>),
    /// By another program.
    Other,
    /// By umya-spreadsheet: its task.
    Umya(&'static str),
}

const TASKS: [(&str, Way); 30] = [
    ("deflate", Way::Here(edit::deflate)),
    ("edit 1 cell", Way::Here(|files| edit::edit(files, 1))),
    ("edit 100 cells", Way::Here(|files| edit::edit(files, 100))),
    ("undo 1 cell", Way::Here(edit::undo)),
    ("save with check", Way::Here(edit::save_with_check)),
    ("LibreOffice to xlsx", Way::Other),
    ("openpyxl edit", Way::Other),
    ("umya edit", Way::Umya("edit")),
    ("inflate", Way::Here(read::inflate)),
    ("stream cells", Way::Here(read::stream_cells)),
    ("calamine cells", Way::Here(read::calamine_cells)),
    ("range.read", Way::Here(read::range_read)),
    ("range.find", Way::Here(read::range_find)),
    ("python-calamine", Way::Other),
    ("fastexcel", Way::Other),
    ("openpyxl read", Way::Other),
    ("LibreOffice to csv", Way::Other),
    ("write rows", Way::Here(write::rows)),
    ("rust_xlsxwriter rows", Way::Here(write::rust_xlsxwriter)),
    ("XlsxWriter rows", Way::Other),
    ("umya rows", Way::Umya("write")),
    ("recalculate", Way::Here(model::recalculate)),
    ("formualizer file", Way::Other),
    ("LibreOffice computes", Way::Other),
    ("calculate", Way::Here(model::ours)),
    ("formualizer calculates", Way::Here(alone::calculate)),
    ("csv.read", Way::Here(delimited::read)),
    ("polars rows", Way::Other),
    ("Python's csv rows", Way::Other),
    ("list deck", Way::Here(read::list_deck)),
];

/// Once only: they take long.
const SLOW: [&str; 10] = [
    "openpyxl read",
    "openpyxl edit",
    "umya edit",
    "umya rows",
    "XlsxWriter rows",
    "save with check",
    "LibreOffice to xlsx",
    "LibreOffice to csv",
    "LibreOffice computes",
    "Python's csv rows",
];

/// Where the files are.
struct Files {
    /// 100,000 x 20 cells.
    workbook: PathBuf,
    /// 300 slides.
    deck: PathBuf,
    /// 100,000 formulas.
    model: PathBuf,
    /// Ten million rows.
    delimited: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = std::env::temp_dir();
    let files = Files {
        workbook: folder.join("deskhand-bench-100000x20.xlsx"),
        deck: folder.join("deskhand-bench-300.pptx"),
        model: folder.join("deskhand-bench-model.xlsx"),
        delimited: folder.join("deskhand-bench-rows.csv"),
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
    /// MiB of memory at its peak.
    peak: f64,
}

/// Runs one task in this process.
fn run(name: &str, files: &Files) -> Done {
    let task = TASKS.iter().find(|task| task.0 == name);
    let (_, task) = task.ok_or("there is no such task")?;
    let taken = match task {
        Way::Here(task) => Taken {
            wall: task(files)?.as_secs_f64() * 1000.0,
            cpu: cpu(),
            peak: peak(),
        },
        Way::Other => others::run(name, files)?,
        Way::Umya(task) => others::umya(task, files)?,
    };
    say(&json!({"wall": taken.wall, "cpu": taken.cpu, "peak": taken.peak}).to_string());
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
