//! Formulas that read their own value. Found by two walks over what reads what, first to the readers, then back
//! (Kosaraju's strongly connected components); ranges are taken out as they are met, so that a walk costs n log n.

use std::collections::{BTreeMap, HashMap, VecDeque};

use deskhand_formula::Readers;
use deskhand_operations::Area;

use super::context::Context;
use crate::finding::{Code, Severity};

/// Cells of a circle that a sentence names, and that stand as evidence.
const NAMED: usize = 10;
/// Functions that look at a reference and not at what stands there.
const ADDRESSES: [&str; 10] = [
    "ROW",
    "ROWS",
    "COLUMN",
    "COLUMNS",
    "AREAS",
    "SHEET",
    "SHEETS",
    "FORMULATEXT",
    "ISFORMULA",
    "ISREF",
];
/// Functions that compute one of several arguments: a circle through them may be none.
const CHOICES: [&str; 6] = ["IF", "IFS", "CHOOSE", "SWITCH", "IFERROR", "IFNA"];

/// What a formula reads.
type Reads = Vec<(usize, Area)>;

/// Tells every circle once, with its chain.
pub(super) fn check(context: &mut Context<'_>) {
    let reads = reads(context);
    let order = finished(context, &reads);
    let mut left = Unvisited::new(context);
    for start in order.into_iter().rev() {
        let circle = left.component((start, place(context, start)), &reads);
        let reads_itself = || {
            let (sheet, cell) = place(context, start);
            reads[start]
                .iter()
                .any(|(on, area)| *on == sheet && area.contains(cell.top, cell.left))
        };
        if circle.len() > 1 || (circle.len() == 1 && reads_itself()) {
            tell(context, &reads, circle);
        }
    }
}

/// The sheet and cell of a formula, by its place among all.
fn place(context: &Context<'_>, formula: usize) -> (usize, Area) {
    let (sheet, index) = context.formulas[formula];
    let cell = context.cell(sheet, index);
    (sheet, Area::cell(cell.row, cell.column))
}

/// What each formula reads the values of.
fn reads(context: &Context<'_>) -> Vec<Reads> {
    let mut reads = context.model.reads(&context.formulas);
    for (read, (sheet, index)) in reads.iter_mut().zip(&context.formulas) {
        let parsed = context.parsed(*sheet, *index);
        if !parsed.calls_any(&ADDRESSES) {
            continue;
        }
        let is_address = |call: Option<(usize, usize)>| {
            call.is_some_and(|(call, _)| ADDRESSES.contains(&parsed.calls[call].name.as_str()))
        };
        let (addresses, values): (Vec<_>, Vec<_>) = parsed
            .references
            .iter()
            .partition(|reference| is_address(reference.call));
        let names = |list: &[&crate::parsed::Ref], one: &(usize, Area)| {
            list.iter()
                .any(|held| held.sheet == Some(one.0) && held.area == one.1)
        };
        // The place of a column of tables is not known here: one that leads to the formula itself is taken for its address.
        let itself = context.cell(*sheet, *index);
        let itself = (*sheet, Area::cell(itself.row, itself.column));
        let is_address = |one: &(usize, Area)| names(&addresses, one) || (parsed.other && *one == itself);
        read.retain(|one| !is_address(one) || names(&values, one));
    }
    reads
}

/// The formulas in the order in which a walk to their readers leaves them.
fn finished(context: &Context<'_>, reads: &[Reads]) -> Vec<usize> {
    let ranges = (0u32..).zip(reads).flat_map(|(reader, read)| {
        let areas = read.iter();
        areas.map(move |(sheet, area)| (*sheet, *area, reader))
    });
    let mut readers = Readers::new(ranges);
    let mut seen = vec![false; reads.len()];
    let mut order = Vec::with_capacity(reads.len());
    let mut found = Vec::new();
    for start in 0..reads.len() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        // Each formula on the way with the readers that are still to be looked at.
        let mut way: Vec<(usize, Vec<u32>)> = Vec::new();
        let mut next = Some(start);
        loop {
            if let Some(formula) = next.take() {
                let (sheet, cell) = place(context, formula);
                readers.take(sheet, cell, &mut found);
                way.push((formula, std::mem::take(&mut found)));
            }
            let Some((formula, open)) = way.last_mut() else {
                break;
            };
            if let Some(reader) = open.pop() {
                let reader = reader as usize;
                if !std::mem::replace(&mut seen[reader], true) {
                    next = Some(reader);
                }
            } else {
                order.push(*formula);
                way.pop();
            }
        }
    }
    order
}

