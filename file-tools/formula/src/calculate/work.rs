//! The formulas of one problem and how each stands: what an engine may compute now, what came of it, and in what doubt.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deskhand_operations::Area;

use super::{Calculated, CellAt, Formula, Method, Outcome, Problem, texts};
use crate::dependence::Readers;
use crate::engine::{Answer, Constant, EngineName, Task, is_error};
use crate::prepare::{Names, Prepared, prepare, untrusted};

/// How a formula stands.
enum State {
    /// To be computed by one of these engines.
    Open {
        engines: u8,
        /// The engines that are asked when none of these could.
        later: u8,
        reason: String,
    },
    Done(Outcome, EngineName),
}

struct Work<'a> {
    problem: &'a Problem,
    prepared: Vec<Option<Prepared<'a>>>,
    states: Vec<State>,
    cancelled: &'a Arc<AtomicBool>,
    visits: u64,
}

/// Computes a problem's formulas until nothing more comes of it. `led` is as [`super::begin`] has it.
pub(super) fn run(
    problem: &Problem,
    method: Method,
    led: bool,
    visits: u64,
    cancelled: &Arc<AtomicBool>,
) -> Vec<Calculated> {
    let mut names = Names::new(problem, method.try_all);
    let mut work = Work {
        problem,
        prepared: Vec::with_capacity(problem.formulas.len()),
        states: Vec::with_capacity(problem.formulas.len()),
        cancelled,
        visits,
    };
    for formula in &problem.formulas {
        let (prepared, state) = stands(problem, formula, &mut names, method, led);
        work.prepared.push(prepared);
        work.states.push(state);
    }
    for index in texts::too_long(problem, &work.prepared) {
        work.states[index as usize].refuse("its text might become too long");
    }
    for _ in 0..MAX_ROUNDS {
        let changed = method
            .engines
            .iter()
            .filter(|engine| work.round(**engine))
            .count();
        if changed == 0 || cancelled.load(Ordering::Relaxed) {
            break;
        }
    }
    work.outcomes()
}

/// A formula made ready, and who may compute it.
fn stands<'a>(
    problem: &'a Problem,
    formula: &'a Formula,
    names: &mut Names<'_>,
    method: Method,
    led: bool,
) -> (Option<Prepared<'a>>, State) {
    let open = |engines: u8, later: u8, reason: String| State::Open {
        engines,
        later,
        reason,
    };
    let ready = match prepare(&formula.text, formula.cell, formula.array, names) {
        Ok(ready) => ready,
        Err(reason) => return (None, open(0, 0, reason)),
    };
    if ready.facts.subtotal && reads_hidden(&ready, problem) {
        let reason = "its answer depends on hidden rows".to_owned();
        return (Some(ready), open(0, 0, reason));
    }
    let asked = method.engines.iter().fold(0, |bits, engine| bits | engine.bit());
    // The second engine would take one value of an array.
    let arrays = if formula.array {
        EngineName::Formualizer.bit()
    } else {
        u8::MAX
    };
    let engines = ready.facts.engines & asked & arrays;
    let first = engines & method.engines.first().map_or(0, |engine| engine.bit());
    let state = if engines == 0 {
        open(0, 0, untrusted(&formula.text, names))
    } else if led && first != 0 {
        open(first, engines & !first, String::new())
    } else {
        open(engines, 0, String::new())
    };
    (Some(ready), state)
}

/// How often each engine is asked.
const MAX_ROUNDS: usize = 32;

fn reads_hidden(ready: &Prepared<'_>, problem: &Problem) -> bool {
    ready
        .reads
        .iter()
        .any(|(sheet, _)| problem.hidden_rows.contains(sheet))
}

