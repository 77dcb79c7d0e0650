//! What a change of one cell of a large workbook costs in time and memory, beside deflating its sheet once. Each task runs
//! in a process of its own, so that its peak of memory is its own. Never a test: nothing fails on figures.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use calamine::DataRef;
use deskhand_opc::{Blob, Draft, Limits, Package};
use deskhand_operations::WorkbookOperation;
use deskhand_sheet::StreamedValue;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

const ROWS: u32 = 100_000;
const SHEET: &str = "xl/worksheets/sheet1.xml";
type Done = Result<(), Box<dyn Error>>;

/// A task by its name.
type Task = (&'static str, fn(&Path) -> Done);

/// In this order; the first one is what the others are compared with.
const TASKS: [Task; 11] = [
    ("deflate", deflate),
    ("open", open),
    ("index", index),
    ("inflate", inflate),
    ("edit 1 cell", |path| edit(path, 1)),
    ("edit 100 cells", |path| edit(path, 100)),
    ("undo 1 cell", undo),
    ("calamine cells", calamine_cells),
    ("stream cells", stream_cells),
    ("range.read", range_read),
    ("range.find", range_find),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = std::env::temp_dir().join("deskhand-bench-100000x20.xlsx");
    let done = match arguments.first() {
        Some(name) => run(name, &path),
        None => all(&path),
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

fn all(path: &Path) -> Done {
    if !path.exists() {
        make(path)?;
    }
    say(&format!(
        "{} rows of 20 cells, {} bytes",
        ROWS,
        path.metadata()?.len()
    ));
    for (name, _) in TASKS {
        let status = Command::new(std::env::current_exe()?).arg(name).status()?;
        if !status.success() {
            return Err(format!("{name} failed").into());
        }
    }
    Ok(())
}

fn run(name: &str, path: &Path) -> Done {
    let task = TASKS.iter().find(|task| task.0 == name);
    let (_, task) = task.ok_or("there is no such task")?;
    let begun = Instant::now();
    task(path)?;
    say(&format!(
        "{name:<24} {:>8.1} ms {:>8.1} MiB at its peak",
        begun.elapsed().as_secs_f64() * 1000.0,
        peak()
    ));
    Ok(())
}

/// `VmHWM` of this process, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.map_or(f64::NAN, |kilobytes| kilobytes / 1024.0)
}

/// Whole numbers, fractions, dates, words that repeat and words that do not.
fn make(path: &Path) -> Done {
    let mut workbook = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet();
    let words = ["North", "South", "East", "West", "Forecast", "Actual"];
    let first = ExcelDateTime::from_ymd(2020, 1, 1)?.to_excel();
    let mut seed = 7u64;
    for row in 0..ROWS {
        for column in 0..20u16 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let number = seed >> 33;
            match column % 5 {
                0 => sheet.write(row, column, (number % 100_000) as u32)?,
                1 => sheet.write(row, column, (number % 10_000_000) as f64 / 1000.0)?,
                2 => sheet.write_with_format(row, column, first + (number % 2_000) as f64, &date)?,
                3 => sheet.write(row, column, words[number as usize % words.len()])?,
                _ => sheet.write(row, column, format!("item {row} {column}"))?,
            };
        }
    }
    workbook.save(path)?;
    Ok(())
}

/// The sheet's content deflated once, at the level of the product.
fn deflate(path: &Path) -> Done {
    let content = opened(path)?.part(SHEET)?;
    let begun = Instant::now();
    let mut encoder = flate2::write::DeflateEncoder::new(std::io::sink(), flate2::Compression::new(6));
    encoder.write_all(&content)?;
    encoder.finish()?;
    say(&format!(
        "  (the sheet has {} bytes; deflating alone: {:.1} ms)",
        content.len(),
        begun.elapsed().as_secs_f64() * 1000.0
    ));
    Ok(())
}

fn opened(path: &Path) -> Result<Package, Box<dyn Error>> {
    Ok(Package::open_reader(
        Arc::new(File::open(path)?),
        &Limits::default(),
    )?)
}

fn open(path: &Path) -> Done {
    opened(path)?;
    Ok(())
}

/// One pass of our decoder over the sheet, with the places of its blocks.
fn index(path: &Path) -> Done {
    let package = opened(path)?;
    let mut reader = package.part_reader(SHEET)?;
    loop {
        let count = reader.chunk()?.len();
        if count == 0 {
            return Ok(());
        }
        reader.advance(count);
    }
}

/// One pass of flate2's decoder over as many bytes.
fn inflate(path: &Path) -> Done {
    let content = opened(path)?.part(SHEET)?;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(&content)?;
    let packed = encoder.finish()?;
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..3 {
        let begun = Instant::now();
        let mut decoder = flate2::bufread::DeflateDecoder::new(&*packed);
        while decoder.read(&mut buffer)? > 0 {}
        say(&format!(
            "  (flate2's decoder alone: {:.1} ms)",
            begun.elapsed().as_secs_f64() * 1000.0
        ));
    }
    Ok(())
}

fn changed_file(path: &Path) -> PathBuf {
    path.with_extension("changed.xlsx")
}

fn patch_file(path: &Path) -> PathBuf {
    path.with_extension("patch")
}

/// Places of numbers, far from each other.
fn places(package: &Package, count: u64) -> Result<Vec<usize>, Box<dyn Error>> {
    let size = package.part_size(SHEET)?;
    let mut reader = package.part_reader(SHEET)?;
    let mut places = Vec::new();
    for place in 0..count {
        let from = (place * 2 + 1) * size / (count * 2 + 1);
        reader.skip_to(from);
        let near = reader.take_bytes(2_000)?;
        let found = near.windows(3).position(|window| window == b"<v>");
        places.push(from as usize + found.ok_or("no number")? + 3);
    }
    Ok(places)
}

fn edit(path: &Path, count: u64) -> Done {
    let package = opened(path)?;
    let places = places(&package, count)?;
    let begun = Instant::now();
    let mut draft = Draft::new(&package);
    let edits = places
        .into_iter()
        .map(|place| (place..place + 1, Blob::from("9")));
    draft.edit(SHEET, edits)?;
    let patched = begun.elapsed();
    let changed = draft.package().clone();
    let set = draft.finish();
    let mut out = BufWriter::new(File::create(changed_file(path))?);
    changed.write_to(&mut out)?;
    out.flush()?;
    say(&format!(
        "  (patch {:.1} ms, patch and write {:.1} ms, patch of {} bytes, file of {} bytes)",
        patched.as_secs_f64() * 1000.0,
        begun.elapsed().as_secs_f64() * 1000.0,
        set.bytes(),
        changed_file(path).metadata()?.len()
    ));
    Ok(())
}

fn undo(path: &Path) -> Done {
    let package = opened(path)?;
    let mut draft = Draft::new(&package);
    let place = places(&package, 1)?[0];
    draft.edit(SHEET, [(place..place + 1, Blob::from("9"))])?;
    let mut out = BufWriter::new(File::create(changed_file(path))?);
    draft.package().write_to(&mut out)?;
    out.flush()?;
    let set = draft.finish();
    let begun = Instant::now();
    let mut package = opened(&changed_file(path))?;
    package.apply(&set.invert())?;
    let mut out = BufWriter::new(File::create(patch_file(path))?);
    package.write_to(&mut out)?;
    out.flush()?;
    say(&format!(
        "  (open, undo and write {:.1} ms)",
        begun.elapsed().as_secs_f64() * 1000.0
    ));
    if std::fs::read(patch_file(path))? != std::fs::read(path)? {
        return Err("the file is not what it was".into());
    }
    Ok(())
}

/// What both readers of cells find: the count, the sum of the numbers, and the bytes of the texts.
#[derive(Debug, Default)]
struct Sums {
    cells: u64,
    numbers: f64,
    texts: usize,
}

fn calamine_cells(path: &Path) -> Done {
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path)?;
    let mut cells = workbook.worksheet_cells_reader("Sheet1")?;
    let mut sums = Sums::default();
    while let Some(cell) = cells.next_cell()? {
        sums.cells += 1;
        match cell.get_value() {
            DataRef::Float(number) => sums.numbers += number,
            DataRef::DateTime(date) => sums.numbers += date.as_f64(),
            DataRef::String(text) => sums.texts += text.len(),
            DataRef::SharedString(text) => sums.texts += text.len(),
            _ => {}
        }
    }
    say(&format!("  ({sums:?})"));
    Ok(())
}

