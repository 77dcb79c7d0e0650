//! Computes formulas from the values that they read.
//!
//! Only the given formulas are computed; everything else they read is a constant, the value that the file holds. Each
//! formula is computed by the first engine that is trusted with every function of it and that finds everything it reads
//! known. What is left, and what reads it, is named, never guessed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use deskhand_operations::{Area, CellValue};

use crate::dependence::Readers;
use crate::engine::{Answer, Constant, EngineName, Task, is_error};
use crate::prepare::{Names, Prepared, named, prepare, untrusted};

/// A cell by the index of its sheet, zero-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellAt {
    /// The sheet's place among [`Problem::sheets`].
    pub sheet: usize,
    /// Row.
    pub row: u32,
    /// Column.
    pub column: u32,
}

/// A table that structured references name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The sheet that holds it.
    pub sheet: String,
    /// All of it, header and totals included.
    pub area: Area,
    /// Header rows, 0 or 1.
    pub header_rows: u32,
    /// Totals rows, 0 or 1.
    pub totals_rows: u32,
    /// The columns' names.
    pub columns: Vec<String>,
}

/// A formula to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Where it stands.
    pub cell: CellAt,
    /// As files hold it, without `=`.
    pub text: String,
    /// True for an array formula of one cell.
    pub array: bool,
}

/// What to compute, and what it rests on.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// The names of all sheets in order.
    pub sheets: Vec<String>,
    /// Values that formulas read; none of a cell that is computed.
    pub constants: Vec<(CellAt, Constant)>,
    /// Formulas to compute, each cell once.
    pub formulas: Vec<Formula>,
    /// Areas whose values are not known, and why, what reads them included: what fills several cells, for instance.
    pub unknown: Vec<(usize, Area)>,
    /// Defined names: the name, the sheet it is local to, and what it refers to, without `=`.
    pub names: Vec<(String, Option<usize>, String)>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Sheets some of whose rows are hidden, which subtotals leave out.
    pub hidden_rows: BTreeSet<usize>,
    /// True when day 0 of the workbook is 1904-01-01.
    pub date_1904: bool,
}

/// Who computes.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// The engines in the order in which they are asked.
    pub engines: &'static [EngineName],
    /// True to let them try functions that they are not trusted with: for measuring engines, never for values that are
    /// shown to anybody.
    pub try_all: bool,
}

impl Default for Method {
    fn default() -> Self {
        Self {
            engines: &EngineName::ALL,
            try_all: false,
        }
    }
}

/// How much is computed at once.
#[derive(Clone, Copy, Debug)]
pub struct CalculationLimits {
    /// Formulas.
    pub formulas: usize,
    /// Values that they read.
    pub constants: usize,
    /// Cells that all formulas together look at.
    pub visits: u64,
    /// How long to wait for the engines.
    pub time: Duration,
}

impl Default for CalculationLimits {
    fn default() -> Self {
        Self {
            formulas: 1_000_000,
            constants: 5_000_000,
            visits: 20_000_000_000,
            time: Duration::from_secs(20),
        }
    }
}

/// What became of one formula.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its value. An error such as `#DIV/0!` is [`Outcome::Error`].
    Value(CellValue),
    /// The error that it answers, which Excel would show too.
    Error(String),
    /// Not computed, and why: its cached value, if any, is stale.
    NotComputed(String),
}

/// One formula's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Calculated {
    /// Where the formula stands.
    pub cell: CellAt,
    /// What became of it.
    pub outcome: Outcome,
    /// The engine that computed it.
    pub engine: Option<EngineName>,
}

