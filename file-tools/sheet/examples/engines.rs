//! Measures the calculation engines: every formula of the given workbooks by each engine with all that it has, beside the
//! value that the file holds. One line of JSON a formula. The table of trust rests on what this prints.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::collections::HashMap;

use deskhand_formula::{CellAt, Constant, EngineName, Method, Outcome, references};
use deskhand_opc::{Limits, Package};
use deskhand_sheet::{Recomputed, Workbook};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in std::env::args().skip(1) {
        let package = Package::open(std::fs::read(&file)?, &Limits::default());
        let Ok(workbook) = package
            .map_err(|error| error.to_string())
            .and_then(|package| Workbook::open(package).map_err(|refusal| refusal.to_string()))
        else {
            continue;
        };
        for (engine, method) in [
            ("formualizer", alone(&[EngineName::Formualizer])),
            ("ironcalc", alone(&[EngineName::IronCalc])),
            ("together", Method::default()),
        ] {
            let Ok(all) = workbook.recompute(method) else {
                continue;
            };
            let wrong: HashMap<CellAt, bool> = all
                .iter()
                .map(|formula| (formula.cell, is_wrong(formula)))
                .collect();
            for formula in &all {
                let found = references(&formula.text);
                // Only what reads no wrong value of the same sheet is wrong by itself.
                let follows = found
                    .ranges
                    .iter()
                    .filter(|range| range.area.cells() < 100_000)
                    .any(|range| {
                        let rows = range.area.top..=range.area.bottom;
                        let cells = rows.flat_map(|row| {
                            (range.area.left..=range.area.right).map(move |column| (row, column))
                        });
                        cells
                            .map(|(row, column)| CellAt {
                                row,
                                column,
                                ..formula.cell
                            })
                            .any(|cell| wrong.get(&cell) == Some(&true))
                    });
                println!(
                    "{}",
                    json!({
                        "file": file, "engine": engine, "sheet": formula.cell.sheet,
                        "row": formula.cell.row, "column": formula.cell.column,
                        "formula": formula.text, "functions": found.functions,
                        "held": formula.cached.as_ref().map(held), "found": outcome(&formula.outcome),
                        "state": state(formula), "follows": follows,
                    })
                );
            }
        }
    }
    Ok(())
}

fn alone(engines: &'static [EngineName]) -> Method {
    Method {
        engines,
        try_all: true,
    }
}

fn is_wrong(formula: &Recomputed) -> bool {
    state(formula) == "wrong"
}

fn state(formula: &Recomputed) -> &'static str {
    match (&formula.outcome, &formula.cached) {
        (Outcome::NotComputed(_), _) => "gap",
        (_, None) => "valueless",
        _ if formula.agrees(1e-9) => "same",
        _ => "wrong",
    }
}

fn held(value: &Constant) -> Value {
    match value {
        Constant::Value(value) => json!(value),
        Constant::Error(error) => json!({ "error": error }),
    }
}

fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Value(value) => json!(value),
        Outcome::Error(error) => json!({ "error": error }),
        Outcome::NotComputed(reason) => json!({ "gap": reason }),
    }
}
