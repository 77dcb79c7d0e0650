//! What cells say of themselves: errors, checks that are not zero, texts where numbers are wanted; and what feeds the
//! model from where nobody looks: hidden cells, other workbooks, values that change with every calculation.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_operations::Area;

use super::context::Context;
use crate::finding::{Code, Severity, shown};
use crate::labels;
use crate::model::{Cell, FormatClass};
use crate::words;

const VOLATILE: [&str; 7] = [
    "NOW",
    "TODAY",
    "RAND",
    "RANDBETWEEN",
    "RANDARRAY",
    "OFFSET",
    "INDIRECT",
];

fn place(cell: &Cell) -> Area {
    Area::cell(cell.row, cell.column)
}

/// Looks at every formula once.
pub(super) fn check(context: &mut Context<'_>) {
    let mut volatile: BTreeMap<&str, Vec<(usize, Area)>> = BTreeMap::new();
    let mut external: BTreeMap<String, Vec<(usize, Area)>> = BTreeMap::new();
    let mut sources: Vec<(usize, Area)> = Vec::new();
    let mut hidden: BTreeMap<usize, Vec<(usize, Area)>> = BTreeMap::new();
    for (sheet, index) in context.formulas.clone() {
        let cell = context.cell(sheet, index);
        let parsed = context.parsed(sheet, index);
        let form = context.fact(sheet, index).map(|fact| fact.form);
        if parsed.broken {
            broken(context, sheet, cell, form);
        } else if let Some(error) = cell.error() {
            self::error(context, sheet, cell, error, &parsed, form);
        }
        if needs_source(&parsed) && cell.error().is_some() {
            sources.push((sheet, place(cell)));
        }
        self::zero(context, sheet, cell, &parsed, form);
        self::text(context, sheet, cell, &parsed, form);
        for name in VOLATILE {
            if parsed.calls.iter().any(|call| call.name == name) {
                volatile.entry(name).or_default().push((sheet, place(cell)));
            }
        }
        for reference in &parsed.references {
            let on = reference.sheet.filter(|on| *on != sheet);
            if let Some(on) =
                on.filter(|on| context.model.sheets.get(*on).is_some_and(|sheet| !sheet.visible))
            {
                hidden.entry(on).or_default().push((sheet, place(cell)));
            }
        }
        let text = cell.formula.as_deref().unwrap_or_default();
        if text.contains(['[', '|']) || parsed.other {
            let (mut functions, mut books) = (BTreeSet::new(), BTreeSet::new());
            crate::trace::gather(context.model, sheet, text, 4, &mut functions, &mut books);
            for book in books {
                let name = book
                    .split(']')
                    .next()
                    .unwrap_or_default()
                    .trim_start_matches('[')
                    .to_owned();
                external.entry(name).or_default().push((sheet, place(cell)));
            }
        }
        in_sum(context, sheet, index, form);
    }
    notes(context, &volatile, &external, &hidden, &sources);
}

/// A formula that names cells that are gone.
fn broken(context: &mut Context<'_>, sheet: usize, cell: &Cell, form: Option<u32>) {
    let (address, written) = (context.address(sheet, place(cell)), Context::written(cell));
    let sentence = format!("{address} names cells that are gone: {written}.");
    let mut finding = context.finding(
        Code::BrokenReference,
        Severity::Error,
        sheet,
        place(cell),
        sentence,
    );
    finding.actual = Some(written);
    context.add(finding, form);
}

/// An error that a formula does not inherit.
fn error(
    context: &mut Context<'_>,
    sheet: usize,
    cell: &Cell,
    error: &str,
    parsed: &crate::parsed::Parsed,
    form: Option<u32>,
) {
    let inherited = parsed.references.iter().any(|reference| {
        let grid = reference.sheet.and_then(|on| context.grids.get(on));
        grid.is_some_and(|grid| {
            grid.within(reference.area, 2_000)
                .0
                .iter()
                .any(|index| grid.cells[*index].error().is_some())
        })
    });
    // `NA()` says on purpose that there is nothing.
    if inherited || parsed.other && error == "#NAME?" || parsed.calls_any(&["NA"]) || needs_source(parsed) {
        return;
    }
    let sentence = format!(
        "{} answers {error}: {}.",
        context.address(sheet, place(cell)),
        Context::written(cell)
    );
    let mut finding = context.finding(Code::ErrorValue, Severity::Error, sheet, place(cell), sentence);
    finding.actual = Some(error.to_owned());
    context.add(finding, form);
}

/// True where a function asks a source of data that only Excel and its add-ins reach.
fn needs_source(parsed: &crate::parsed::Parsed) -> bool {
    parsed
        .calls
        .iter()
        .any(|call| call.name.starts_with("CUBE") || call.name == "RTD" || call.name.starts_with("_XLL."))
}

