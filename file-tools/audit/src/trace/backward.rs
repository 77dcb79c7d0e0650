//! From a cell to its inputs.

use std::collections::{HashSet, VecDeque};

use deskhand_operations::Area;

use super::{MAX_LINKS, Tracer};
use crate::runs::{self, Run};

/// What is to be looked at.
enum Next {
    Area(usize, Area),
    Run(Run),
}

impl Tracer<'_> {
    /// Follows what the cells are computed from. Each formula is a step once, each range too.
    pub(super) fn backward(&mut self, start: (usize, Area), most: u32) {
        let mut queue = VecDeque::from([(Next::Area(start.0, start.1), 0)]);
        let mut areas = HashSet::from([start]);
        let mut seen = HashSet::new();
        while let Some((next, depth)) = queue.pop_front() {
            if !self.room() {
                break;
            }
            let run = match next {
                Next::Run(run) => run,
                Next::Area(sheet, area) => {
                    let cells = self.cells(sheet, area);
                    let formulas = cells
                        .iter()
                        .copied()
                        .filter(|index| self.cell(sheet, *index).formula.is_some());
                    let mut runs = runs::of(self.model, sheet, formulas);
                    if runs.len() == 1 && self.grids[sheet].clip(area) == Some(runs[0].area) {
                        runs.remove(0)
                    } else {
                        let mut links: Vec<_> = runs.iter().map(|run| (sheet, run.area)).collect();
                        links.truncate(MAX_LINKS);
                        self.add_area(sheet, area, depth, &cells, links);
                        // What stands in a range is no step further than the range.
                        for run in runs {
                            queue.push_back((Next::Run(run), depth));
                        }
                        continue;
                    }
                }
            };
            let before = seen.len();
            seen.extend(run.cells.iter().map(|index| (run.sheet, *index)));
            if seen.len() == before {
                continue;
            }
            let reads = self.reads_of(&run);
            let reads: Vec<_> = reads
                .into_iter()
                .filter(|(sheet, _)| *sheet < self.grids.len())
                .collect();
            if depth < most {
                for read in &reads {
                    if areas.insert(*read) {
                        queue.push_back((Next::Area(read.0, read.1), depth + 1));
                    }
                }
            }
            let links = reads.into_iter().take(MAX_LINKS).collect();
            self.add_run(&run, depth, links);
        }
    }
}
