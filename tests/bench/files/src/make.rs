//! Makes the files that are measured, where they are missing.

use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::{Done, Files, ROWS, delimited, model, others};

pub(crate) fn missing(files: &Files) -> Done {
    if !files.workbook.exists() {
        workbook(&files.workbook)?;
    }
    if !files.deck.exists() {
        others::run("make deck", files)?;
    }
    if !files.model.exists() {
        model::make(&files.model)?;
    }
    if !files.delimited.exists() {
        delimited::make(&files.delimited)?;
    }
    Ok(())
}

/// Whole numbers, fractions, dates, words that repeat and words that do not.
fn workbook(path: &Path) -> Done {
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
