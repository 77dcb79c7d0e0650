//! The same workbook as another program computed it: a third engine beside the two of this crate.
//!
//! The other program had the whole file and computed all of it anew, so its value for a formula counts only where the formula
//! rests on nothing that changes from one moment or program to the next: not on time or chance, not on what lies outside
//! the workbook, not on a function that the other program does not know. Programs name errors each in their own way, so an
//! error counts as an error, and only where the file or an engine of this crate has one as well.

use std::collections::{BTreeSet, HashMap};

use deskhand_formula::{CellAt, Constant, Outcome as Computed, rests_outside};
use deskhand_operations::{CellValue, Refusal};

use super::book::{Book, BookFormula};
use crate::error::Outcome;
use crate::workbook::Workbook;

/// What a program answers that does not know a function.
const UNKNOWN: &str = "#NAME?";

/// What came of asking another program.
#[derive(Clone, Debug)]
pub struct Third {
    pub(crate) found: Result<Values, String>,
}

/// The values that count.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// The program and its version.
    pub(crate) engine: String,
    of: HashMap<CellAt, Constant>,
}

impl Third {
    /// The values of a workbook's formulas in the copy of it that a program computed and saved.
    pub fn of(workbook: &Workbook, engine: &str, computed: &Workbook) -> Result<Self, Refusal> {
        Ok(Self {
            found: values(workbook, engine, computed)?,
        })
    }

    /// There are none, and why: a clause without its full stop.
    pub fn missing(why: impl Into<String>) -> Self {
        Self {
            found: Err(why.into()),
        }
    }
}

impl Values {
    /// The value of a formula, where it counts.
    pub(crate) fn of(&self, cell: CellAt) -> Option<Computed> {
        self.of.get(&cell).cloned().map(|value| match value {
            Constant::Value(value) => Computed::Value(value),
            Constant::Error(error) => Computed::Error(error),
        })
    }
}

fn values(workbook: &Workbook, engine: &str, computed: &Workbook) -> Outcome<Result<Values, String>> {
    if let Some(reason) = &workbook.no_calculation {
        return Ok(Err(reason.clone()));
    }
    let (Some(book), Some(other)) = (Book::read(workbook)?, Book::read(computed)?) else {
        return Ok(Err("the workbook has too many formulas".to_owned()));
    };
    let sheets: Vec<Option<usize>> = computed
        .sheets
        .iter()
        .map(|sheet| workbook.sheet_index(&sheet.name))
        .collect();
    let here = |formula: BookFormula| {
        let sheet = (*sheets.get(formula.cell.sheet)?)?;
        Some((
            CellAt {
                sheet,
                ..formula.cell
            },
            formula.cached?,
        ))
    };
    let mut found: HashMap<CellAt, Constant> = other.formulas.into_iter().filter_map(here).collect();
    let unlike = unlike(workbook, &book, &found);
    let mut of = HashMap::new();
    for (index, formula) in book.formulas.iter().enumerate() {
        if !unlike.contains(&index)
            && let Some(value) = found.remove(&formula.cell)
        {
            of.insert(formula.cell, as_held(value, formula.cached.as_ref()));
        }
    }
    Ok(Ok(Values {
        engine: engine.to_owned(),
        of,
    }))
}

/// Formulas that another program may well compute otherwise, and all that depend on one.
fn unlike(workbook: &Workbook, book: &Book, found: &HashMap<CellAt, Constant>) -> BTreeSet<usize> {
    // Of names of one spelling, which may differ from sheet to sheet, any counts.
    let names = |name: &str| {
        let named = workbook.names.iter();
        let found = named.filter(|entry| entry.name.eq_ignore_ascii_case(name));
        let found: Vec<&str> = found.map(|entry| entry.refers_to.as_str()).collect();
        (!found.is_empty()).then(|| found.join(","))
    };
    let is_unlike = |formula: &BookFormula| {
        let unknown = matches!(found.get(&formula.cell), Some(Constant::Error(error)) if error == UNKNOWN);
        let is_held = matches!(&formula.cached, Some(Constant::Error(error)) if error == UNKNOWN);
        (unknown && !is_held) || rests_outside(&formula.text, &names)
    };
    let seeds: Vec<CellAt> = book
        .formulas
        .iter()
        .filter(|formula| is_unlike(formula))
        .map(|formula| formula.cell)
        .collect();
    if seeds.is_empty() {
        return BTreeSet::new();
    }
    let (reads, roaming) = book.reach(workbook);
    book.affected(&seeds, &reads, &roaming).into_iter().collect()
}

/// A truth value that was saved as the number it is, or the other way round.
fn as_held(value: Constant, held: Option<&Constant>) -> Constant {
    let plain = |value: CellValue| Constant::Value(value);
    match (value, held) {
        (Constant::Value(CellValue::Number(0.0)), Some(Constant::Value(CellValue::Boolean(_)))) => {
            plain(CellValue::Boolean(false))
        }
        (Constant::Value(CellValue::Number(1.0)), Some(Constant::Value(CellValue::Boolean(_)))) => {
            plain(CellValue::Boolean(true))
        }
        (Constant::Value(CellValue::Boolean(value)), Some(Constant::Value(CellValue::Number(_)))) => {
            plain(CellValue::Number(f64::from(u8::from(value))))
        }
        (Constant::Error(_), Some(Constant::Error(held))) => Constant::Error(held.clone()),
        (value, _) => value,
    }
}
