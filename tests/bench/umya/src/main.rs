//! `edit FILE` opens a workbook, changes a cell and saves it beside; `write FILE` writes the cells of the benchmark beside.
//! Prints the milliseconds that it took and the MiB of memory at its peak, as JSON.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task, file] = arguments.as_slice() else {
        return Err("edit FILE, or write FILE".into());
    };
    let path = PathBuf::from(file);
    let begun = Instant::now();
    match task.as_str() {
        "edit" => edit(&path)?,
        "write" => write(&path)?,
        _ => return Err("there is no such task".into()),
    }
    report(begun.elapsed())
}

fn edit(path: &Path) -> Done {
    let mut book = umya_spreadsheet::reader::xlsx::read(path)?;
    let sheet = book.sheet_mut(0)?;
    sheet.cell_mut("B50000").set_value_number(42);
    umya_spreadsheet::writer::xlsx::write(&book, path.with_extension("umya.xlsx"))?;
    Ok(())
}

/// The cells that the other writers write: see `write.rs` of `deskhand-bench-files`.
fn write(path: &Path) -> Done {
    let mut book = umya_spreadsheet::new_file();
    let sheet = book.sheet_mut(0)?;
    for row in 0..100_000u32 {
        for column in 0..20u32 {
            let cell = sheet.cell_mut((column + 1, row + 1));
            match column % 5 {
                3 => cell.set_value_string("Forecast"),
                4 => cell.set_value_string(format!("item {row} {column}")),
                _ => cell.set_value_number(f64::from(row * 31 % 100_003) + f64::from(column) / 8.0),
            };
        }
    }
    umya_spreadsheet::writer::xlsx::write(&book, path.with_extension("umya.xlsx"))?;
    Ok(())
}

fn report(taken: Duration) -> Done {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: f64 = line
        .ok_or("no peak")?
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()?;
    println!(
        r#"{{"wall":{},"peak":{}}}"#,
        taken.as_secs_f64() * 1000.0,
        peak / 1024.0
    );
    Ok(())
}
