//! Sums: cells left out at the ends or in the midst, parts counted beside their total, typed totals that differ.

use deskhand_operations::Area;

use super::context::{Axis, Context, Total};
use crate::finding::{Code, Severity, shown};
use crate::labels;
use crate::model::{Cell, FormatClass};
use crate::words;

/// Totals inside a range that are compared with it.
const MAX_INNER: usize = 2_000;

/// Looks at every formula that adds, and at every typed total.
pub(super) fn check(context: &mut Context<'_>) {
    let totals = Totals::new(context);
    for (sheet, index) in context.formulas.clone() {
        let Some(fact) = context.fact(sheet, index) else {
            continue;
        };
        let form = fact.form;
        let Some(total) = fact.total.clone() else { continue };
        twice(context, &totals, sheet, index, form, &total);
        for (on, area) in &total.parts {
            for axis in Axis::BOTH {
                if *on == sheet && area.cells() > 1 {
                    misses(context, sheet, index, form, &total, *area, axis);
                }
            }
        }
        if total.pure && total.parts.len() >= 2 {
            for axis in Axis::BOTH {
                gap(context, sheet, index, form, &total, axis);
            }
        }
    }
    typed(context);
}

/// Formulas that add, by sheet, column and row.
struct Totals {
    places: Vec<(usize, u32, u32, usize)>,
}

impl Totals {
    fn new(context: &Context<'_>) -> Self {
        let mut places: Vec<_> = context
            .formulas
            .iter()
            .filter(|(sheet, index)| {
                context
                    .fact(*sheet, *index)
                    .is_some_and(|fact| fact.total.is_some())
            })
            .map(|(sheet, index)| {
                let cell = context.cell(*sheet, *index);
                (*sheet, cell.column, cell.row, *index)
            })
            .collect();
        places.sort_unstable();
        Self { places }
    }

    /// Those within an area.
    fn within(&self, sheet: usize, area: Area) -> impl Iterator<Item = (u32, u32, usize)> {
        let columns = area.left..=area.right.min(area.left + 200);
        columns
            .flat_map(move |column| {
                let from = self
                    .places
                    .partition_point(|place| (place.0, place.1, place.2) < (sheet, column, area.top));
                let held = &self.places[from..];
                held.iter()
                    .take_while(move |place| place.0 == sheet && place.1 == column && place.2 <= area.bottom)
            })
            .map(|(_, column, row, index)| (*row, *column, *index))
            .take(MAX_INNER)
    }
}

fn place(cell: &Cell) -> Area {
    Area::cell(cell.row, cell.column)
}

/// Parts that are added beside a total of them.
fn twice(context: &mut Context<'_>, totals: &Totals, sheet: usize, index: usize, form: u32, total: &Total) {
    let cell = context.cell(sheet, index);
    // `SUM(B2:B20)/2` over parts and totals is an old way to add once.
    if !total.pure
        && context
            .parsed(sheet, index)
            .literals
            .iter()
            .any(|literal| [2.0].contains(&literal.value) && literal.beside.before == Some('/'))
    {
        return;
    }
    for (on, area) in &total.parts {
        for (row, column, inner) in totals.within(*on, *area) {
            if (*on, row, column) == (sheet, cell.row, cell.column) {
                continue;
            }
            let Some(held) = context.fact(*on, inner).and_then(|fact| fact.total.as_ref()) else {
                continue;
            };
            let both = held.parts.iter().find(|(sheet, part)| {
                total
                    .parts
                    .iter()
                    .any(|(other, around)| other == sheet && around.intersection(part).is_some())
            });
            if (total.skips && held.skips) || held.parts.len() == 1 && held.parts[0].1.cells() == 1 {
                continue;
            }
            let Some((_, part)) = both.copied() else { continue };
            let inner = context.cell(*on, inner);
            if inner.number().is_none_or(|number| number == 0.0) && inner.number().is_none() {
                continue;
            }
            let sentence = format!(
                "{} adds {} and also its parts {}: they count twice.",
                context.address(sheet, place(cell)),
                context.address(*on, place(inner)),
                part
            );
            let mut finding = context.finding(
                Code::SumCountsTwice,
                Severity::Error,
                sheet,
                place(cell),
                sentence,
            );
            finding.actual = Some(Context::written(cell));
            finding.evidence = vec![(*on, place(inner)), (*on, part)];
            context.add(finding, Some(form));
            return;
        }
    }
}

/// The cells at the ends of a range that a sum leaves out.
fn misses(
    context: &mut Context<'_>,
    sheet: usize,
    index: usize,
    form: u32,
    total: &Total,
    area: Area,
    axis: Axis,
) {
    let cell = context.cell(sheet, index);
    let (line, position) = axis.split(cell.row, cell.column);
    let Some((_, from, to)) = axis.along(area).filter(|along| along.0 == line) else {
        return;
    };
    let missed = beside_total(context, sheet, axis, line, position, (from, to))
        .or_else(|| beyond_end(context, sheet, axis, line, position, (from, to)));
    if let Some((first, last)) = missed {
        report(
            context,
            sheet,
            index,
            form,
            total,
            area,
            axis.area(line, first, last),
        );
    }
}