/// The formulas that belong to no component yet, by sheet, column and row.
struct Unvisited(HashMap<usize, BTreeMap<u32, BTreeMap<u32, usize>>>);

impl Unvisited {
    fn new(context: &Context<'_>) -> Self {
        let mut all: HashMap<usize, BTreeMap<u32, BTreeMap<u32, usize>>> = HashMap::new();
        for formula in 0..context.formulas.len() {
            let (sheet, cell) = place(context, formula);
            let columns = all.entry(sheet).or_default();
            columns.entry(cell.left).or_default().insert(cell.top, formula);
        }
        Self(all)
    }

    /// Takes the formulas of an area out.
    fn take(&mut self, sheet: usize, area: Area, found: &mut Vec<usize>) {
        let Some(columns) = self.0.get_mut(&sheet) else {
            return;
        };
        let mut empty = Vec::new();
        for (column, rows) in columns.range_mut(area.left..=area.right) {
            let inside: Vec<u32> = rows.range(area.top..=area.bottom).map(|(row, _)| *row).collect();
            found.extend(inside.into_iter().filter_map(|row| rows.remove(&row)));
            if rows.is_empty() {
                empty.push(*column);
            }
        }
        for column in empty {
            columns.remove(&column);
        }
    }

    /// All formulas that a formula reads, directly and through others, and that belong to no component yet.
    fn component(&mut self, (start, at): (usize, (usize, Area)), reads: &[Reads]) -> Vec<usize> {
        let mut component = Vec::new();
        // None where it is part of another one already.
        self.take(at.0, at.1, &mut component);
        debug_assert!(component.first().is_none_or(|first| *first == start));
        let mut at = 0;
        while let Some(formula) = component.get(at).copied() {
            at += 1;
            for (sheet, area) in &reads[formula] {
                self.take(*sheet, *area, &mut component);
            }
        }
        component
    }
}

/// Tells a circle at its first cell, with the shortest way around.
fn tell(context: &mut Context<'_>, reads: &[Reads], mut circle: Vec<usize>) {
    circle.sort_unstable();
    let chain = chain(context, reads, &circle);
    let places: Vec<(usize, Area)> = chain.iter().map(|formula| place(context, *formula)).collect();
    let Some((sheet, cell)) = places.first().copied() else {
        return;
    };
    let chooses = chain.iter().any(|formula| {
        let (sheet, index) = context.formulas[*formula];
        context.parsed(sheet, index).calls_any(&CHOICES)
    });
    let severity = match (context.model.iterates, chooses) {
        (true, _) => Severity::Note,
        (false, true) => Severity::Warning,
        (false, false) => Severity::Error,
    };
    let mut named: Vec<String> = places
        .iter()
        .take(NAMED)
        .map(|(sheet, cell)| context.address(*sheet, *cell))
        .collect();
    if places.len() > NAMED {
        named.push("…".to_owned());
    }
    named.push(context.address(sheet, cell));
    let (index, others) = (context.formulas[chain[0]].1, circle.len() - chain.len());
    let more = match others {
        0 => String::new(),
        1 => " One more formula is part of circles with these.".to_owned(),
        others => format!(" {others} more formulas are part of circles with these."),
    };
    let first = context.address(sheet, cell);
    let sentence = format!("{first} reads its own value: {}.{more}", named.join(" ← "));
    let mut finding = context.finding(Code::Circular, severity, sheet, cell, sentence);
    finding.actual = Some(Context::written(context.cell(sheet, index)));
    finding.evidence = places.into_iter().take(NAMED).collect();
    context.add(finding, None);
}

/// The shortest way from the first formula of a circle through what it reads back to itself.
fn chain(context: &Context<'_>, reads: &[Reads], circle: &[usize]) -> Vec<usize> {
    let mut members = Unvisited(HashMap::new());
    for formula in circle {
        let (sheet, cell) = place(context, *formula);
        let columns = members.0.entry(sheet).or_default();
        columns.entry(cell.left).or_default().insert(cell.top, *formula);
    }
    let first = circle[0];
    let mut from: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([first]);
    let mut found = Vec::new();
    while let Some(formula) = queue.pop_front() {
        for (sheet, area) in &reads[formula] {
            members.take(*sheet, *area, &mut found);
        }
        for next in found.drain(..) {
            from.insert(next, formula);
            if next == first {
                let mut way = Vec::new();
                let mut at = formula;
                while at != first {
                    way.push(at);
                    at = from[&at];
                }
                way.push(first);
                way.reverse();
                return way;
            }
            queue.push_back(next);
        }
    }
    vec![first]
}
