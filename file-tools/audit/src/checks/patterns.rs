//! Runs of formulas: numbers typed over them, formulas that differ from the ones around, references that move along.

use deskhand_operations::Area;

use super::context::{Axis, Context};
use crate::finding::{Code, Severity};
use crate::model::Cell;
use crate::parsed::Ref;

/// Functions whose table is an argument, and which.
const TABLES: [(&str, usize); 9] = [
    ("VLOOKUP", 1),
    ("HLOOKUP", 1),
    ("LOOKUP", 1),
    ("MATCH", 1),
    ("XLOOKUP", 1),
    ("XMATCH", 1),
    ("SUMIF", 0),
    ("RANK", 1),
    ("RANK.EQ", 1),
];

/// One cell of a line.
#[derive(Clone, Copy)]
struct Spot {
    position: u32,
    index: usize,
    form: Option<u32>,
}

/// Looks along every column and every row.
pub(super) fn check(context: &mut Context<'_>) {
    for sheet in 0..context.grids.len() {
        if !context.wanted[sheet] {
            continue;
        }
        for axis in Axis::BOTH {
            for (line, spots) in lines(context, sheet, axis) {
                let mut from = 0;
                for at in 1..=spots.len() {
                    if at == spots.len() || spots[at].position != spots[at - 1].position + 1 {
                        segment(context, sheet, axis, line, &spots[from..at]);
                        from = at;
                    }
                }
            }
        }
    }
}

/// The cells of each line that has formulas.
fn lines(context: &Context<'_>, sheet: usize, axis: Axis) -> Vec<(u32, Vec<Spot>)> {
    let grid = &context.grids[sheet];
    let order: Vec<usize> = match axis {
        Axis::Down => grid.by_column().iter().map(|index| *index as usize).collect(),
        Axis::Across => (0..grid.cells.len()).collect(),
    };
    let mut lines: Vec<(u32, Vec<Spot>)> = Vec::new();
    for index in order {
        let cell = &grid.cells[index];
        let (line, position) = axis.split(cell.row, cell.column);
        let spot = Spot {
            position,
            index,
            form: context.fact(sheet, index).map(|fact| fact.form),
        };
        match lines.last_mut() {
            Some((same, spots)) if *same == line => spots.push(spot),
            _ => lines.push((line, vec![spot])),
        }
    }
    lines.retain(|(_, spots)| spots.iter().filter(|spot| spot.form.is_some()).count() > 2);
    lines
}

/// A stretch of a line without gaps.
fn segment(context: &mut Context<'_>, sheet: usize, axis: Axis, line: u32, spots: &[Spot]) {
    let form = |at: usize| spots.get(at).and_then(|spot| spot.form);
    for at in 1..spots.len() {
        let Some(before) = form(at - 1) else { continue };
        if form(at) == Some(before) {
            continue;
        }
        let earlier = at >= 2 && form(at - 2) == Some(before);
        // One cell, or two numbers, between cells of one form; more of that form on one side at least.
        let next = form(at + 1) == Some(before);
        let later = next && form(at + 2) == Some(before);
        if next && (earlier || later) {
            deviation(context, sheet, axis, line, spots[at], spots[at - 1], false);
        } else if form(at).is_none()
            && form(at + 1).is_none()
            && earlier
            && form(at + 2) == Some(before)
            && form(at + 3) == Some(before)
        {
            deviation(context, sheet, axis, line, spots[at], spots[at - 1], false);
            deviation(context, sheet, axis, line, spots[at + 1], spots[at - 1], false);
        } else if at + 1 == spots.len() && earlier && at >= 3 && form(at - 3) == Some(before) {
            deviation(context, sheet, axis, line, spots[at], spots[at - 1], true);
        }
    }
    let mut from = 0;
    for at in 1..=spots.len() {
        if at == spots.len() || spots[at].form != spots[from].form {
            if at - from >= 3 && spots[from].form.is_some() {
                moving(context, sheet, axis, line, &spots[from..at]);
            }
            from = at;
        }
    }
}

/// A cell that differs from the run around it, or at its end.
fn deviation(
    context: &mut Context<'_>,
    sheet: usize,
    axis: Axis,
    line: u32,
    spot: Spot,
    like: Spot,
    end: bool,
) {
    let cell = context.cell(sheet, spot.index);
    let model = context.cell(sheet, like.index);
    let figure = |cell: &Cell| cell.number().is_some() || cell.error().is_some();
    if !figure(cell) || !figure(model) || cell.array || model.array {
        return;
    }
    let sides = [line.checked_sub(1), line.checked_add(1)].into_iter().flatten();
    let mut peers = 0;
    for side in sides {
        let beside = context.on(sheet, axis, side, spot.position);
        let form = context.form_at(sheet, axis, side, spot.position);
        let previous = spot
            .position
            .checked_sub(1)
            .and_then(|at| context.form_at(sheet, axis, side, at));
        if spot.form.is_some() && form == spot.form {
            return;
        }
        // A line of numbers across lines of formulas is a design: the months that are over, for instance.
        let number = form.is_none() && beside.is_some_and(|cell| cell.number().is_some());
        if spot.form.is_none() && number && previous.is_some() {
            return;
        }
        peers += u32::from(form.is_some() && form == previous);
    }
    if end && peers == 0 {
        return;
    }
    if spot.form.is_none() {
        typed(context, sheet, axis, spot, like);
    } else {
        different(context, sheet, axis, line, spot, like);
    }
}

