//! Chains of formulas: what a cell is computed from, and what is computed from it.
//!
//! Neighbouring cells that hold the same formula are one step, so that a model of a hundred thousand formulas has a chain
//! that can be read. What only a calculation decides (INDIRECT, OFFSET) is named, not followed.

mod backward;
mod forward;
mod outside;

pub(crate) use outside::gather;

use std::collections::{BTreeSet, HashMap};

use deskhand_formula::Constant;
use deskhand_operations::{Area, CellValue};

use crate::grid::Grid;
use crate::labels;
use crate::model::{Cell, Model};
use crate::runs::Run;

/// Steps of a chain.
pub const MAX_STEPS: usize = 2_000;
/// Links of one step.
const MAX_LINKS: usize = 200;
/// Cells looked at on the way.
const MAX_VISITS: usize = 5_000_000;

/// Which way a chain goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To what a cell is computed from.
    Precedents,
    /// To what is computed from it.
    Dependents,
}

/// One step of a chain: a cell, formulas alike below each other, or a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The sheet's place.
    pub sheet: usize,
    /// The cells.
    pub area: Area,
    /// Steps from the start.
    pub depth: u32,
    /// What it is about, from the texts to the left and above.
    pub label: Option<String>,
    /// The first cell's formula, as files hold it, without `=`.
    pub formula: Option<String>,
    /// How many cells hold that formula, each from its own place.
    pub alike: u32,
    /// The value of a single cell.
    pub value: Option<Constant>,
    /// What a range holds, in words.
    pub holds: Option<String>,
    /// What it leads to, one step on.
    pub links: Vec<(usize, Area)>,
    /// True where the chain ends: no formula.
    pub input: bool,
}

/// A chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// Nearest first.
    pub steps: Vec<Step>,
    /// References to other workbooks: `Data!B4 reads [Rates.xlsx]Sheet1!A1`.
    pub outside: Vec<String>,
    /// Formulas that decide only when they are computed what they read, with the functions at fault.
    pub not_followed: Vec<String>,
    /// True where the chain goes on beyond [`MAX_STEPS`].
    pub truncated: bool,
}

/// Follows a chain from some cells, `depth` steps at most.
pub fn trace(model: &Model, start: (usize, Area), direction: Direction, depth: Option<u32>) -> Chain {
    if start.0 >= model.sheets.len() {
        return Chain::default();
    }
    let mut tracer = Tracer::new(model);
    let depth = depth.unwrap_or(u32::MAX);
    match direction {
        Direction::Precedents => tracer.backward(start, depth),
        Direction::Dependents => tracer.forward(start, depth),
    }
    tracer.finish()
}

/// The work of following.
struct Tracer<'a> {
    model: &'a Model,
    grids: Vec<Grid<'a>>,
    /// Formulas by place: sheet and index of the cell.
    places: Vec<(usize, usize)>,
    numbers: HashMap<(usize, usize), u32>,
    /// What each formula reads.
    reads: Vec<Vec<(usize, Area)>>,
    chain: Chain,
    outside: BTreeSet<String>,
    not_followed: BTreeSet<String>,
    visits: usize,
}

impl<'a> Tracer<'a> {
    fn new(model: &'a Model) -> Self {
        let places = model.formulas();
        let reads = model.reads(&places);
        Self {
            model,
            grids: model.sheets.iter().map(Grid::new).collect(),
            numbers: (0..)
                .zip(&places)
                .map(|(number, place)| (*place, number))
                .collect(),
            places,
            reads,
            chain: Chain::default(),
            outside: BTreeSet::new(),
            not_followed: BTreeSet::new(),
            visits: 0,
        }
    }

    fn finish(mut self) -> Chain {
        self.chain.outside = self.outside.into_iter().take(MAX_LINKS).collect();
        self.chain.not_followed = self.not_followed.into_iter().take(MAX_LINKS).collect();
        self.chain
    }

    /// True while there is room for another step.
    fn room(&mut self) -> bool {
        let room = self.chain.steps.len() < MAX_STEPS && self.visits < MAX_VISITS;
        self.chain.truncated |= !room;
        room
    }

    /// The cells of an area, by column and row.
    fn cells(&mut self, sheet: usize, area: Area) -> Vec<usize> {
        let left = MAX_VISITS.saturating_sub(self.visits);
        let (found, all) = self.grids[sheet].within(area, left);
        self.visits += found.len();
        self.chain.truncated |= !all;
        found
    }

