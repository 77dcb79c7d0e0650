//! Rows near the end of a text file of ten million.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use deskhand_operations::CsvOperation;
use deskhand_text::DelimitedFile;

use crate::{Done, Files, refused};

const ROWS: u32 = 10_000_000;

pub(crate) fn make(path: &Path) -> Done {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "number,region,amount,day,note")?;
    let regions = ["North", "South", "East", "West"];
    for row in 1..=ROWS {
        let amount = row.wrapping_mul(2_654_435_761) % 1_000_000;
        let region = regions[(amount % 4) as usize];
        let (whole, cents, day) = (amount / 100, amount % 100, row % 28 + 1);
        writeln!(
            out,
            "{row},{region},{whole}.{cents:02},2026-03-{day:02},\"note, {amount}\""
        )?;
    }
    out.flush()?;
    Ok(())
}

/// Opens the file, finds out how it is written, and reads 200 rows after nine million.
pub(crate) fn read(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let mut file = DelimitedFile::open(File::open(&files.delimited)?).map_err(refused)?;
    let operation = r#"{"op":"csv.read","fromRow":9000001,"maxRows":200}"#;
    let operation: CsvOperation = serde_json::from_str(operation)?;
    let answer = file.answer(&operation).map_err(refused)?;
    let answer = serde_json::to_string(&answer)?;
    let taken = begun.elapsed();
    let holds = answer.contains("\"9000001\"") && answer.contains("\"9000200\"");
    holds.then_some(taken).ok_or_else(|| "another answer".into())
}