/// The formula that the run has at a place.
fn moved(context: &Context<'_>, sheet: usize, spot: Spot, like: Spot) -> String {
    let (cell, model) = (context.cell(sheet, spot.index), context.cell(sheet, like.index));
    let text = model.formula.as_deref().unwrap_or_default();
    let rows = i64::from(cell.row) - i64::from(model.row);
    let columns = i64::from(cell.column) - i64::from(model.column);
    format!(
        "={}",
        deskhand_formula::from_file(&deskhand_formula::translate(text, rows, columns))
    )
}

fn place(cell: &Cell) -> Area {
    Area::cell(cell.row, cell.column)
}

fn way(axis: Axis) -> &'static str {
    match axis {
        Axis::Down => "column",
        Axis::Across => "row",
    }
}

fn typed(context: &mut Context<'_>, sheet: usize, axis: Axis, spot: Spot, like: Spot) {
    let (cell, model) = (context.cell(sheet, spot.index), context.cell(sheet, like.index));
    let expected = moved(context, sheet, spot, like);
    let sentence = format!(
        "{} holds the typed number {} where its {} computes {expected}.",
        context.address(sheet, place(cell)),
        Context::written(cell),
        way(axis)
    );
    let mut finding = context.finding(
        Code::ConstantAmongFormulas,
        Severity::Error,
        sheet,
        place(cell),
        sentence,
    );
    finding.expected = Some(expected);
    finding.actual = Some(Context::written(cell));
    finding.evidence = vec![(sheet, place(model))];
    context.add(finding, None);
}

fn different(context: &mut Context<'_>, sheet: usize, axis: Axis, line: u32, spot: Spot, like: Spot) {
    let (cell, model) = (context.cell(sheet, spot.index), context.cell(sheet, like.index));
    // Totals among their parts belong there.
    if adds_line(context, sheet, axis, line, spot) && !adds_line(context, sheet, axis, line, like) {
        return;
    }
    let expected = moved(context, sheet, spot, like);
    let actual = Context::written(cell);
    let sentence = format!(
        "{} computes {actual} where the cells before and after it in its {} compute {expected}.",
        context.address(sheet, place(cell)),
        way(axis)
    );
    let mut finding = context.finding(
        Code::Inconsistent,
        Severity::Warning,
        sheet,
        place(cell),
        sentence,
    );
    finding.expected = Some(expected);
    finding.actual = Some(actual);
    finding.evidence = vec![(sheet, place(model))];
    context.add(finding, None);
}

/// True for a formula that adds cells of its own line.
fn adds_line(context: &Context<'_>, sheet: usize, axis: Axis, line: u32, spot: Spot) -> bool {
    let total = context
        .fact(sheet, spot.index)
        .and_then(|fact| fact.total.as_ref());
    let along = |area: Area| axis.along(area).is_some_and(|along| along.0 == line);
    total.is_some_and(|total| total.parts.iter().any(|(on, area)| *on == sheet && along(*area)))
}

/// References of a run that move along where what they read does not.
fn moving(context: &mut Context<'_>, sheet: usize, axis: Axis, line: u32, run: &[Spot]) {
    let parsed = context.parsed(sheet, run[0].index);
    let first = context.cell(sheet, run[0].index);
    for reference in &parsed.references {
        let fixed = match axis {
            Axis::Down => reference.fixed.0,
            Axis::Across => reference.fixed.1,
        };
        let Some(on) = reference.sheet.filter(|on| *on < context.grids.len() && !fixed) else {
            continue;
        };
        let name = parsed.name_of(reference.call);
        let argument = reference.call.map_or(0, |call| call.1);
        let long = match axis {
            Axis::Down => reference.area.rows(),
            Axis::Across => reference.area.columns(),
        };
        let table = TABLES.contains(&(name, argument))
            && (3..500_000).contains(&long)
            && (axis == Axis::Down || long < 16_000);
        let single = reference.area.cells() == 1 && alone(context, on, axis, reference, run);
        if !table && !single {
            continue;
        }
        let last = run[run.len() - 1].position;
        let area = axis.area(line, run[1].position, last);
        let read = context.address(on, reference.area);
        let sentence = if table {
            format!(
                "{} looks up in a table that moves along with each cell: {} reads {read}, the next cell the cells after it; the table's ends lack their $.",
                context.address(sheet, axis.area(line, run[0].position, last)),
                context.address(sheet, place(first))
            )
        } else {
            format!(
                "{} reads cells that hold no number where {} reads {read}: the reference lacks its $ and moves along.",
                context.address(sheet, area),
                context.address(sheet, place(first))
            )
        };
        let mut finding = context.finding(Code::MissingAnchor, Severity::Error, sheet, area, sentence);
        finding.actual = Some(Context::written(context.cell(sheet, run[1].index)));
        finding.evidence = vec![(on, reference.area)];
        context.add(finding, None);
        return;
    }
}

/// True when the first cell of a run reads a number, and all others read cells that hold none.
fn alone(context: &Context<'_>, on: usize, axis: Axis, reference: &Ref, run: &[Spot]) -> bool {
    let (line, position) = axis.split(reference.area.top, reference.area.left);
    let number = |at: u32| {
        context
            .on(on, axis, line, position + at)
            .is_some_and(|cell| cell.number().is_some())
    };
    let operator = |c: Option<char>| c.is_some_and(|c| matches!(c, '+' | '-' | '*' | '/' | '^'));
    let joined = operator(reference.beside.before) || operator(reference.beside.after);
    joined && number(0) && (1..run.len().min(50) as u32).all(|at| !number(at))
}