/// A cell whose label says that it is a check, and that is not zero.
fn zero(
    context: &mut Context<'_>,
    sheet: usize,
    cell: &Cell,
    parsed: &crate::parsed::Parsed,
    form: Option<u32>,
) {
    let Some(number) = cell.number() else { return };
    let scale = parsed
        .references
        .iter()
        .filter_map(|reference| {
            context
                .grids
                .get(reference.sheet?)?
                .at(reference.area.top, reference.area.left)?
                .number()
        })
        .fold(1.0_f64, |most, number| most.max(number.abs()));
    if number.abs() <= 1e-9 * scale || parsed.references.len() + usize::from(parsed.other) < 2 {
        return;
    }
    let subtracts = cell.formula.as_deref().is_some_and(|text| text.contains('-'));
    let grid = &context.grids[sheet];
    let near = |row: u32, column: u32| {
        let row_label = labels::of_row(grid, row, column);
        let column_label = labels::of_column(grid, row, column);
        [row_label, column_label]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    let told = near(cell.row, cell.column);
    let totals = parsed.references.iter().filter(|reference| {
        let fact = reference
            .sheet
            .and_then(|on| context.fact_at(on, reference.area.top, reference.area.left));
        fact.is_some_and(|fact| fact.total.is_some())
    });
    let check = told.iter().any(|text| words::is_check(text));
    let difference = told.iter().any(|text| words::is_difference(text)) && totals.count() >= 2;
    if !subtracts || !(check || difference) || context.class(cell) == FormatClass::Date {
        return;
    }
    let label = told.first().copied().unwrap_or_default();
    let sentence = format!(
        "{} (\"{label}\") should be zero and is {}.",
        context.address(sheet, place(cell)),
        shown(number)
    );
    let mut finding = context.finding(Code::CheckNotZero, Severity::Error, sheet, place(cell), sentence);
    finding.expected = Some("0".to_owned());
    finding.actual = Some(shown(number));
    context.add(finding, form);
}

/// Arithmetic with a cell that holds a text.
fn text(
    context: &mut Context<'_>,
    sheet: usize,
    cell: &Cell,
    parsed: &crate::parsed::Parsed,
    form: Option<u32>,
) {
    let arithmetic = |c: Option<char>| c.is_some_and(|c| matches!(c, '+' | '-' | '*' | '/'));
    if cell.number().is_none() {
        return;
    }
    for reference in &parsed.references {
        let joined = arithmetic(reference.beside.before) || arithmetic(reference.beside.after);
        let read = reference
            .sheet
            .and_then(|on| context.grids.get(on)?.at(reference.area.top, reference.area.left));
        let Some(text) = read
            .filter(|_| joined && reference.area.cells() == 1)
            .and_then(Cell::text)
        else {
            continue;
        };
        let on = reference.sheet.unwrap_or(sheet);
        let sentence = format!(
            "{} computes with {}, which holds the text \"{}\".",
            context.address(sheet, place(cell)),
            context.address(on, reference.area),
            text.chars().take(40).collect::<String>()
        );
        let mut finding = context.finding(Code::ReadsText, Severity::Warning, sheet, place(cell), sentence);
        finding.actual = Some(Context::written(cell));
        finding.evidence = vec![(on, reference.area)];
        context.add(finding, form);
        return;
    }
}

/// Hidden rows in a sum that shows.
fn in_sum(context: &mut Context<'_>, sheet: usize, index: usize, form: Option<u32>) {
    let Some(total) = context
        .fact(sheet, index)
        .and_then(|fact| fact.total.clone())
        .filter(|total| !total.skips)
    else {
        return;
    };
    for (on, area) in total.parts {
        let held = &context.model.sheets[on];
        if !held.visible || area.rows() < 2 {
            continue;
        }
        let from = held.hidden_rows.partition_point(|row| *row < area.top);
        let hidden = held.hidden_rows[from..]
            .iter()
            .take_while(|row| **row <= area.bottom)
            .take(1_000);
        let mut rows = hidden.filter(|row| {
            let number = |cell: &Cell| cell.number().is_some_and(|number| number != 0.0);
            context.grids[on]
                .row(**row, area.left, area.right)
                .iter()
                .any(number)
        });
        let Some(row) = rows.next() else { continue };
        let more = rows.count();
        let cell = context.cell(sheet, index);
        let also = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let sentence = format!(
            "{} adds {area}, of which row {}{also} is hidden.",
            context.address(sheet, place(cell)),
            row + 1
        );
        let evidence = vec![(on, area)];
        let mut finding = context.finding(Code::HiddenInSum, Severity::Note, sheet, place(cell), sentence);
        finding.evidence = evidence;
        context.add(finding, form);
        return;
    }
}

/// One note for each hidden sheet, other workbook and volatile function.
fn notes(
    context: &mut Context<'_>,
    volatile: &BTreeMap<&str, Vec<(usize, Area)>>,
    external: &BTreeMap<String, Vec<(usize, Area)>>,
    hidden: &BTreeMap<usize, Vec<(usize, Area)>>,
    sources: &[(usize, Area)],
) {
    let mut note = |code: Code, places: &[(usize, Area)], what: String| {
        let Some((sheet, area)) = places.iter().find(|(sheet, _)| context.wanted[*sheet]).copied() else {
            return;
        };
        let also = if places.len() > 1 {
            format!(" and {} more cells", places.len() - 1)
        } else {
            String::new()
        };
        let sentence = format!("{}{also} {what}.", context.address(sheet, area));
        let mut finding = context.finding(code, Severity::Note, sheet, area, sentence);
        finding.evidence = places.iter().take(20).copied().collect();
        context.add(finding, None);
    };
    note(
        Code::ErrorValue,
        sources,
        "answer errors, because the source of their data was out of reach".to_owned(),
    );
    let sheets = |on: usize| format!("read the hidden sheet number {}", on + 1);
    for (on, places) in hidden {
        note(Code::HiddenSheet, places, sheets(*on));
    }
    for (book, places) in external {
        note(
            Code::External,
            places,
            format!("read the workbook {book}, whose values are those of the last time it was open"),
        );
    }
    for (function, places) in volatile {
        note(
            Code::Volatile,
            places,
            format!("use {function}, whose value changes with every calculation"),
        );
    }
}
