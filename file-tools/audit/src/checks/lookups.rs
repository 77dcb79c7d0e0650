//! Lookups: columns beyond the table, lists that are not sorted, tables that end before their data.

use std::collections::HashMap;

use deskhand_formula::Constant;
use deskhand_operations::{Area, CellValue};

use super::context::Context;
use crate::finding::{Code, ModelFinding, Severity};
use crate::model::Cell;
use crate::parsed::{Parsed, Ref};

/// Cells of a list that are looked at.
const MAX_LIST: usize = 200_000;

/// What was seen of a list.
type Seen = HashMap<(usize, Area), bool>;

/// Looks at every lookup.
pub(super) fn check(context: &mut Context<'_>) {
    let mut sorted = Seen::new();
    for (sheet, index) in context.formulas.clone() {
        let cell = context.cell(sheet, index);
        let text = cell.formula.as_deref().unwrap_or_default();
        if !text.contains("LOOKUP")
            && !text.contains("MATCH")
            && !text.contains("INDEX")
            && !text.to_ascii_uppercase().contains("LOOKUP")
        {
            continue;
        }
        let parsed = context.parsed(sheet, index);
        let Some(form) = context.fact(sheet, index).map(|fact| fact.form) else {
            continue;
        };
        for call in 0..parsed.calls.len() {
            let found = beyond(context, &parsed, sheet, cell, call)
                .or_else(|| unsorted(context, &parsed, sheet, cell, call, &mut sorted))
                .or_else(|| misses(context, &parsed, sheet, cell, call));
            if let Some(mut finding) = found {
                finding.actual = Some(Context::written(cell));
                context.add(finding, Some(form));
                break;
            }
        }
    }
}

/// The reference that is an argument.
fn argument(parsed: &Parsed, call: usize, argument: usize) -> Option<&Ref> {
    parsed
        .references
        .iter()
        .find(|reference| reference.call == Some((call, argument)))
}

/// The number that is an argument.
fn number(parsed: &Parsed, call: usize, argument: usize) -> Option<f64> {
    let literal = parsed
        .literals
        .iter()
        .find(|literal| literal.call == Some((call, argument)))?;
    let sign = if literal.beside.before == Some('-') {
        -1.0
    } else {
        1.0
    };
    (literal.beside.after.is_none()).then_some(sign * literal.value)
}

fn place(cell: &Cell) -> Area {
    Area::cell(cell.row, cell.column)
}

fn beyond(
    context: &Context<'_>,
    parsed: &Parsed,
    sheet: usize,
    cell: &Cell,
    call: usize,
) -> Option<ModelFinding> {
    let (name, table, index) = match parsed.calls[call].name.as_str() {
        "VLOOKUP" => ("columns", 1, 2),
        "HLOOKUP" => ("rows", 1, 2),
        _ => return None,
    };
    let table = argument(parsed, call, table)?;
    let asked = number(parsed, call, index)?;
    let held = if name == "columns" {
        table.area.columns()
    } else {
        table.area.rows()
    };
    if asked <= f64::from(held) {
        return None;
    }
    let sentence = format!(
        "{} asks for number {asked} of the {held} {name} of {}.",
        context.address(sheet, place(cell)),
        table.area
    );
    let mut finding = context.finding(Code::LookupBeyond, Severity::Error, sheet, place(cell), sentence);
    finding.evidence = vec![(table.sheet?, table.area)];
    Some(finding)
}

/// The list in which a call looks for the nearest value.
fn nearest(parsed: &Parsed, call: usize) -> Option<(usize, Area)> {
    let held = &parsed.calls[call];
    let (at, kind) = match held.name.as_str() {
        "VLOOKUP" | "HLOOKUP" => (1, 3),
        "MATCH" => (1, 2),
        "LOOKUP" if held.arguments >= 2 => (1, 9),
        _ => return None,
    };
    let exact = match held.arguments {
        many if many > kind => match number(parsed, call, kind) {
            Some(kind) => ![1.0].contains(&kind),
            // TRUE, FALSE, or what only a calculation decides.
            None => true,
        },
        _ => false,
    };
    let reference = argument(parsed, call, at).filter(|_| !exact)?;
    let area = reference.area;
    let list = match held.name.as_str() {
        "HLOOKUP" => Area {
            bottom: area.top,
            ..area
        },
        "MATCH" | "LOOKUP" if area.rows() == 1 => area,
        _ => Area {
            right: area.left,
            ..area
        },
    };
    (list.cells() > 2).then_some((reference.sheet?, list))
}

