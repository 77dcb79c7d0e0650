//! Typed values that do not fit into their line: numbers and dates as texts, signs and magnitudes that break.

use deskhand_operations::Area;

use super::context::{Axis, Context};
use crate::finding::{Code, Severity, shown};
use crate::model::{Cell, FormatClass};
use crate::words;

/// Numbers beside each other that are compared.
const FEWEST: usize = 5;

/// Looks at every stretch of typed values.
pub(super) fn check(context: &mut Context<'_>) {
    for sheet in 0..context.grids.len() {
        if !context.wanted[sheet] {
            continue;
        }
        let mut marked = std::collections::HashSet::new();
        for axis in Axis::BOTH {
            let order: Vec<usize> = match axis {
                Axis::Down => context.grids[sheet]
                    .by_column()
                    .iter()
                    .map(|index| *index as usize)
                    .collect(),
                Axis::Across => (0..context.grids[sheet].cells.len()).collect(),
            };
            let cells = context.grids[sheet].cells;
            let at = |index: usize| axis.split(cells[index].row, cells[index].column);
            let follows = |one: &usize, other: &usize| {
                let (one, other) = (at(*one), at(*other));
                one.0 == other.0 && one.1 + 1 == other.1
            };
            for stretch in order.chunk_by(follows) {
                let held: Vec<&Cell> = stretch.iter().map(|index| &cells[*index]).collect();
                texts(context, sheet, axis, &held, &mut marked);
                let chunks: Vec<&[&Cell]> = held.chunk_by(|one, other| alike(context, one, other)).collect();
                for numbers in chunks {
                    if numbers.len() >= FEWEST && typed(numbers[0]) {
                        breaks(context, sheet, axis, numbers);
                    }
                }
            }
        }
    }
}

fn typed(cell: &Cell) -> bool {
    cell.formula.is_none() && cell.number().is_some()
}

/// Typed numbers of one kind.
fn alike(context: &Context<'_>, one: &Cell, other: &Cell) -> bool {
    typed(one)
        && typed(other)
        && context.class(one) == context.class(other)
        && context.class(one) != FormatClass::Date
}

fn place(cell: &Cell) -> Area {
    Area::cell(cell.row, cell.column)
}

/// Texts that read as numbers or dates, among such.
fn texts(
    context: &mut Context<'_>,
    sheet: usize,
    axis: Axis,
    held: &[&Cell],
    marked: &mut std::collections::HashSet<(u32, u32)>,
) {
    // The head of a column or row says what follows.
    for at in 1..held.len() {
        let cell = held[at];
        let Some(text) = cell.text().filter(|_| cell.formula.is_none()) else {
            continue;
        };
        let (number, date) = (words::number(text), words::is_date(text));
        if number.is_none() && !date || marked.contains(&(cell.row, cell.column)) {
            continue;
        }
        let around = held[at.saturating_sub(4)..(at + 5).min(held.len())]
            .iter()
            .filter(|other| {
                let dated = context.class(other) == FormatClass::Date;
                other.number().is_some() && if date { dated } else { !dated }
            });
        let near = [Some(at - 1), Some(at + 1)]
            .into_iter()
            .flatten()
            .filter_map(|at| held.get(at));
        let beside = near.filter(|other| other.number().is_some()).count();
        // Codes and identifiers in a column of texts are texts.
        let wanted = if axis == Axis::Down { 3 } else { 4 };
        let around = around.count();
        if around < wanted || beside == 0 {
            continue;
        }
        marked.insert((cell.row, cell.column));
        let address = context.address(sheet, place(cell));
        let (code, sentence) = if date {
            (
                Code::DateAsText,
                format!("{address} holds the date \"{text}\" as text among dates: it is not computed with."),
            )
        } else {
            (
                Code::NumberAsText,
                format!("{address} holds the number \"{text}\" as text among numbers: sums leave it out."),
            )
        };
        let mut finding = context.finding(code, Severity::Error, sheet, place(cell), sentence);
        finding.actual = Some(format!("\"{text}\""));
        finding.expected = number.filter(|_| !date).map(shown);
        context.add(finding, None);
    }
}