    fn cell(&self, sheet: usize, index: usize) -> &'a Cell {
        &self.model.sheets[sheet].cells[index]
    }

    /// What all cells of a run read: the areas of each reference, joined.
    fn reads_of(&self, run: &Run) -> Vec<(usize, Area)> {
        let mut joined: Vec<(usize, Area)> = Vec::new();
        let mut others: BTreeSet<(usize, Area)> = BTreeSet::new();
        for (position, index) in run.cells.iter().enumerate() {
            let Some(number) = self.numbers.get(&(run.sheet, *index)) else {
                continue;
            };
            let reads = &self.reads[*number as usize];
            if position == 0 {
                joined.clone_from(reads);
                continue;
            }
            let alike =
                joined.len() == reads.len() && joined.iter().zip(reads).all(|(one, other)| one.0 == other.0);
            if alike {
                for (one, other) in joined.iter_mut().zip(reads) {
                    one.1 = around(one.1, other.1);
                }
            } else if others.len() < MAX_LINKS {
                others.extend(reads.iter().copied());
            }
        }
        let mut seen = BTreeSet::new();
        joined.retain(|read| seen.insert(*read));
        joined.extend(others.into_iter().filter(|read| seen.insert(*read)));
        joined
    }

    /// Adds the step of a run.
    fn add_run(&mut self, run: &Run, depth: u32, links: Vec<(usize, Area)>) {
        let Some(first) = run.first(self.model) else {
            return;
        };
        let text = first.formula.as_deref().unwrap_or_default();
        outside::note(self.model, run, text, &mut self.outside, &mut self.not_followed);
        self.chain.steps.push(Step {
            sheet: run.sheet,
            area: run.area,
            depth,
            label: labels::of(&self.grids[run.sheet], first.row, first.column),
            formula: first.formula.as_deref().map(str::to_owned),
            alike: run.cells.len() as u32,
            value: (run.cells.len() == 1).then(|| first.value.clone()),
            holds: None,
            links,
            input: false,
        });
    }

    /// Adds the step of cells without formulas of their own.
    fn add_area(&mut self, sheet: usize, area: Area, depth: u32, cells: &[usize], links: Vec<(usize, Area)>) {
        let single = area.cells() == 1;
        let value = cells.first().map_or(Constant::Value(CellValue::Empty), |index| {
            self.cell(sheet, *index).value.clone()
        });
        self.chain.steps.push(Step {
            sheet,
            area,
            depth,
            label: labels::of(&self.grids[sheet], area.top, area.left),
            formula: None,
            alike: 0,
            value: single.then_some(value),
            holds: (!single).then(|| self.holds(sheet, cells)),
            input: links.is_empty(),
            links,
        });
    }

    /// What cells hold, in words.
    fn holds(&self, sheet: usize, cells: &[usize]) -> String {
        let (mut numbers, mut texts, mut errors, mut formulas, mut sum) = (0u32, 0u32, 0u32, 0u32, 0.0);
        for index in cells {
            let cell = self.cell(sheet, *index);
            formulas += u32::from(cell.formula.is_some());
            texts += u32::from(cell.text().is_some());
            errors += u32::from(cell.error().is_some());
            if let Some(number) = cell.number() {
                numbers += 1;
                sum += number;
            }
        }
        let mut parts = Vec::new();
        let mut say = |count: u32, one: &str, many: &str| {
            if count > 0 {
                parts.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        };
        say(numbers, "number", "numbers");
        say(texts, "text", "texts");
        say(errors, "error", "errors");
        if parts.is_empty() {
            return "nothing".to_owned();
        }
        let sum = if numbers > 1 {
            format!(", sum {}", crate::finding::shown(sum))
        } else {
            String::new()
        };
        let formulas = match formulas {
            0 => String::new(),
            1 => "; 1 of them a formula".to_owned(),
            many => format!("; {many} of them formulas"),
        };
        format!("{}{sum}{formulas}", parts.join(", "))
    }
}

/// The smallest area around two.
pub(crate) fn around(one: Area, other: Area) -> Area {
    Area {
        top: one.top.min(other.top),
        left: one.left.min(other.left),
        bottom: one.bottom.max(other.bottom),
        right: one.right.max(other.right),
    }
}
