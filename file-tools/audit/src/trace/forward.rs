//! From a cell to what is computed from it.

use deskhand_formula::Readers;
use deskhand_operations::Area;

use super::{MAX_LINKS, Tracer};
use crate::runs::{self, Run};

impl Tracer<'_> {
    /// Follows what is computed from the cells, step by step; each formula is a step once.
    pub(super) fn forward(&mut self, start: (usize, Area), most: u32) {
        let ranges = (0u32..)
            .zip(&self.reads)
            .flat_map(|(reader, reads)| reads.iter().map(move |(sheet, area)| (*sheet, *area, reader)));
        let mut readers = Readers::new(ranges);
        let mut seen = vec![false; self.places.len()];
        let mut reads_of_steps = vec![Vec::new()];
        self.first(start, &mut seen);
        let mut level = vec![start];
        let mut found = Vec::new();
        for depth in 1..=most {
            for (sheet, area) in level.drain(..) {
                // Whole columns and rows: only what may hold something can be read by a formula that matters.
                let area = self.grids[sheet]
                    .clip(area)
                    .unwrap_or(Area::cell(area.top, area.left));
                readers.take(sheet, area, &mut found);
            }
            found.retain(|number| !std::mem::replace(&mut seen[*number as usize], true));
            if found.is_empty() {
                break;
            }
            self.visits += found.len();
            for run in self.grouped(&found) {
                if !self.room() {
                    break;
                }
                level.push((run.sheet, run.area));
                reads_of_steps.push(self.reads_of(&run));
                self.add_run(&run, depth, Vec::new());
            }
            found.clear();
            if !self.room() {
                break;
            }
        }
        self.link(&reads_of_steps);
    }

    /// The step that the chain begins with.
    fn first(&mut self, start: (usize, Area), seen: &mut [bool]) {
        let (sheet, area) = start;
        let cells = self.cells(sheet, area);
        let formulas: Vec<usize> = cells
            .iter()
            .copied()
            .filter(|index| self.cell(sheet, *index).formula.is_some())
            .collect();
        for index in &formulas {
            if let Some(number) = self.numbers.get(&(sheet, *index)) {
                seen[*number as usize] = true;
            }
        }
        let mut runs = runs::of(self.model, sheet, formulas);
        if runs.len() == 1 && self.grids[sheet].clip(area) == Some(runs[0].area) {
            self.add_run(&runs.remove(0), 0, Vec::new());
        } else {
            self.add_area(sheet, area, 0, &cells, Vec::new());
        }
    }

    /// Formulas as runs.
    fn grouped(&self, numbers: &[u32]) -> Vec<Run> {
        let mut places: Vec<(usize, u32, u32, usize)> = numbers
            .iter()
            .map(|number| {
                let (sheet, index) = self.places[*number as usize];
                let cell = self.cell(sheet, index);
                (sheet, cell.column, cell.row, index)
            })
            .collect();
        places.sort_unstable();
        let by_sheet = places.chunk_by(|one, other| one.0 == other.0);
        by_sheet
            .flat_map(|held| runs::of(self.model, held[0].0, held.iter().map(|place| place.3)))
            .collect()
    }

    /// Says of each step which steps read it.
    fn link(&mut self, reads: &[Vec<(usize, Area)>]) {
        let steps = &mut self.chain.steps;
        let places: Vec<(usize, Area)> = steps.iter().map(|step| (step.sheet, step.area)).collect();
        for (step, own) in steps.iter_mut().zip(&places) {
            let reading = places.iter().zip(reads).filter(|(_, reads)| {
                let mut reads = reads.iter();
                reads.any(|(sheet, area)| *sheet == own.0 && area.intersection(&own.1).is_some())
            });
            step.links = reading.map(|(place, _)| *place).take(MAX_LINKS).collect();
            step.input = false;
        }
    }
}