/// One number whose sign or magnitude differs from all others of its stretch.
fn breaks(context: &mut Context<'_>, sheet: usize, axis: Axis, cells: &[&Cell]) {
    let numbers = cells.iter().enumerate();
    let values: Vec<(usize, f64)> = numbers
        .filter_map(|(at, cell)| {
            cell.number()
                .filter(|number| *number != 0.0)
                .map(|number| (at, number))
        })
        .collect();
    if values.len() >= FEWEST {
        sign(context, sheet, cells, &values);
        unit(context, sheet, axis, cells, &values);
    }
}

/// The sizes of all values but one: the least and the greatest.
fn others(values: &[(usize, f64)], odd: usize) -> (f64, f64) {
    let sizes = values
        .iter()
        .filter(|value| value.0 != odd)
        .map(|value| value.1.abs());
    sizes.fold((f64::MAX, f64::MIN_POSITIVE), |(least, most), size| {
        (least.min(size), most.max(size))
    })
}

/// The area around a stretch.
fn around(cells: &[&Cell]) -> Area {
    crate::trace::around(place(cells[0]), place(cells[cells.len() - 1]))
}

fn sign(context: &mut Context<'_>, sheet: usize, cells: &[&Cell], values: &[(usize, f64)]) {
    let negative = values.iter().filter(|value| value.1 < 0.0).count();
    let lone = match (negative, values.len() - negative) {
        (1, many) if many >= FEWEST => values.iter().find(|value| value.1 < 0.0),
        (many, 1) if many >= FEWEST - 1 => values.iter().find(|value| value.1 > 0.0),
        _ => None,
    };
    let Some((at, number)) = lone.copied() else { return };
    let (least, most) = others(values, at);
    if most / least >= 8.0 || number.abs() < least / 2.0 || number.abs() > most * 2.0 {
        return;
    }
    let (cell, around) = (cells[at], around(cells));
    let (own, rest) = if number > 0.0 {
        ("positive", "negative")
    } else {
        ("negative", "positive")
    };
    let sentence = format!(
        "{} is {own} ({}), all others of {around} are {rest}.",
        context.address(sheet, place(cell)),
        shown(number)
    );
    let mut finding = context.finding(Code::SignBreak, Severity::Warning, sheet, place(cell), sentence);
    finding.expected = Some(shown(-number));
    finding.actual = Some(shown(number));
    finding.evidence = vec![(sheet, around)];
    context.add(finding, None);
}

fn unit(context: &mut Context<'_>, sheet: usize, axis: Axis, cells: &[&Cell], values: &[(usize, f64)]) {
    let mut sizes: Vec<f64> = values.iter().map(|value| value.1.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let median = sizes[sizes.len() / 2];
    let sum: f64 = values.iter().map(|value| value.1).sum();
    let odd = |number: f64| !(0.04..=25.0).contains(&(number.abs() / median));
    // Two that are odd are a kind of their own.
    let mut found = values.iter().filter(|value| odd(value.1));
    let (Some((at, number)), None) = (found.next().copied(), found.next()) else {
        return;
    };
    let (least, most) = others(values, at);
    // The last one may be the sum of all others.
    if most / least >= 12.0 || ((sum - number) - number).abs() <= 1e-6 * number.abs() {
        return;
    }
    let factor = [1000.0, 100.0, 0.001, 0.01].into_iter().find(|factor| {
        let scaled = number.abs() / factor;
        scaled >= least * 0.5 && scaled <= most * 2.0
    });
    let Some(factor) = factor else { return };
    let (cell, around) = (cells[at], around(cells));
    let told = if factor > 1.0 {
        format!("{factor} times as large as")
    } else {
        format!("1/{} of", (1.0 / factor).round())
    };
    let sentence = format!(
        "{} ({}) is about {told} the others of its {}, {around}: a break of units.",
        context.address(sheet, place(cell)),
        shown(number),
        if axis == Axis::Down { "column" } else { "row" }
    );
    let mut finding = context.finding(Code::UnitBreak, Severity::Warning, sheet, place(cell), sentence);
    finding.expected = Some(shown(number / factor));
    finding.actual = Some(shown(number));
    finding.evidence = vec![(sheet, around)];
    context.add(finding, None);
}