fn stream_cells(path: &Path) -> Done {
    let workbook = deskhand_sheet::Workbook::open(opened(path)?).map_err(|refusal| refusal.message)?;
    let texts = workbook.shared_texts().map_err(|refusal| refusal.message)?;
    let mut sums = Sums::default();
    let streamed = workbook.stream("Sheet1", |cell| {
        sums.cells += 1;
        match cell.value(&texts) {
            Some(StreamedValue::Number(number)) => sums.numbers += number,
            Some(StreamedValue::Text(text)) => sums.texts += text.len(),
            _ => {}
        }
        true
    });
    say(&format!(
        "  ({sums:?}, {:?})",
        streamed.map_err(|refusal| refusal.message)?
    ));
    Ok(())
}

fn ask(path: &Path, operation: &str) -> Done {
    let workbook = deskhand_sheet::Workbook::open(opened(path)?).map_err(|refusal| refusal.message)?;
    let operation: WorkbookOperation = serde_json::from_str(operation)?;
    let answer = workbook.answer(&operation).map_err(|refusal| refusal.message)?;
    say(&format!(
        "  ({} bytes of answer)",
        serde_json::to_string(&answer)?.len()
    ));
    Ok(())
}

fn range_read(path: &Path) -> Done {
    ask(path, r#"{"op":"range.read","range":"Sheet1!A90001:T91000"}"#)
}

fn range_find(path: &Path) -> Done {
    ask(path, r#"{"op":"range.find","text":"item 99999 "}"#)
}
