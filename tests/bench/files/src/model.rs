//! A workbook of 100,000 formulas as models have them, computed by us: from file to file, and the calculation alone.
//!
//! The same cells make the file and the problems of both engines: prices looked up for lines of orders, arithmetic, conditions, sums, a
//! running balance through all lines, and a summary by item.

use std::path::Path;
use std::time::{Duration, Instant};

use deskhand_formula::{CalculationLimits, CellAt, Constant, Formula, Method, Outcome, Problem, calculate};
use deskhand_operations::{CellValue, WorkbookAnswer, WorkbookOperation};
use deskhand_sheet::Workbook;

use crate::{Done, Files, opened, refused};

pub(crate) const SHEETS: [&str; 3] = ["Items", "Lines", "Summary"];
const ITEMS: u32 = 1_000;
/// Lines of orders, of eight formulas each.
const LINES: u32 = 12_000;
pub(crate) const FORMULAS: usize = 100_000;

/// What a cell holds; formulas with their `=`.
pub(crate) enum Held {
    Number(f64),
    Text(String),
    Formula(String),
}

/// All cells by sheets and rows.
pub(crate) fn cells() -> Vec<(CellAt, Held)> {
    let mut cells = Vec::new();
    let mut put = |sheet: usize, row: u32, held: Vec<Held>| {
        cells.extend(
            (0u32..)
                .zip(held)
                .map(|(column, held)| (CellAt { sheet, row, column }, held)),
        );
    };
    let item = |number: u32| Held::Text(format!("item {number}"));
    for row in 0..ITEMS {
        let price = f64::from(row * 31 % 977) + 0.25;
        put(
            0,
            row,
            vec![
                item(row),
                Held::Number(price),
                Held::Number(f64::from(row % 7) / 100.0),
            ],
        );
    }
    for row in 0..LINES {
        let n = row + 1;
        let before = if row == 0 {
            "0".to_owned()
        } else {
            format!("J{row}")
        };
        let formulas = [
            format!("=VLOOKUP(B{n},Items!$A$1:$C${ITEMS},2,FALSE)"),
            format!("=INDEX(Items!$C$1:$C${ITEMS},MATCH(B{n},Items!$A$1:$A${ITEMS},0))"),
            format!("=A{n}*C{n}"),
            format!("=E{n}*(1+D{n})"),
            format!("=IF(F{n}>5000,F{n}*0.9,F{n})"),
            format!("=SUM(E{n}:G{n})"),
            format!("=ROUND(H{n}/MAX(1,A{n}),2)"),
            format!("={before}+H{n}-I{n}"),
        ];
        let mut held = vec![
            Held::Number(f64::from(row * 17 % 89) + 1.0),
            item(row * 37 % ITEMS),
        ];
        held.extend(formulas.map(Held::Formula));
        put(1, row, held);
    }
    for row in 0..ITEMS {
        let n = row + 1;
        let formulas = [
            format!("=SUMIF(Lines!$B$1:$B${LINES},A{n},Lines!$G$1:$G${LINES})"),
            format!("=B{n}/SUM(B$1:B${ITEMS})"),
            format!("=IF(C{n}>0.001,\"large\",\"small\")"),
            format!("=SUM(B$1:B{n})"),
        ];
        let mut held = vec![item(row)];
        held.extend(formulas.map(Held::Formula));
        put(2, row, held);
    }
    cells
}

/// Writes the file; its formulas hold no values yet.
pub(crate) fn make(path: &Path) -> Done {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    for name in SHEETS {
        workbook.add_worksheet().set_name(name)?;
    }
    for (at, held) in cells() {
        let sheet = workbook.worksheet_from_index(at.sheet)?;
        let column = u16::try_from(at.column)?;
        match held {
            Held::Number(number) => sheet.write(at.row, column, number)?,
            Held::Text(text) => sheet.write(at.row, column, text)?,
            Held::Formula(formula) => sheet.write_formula(at.row, column, formula.as_str())?,
        };
    }
    workbook.save(path)?;
    Ok(())
}

/// Opens the file, computes it, writes its values and the file: all of `workbook.recalculate`, its check of the result
/// included.
pub(crate) fn recalculate(files: &Files) -> Done<Duration> {
    let begun = Instant::now();
    let mut workbook = Workbook::open(opened(&files.model)?).map_err(refused)?;
    let operation: WorkbookOperation = serde_json::from_str(r#"{"op":"workbook.recalculate"}"#)?;
    let planned = workbook.plan(&operation).map_err(refused)?;
    workbook.apply(&planned.patches).map_err(refused)?;
    let out = std::fs::File::create(files.model.with_extension("computed.xlsx"))?;
    workbook.package().write_to(&mut std::io::BufWriter::new(out))?;
    let taken = begun.elapsed();
    match planned.answer {
        WorkbookAnswer::Recalculate(done) if done.computed as usize == FORMULAS => Ok(taken),
        other => Err(format!("not all was computed: {other:?}").into()),
    }
}

/// The calculation alone, values and formulas at hand.
pub(crate) fn ours(_: &Files) -> Done<Duration> {
    let mut problem = Problem {
        sheets: SHEETS.map(str::to_owned).to_vec(),
        ..Problem::default()
    };
    for (cell, held) in cells() {
        match held {
            Held::Number(number) => problem
                .constants
                .push((cell, Constant::Value(CellValue::Number(number)))),
            Held::Text(text) => problem
                .constants
                .push((cell, Constant::Value(CellValue::Text(text)))),
            Held::Formula(formula) => problem.formulas.push(Formula {
                cell,
                text: formula[1..].to_owned(),
                array: false,
            }),
        }
    }
    let begun = Instant::now();
    let found = calculate(problem, Method::default(), &CalculationLimits::default());
    let taken = begun.elapsed();
    let values = found
        .iter()
        .filter(|found| matches!(found.outcome, Outcome::Value(_)));
    let all = values.count() == FORMULAS;
    all.then_some(taken).ok_or_else(|| "not all was computed".into())
}
