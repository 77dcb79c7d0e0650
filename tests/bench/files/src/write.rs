//! Writing a new workbook row by row, by us and by the library that we write with.

use std::fs::File;
use std::io::BufWriter;
use std::time::{Duration, Instant};

use deskhand_operations::CellInput;
use deskhand_sheet::NewWorkbook;

use crate::{Done, Files, ROWS};

/// The number in a cell.
fn number(row: u32, column: u16) -> f64 {
    f64::from(row * 31 % 100_003) + f64::from(column) / 8.0
}

pub(crate) fn rows(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let mut workbook = NewWorkbook::new();
    let mut sheet = workbook.sheet("Sheet1")?;
    let mut cells = Vec::with_capacity(20);
    for row in 0..ROWS {
        cells.clear();
        cells.extend((0..20).map(|column| match column % 5 {
            3 => CellInput::Text("Forecast".to_owned()),
            4 => CellInput::Text(format!("item {row} {column}")),
            _ => CellInput::Number(number(row, column)),
        }));
        sheet.row(&cells)?;
    }
    let out = File::create(files.workbook.with_extension("written.xlsx"))?;
    workbook.finish(BufWriter::new(out))?;
    Ok(begun.elapsed())
}

pub(crate) fn rust_xlsxwriter(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name("Sheet1")?;
    for row in 0..ROWS {
        for column in 0..20 {
            match column % 5 {
                3 => drop(sheet.write_string(row, column, "Forecast")?),
                4 => drop(sheet.write_string(row, column, format!("item {row} {column}"))?),
                _ => drop(sheet.write_number(row, column, number(row, column))?),
            }
        }
    }
    let out = File::create(files.workbook.with_extension("written.xlsx"))?;
    workbook.save_to_writer(BufWriter::new(out))?;
    Ok(begun.elapsed())
}