impl Work<'_> {
    /// Lets an engine compute what it is trusted with and what rests on known values alone. True when something came of it.
    fn round(&mut self, engine: EngineName) -> bool {
        let accepted = self.accepted(engine);
        if accepted.is_empty() {
            return false;
        }
        let looked: u64 = accepted
            .iter()
            .filter_map(|index| self.prepared[*index as usize].as_ref())
            .flat_map(|ready| &ready.reads)
            .map(|(_, area)| area.cells().min(u64::from(area.columns()) * 100_000))
            .fold(0, u64::saturating_add);
        if looked > self.visits || !engine.engine().takes(accepted.len(), looked) {
            return self.give_up(&accepted, engine, "the formulas look at too many cells");
        }
        let formulas: Vec<(CellAt, &str)> = accepted
            .iter()
            .filter_map(|index| {
                let ready = self.prepared[*index as usize].as_ref()?;
                Some((self.problem.formulas[*index as usize].cell, ready.text.as_ref()))
            })
            .collect();
        let computed = self.computed();
        let task = Task {
            sheets: &self.problem.sheets,
            constants: &self.problem.constants,
            computed: &computed,
            formulas: &formulas,
            date_1904: self.problem.date_1904,
            cancelled: self.cancelled,
        };
        let answers = catch_unwind(AssertUnwindSafe(|| engine.engine().calculate(&task)));
        let answers = answers.unwrap_or_else(|_| Err("the engine failed".to_owned()));
        match answers {
            Ok(answers) => self.take(&accepted, answers, engine),
            Err(reason) => return self.give_up(&accepted, engine, &reason),
        }
        true
    }

    /// The open formulas that an engine can compute now: nothing that they read is open for it.
    fn accepted(&self, engine: EngineName) -> Vec<u32> {
        let mut accepted = Vec::new();
        let mut blocked = Vec::new();
        for (index, state) in (0..).zip(&self.states) {
            match state {
                State::Open { engines, .. } if engines & engine.bit() != 0 => accepted.push(index),
                State::Open { .. } => blocked.push(index),
                State::Done(..) => {}
            }
        }
        if accepted.is_empty() {
            return accepted;
        }
        let tainted = self.dependents(&blocked, true);
        accepted.retain(|index| tainted.binary_search(index).is_err());
        accepted
    }

    /// What depends on some formulas and, if asked for, on areas and values that are not known.
    fn dependents(&self, formulas: &[u32], unknown: bool) -> Vec<u32> {
        let strange = self.problem.constants.iter().filter(|(_, value)| match value {
            Constant::Error(error) => !is_error(error),
            Constant::Value(_) => false,
        });
        let place = |cell: CellAt| (cell.sheet, Area::cell(cell.row, cell.column));
        let of = |index: u32| place(self.problem.formulas[index as usize].cell);
        let mut seeds: Vec<(usize, Area)> = formulas.iter().map(|index| of(*index)).collect();
        if unknown {
            seeds.extend(strange.map(|(cell, _)| place(*cell)));
            seeds.extend(&self.problem.unknown);
        }
        if seeds.is_empty() {
            return Vec::new();
        }
        let reads = (0..).zip(&self.prepared).flat_map(|(index, ready)| {
            let areas = ready.iter().flat_map(|ready| &ready.reads);
            areas.map(move |(sheet, area)| (*sheet, *area, index))
        });
        Readers::new(reads).closure(seeds, of)
    }

    /// The values that were computed so far.
    fn computed(&self) -> Vec<(CellAt, Constant)> {
        let done = self.states.iter().zip(&self.problem.formulas);
        done.filter_map(|(state, formula)| match state {
            State::Done(Outcome::Value(value), _) => Some((formula.cell, Constant::Value(value.clone()))),
            State::Done(Outcome::Error(error), _) => Some((formula.cell, Constant::Error(error.clone()))),
            _ => None,
        })
        .collect()
    }

    /// Keeps an engine's answers; where it failed or is in doubt, what depends on that stays open.
    fn take(&mut self, accepted: &[u32], mut answers: Vec<Answer>, engine: EngineName) {
        self.doubt(accepted, &mut answers, engine);
        let failed: Vec<u32> = accepted
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| matches!(answer, Answer::Failed(_)))
            .map(|(index, _)| *index)
            .collect();
        let tainted = self.dependents(&failed, false);
        for (index, answer) in accepted.iter().zip(answers) {
            let state = &mut self.states[*index as usize];
            match answer {
                Answer::Failed(why) => state.close(engine, why),
                _ if tainted.binary_search(index).is_ok() => {}
                Answer::Value(value) => *state = State::Done(Outcome::Value(value), engine),
                Answer::Error(error) => *state = State::Done(Outcome::Error(error), engine),
            }
        }
    }

    /// Takes answers back where the engine is trusted only as long as no error comes in or out, and one does.
    fn doubt(&self, accepted: &[u32], answers: &mut [Answer], engine: EngineName) {
        let delicate = |index: u32| {
            let ready = self.prepared[index as usize].as_ref();
            ready.filter(|ready| ready.facts.delicate & engine.bit() != 0)
        };
        let constants = self.problem.constants.iter();
        let held = constants
            .filter(|(_, value)| matches!(value, Constant::Error(_)))
            .map(|(cell, _)| *cell);
        let done = self
            .states
            .iter()
            .zip(&self.problem.formulas)
            .filter_map(|(state, formula)| {
                matches!(state, State::Done(Outcome::Error(_), _)).then_some(formula.cell)
            });
        let now = accepted.iter().zip(answers.iter()).filter_map(|(index, answer)| {
            let error = matches!(answer, Answer::Error(_));
            error.then(|| self.problem.formulas[*index as usize].cell)
        });
        let errors: BTreeSet<(usize, u32, u32)> = held
            .chain(done)
            .chain(now)
            .map(|cell| (cell.sheet, cell.column, cell.row))
            .collect();
        if errors.is_empty() {
            return;
        }
        let reads_error = |ready: &Prepared<'_>| {
            ready
                .reads
                .iter()
                .any(|(sheet, area)| holds(&errors, *sheet, *area))
        };
        for (index, answer) in accepted.iter().zip(answers) {
            let Some(ready) = delicate(*index) else {
                continue;
            };
            if matches!(answer, Answer::Error(_)) || reads_error(ready) {
                *answer = Answer::Failed("an error stands among what it reads or answers");
            }
        }
    }

    /// Asks an engine no more for some formulas. True, since another may be asked now.
    fn give_up(&mut self, formulas: &[u32], engine: EngineName, why: &str) -> bool {
        for index in formulas {
            self.states[*index as usize].close(engine, why);
        }
        true
    }

    fn outcomes(self) -> Vec<Calculated> {
        let formulas = self.problem.formulas.iter().zip(self.states);
        formulas
            .map(|(formula, state)| {
                let (outcome, engine) = match state {
                    State::Done(outcome, engine) => (outcome, Some(engine)),
                    State::Open { reason, .. } if reason.is_empty() => (
                        Outcome::NotComputed("it reads a cell that was not computed".to_owned()),
                        None,
                    ),
                    State::Open { reason, .. } => (Outcome::NotComputed(reason), None),
                };
                Calculated {
                    cell: formula.cell,
                    outcome,
                    engine,
                }
            })
            .collect()
    }
}