/// The cells between a range and its total, where all are of the range's kind.
fn beside_total(
    context: &Context<'_>,
    sheet: usize,
    axis: Axis,
    line: u32,
    position: u32,
    (from, to): (u32, u32),
) -> Option<(u32, u32)> {
    let after = position > to;
    let between: Vec<u32> = if after {
        (to + 1..position.min(to + 4)).collect()
    } else {
        (from.saturating_sub(3).max(position + 1)..from).rev().collect()
    };
    let near = if after { to } else { from };
    let alike = between
        .into_iter()
        .take_while(|at| belongs(context, sheet, axis, line, *at, near));
    let missed: Vec<u32> = alike.collect();
    let (first, last) = (*missed.first()?, *missed.last()?);
    // What goes on for more than a handful is not an oversight but another block.
    let next = if after { last + 1 } else { last.wrapping_sub(1) };
    let ends = next == position
        || context
            .on(sheet, axis, line, next)
            .is_none_or(|cell| cell.number().is_none());
    ends.then(|| (first.min(last), first.max(last)))
}

/// The cell at the end of a range away from its total, where it is of the range's kind and nothing like it follows.
fn beyond_end(
    context: &Context<'_>,
    sheet: usize,
    axis: Axis,
    line: u32,
    position: u32,
    (from, to): (u32, u32),
) -> Option<(u32, u32)> {
    let after = position > to;
    let (far, at, beyond) = if after {
        (from, from.checked_sub(1)?, from.checked_sub(2))
    } else {
        (to, to.checked_add(1)?, to.checked_add(2))
    };
    let follows = beyond.and_then(|beyond| context.on(sheet, axis, line, beyond));
    let alone = follows.is_none_or(|cell| cell.number().is_none());
    (alone && belongs(context, sheet, axis, line, at, far)).then_some((at, at))
}

/// True when the cell at a place is of the same kind as the one at the range's end.
fn belongs(context: &Context<'_>, sheet: usize, axis: Axis, line: u32, at: u32, end: u32) -> bool {
    let (Some(cell), Some(last)) = (
        context.on(sheet, axis, line, at),
        context.on(sheet, axis, line, end),
    ) else {
        return false;
    };
    let (Some(number), Some(_)) = (cell.number(), last.number()) else {
        return false;
    };
    let (class, other) = (context.class(cell), context.class(last));
    if number == 0.0
        || class != other
        || class == FormatClass::Date
        || context.bold(cell) != context.bold(last)
    {
        return false;
    }
    let year = number.fract() == 0.0 && (1900.0..=2100.0).contains(&number);
    let last_year = last
        .number()
        .is_some_and(|number| number.fract() == 0.0 && (1900.0..=2100.0).contains(&number));
    if year && !last_year {
        return false;
    }
    let area = axis.area(line, at, at);
    let end_area = axis.area(line, end, end);
    // Both typed, or both computed alike.
    if context.form_at(sheet, axis, line, at) != context.form_at(sheet, axis, line, end) {
        return false;
    }
    let grid = &context.grids[sheet];
    let (label, other) = match axis {
        Axis::Down => (
            labels::of_row(grid, area.top, area.left),
            labels::of_row(grid, end_area.top, end_area.left),
        ),
        Axis::Across => (header(context, sheet, area), header(context, sheet, end_area)),
    };
    let special = |text: &str| words::is_total(text) || words::is_opening(text) || words::is_check(text);
    label.is_some() == other.is_some()
        && !label.is_some_and(special)
        && !(label.is_none() && cell.formula.is_none() && axis == Axis::Across)
}

/// The text or year right above a cell's block.
fn header<'a>(context: &Context<'a>, sheet: usize, area: Area) -> Option<&'a str> {
    labels::of_column(&context.grids[sheet], area.top, area.left)
}

fn report(
    context: &mut Context<'_>,
    sheet: usize,
    index: usize,
    form: u32,
    total: &Total,
    area: Area,
    missed: Area,
) {
    // What the total reads or adds elsewhere in its formula is no oversight.
    let parsed = context.parsed(sheet, index);
    let read = parsed
        .references
        .iter()
        .any(|reference| reference.sheet == Some(sheet) && reference.area.intersection(&missed).is_some());
    if read
        || total
            .parts
            .iter()
            .any(|(on, part)| *on == sheet && part.intersection(&missed).is_some())
    {
        return;
    }
    let cell = context.cell(sheet, index);
    let amount: f64 = context.grids[sheet]
        .within(missed, 100)
        .0
        .iter()
        .filter_map(|index| context.cell(sheet, *index).number())
        .sum();
    let sentence = format!(
        "{} adds {area} and leaves out {missed} beside it ({}).",
        context.address(sheet, place(cell)),
        shown(amount)
    );
    let mut finding = context.finding(Code::SumMisses, Severity::Error, sheet, place(cell), sentence);
    finding.actual = Some(Context::written(cell));
    finding.expected = Some(crate::trace::around(area, missed).to_string());
    finding.evidence = vec![(sheet, missed)];
    context.add(finding, Some(form));
}