fn unsorted(
    context: &Context<'_>,
    parsed: &Parsed,
    sheet: usize,
    cell: &Cell,
    call: usize,
    seen: &mut Seen,
) -> Option<ModelFinding> {
    let (on, list) = nearest(parsed, call)?;
    let grid = context.grids.get(on)?;
    let good = *seen.entry((on, list)).or_insert_with(|| {
        let (cells, _) = grid.within(list, MAX_LIST);
        let values: Vec<&CellValue> = cells
            .iter()
            .filter_map(|index| match &grid.cells[*index].value {
                Constant::Value(value) if *value != CellValue::Empty => Some(value),
                _ => None,
            })
            .collect();
        let number = |value: &&CellValue| match value {
            CellValue::Number(number) => Some(*number),
            _ => None,
        };
        let numbers: Vec<f64> = values.iter().filter_map(number).collect();
        let texts = values.iter().filter_map(|value| match value {
            CellValue::Text(text) => Some(text.to_lowercase()),
            _ => None,
        });
        numbers.is_sorted() && (!numbers.is_empty() || texts.is_sorted())
    });
    if good {
        return None;
    }
    let sentence = format!(
        "{} looks for the nearest value in {}, which is not sorted: it may find any row.",
        context.address(sheet, place(cell)),
        context.address(on, list)
    );
    let mut finding = context.finding(
        Code::LookupUnsorted,
        Severity::Error,
        sheet,
        place(cell),
        sentence,
    );
    finding.evidence = vec![(on, list)];
    Some(finding)
}

/// A table whose data goes on below it.
fn misses(
    context: &Context<'_>,
    parsed: &Parsed,
    sheet: usize,
    cell: &Cell,
    call: usize,
) -> Option<ModelFinding> {
    if !matches!(parsed.calls[call].name.as_str(), "VLOOKUP" | "MATCH" | "XLOOKUP") {
        return None;
    }
    let table = argument(parsed, call, 1)?;
    let (on, area) = (table.sheet?, table.area);
    let grid = context.grids.get(on)?;
    if area.rows() < 3 || area.bottom + 1 >= deskhand_operations::MAX_ROWS {
        return None;
    }
    let below = grid.at(area.bottom + 1, area.left)?;
    let last = grid.at(area.bottom, area.left)?;
    let alike = (below.number().is_some() && last.number().is_some())
        || (below.text().is_some() && last.text().is_some());
    let total = below.text().is_some_and(crate::words::is_total);
    let class = context.class(below) == context.class(last);
    let look = class && below.formula.is_some() == last.formula.is_some();
    // In the table's last column too, and no further than a few rows: otherwise the range is a choice.
    let full = area.columns() == 1
        || grid.at(area.bottom + 1, area.right).is_some() == grid.at(area.bottom, area.right).is_some();
    let ends = grid.at(area.bottom + 4, area.left).is_none();
    let reads_itself = on == sheet && area.left <= cell.column && cell.column <= area.right;
    if !alike || total || !look || !full || !ends || reads_itself {
        return None;
    }
    let sentence = format!(
        "{} looks up in {}, whose data goes on below it, in row {}.",
        context.address(sheet, place(cell)),
        context.address(on, area),
        area.bottom + 2
    );
    let mut finding = context.finding(
        Code::LookupMisses,
        Severity::Warning,
        sheet,
        place(cell),
        sentence,
    );
    finding.evidence = vec![(on, Area::cell(area.bottom + 1, area.left))];
    Some(finding)
}