impl State {
    /// No engine is asked.
    fn refuse(&mut self, why: &str) {
        if let Self::Open {
            engines,
            later,
            reason,
        } = self
        {
            (*engines, *later) = (0, 0);
            if reason.is_empty() {
                why.clone_into(reason);
            }
        }
    }

    /// This engine is asked no more; the first reason is kept.
    fn close(&mut self, engine: EngineName, why: &str) {
        if let Self::Open {
            engines,
            later,
            reason,
        } = self
        {
            *engines &= !engine.bit();
            if *engines == 0 {
                *engines = std::mem::take(later);
            }
            if reason.is_empty() {
                why.clone_into(reason);
            }
        }
    }
}

/// True where one of some cells, by sheet, column and row, lies in an area.
fn holds(cells: &BTreeSet<(usize, u32, u32)>, sheet: usize, area: Area) -> bool {
    let mut column = area.left;
    while column <= area.right {
        // The next cell at or after the top of this column.
        let Some(&(next_sheet, next_column, row)) = cells.range((sheet, column, area.top)..).next() else {
            return false;
        };
        if next_sheet != sheet || next_column > area.right {
            return false;
        }
        if next_column == column && row <= area.bottom {
            return true;
        }
        column = if next_column == column {
            column + 1
        } else {
            next_column
        };
    }
    false
}