/// Cells in the midst of the parts that are left out.
fn gap(context: &mut Context<'_>, sheet: usize, index: usize, form: u32, total: &Total, axis: Axis) {
    let mut spans = Vec::new();
    for (on, area) in &total.parts {
        match axis.along(*area).filter(|_| *on == sheet) {
            Some(along) => spans.push(along),
            None => return,
        }
    }
    spans.sort_unstable();
    let line = spans[0].0;
    let covered: u32 = spans
        .iter()
        .map(|span| span.2 - span.1 + 1)
        .fold(0, u32::saturating_add);
    if spans.iter().any(|span| span.0 != line) || !(3..=100_000).contains(&covered) {
        return;
    }
    let mut missing = Vec::new();
    for pair in spans.windows(2) {
        if pair[1].1 > pair[0].2 + 4 {
            return;
        }
        missing.extend(pair[0].2 + 1..pair[1].1);
    }
    let adds = |at: u32| {
        let area = axis.area(line, at, at);
        context
            .fact_at(sheet, area.top, area.left)
            .is_some_and(|fact| fact.total.is_some())
    };
    // Totals of blocks: what lies between them is in them.
    if spans.iter().any(|span| span.1 == span.2 && adds(span.1)) {
        return;
    }
    missing.retain(|at| belongs(context, sheet, axis, line, *at, spans[0].2) && !adds(*at));
    let [at] = missing[..] else { return };
    let cell = context.cell(sheet, index);
    let left = axis.area(line, at, at);
    let amount = context
        .on(sheet, axis, line, at)
        .and_then(Cell::number)
        .unwrap_or_default();
    let sentence = format!(
        "{} adds the cells around {left} and leaves it out ({}).",
        context.address(sheet, place(cell)),
        shown(amount)
    );
    let mut finding = context.finding(Code::SumGap, Severity::Error, sheet, place(cell), sentence);
    finding.actual = Some(Context::written(cell));
    finding.evidence = vec![(sheet, left)];
    context.add(finding, Some(form));
}

/// Typed numbers in rows that are labelled as totals.
fn typed(context: &mut Context<'_>) {
    for sheet in 0..context.grids.len() {
        let grid_cells = context.grids[sheet].cells;
        for cell in grid_cells {
            let Some(number) = cell
                .number()
                .filter(|_| cell.formula.is_none() && context.wanted[sheet])
            else {
                continue;
            };
            let label = labels::of_row(&context.grids[sheet], cell.row, cell.column);
            if number == 0.0
                || cell.row < 3
                || context.class(cell) == FormatClass::Date
                || !label.is_some_and(words::is_total)
            {
                continue;
            }
            let parts = above(context, sheet, cell);
            if parts.len() < 3 {
                continue;
            }
            let sum: f64 = parts.iter().filter_map(|part| part.number()).sum();
            let tolerance = context.tolerance(cell) * (1.0 + parts.len() as f64);
            let area = Area {
                top: cell.row - parts.len() as u32,
                left: cell.column,
                bottom: cell.row - 1,
                right: cell.column,
            };
            let place = place(cell);
            let (address, found) = (context.address(sheet, place), shown(number));
            let mut finding = if (sum - number).abs() <= tolerance {
                let sentence = format!(
                    "{address} is the sum of {area}, typed in as {found}: it will not follow its parts."
                );
                context.finding(Code::TotalTyped, Severity::Note, sheet, place, sentence)
            } else if (sum - number).abs() <= 0.3 * sum.abs() {
                let sentence = format!(
                    "{address} says {found}, its parts {area} add up to {}: the difference is {}.",
                    shown(sum),
                    shown(number - sum)
                );
                context.finding(Code::TotalDiffers, Severity::Error, sheet, place, sentence)
            } else {
                continue;
            };
            finding.expected = Some(format!("=SUM({area})"));
            finding.actual = Some(found);
            finding.evidence = vec![(sheet, area)];
            context.add(finding, None);
        }
    }
}

/// The numbers right above a cell, up to the next total.
fn above<'a>(context: &Context<'a>, sheet: usize, cell: &Cell) -> Vec<&'a Cell> {
    let mut parts = Vec::new();
    let mut row = cell.row;
    while let Some(next) = row.checked_sub(1) {
        row = next;
        let Some(part) = context.grids[sheet].at(row, cell.column) else {
            break;
        };
        let total = labels::of_row(&context.grids[sheet], row, cell.column).is_some_and(words::is_total);
        if part.number().is_none()
            || total
            || context.class(part) != context.class(cell)
            || parts.len() >= 10_000
        {
            break;
        }
        parts.push(part);
    }
    parts
}