/// Computes the formulas; one outcome a formula, in order.
pub fn calculate(problem: Problem, method: Method, limits: &CalculationLimits) -> Vec<Calculated> {
    let cells: Vec<CellAt> = problem.formulas.iter().map(|formula| formula.cell).collect();
    let all = |reason: &str| {
        let outcome = |cell: &CellAt| Calculated {
            cell: *cell,
            outcome: Outcome::NotComputed(reason.to_owned()),
            engine: None,
        };
        cells.iter().map(outcome).collect()
    };
    if problem.formulas.len() > limits.formulas || problem.constants.len() > limits.constants {
        return all("too many cells depend on the change");
    }
    if overdue()
        .as_ref()
        .is_some_and(|ended| !ended.load(Ordering::Acquire))
    {
        return all("an earlier calculation that took too long still runs");
    }
    let (sender, receiver) = mpsc::channel();
    let (ended, cancelled) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (ending, cancelling) = (Arc::clone(&ended), Arc::clone(&cancelled));
    let visits = limits.visits;
    let work = move || {
        let computed = catch_unwind(AssertUnwindSafe(|| run(&problem, method, visits, &cancelling)));
        ending.store(true, Ordering::Release);
        // Nobody listens after the time is over.
        drop(sender.send(computed));
    };
    if std::thread::Builder::new()
        .name("calculation".to_owned())
        .stack_size(64 << 20)
        .spawn(work)
        .is_err()
    {
        return all("no thread was free for it");
    }
    match receiver.recv_timeout(limits.time) {
        Ok(Ok(outcomes)) => outcomes,
        Ok(Err(_)) => all("the engine failed"),
        Err(_) => {
            cancelled.store(true, Ordering::Relaxed);
            *overdue() = Some(ended);
            all("it took too long")
        }
    }
}

/// The calculation that was given up last. It is told to stop, but the engines look up only now and then: while one that
/// was given up still runs no other is begun, so that hostile formulas cost one thread, not one a write.
fn overdue() -> MutexGuard<'static, Option<Arc<AtomicBool>>> {
    static OVERDUE: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    OVERDUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cells that each formula reads, by sheet: for following a change to what depends on it. Of formulas that are not
/// computed here, what they name.
pub fn precedents(problem: &Problem) -> Vec<Vec<(usize, Area)>> {
    let mut names = Names::new(problem, true);
    let mut reads = Vec::with_capacity(problem.formulas.len());
    for formula in &problem.formulas {
        let ready = prepare(&formula.text, formula.cell, formula.array, &mut names);
        reads.push(ready.map_or_else(
            |_| named(&formula.text, formula.cell, &names),
            |ready| ready.reads,
        ));
    }
    reads
}

/// How a formula stands.
enum State {
    /// To be computed by one of these engines.
    Open {
        engines: u8,
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

fn run(problem: &Problem, method: Method, visits: u64, cancelled: &Arc<AtomicBool>) -> Vec<Calculated> {
    let mut names = Names::new(problem, method.try_all);
    let asked = method.engines.iter().fold(0, |bits, engine| bits | engine.bit());
    let mut work = Work {
        problem,
        prepared: Vec::with_capacity(problem.formulas.len()),
        states: Vec::with_capacity(problem.formulas.len()),
        cancelled,
        visits,
    };
    for formula in &problem.formulas {
        let ready = prepare(&formula.text, formula.cell, formula.array, &mut names);
        let (prepared, engines, reason) = match ready {
            Ok(ready) if ready.facts.subtotal && reads_hidden(&ready, problem) => {
                (Some(ready), 0, "its answer depends on hidden rows".to_owned())
            }
            Ok(ready) => {
                // The second engine would take one value of an array.
                let arrays = if formula.array {
                    EngineName::Formualizer.bit()
                } else {
                    u8::MAX
                };
                let engines = ready.facts.engines & asked & arrays;
                let reason = if engines == 0 {
                    untrusted(&formula.text, &mut names)
                } else {
                    String::new()
                };
                (Some(ready), engines, reason)
            }
            Err(reason) => (None, 0, reason),
        };
        work.prepared.push(prepared);
        work.states.push(State::Open { engines, reason });
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

/// How often each engine is asked.
const MAX_ROUNDS: usize = 8;

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
    /// This engine is asked no more; the first reason is kept.
    fn close(&mut self, engine: EngineName, why: &str) {
        if let Self::Open { engines, reason } = self {
            *engines &= !engine.bit();
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
